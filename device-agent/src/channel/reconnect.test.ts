import { expect, test } from 'vitest';
import { countDrop, reconnectDelayMs } from './reconnect.ts';

const ALMOST_ONE = 1 - Number.EPSILON;

/** The longest pause after each of these connections, in seconds; `lasted` in seconds. */
const longestPauses = (lasted: readonly number[]): readonly number[] => {
  let drops = 0;
  return lasted.map((seconds) => {
    drops = countDrop(drops, seconds);
    return Math.round(reconnectDelayMs(drops, ALMOST_ONE) / 1000);
  });
};

test.each([
  ['a broker that is away', [1, 1, 1, 1, 1, 1, 1], [2, 4, 8, 16, 32, 60, 60]],
  ['a link that flaps every minute is not taken for a good one', [60, 60, 60, 60], [2, 4, 8, 16]],
  ['minutes of connection are', [1, 1, 1, 121, 1], [2, 4, 8, 2, 4]],
])('%s', (_, lasted, expected) => {
  expect(longestPauses(lasted)).toEqual(expected);
});

test('any pause up to the longest may be, after the first drop as well', () => {
  expect([0, 0.5].map((random) => reconnectDelayMs(1, random))).toEqual([0, 1000]);
});
