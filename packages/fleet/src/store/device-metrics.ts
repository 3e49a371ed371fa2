import { and, asc, eq, gte, lt } from 'drizzle-orm';
import { DEVICE_METRICS, METRICS_STEP_S, type DeviceId, type DeviceMetrics } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { METRICS } from '../query/metrics.ts';
import { deviceMetrics } from '../schema.ts';
import { POINT_NUMBERS } from './record-metrics.ts';

const DAY_MS = 86_400_000;
/** Of one answer; more than a screen is wide. */
export const MOST_TIMES = 2000;
const USUAL_TIMES = 300;

/** A step that people know, for as many points as a plot shows well. */
const STEPS = [METRICS_STEP_S, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400];
export const usualStep = (since: Date, until: Date): number => {
  const seconds = (until.getTime() - since.getTime()) / 1000;
  return STEPS.find((step) => seconds / step <= USUAL_TIMES) ?? 86_400;
};

type Row = Pick<typeof deviceMetrics.$inferSelect, 'since' | 'points'>;

/** Means of what was kept, for every interval of `stepS` between the times; such without any have nothing but null. */
export const inSteps = (rows: readonly Row[], since: Date, until: Date, stepS: number): DeviceMetrics => {
  const first = Math.floor(since.getTime() / 1000 / stepS);
  const last = Math.ceil(until.getTime() / 1000 / stepS);
  const times = Array.from({ length: Math.max(0, last - first) }, (_, n) => (first + n) * stepS);
  const sums = DEVICE_METRICS.map(() => times.map(() => ({ sum: 0, count: 0 })));
  for (const { since: begin, points } of rows)
    for (let at = 0; at + POINT_NUMBERS <= points.length; at += POINT_NUMBERS) {
      const seconds = begin.getTime() / 1000 + (points[at] ?? 0);
      const place = Math.floor(seconds / stepS) - first;
      for (const [n, column] of sums.entries()) {
        const value = points[at + 1 + n];
        const into = column[place];
        if (into === undefined || value === null || value === undefined) continue;
        into.sum += value;
        into.count += 1;
      }
    }
  return {
    step: stepS,
    times,
    metrics: DEVICE_METRICS.map((name, n) => ({
      name,
      unit: METRICS[name].unit,
      meaning: METRICS[name].meaning,
      values: (sums[n] ?? []).map(({ sum, count }) => (count === 0 ? null : sum / count)),
    })),
  };
};

export const getDeviceMetrics = async (
  db: Database,
  device: DeviceId,
  since: Date,
  until: Date,
  stepS: number,
): Promise<DeviceMetrics> => {
  const rows = await db
    .select({ since: deviceMetrics.since, points: deviceMetrics.points })
    .from(deviceMetrics)
    .where(
      and(
        eq(deviceMetrics.device, device),
        // A row is of a day at most.
        gte(deviceMetrics.since, new Date(since.getTime() - DAY_MS)),
        lt(deviceMetrics.since, until),
      ),
    )
    .orderBy(asc(deviceMetrics.since));
  return inSteps(rows, since, until, stepS);
};
