import { expect, test } from 'vitest';
import { sqlStateOf } from './deadlock.ts';

test.each([
  ['40P01', '40P01'],
  ['XX000', 'XX000'],
  ['EPIPE', undefined],
  ['ECONNRESET', undefined],
])('%s of a driver is the state %s', (code, state) => {
  const error = Object.assign(new Error('refused'), { code });
  expect(sqlStateOf(error)).toBe(state);
  expect(sqlStateOf(new Error('the query failed', { cause: error }))).toBe(state);
});
