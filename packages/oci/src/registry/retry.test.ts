import { expect, test } from 'vitest';
import { isLoopback } from './host.ts';
import { backoffMs, DEFAULT_RETRY, parseRetryAfter } from './retry.ts';

test.each([
  [undefined, undefined],
  ['12', 12_000],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 59_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  ['-1', undefined],
])('Retry-After %s', (value, ms) => {
  expect(parseRetryAfter(value, 1000)).toBe(ms);
});

test('waits double, are bounded, and differ by chance', () => {
  expect([1, 2, 3, 10].map((failures) => backoffMs(DEFAULT_RETRY, failures, 1))).toEqual([
    500, 1000, 2000, 15_000,
  ]);
  expect(backoffMs(DEFAULT_RETRY, 2, 0)).toBe(500);
});

test.each([
  ['localhost', true],
  ['reg.localhost', true],
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['[::1]', true],
  ['localhost.example.com', false],
  ['127.0.0.1.example.com', false],
  ['128.0.0.1', false],
  ['10.0.0.1', false],
  ['::2', false],
])('%s is this machine: %s', (name, loopback) => {
  expect(isLoopback(name)).toBe(loopback);
});
