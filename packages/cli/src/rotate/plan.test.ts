import { expect, test } from 'vitest';
import { dueStep } from './plan.ts';

test.each([
  [[2046], { step: 'begin', first: 2046 }],
  [[2046, 2047], { step: 'switch', first: 2046, second: 2047 }],
  [[2047, 2046], { step: 'finish', first: 2047, second: 2046 }],
] as const)('of a file with ends at %j is due %j', (ends, due) => {
  expect(dueStep<number>(ends, (end) => end)).toEqual(due);
});
