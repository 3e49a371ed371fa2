/** Bytes are gathered before they are written: nothing has to wait for a next tick. */
export const nextTick = (work: (...args: readonly unknown[]) => void, ...args: readonly unknown[]): void => {
  void Promise.resolve().then(() => {
    work(...args);
  });
};
