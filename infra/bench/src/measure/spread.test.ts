import { expect, test } from 'vitest';
import { spreadOf } from './spread.ts';

test.each([
  [[3], { median: 3, min: 3, max: 3 }],
  [[5, 1, 3], { median: 3, min: 1, max: 5 }],
  [[4, 1, 2, 10], { median: 3, min: 1, max: 10 }],
])('of %j', (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});
