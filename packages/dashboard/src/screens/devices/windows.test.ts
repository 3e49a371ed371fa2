import { expect, test } from 'vitest';
import { windowsOf } from './windows.ts';

test.each([
  [0, 30, 0, []],
  [0, 30, 20, [0]],
  [0, 30, 100_000, [0]],
  [50, 60, 100_000, [0]],
  [70, 80, 100_000, [0, 1]],
  [95, 125, 100_000, [0, 1]],
  [110, 140, 100_000, [0, 1]],
  [150, 170, 100_000, [1]],
  [99_970, 100_000, 100_000, [999]],
  [5000, 5030, 120, [0, 1]],
])('rows %i to %i of %i are in parts %j', (first, last, total, parts) =>
  expect(windowsOf(first, last, total)).toEqual(parts),
);
