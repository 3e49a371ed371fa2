import { expect, test } from 'vitest';
import { layoutOf } from './partition-layout.ts';

const SIZES = { esp: 100, root: 300, data: 50 };

test('there are two roots, and the ESP has room for the kernels of both', () => {
  const layout = layoutOf(SIZES, { root: 120, esp: 30 });
  expect(layout.map(({ name, size, used }) => [name, size, used])).toEqual([
    ['esp', 100, 60],
    ['root-a', 300, 120],
    ['root-b', 300, 120],
    ['data', 50, undefined],
  ]);
});

test('before the first build nothing is taken', () => {
  expect(layoutOf(SIZES).every(({ used }) => used === undefined)).toBe(true);
});
