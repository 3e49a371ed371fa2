import type { WaveCreate } from '@slipway/protocol';

/** Devices that are alike in all that a preview tells apart. */
export type Cell = {
  /** indexes of waves that name them, by a list of devices or by a query that finds them */
  readonly named: ReadonlySet<number>;
  readonly devices: number;
};

/**
 * How many devices of each cell a wave would get. A device is in the first wave that has a place for it; shares and numbers
 * go by an order that knows nothing of cells, so each has its part in them.
 *
 * @returns for each wave a number for each cell
 */
export const dealWaves = (
  waves: readonly Pick<WaveCreate, 'devices' | 'query' | 'percent' | 'count'>[],
  cells: readonly Cell[],
): readonly (readonly number[])[] => {
  const left = cells.map(({ devices }) => devices);
  const all = sum(left);
  return waves.map(({ devices, query, percent, count }, wave) => {
    const rest = sum(left);
    const places = percent !== undefined ? Math.ceil((percent / 100) * all) - (all - rest) : (count ?? rest);
    const takes =
      devices !== undefined || query !== undefined
        ? cells.map(({ named }, at) => (named.has(wave) ? (left[at] ?? 0) : 0))
        : inProportion(Math.max(0, Math.min(places, rest)), left);
    takes.forEach((number, at) => {
      left[at] = (left[at] ?? 0) - number;
    });
    return takes;
  });
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Whole numbers that make `places` together, and none more than there is. */
const inProportion = (places: number, left: readonly number[]): number[] => {
  const rest = sum(left);
  if (rest === 0) return left.map(() => 0);
  let before = 0;
  let dealt = 0;
  // Where the running total passes the next whole number, so that roundings do not add up.
  return left.map((number) => {
    before += number;
    const upTo = Math.floor((places * before) / rest);
    const takes = upTo - dealt;
    dealt = upTo;
    return takes;
  });
};
