/** Counts by size, each class a tenth larger than the one before: small enough to be sent, and to be added up. */
export type Histogram = { readonly counts: number[]; max: number };

const STEP = Math.log(1.1);

export const emptyHistogram = (): Histogram => ({ counts: [], max: 0 });

/** @param value at least 0 */
export const addTo = (histogram: Histogram, value: number): void => {
  const at = Math.floor(Math.log(value + 1) / STEP);
  while (histogram.counts.length <= at) histogram.counts.push(0);
  histogram.counts[at] = (histogram.counts[at] ?? 0) + 1;
  histogram.max = Math.max(histogram.max, value);
};

export const mergeInto = (sum: Histogram, other: Histogram): void => {
  while (sum.counts.length < other.counts.length) sum.counts.push(0);
  other.counts.forEach((count, at) => {
    sum.counts[at] = (sum.counts[at] ?? 0) + count;
  });
  sum.max = Math.max(sum.max, other.max);
};

export type Quantiles = {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
};

/** Each quantile is the upper end of its class, so up to a tenth too large. */
export const quantilesOf = ({ counts, max }: Histogram): Quantiles => {
  const count = counts.reduce((sum, one) => sum + one, 0);
  const quantile = (share: number): number => {
    let passed = 0;
    for (const [at, one] of counts.entries()) {
      passed += one;
      if (one > 0 && passed >= share * count) return Math.min(max, Math.round(Math.exp((at + 1) * STEP) - 1));
    }
    return 0;
  };
  return { count, p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max };
};
