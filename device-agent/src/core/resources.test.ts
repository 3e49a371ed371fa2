import { expect, test } from 'vitest';
import { seeResources } from './resources.ts';

const MIB = 1024 * 1024;
const wanted = { memory: 32 * MIB, disk: 16 * MIB, load: 4, temperature: 90 };
const well = { memoryAvailable: 32 * MIB, diskFree: 16 * MIB, load1: 4, temperature: 90 };

const failing = (found: Parameters<typeof seeResources>[1]): readonly string[] =>
  seeResources(wanted, found)
    .filter(({ ok }) => !ok)
    .map(({ gate }) => gate);

test.each([
  ['everything at its limit', well, []],
  ['memory below', { ...well, memoryAvailable: 32 * MIB - 1 }, ['resource:memory']],
  ['disk below', { ...well, diskFree: 0 }, ['resource:disk']],
  ['load above', { ...well, load1: 4.01 }, ['resource:load']],
  ['too hot', { ...well, temperature: 90.5 }, ['resource:temperature']],
  ['no sensor', { ...well, temperature: undefined }, []],
  ['a disk that cannot be asked', { ...well, diskFree: undefined }, ['resource:disk']],
])('%s', (_, found, expected) => {
  expect(failing(found)).toEqual(expected);
});

test('what is not asked for is no gate', () => {
  expect(seeResources({}, { memoryAvailable: 0 })).toEqual([]);
});

test('a failing floor says what was expected and found', () => {
  const [sight] = seeResources({ memory: 32 * MIB }, { memoryAvailable: 1.5 * MIB });
  expect(sight?.saw).toBe('expected at least 32.0 MiB of memory available, found 1.5 MiB');
});
