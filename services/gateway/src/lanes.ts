/** Work that runs one after the other within a lane, and side by side between lanes. */
export type Lanes = {
  /** @returns false, and the work is not done, where the lane is full */
  readonly run: (lane: string, work: () => Promise<void>) => boolean;
  /** ends once every lane is empty */
  readonly idle: () => Promise<void>;
};

type Lane = { depth: number; last: Promise<void> };

/**
 * @param maxDepth of a lane: a device that sends faster than it is served loses messages, not the server its memory
 * @param onError for work that throws; the lane goes on
 */
export const createLanes = (maxDepth: number, onError: (lane: string, error: unknown) => void): Lanes => {
  const lanes = new Map<string, Lane>();
  return {
    run: (name, work) => {
      const lane = lanes.get(name) ?? { depth: 0, last: Promise.resolve() };
      if (lane.depth >= maxDepth) return false;
      lane.depth += 1;
      lanes.set(name, lane);
      lane.last = lane.last
        .then(work)
        .catch((error: unknown) => onError(name, error))
        .finally(() => {
          lane.depth -= 1;
          if (lane.depth === 0) lanes.delete(name);
        });
      return true;
    },
    idle: async () => {
      while (lanes.size > 0) await Promise.all([...lanes.values()].map(({ last }) => last));
    },
  };
};
