/** What must be ended before the demo ends, newest first, whatever else happens. */
export type Cleanup = {
  readonly add: (what: () => Promise<unknown>) => void;
  /** safe to call twice; a failure of one does not keep the others from running */
  readonly run: () => Promise<void>;
};

export const createCleanup = (): Cleanup => {
  const tasks: (() => Promise<unknown>)[] = [];
  let running: Promise<void> | undefined;
  const runAll = async (): Promise<void> => {
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      await task().catch((error: unknown) => {
        console.error('while cleaning up:', error);
      });
    }
  };
  return {
    add: (what) => {
      tasks.push(what);
    },
    run: () => (running ??= runAll()),
  };
};
