/** So many at once, in the order in which they came. */
export type Turns = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * What is done for devices must not queue up for the connections of the database, or an emergency stop waits behind all
 * of it, once for each thing it asks.
 */
export const createTurns = (max: number): Turns => {
  let free = max;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
};
