import type { WaveCreate } from '@slipway/protocol';

/** Devices that are alike in all that a preview tells apart. */
export type Cell = {
  /** indexes of waves that name them, by a list of devices or by a query that finds them */
  readonly named: ReadonlySet<number>;
  readonly devices: number;
};

/**
 * How many devices of each cell a wave would get. Who is named by a wave is in the first that does; all others go by an
 * order that knows nothing of cells, so each cell has its part in shares and numbers.
 *
 * @returns for each wave a number for each cell
 */
export const dealWaves = (
  waves: readonly Pick<WaveCreate, 'devices' | 'query' | 'percent' | 'count'>[],
  cells: readonly Cell[],
): readonly (readonly number[])[] => {
  const left = cells.map(({ named, devices }) => (named.size === 0 ? devices : 0));
  const all = sum(left);
  return waves.map(({ devices, query, percent, count }, wave) => {
    if (devices !== undefined || query !== undefined)
      return cells.map((cell) => (Math.min(...cell.named) === wave ? cell.devices : 0));
    const rest = sum(left);
    const upTo =
      percent === undefined ? (count ?? rest) : Math.ceil((percent / 100) * all - 1e-9) - (all - rest);
    const takes = inProportion(Math.max(0, Math.min(upTo, rest)), left);
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
  let passed = 0;
  let dealt = 0;
  // Where the running total passes the next whole number, so that roundings do not add up.
  return left.map((number) => {
    passed += number;
    const upTo = rest === 0 ? 0 : Math.floor((places * passed) / rest);
    const takes = upTo - dealt;
    dealt = upTo;
    return takes;
  });
};
