import { expect, test } from 'vitest';
import { leastEspBytes } from './efi-partition.ts';

const MIB = 1024 * 1024;

test.each([
  [1, 'iso', 34],
  [1, 'disk', 64],
  [62 * MIB, 'disk', 66],
  [62 * MIB, 'iso', 66],
] as const)('a program of %i bytes, %s: %i MiB', (bytes, where, mib) =>
  expect(leastEspBytes(bytes, where)).toBe(mib * MIB),
);

test('even the smallest has room for the clusters of FAT32 and both of its tables', () => {
  const clusters = 65_525;
  expect(leastEspBytes(0, 'iso')).toBeGreaterThan(clusters * 512 + 2 * clusters * 4);
});
