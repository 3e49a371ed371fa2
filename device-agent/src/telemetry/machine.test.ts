import { describe, expect, test } from 'vitest';
import { busyShare, parseCpuTime } from './machine.ts';

const STAT = 'cpu  100 20 30 800 40 5 5 0 90 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 1 2 3\n';

describe('time of the processors', () => {
  test('is all but idle and waiting; guests are counted once', () => {
    expect(parseCpuTime(STAT)).toEqual({ busy: 160, total: 1000 });
  });

  test('cannot be told from another file', () => {
    expect(parseCpuTime('')).toBeUndefined();
  });

  test.each([
    ['half of it busy', { busy: 100, total: 1000 }, { busy: 150, total: 1100 }, 0.5],
    ['idle', { busy: 100, total: 1000 }, { busy: 100, total: 1100 }, 0],
    ['no time passed', { busy: 100, total: 1000 }, { busy: 100, total: 1000 }, undefined],
    ['the first look', undefined, { busy: 100, total: 1000 }, undefined],
    ['counters that go back stay in bounds', { busy: 100, total: 1000 }, { busy: 90, total: 1010 }, 0],
  ])('%s', (_, before, after, expected) => {
    expect(busyShare(before, after)).toBe(expected);
  });
});
