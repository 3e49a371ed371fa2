/** Work for many things at once: what comes while some are worked on is the next batch. */
export type Batches<Item> = {
  /** @returns false, and nothing is done, where too much of that key waits already */
  readonly add: (item: Item) => boolean;
  /** how many wait */
  readonly waiting: () => number;
  /** ends once nothing waits */
  readonly idle: () => Promise<void>;
};

type Limits<Item> = {
  readonly maxItems: number;
  /** so long a batch waits for more: a statement costs much, a row in it little */
  readonly gatherMs: number;
  readonly keyOf: (item: Item) => string;
  /** of one key that wait: who sends faster than it is served loses messages, and takes no place from others */
  readonly maxOfKey: number;
};

/**
 * One batch at a time, in the order in which things came.
 *
 * @param work must not throw
 */
export const createBatches = <Item>(
  work: (items: readonly Item[]) => Promise<void>,
  { maxItems, gatherMs, keyOf, maxOfKey }: Limits<Item>,
): Batches<Item> => {
  let waiting: Item[] = [];
  const depths = new Map<string, number>();
  let isRunning = false;
  let last = Promise.resolve();

  let hurry: () => void = () => undefined;
  let isHurried = false;

  /** At least all that come in this turn of the event loop. */
  const gather = async (): Promise<void> => {
    if (waiting.length >= maxItems) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    hurry = resolve;
    const timer = setTimeout(resolve, isHurried ? 0 : gatherMs);
    await promise;
    clearTimeout(timer);
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      await gather();
      const batch = waiting.slice(0, maxItems);
      waiting = waiting.slice(maxItems);
      for (const item of batch) {
        const left = (depths.get(keyOf(item)) ?? 1) - 1;
        if (left === 0) depths.delete(keyOf(item));
        else depths.set(keyOf(item), left);
      }
      await work(batch);
    }
    isRunning = false;
  };

  return {
    add: (item) => {
      const depth = depths.get(keyOf(item)) ?? 0;
      if (depth >= maxOfKey) return false;
      depths.set(keyOf(item), depth + 1);
      waiting.push(item);
      if (waiting.length === maxItems) hurry();
      if (!isRunning) {
        isRunning = true;
        last = run();
      }
      return true;
    },
    waiting: () => waiting.length,
    idle: async () => {
      isHurried = true;
      hurry();
      while (waiting.length > 0) await last;
      await last;
      isHurried = false;
    },
  };
};
