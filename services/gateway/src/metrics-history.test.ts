import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { intervalOf, phaseOf } from './metrics-history.ts';

const STEP_MS = 300_000;

test('intervals of a device follow each other every five minutes', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 2 ** 41 }), (device, ms) => {
      const now = intervalOf(device, new Date(ms));
      expect(intervalOf(device, new Date(ms + STEP_MS))).toBe(now + 1);
    }),
  );
});

test('devices are spread over an interval', () => {
  const tenths = new Set(
    Array.from({ length: 200 }, (_, n) => Math.floor((phaseOf(`edge-${n}-of-harbour`) / STEP_MS) * 10)),
  );
  expect(tenths.size).toBe(10);
});
