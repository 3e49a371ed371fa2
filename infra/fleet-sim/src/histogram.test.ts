import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addTo, emptyHistogram, mergeInto, quantilesOf } from './histogram.ts';

const of = (values: readonly number[]) => {
  const histogram = emptyHistogram();
  for (const value of values) addTo(histogram, value);
  return histogram;
};
const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });

test('a quantile is at most a tenth above the value that stands there, and never below it', () => {
  fc.assert(
    fc.property(values, fc.constantFrom('p50' as const, 'p95' as const, 'p99' as const), (all, name) => {
      const sorted = all.toSorted((one, other) => one - other);
      const share = Number(name.slice(1)) / 100;
      const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
      const quantile = quantilesOf(of(all))[name];
      expect(quantile).toBeGreaterThanOrEqual(exact - 0.5);
      expect(quantile).toBeLessThanOrEqual((exact + 1) * 1.1);
    }),
  );
});

test('what several counted is what one would have counted', () => {
  fc.assert(
    fc.property(values, values, (one, other) => {
      const sum = of(one);
      mergeInto(sum, of(other));
      expect(quantilesOf(sum)).toEqual(quantilesOf(of([...one, ...other])));
    }),
  );
});
