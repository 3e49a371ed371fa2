import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { squarify, type Rect } from './treemap.ts';

const area = ({ width, height }: Rect): number => width * height;
const sorted = fc
  .array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 60 })
  .map((sizes) => sizes.sort((a, b) => b - a));
const frame = fc.record({
  x: fc.integer({ min: 0, max: 50 }),
  y: fc.integer({ min: 0, max: 50 }),
  width: fc.integer({ min: 10, max: 2000 }),
  height: fc.integer({ min: 10, max: 2000 }),
});

test('areas are as sizes, and all of it is filled within its bounds', () => {
  fc.assert(
    fc.property(sorted, frame, (sizes, within) => {
      const tiles = squarify(sizes, within);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const eps = area(within) * 1e-6 + 1e-6;
      tiles.forEach((tile, at) => {
        expect(Math.abs(area(tile) - ((sizes[at] ?? 0) / total) * area(within))).toBeLessThan(eps);
        expect(tile.x).toBeGreaterThanOrEqual(within.x - 1e-6);
        expect(tile.y).toBeGreaterThanOrEqual(within.y - 1e-6);
        expect(tile.x + tile.width).toBeLessThanOrEqual(within.x + within.width + 1e-3);
        expect(tile.y + tile.height).toBeLessThanOrEqual(within.y + within.height + 1e-3);
      });
    }),
  );
});

test('no two tiles overlap', () => {
  fc.assert(
    fc.property(sorted, frame, (sizes, within) => {
      const tiles = squarify(sizes, within);
      for (const [at, a] of tiles.entries())
        for (const b of tiles.slice(at + 1)) {
          const wide = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
          const high = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
          expect(Math.min(wide, high)).toBeLessThan(1e-3);
        }
    }),
  );
});

test('equal sizes in a square become squares, not strips', () => {
  const tiles = squarify([1, 1, 1, 1], { x: 0, y: 0, width: 100, height: 100 });
  expect(tiles.map(({ width, height }) => [width, height])).toEqual([
    [50, 50],
    [50, 50],
    [50, 50],
    [50, 50],
  ]);
});

test('what has no size has no area, and neither breaks the others', () => {
  const tiles = squarify([3, 1, 0, 0], { x: 0, y: 0, width: 40, height: 10 });
  expect(tiles.map(area)).toEqual([300, 100, 0, 0]);
  expect(squarify([0, 0], { x: 0, y: 0, width: 40, height: 10 }).map(area)).toEqual([0, 0]);
});
