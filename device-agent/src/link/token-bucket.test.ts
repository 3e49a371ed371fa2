import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokenBucket } from './token-bucket.ts';

test('a debt is paid by waiting, and the bucket says how long', () => {
  const bucket = tokenBucket();
  expect(bucket.take(3000, 1000, 10)).toBe(0);
  expect(bucket.take(1, 1000, 10)).toBe(3);
  expect(bucket.take(1, 1000, 12)).toBe(1);
  expect(bucket.take(1, 1000, 13)).toBe(0);
});

test('nobody asking for long gathers one second, not more', () => {
  const bucket = tokenBucket();
  bucket.take(0, 1000, 0);
  expect(bucket.take(1000, 1000, 3600)).toBe(0);
  expect(bucket.take(1, 1000, 3600)).toBe(0);
  expect(bucket.take(1, 1000, 3600)).toBeGreaterThan(0);
});

test('whatever is asked for when, no more passes than rate times time and one take', () => {
  const take = fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), pause: fc.nat(3000) });
  fc.assert(
    fc.property(fc.array(take), fc.integer({ min: 1, max: 10_000 }), (takes, rate) => {
      const bucket = tokenBucket();
      let [now, passed] = [0, 0];
      for (const { bytes, pause } of takes) {
        now += pause / 1000;
        if (bucket.take(bytes, rate, now) === 0) passed += bytes;
        expect(passed).toBeLessThanOrEqual(rate * (now + 1) + 5000);
      }
    }),
  );
});
