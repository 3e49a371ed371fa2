import { assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { describeDuration, parseDuration } from './duration.ts';

test.each([
  ['90s', 90],
  ['15m', 900],
  ['1h30m', 5400],
  ['1h 30m', 5400],
  ['7d', 604_800],
  ['2w', 1_209_600],
  ['0s', 0],
])('%s are %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each([[''], ['90'], ['h'], ['1.5h'], ['-1h'], ['30m1h'], ['1h1h'], ['1 hour'], ['soon']])(
  '%j is no time',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each([
  [0, '0s'],
  [45, '45s'],
  [90, '1m 30s'],
  [3600, '1h'],
  [5415, '1h 30m'],
  [86_399, '1d'],
  [2 * 86_400 + 3 * 3600 + 59, '2d 3h'],
])('%d seconds are told as %s', (seconds, text) => {
  expect(describeDuration(seconds)).toBe(text);
});

test('what is told is read as about the same', () => {
  assert(
    property(integer({ min: 0, max: 10_000_000 }), (seconds) => {
      const again = parseDuration(describeDuration(seconds)) ?? NaN;
      expect(Math.abs(again - seconds)).toBeLessThanOrEqual(Math.max(0, seconds * 0.021));
    }),
  );
});
