/**
 * Devices work at the same time; here they share a processor. Each gets it for a piece of work in its turn, and in between
 * what has arrived for all others is read, as they would.
 *
 * @param atOnce pieces of work before that
 * @returns what resolves once it is one's turn
 */
export const paceWork = (atOnce: number): (() => Promise<void>) => {
  let waiting: (() => void)[] = [];
  const go = (): void => {
    const now = waiting.slice(0, atOnce);
    waiting = waiting.slice(atOnce);
    if (waiting.length > 0) setImmediate(go);
    for (const begin of now) begin();
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(go);
    });
};
