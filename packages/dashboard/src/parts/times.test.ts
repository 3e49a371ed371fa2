import { expect, test } from 'vitest';
import { bothTimes, localTime, relativeTime, utcTime } from './times.ts';

const now = Date.parse('2026-11-26T04:36:12.000Z');
test.each([
  [2000, 'just now'],
  [-2000, 'just now'],
  [59_000, '59 s ago'],
  [200_000, '3 min ago'],
  [-100_000_000, 'in 1 d'],
])('what was %d ms before now is %s', (ms, text) => expect(relativeTime(new Date(now - ms), now)).toBe(text));

test('a time in UTC names its zone', () => expect(utcTime(new Date(now))).toBe('2026-11-26 04:36:12 UTC'));

test('on paper a time stands in both zones, and once where they are one', () => {
  const said = bothTimes(new Date(now));
  expect(said.match(/UTC/g)).toHaveLength(1);
  expect(said).toContain(localTime(new Date(now)));
});
