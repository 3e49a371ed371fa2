import { expect, test } from 'vitest';
import { bestOf, platformRank } from './platform.ts';

test.each([
  ['linux', 'amd64', undefined, 'amd64', true],
  ['linux', 'x86_64', undefined, 'amd64', true],
  ['linux', 'amd64', 'v1', 'amd64', true],
  ['linux', 'amd64', 'v3', 'amd64', false],
  ['linux', 'arm64', undefined, 'arm64', true],
  ['linux', 'arm64', 'v8', 'arm64', true],
  ['linux', 'aarch64', 'v8', 'arm64', true],
  ['linux', 'arm64', 'v9', 'arm64', false],
  ['linux', 'arm', 'v8', 'arm64', false],
  ['linux', 'arm64', undefined, 'amd64', false],
  ['linux', 'arm', undefined, 'arm/v7', true],
  ['linux', 'arm', 'v7', 'arm/v7', true],
  ['linux', 'arm', '7', 'arm/v7', true],
  ['linux', 'arm', 'v6', 'arm/v7', true],
  ['linux', 'arm', 'v8', 'arm/v7', false],
  ['linux', 'armhf', undefined, 'arm/v7', true],
  ['linux', 'arm64', undefined, 'arm/v7', false],
  ['linux', 'arm', 'v7', 'arm64', false],
  ['linux', 'riscv64', undefined, 'riscv64', true],
  ['linux', 'riscv64', 'rva23u64', 'riscv64', false],
  ['linux', 's390x', undefined, 's390x', true],
  ['linux', 's390x', undefined, 'riscv64', false],
  ['windows', 'amd64', undefined, 'amd64', false],
] as const)('%s/%s/%s runs on %s: %s', (os, architecture, variant, arch, fits) => {
  expect(platformRank({ os, architecture, variant }, arch) !== undefined).toBe(fits);
});

test('of variants the best that every machine runs is taken, however they are listed', () => {
  const platforms = ['v8', 'v5', 'v6', 'v7', ''].map((variant) => ({
    os: 'linux',
    architecture: 'arm',
    variant,
  }));
  const best = (...variants: readonly string[]) =>
    bestOf(
      platforms.filter(({ variant }) => variants.includes(variant)),
      (platform) => platform,
      'arm/v7',
    )?.variant;
  expect(best('v5', 'v6', 'v7', 'v8')).toBe('v7');
  expect(best('v5', 'v6', 'v8')).toBe('v6');
  expect(best('v5')).toBe('v5');
  // Who says no variant means v7.
  expect(best('v5', 'v6', '')).toBe('');
  expect(best('v8')).toBeUndefined();
});
