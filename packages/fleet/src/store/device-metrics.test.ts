import { expect, test } from 'vitest';
import { DEVICE_METRICS } from '@slipway/protocol';
import { inSteps, usualStep } from './device-metrics.ts';

const hour = new Date('2026-05-01T10:00:00Z');
const later = (minutes: number): Date => new Date(hour.getTime() + minutes * 60_000);
/** A point in which every metric is the same. */
const point = (seconds: number, value: number | null): (number | null)[] => [
  seconds,
  ...DEVICE_METRICS.map(() => value),
];

test('points are gathered into intervals by their mean; nothing is made up where there is none', () => {
  const rows = [
    { since: hour, points: [...point(0, 10), ...point(300, 20), ...point(900, 50), ...point(1000, null)] },
  ];
  const { times, step, metrics } = inSteps(rows, hour, later(30), 600);
  expect(step).toBe(600);
  expect(times).toEqual([0, 600, 1200].map((seconds) => hour.getTime() / 1000 + seconds));
  for (const { values } of metrics) expect(values).toEqual([15, 50, null]);
});

test('what is outside of the time that is asked for is left out', () => {
  const rows = [{ since: hour, points: [...point(0, 1), ...point(3599, 2)] }];
  const { metrics } = inSteps(rows, later(10), later(20), 300);
  expect(metrics[0]?.values).toEqual([null, null]);
});

test.each([
  [60, 300],
  [24 * 60, 300],
  [26 * 60, 900],
  [7 * 24 * 60, 3600],
  [90 * 24 * 60, 12 * 3600],
])('%i minutes are shown in steps of %i s', (minutes, step) =>
  expect(usualStep(hour, later(minutes))).toBe(step),
);
