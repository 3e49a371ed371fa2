/** A rectangle, in any unit. */
export type Rectangle = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

export type Weighed = { readonly size: number };

const worst = (row: readonly number[], side: number): number => {
  const sum = row.reduce((all, area) => all + area, 0);
  const [least, most] = [Math.min(...row), Math.max(...row)];
  return Math.max((side * side * most) / (sum * sum), (sum * sum) / (side * side * least));
};

/**
 * Lays weighed things out in a rectangle, each with an area as its size, as near to squares as rows of them get.
 *
 * @param items the largest first; those of no size get no place
 * @returns in the order of `items`
 * @see Bruls, Huizing, van Wijk: Squarified Treemaps (2000)
 */
export const squarify = <T extends Weighed>(
  items: readonly T[],
  within: Rectangle,
): { readonly item: T; readonly at: Rectangle }[] => {
  const placed: { readonly item: T; readonly at: Rectangle }[] = [];
  const weighed = items.filter(({ size }) => size > 0);
  const total = weighed.reduce((sum, { size }) => sum + size, 0);
  if (total === 0 || within.width <= 0 || within.height <= 0) return placed;
  const scale = (within.width * within.height) / total;
  let free = within;
  let row: T[] = [];
  const areas = (list: readonly T[]): number[] => list.map(({ size }) => size * scale);
  const close = (): void => {
    const sum = areas(row).reduce((all, area) => all + area, 0);
    const isWide = free.width >= free.height;
    const depth = sum / (isWide ? free.height : free.width);
    let along = isWide ? free.y : free.x;
    for (const item of row) {
      const length = (item.size * scale) / depth;
      placed.push({
        item,
        at: isWide
          ? { x: free.x, y: along, width: depth, height: length }
          : { x: along, y: free.y, width: length, height: depth },
      });
      along += length;
    }
    free = isWide
      ? { ...free, x: free.x + depth, width: Math.max(0, free.width - depth) }
      : { ...free, y: free.y + depth, height: Math.max(0, free.height - depth) };
    row = [];
  };
  for (const item of weighed) {
    const side = Math.min(free.width, free.height);
    if (row.length > 0 && worst(areas([...row, item]), side) > worst(areas(row), side)) close();
    row.push(item);
  }
  if (row.length > 0) close();
  return placed;
};
