import { expect, test } from 'vitest';
import { dueStep } from './plan.ts';

test.each([
  [[2046], 'begin'],
  [[2046, 2047], 'switch'],
  [[2047, 2046], 'finish'],
] as const)('a file with ends at %j: %s is due', (ends, step) => {
  expect(dueStep(ends)).toBe(step);
});
