/** Work that other work makes way for: processor and database are for what is more urgent. */
export type Urgent = {
  /** until it ends, however it does, but not for ever: the broker may be away */
  readonly hold: (work: Promise<unknown>) => void;
  /** resolves once nothing is urgent */
  readonly over: () => Promise<void>;
};

export const createUrgent = (maxMs: number): Urgent => {
  let last = Promise.resolve();
  return {
    hold: (work) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, maxMs);
      work.then(
        () => resolve(),
        () => resolve(),
      );
      void promise.then(() => clearTimeout(timer));
      last = Promise.all([last, promise]).then(() => undefined);
    },
    over: () => last,
  };
};
