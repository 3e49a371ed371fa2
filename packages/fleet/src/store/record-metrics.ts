import { sql } from 'drizzle-orm';
import { DEVICE_METRICS, METRICS_STEP_S, type DeviceId, type Telemetry } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { METRICS } from '../query/metrics.ts';
import { deviceMetrics } from '../schema.ts';
import { inRounds, rowSet } from './row-set.ts';

/** What a device said at a time. */
export type MetricsPoint = {
  readonly device: DeviceId;
  readonly telemetry: Telemetry;
  readonly at: Date;
};

const HOUR_MS = 3_600_000;
/** Numbers of a point: its time, and the metrics. */
export const POINT_NUMBERS = DEVICE_METRICS.length + 1;
/** Of a row: twice what an hour takes, should a device be heard by several gateways. */
const MOST_POINTS = (2 * 3600) / METRICS_STEP_S;

/** Adds points to the hours that they are of. */
export const recordMetrics = async (db: Database, points: readonly MetricsPoint[]): Promise<void> => {
  const ordered = points.toSorted((a, b) => (a.device < b.device ? -1 : a.device > b.device ? 1 : 0));
  // A statement may not meet a row twice.
  for (const round of inRounds(ordered, ({ device }) => device)) {
    const rows = round.map(({ device, telemetry, at }) => {
      const since = Math.floor(at.getTime() / HOUR_MS) * HOUR_MS;
      const values = DEVICE_METRICS.map((name) => METRICS[name].of(telemetry) ?? null);
      const seconds = Math.floor((at.getTime() - since) / 1000);
      return { device, since: new Date(since).toISOString(), points: [seconds, ...values] };
    });
    await db.execute(sql`insert into ${deviceMetrics} (device, step, since, points)
      select device, ${METRICS_STEP_S}::integer, since, points
      from ${rowSet(rows, 'device text, since timestamptz, points real[]')}
      on conflict (device, tenant, since, step)
      do update set points = ${deviceMetrics.points} || excluded.points
      where cardinality(${deviceMetrics.points}) < ${MOST_POINTS * POINT_NUMBERS}`);
  }
};
