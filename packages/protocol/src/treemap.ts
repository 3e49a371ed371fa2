/**
 * Sizes as areas: for the report of `slipway report`, which is written on a server or a developer's machine, and for the
 * dashboard, which runs in browsers and knows nothing but this package and the client.
 */

/** A rectangle within a picture, in its own measure. */
export type Rect = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

const EMPTY: Rect = { x: 0, y: 0, width: 0, height: 0 };

/**
 * Divides a rectangle among sizes, so that areas are as sizes and no tile is thinner than need be (Bruls, Huizing, van
 * Wijk: Squarified Treemaps).
 *
 * @param sizes descending, none negative
 * @returns one for each size, in their order
 */
export const squarify = (sizes: readonly number[], within: Rect): readonly Rect[] => {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= 0 || within.width <= 0 || within.height <= 0) return sizes.map(() => EMPTY);
  const scale = (within.width * within.height) / total;
  const areas = sizes.map((size) => size * scale);
  const tiles: Rect[] = [];
  let rest = within;
  let at = 0;
  while (at < areas.length) {
    const side = Math.min(rest.width, rest.height);
    let end = at + 1;
    let sum = areas[at] ?? 0;
    while (end < areas.length) {
      const next = sum + (areas[end] ?? 0);
      const first = areas[at] ?? 0;
      if (worst(first, areas[end] ?? 0, next, side) > worst(first, areas[end - 1] ?? 0, sum, side)) break;
      sum = next;
      end += 1;
    }
    const row = areas.slice(at, end);
    tiles.push(...layRow(row, sum, rest));
    rest = without(sum, rest);
    at = end;
  }
  return tiles;
};

/** How far the thinnest tile of a row is from a square; its largest and smallest tell. */
const worst = (largest: number, smallest: number, sum: number, side: number): number => {
  if (smallest === 0 || sum === 0) return Number.POSITIVE_INFINITY;
  const thickness = (sum / side) ** 2;
  return Math.max(largest / thickness, thickness / smallest);
};

const layRow = (row: readonly number[], sum: number, { x, y, width, height }: Rect): Rect[] => {
  const isUpright = width >= height;
  const thickness = sum === 0 ? 0 : sum / (isUpright ? height : width);
  let along = isUpright ? y : x;
  return row.map((area) => {
    const length = thickness === 0 ? 0 : area / thickness;
    const tile = isUpright
      ? { x, y: along, width: thickness, height: length }
      : { x: along, y, width: length, height: thickness };
    along += length;
    return tile;
  });
};

const without = (sum: number, { x, y, width, height }: Rect): Rect => {
  if (width >= height) {
    const thickness = sum / height;
    return { x: x + thickness, y, width: Math.max(0, width - thickness), height };
  }
  const thickness = sum / width;
  return { x, y: y + thickness, width, height: Math.max(0, height - thickness) };
};
