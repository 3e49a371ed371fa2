/** Bytes that may go now, filled at a rate. A taker may go into debt, so that one block larger than the bucket passes. */
export type TokenBucket = {
  /**
   * Takes, where nothing is owed.
   *
   * @param rate bytes per second; undefined: no limit, and what was owed is forgiven
   * @param now seconds, never decreasing
   * @returns seconds until it is worth asking again; 0: taken
   */
  readonly take: (bytes: number, rate: number | undefined, now: number) => number;
};

/** Seconds of the rate that gather while nobody takes. */
const BURST_S = 1;

export const tokenBucket = (): TokenBucket => {
  let tokens = 0;
  let filledAt: number | undefined;
  return {
    take: (bytes, rate, now) => {
      if (rate === undefined) {
        [tokens, filledAt] = [0, now];
        return 0;
      }
      tokens = Math.min(rate * BURST_S, tokens + rate * (now - (filledAt ?? now)));
      filledAt = now;
      if (tokens < 0) return -tokens / rate;
      tokens -= bytes;
      return 0;
    },
  };
};
