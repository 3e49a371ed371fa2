import { sql } from 'drizzle-orm';
import { METRICS_STEP_S } from '@slipway/protocol';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { deviceMetrics } from '../schema.ts';
import { POINT_NUMBERS } from './record-metrics.ts';

export const HOURLY_S = 3600;
/** So long points stay as they came. */
export const FINE_MS = 2 * 86_400_000;

const Count = z.object({ rows: z.array(z.object({ hours: z.coerce.number() })).length(1) });

/** Makes of hours that are past one point each, the mean, in the row of their day. @returns how many hours; fewer than `limit`: all */
export const condenseMetrics = async (db: Database, limit: number, now: Date): Promise<number> => {
  const until = new Date(now.getTime() - FINE_MS).toISOString();
  const result: unknown = await db.execute(sql`
    with old as (
      delete from ${deviceMetrics} where ctid = any(array(
        select ctid from ${deviceMetrics}
        where step = ${METRICS_STEP_S} and since < ${until}::timestamptz limit ${limit}))
      returning *
    ), means as (
      select tenant, device, since, date_trunc('day', since, 'UTC') as day,
        (place - 1) % ${POINT_NUMBERS} as number, avg(value) as mean
      from old, unnest(points) with ordinality as one(value, place)
      group by tenant, device, since, number
    ), days as (
      insert into ${deviceMetrics} (tenant, device, step, since, points)
      select tenant, device, ${HOURLY_S}::integer, day, array_agg(
        (case when number = 0 then extract(epoch from since - day) else mean end)::real order by since, number)
      from means group by tenant, device, day
      on conflict (device, tenant, since, step)
      do update set points = ${deviceMetrics.points} || excluded.points
    )
    select count(*) as hours from old`);
  return Count.parse(result).rows[0]?.hours ?? 0;
};
