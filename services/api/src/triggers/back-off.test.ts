import { expect, test } from 'vitest';
import { backOff } from './back-off.ts';

test('each failure doubles the wait up to the most; something else, or a success, begins anew', () => {
  const waits = backOff(2, 5);
  const waitsFor = (of: string, nowMs: number): number => {
    let ms = 0;
    while (waits.isWaiting('a', of, nowMs + ms)) ms++;
    return ms;
  };
  expect(waitsFor('one', 0)).toBe(0);
  for (const [nowMs, ms] of [
    [0, 2],
    [10, 4],
    [20, 5],
    [30, 5],
  ] as const) {
    waits.failed('a', 'one', nowMs);
    expect(waitsFor('one', nowMs)).toBe(ms);
  }
  expect(waitsFor('two', 30)).toBe(0);
  expect(waits.isWaiting('b', 'one', 30)).toBe(false);
  waits.failed('a', 'two', 40);
  expect(waitsFor('two', 40)).toBe(2);
  waits.forget('a');
  expect(waitsFor('two', 40)).toBe(0);
});
