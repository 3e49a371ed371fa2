import { sql, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database } from '../database.ts';
import { deviceRuns, devices } from '../schema.ts';

const Row = z.object({
  /** null: now */
  bucket: z.int().nullable(),
  deviceClass: z.string(),
  what: z.string().nullable(),
  count: z.coerce.number(),
});
/** So many devices more run it from a bucket on, or run it now. */
export type Ran = z.infer<typeof Row>;

export type Span = {
  readonly since: Date;
  readonly stepMs: number;
  /** Bucket 0 is all that was so at `since`, the last one takes whatever comes after. */
  readonly last: number;
};

/**
 * What some devices ran over time: what they run now, and from there back over what is on record of each. A device counts
 * from its enrolment on, and ran until its first change what it ran before that.
 *
 * @param isAsked of which devices
 */
export const whatDevicesRan = (
  db: Database,
  what: 'release' | 'version',
  isAsked: SQL | undefined,
  { since, stepMs, last }: Span,
): Promise<Ran[]> => {
  const begin = sql`${since.toISOString()}::timestamptz`;
  const bucketOf = (at: string): SQL =>
    sql`least(${last}::int, ceil(extract(epoch from ${sql.raw(at)} - ${begin}) * 1000 / ${stepMs}))::int`;
  const [now, before] = [sql.raw(what), sql.raw(`before_${what}`)];
  const isOf = sql.raw('r.device = a.id and r.tenant = a.tenant and r.at > a.enrolled_at');
  return rowsOf(
    db,
    Row,
    sql`
    with asked as materialized (
      select ${devices.id} as id, ${devices.tenant} as tenant, ${devices.deviceClass} as class,
        ${devices[what]} as what, ${devices.enrolledAt} as enrolled_at
      from ${devices} where ${isAsked}
    ), moves as materialized (
      select ${bucketOf('r.at')} as bucket, a.class, r.${before} as before, r.${now} as after, count(*) as count
      from ${deviceRuns} r join asked a on ${isOf} where r.at > ${begin} group by 1, 2, 3, 4
    ), came as (
      select ${bucketOf('a.enrolled_at')} as bucket, a.class, case when first.at is null then a.what else first.before end as what
      from asked a left join lateral (
        select r.at, r.${before} as before from ${deviceRuns} r where ${isOf} order by r.at limit 1) as first on true
      where a.enrolled_at > ${begin}
    )
    select bucket, class as "deviceClass", what, sum(count)::int as count from (
      select null::int as bucket, class, what, count(*) as count from asked group by 2, 3
      union all select bucket, class, what, count(*) from came group by 1, 2, 3
      union all select bucket, class, after, count from moves
      union all select bucket, class, before, -count from moves
    ) as each group by 1, 2, 3 having sum(count) <> 0`,
  );
};

/**
 * Counts at the end of each bucket.
 *
 * @param keyOf what is counted together; null: it is not counted
 */
export const linesOf = (
  rows: readonly Ran[],
  last: number,
  keyOf: (row: Ran) => string | null,
): ReadonlyMap<string, readonly number[]> => {
  const lines = new Map<string, number[]>();
  for (const row of rows) {
    const key = keyOf(row);
    if (key === null) continue;
    const line = lines.get(key) ?? Array.from({ length: last + 1 }, () => 0);
    lines.set(key, line);
    // What runs now has run from the beginning, but for what changed since.
    if (row.bucket === null) for (let at = 0; at <= last; at += 1) line[at] = (line[at] ?? 0) + row.count;
    else for (let at = 0; at < row.bucket; at += 1) line[at] = (line[at] ?? 0) - row.count;
  }
  return lines;
};
