import { expect, test } from 'vitest';
import { backOffMs } from './back-off.ts';

test.each([
  [0, 125, 250],
  [1, 250, 500],
  [4, 2000, 4000],
  [7, 15_000, 30_000],
  [5000, 15_000, 30_000],
])('after %i tries it waits %i ms at least and %i at most', (tried, least, most) => {
  expect([backOffMs(tried, 0), backOffMs(tried, 0.999_999)]).toEqual([least, most]);
});
