import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { squarify, type Rectangle } from './treemap.ts';

const WITHIN: Rectangle = { x: 10, y: 20, width: 300, height: 200 };
const sizes = fc
  .array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 40 })
  .map((list) => list.sort((a, b) => b - a).map((size) => ({ size })));
const area = ({ width, height }: Rectangle): number => width * height;

test('each has an area as its size, within the whole, and none lies over another', () => {
  fc.assert(
    fc.property(sizes, (items) => {
      const placed = squarify(items, WITHIN);
      const total = items.reduce((sum, { size }) => sum + size, 0);
      expect(placed.map(({ item }) => item)).toEqual(items);
      const slack = 1e-6;
      for (const [index, { item, at }] of placed.entries()) {
        expect(area(at) / area(WITHIN)).toBeCloseTo(item.size / total, 6);
        expect(at.x).toBeGreaterThanOrEqual(WITHIN.x - slack);
        expect(at.y).toBeGreaterThanOrEqual(WITHIN.y - slack);
        expect(at.x + at.width).toBeLessThanOrEqual(WITHIN.x + WITHIN.width + slack);
        expect(at.y + at.height).toBeLessThanOrEqual(WITHIN.y + WITHIN.height + slack);
        for (const { at: other } of placed.slice(index + 1)) {
          const [right, bottom] = [
            Math.min(at.x + at.width, other.x + other.width),
            Math.min(at.y + at.height, other.y + other.height),
          ];
          const [left, top] = [Math.max(at.x, other.x), Math.max(at.y, other.y)];
          expect(Math.max(0, right - left - slack) * Math.max(0, bottom - top - slack)).toBeLessThan(slack);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('equal sizes become squares where they can', () => {
  const placed = squarify(
    [1, 1, 1, 1].map((size) => ({ size })),
    { x: 0, y: 0, width: 100, height: 100 },
  );
  expect(placed.map(({ at }) => [at.width, at.height])).toEqual([
    [50, 50],
    [50, 50],
    [50, 50],
    [50, 50],
  ]);
});

test('what has no size gets no place, and nothing is laid out where there is no room', () => {
  expect(squarify([{ size: 5 }, { size: 0 }], WITHIN)).toHaveLength(1);
  expect(squarify([{ size: 5 }], { ...WITHIN, width: 0 })).toEqual([]);
  expect(squarify([], WITHIN)).toEqual([]);
});
