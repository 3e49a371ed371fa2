import { and, eq, sql, type SQL } from 'drizzle-orm';
import type { ClassName, PackageCoverage, ReleaseId } from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database } from '../database.ts';
import { idArray } from '../query/id-array.ts';
import { parsePackageQuery } from '../query/parse.ts';
import { devices } from '../schema.ts';
import { isOfFleet } from './devices.ts';
import { holdersOf } from './find-running.ts';

const POINTS = 60;
const DAY_MS = 86_400_000;

/** `held`, `unknown`: how many more devices were so from this bucket on than before; `fleet`: how many came. */
const Row = z.object({
  bucket: z.int(),
  held: z.coerce.number(),
  unknown: z.coerce.number(),
  fleet: z.coerce.number(),
});
type Row = z.infer<typeof Row>;

/**
 * How many devices ran a package over the last days: what they run now, and from there back over the releases that they
 * committed and went back from. Before its first update a device ran what lies in its other slot, if that still is it.
 *
 * @param near only of devices that this holds for
 * @throws {SlipwayError} QUERY_INVALID
 */
export const packageCoverage = async (
  db: Database,
  asked: {
    readonly query: string;
    readonly days: number;
    readonly deviceClass?: ClassName | undefined;
    readonly near?: SQL | undefined;
  },
  now: Date,
): Promise<PackageCoverage> => {
  const { test, query } = parsePackageQuery(asked.query);
  const { contents } = await holdersOf(db, test);
  const stepMs = Math.ceil((asked.days * DAY_MS) / POINTS);
  const since = new Date(now.getTime() - POINTS * stepMs);
  const isAsked = and(
    isOfFleet,
    asked.near,
    asked.deviceClass === undefined ? undefined : eq(devices.deviceClass, asked.deviceClass),
  );
  const rows = await changesOf(db, [...contents.keys()], isAsked, since, stepMs);
  const line = (of: 'held' | 'unknown' | 'fleet') => runningSum(rows, of);
  return {
    query,
    at: Array.from({ length: POINTS + 1 }, (_, n) => new Date(since.getTime() + n * stepMs).toISOString()),
    devices: line('held'),
    unknown: line('unknown'),
    fleet: line('fleet'),
  };
};

/**
 * Each device has a row for where it was when the time begins, or when it enrolled, and one for each change since. Bucket
 * 0 is all that was so at `since`.
 */
const changesOf = (
  db: Database,
  holders: readonly ReleaseId[],
  isAsked: SQL | undefined,
  since: Date,
  stepMs: number,
): Promise<Row[]> => {
  const begin = sql`${since.toISOString()}::timestamptz`;
  return rowsOf(
    db,
    Row,
    sql`
    with asked as materialized (
      select ${devices.id} as id, ${devices.release} as release, ${devices.enrolledAt} as enrolled,
        case ${devices.activeSlot} when 'a' then ${devices.slots} -> 'b' ->> 'release' else ${devices.slots} -> 'a' ->> 'release' end as other
      from ${devices} where ${isAsked}
    ), kinds as (
      select id, case when packages is null then 'unknown' when id = any(${idArray(holders)}) then 'held' else 'free' end as kind
      from releases
    ), commits as (
      select e.device, e.release, e.updated_at as at,
        lag(e.release) over (partition by e.device order by e.updated_at, e.id) as before,
        row_number() over (partition by e.device order by e.updated_at, e.id) as nth,
        row_number() over (partition by e.device order by e.updated_at desc, e.id desc) as nth_last
      from executions e join asked on asked.id = e.device
      where e.state = 'COMMITTED' and e.updated_at > ${begin}
    ), firsts as (
      select commits.device, commits.nth_last, commits.release as committed, (
        select p.release from executions p
        where p.device = commits.device and p.state = 'COMMITTED' and p.updated_at <= ${begin}
        order by p.created_at desc, p.id desc limit 1) as release
      from commits where nth = 1
    ), initial as (
      -- Of a device with one update alone the other slot holds what it ran before, unless it went back.
      select asked.id as device, enrolled, case
        when firsts.device is null then asked.release
        when firsts.release is not null then firsts.release
        when firsts.nth_last = 1 and other is distinct from firsts.committed then other
        when firsts.nth_last = 1 then asked.release
      end as release
      from asked left join firsts on firsts.device = asked.id
    ), changes as (
      select device, at, before, release from (
        select c.device, c.at, c.release, case when c.nth = 1 then i.release else c.before end as before
        from commits c join initial i on i.device = c.device) as committed
      union all
      -- Gone back, or brought elsewhere by hand: when the command was done, as far as there was one.
      select c.device, coalesce((
          select max(m.finished_at) from device_commands m
          where m.device = c.device and m.request ->> 'name' = 'rollback' and m.finished_at > c.at), c.at), c.release, asked.release
      from commits c join asked on asked.id = c.device
      where c.nth_last = 1 and asked.release is distinct from c.release
    ), steps as (
      select greatest(enrolled, ${begin}) as at, null as before, release, 1 as fleet from initial
      union all
      select at, before, release, 0 from changes
    )
    select least(${POINTS}::int, greatest(0, ceil(extract(epoch from at - ${begin}) * 1000 / ${stepMs})::int)) as bucket,
      (count(*) filter (where coalesce(a.kind, 'unknown') = 'held')
        - count(*) filter (where fleet = 0 and coalesce(b.kind, 'unknown') = 'held'))::int as held,
      (count(*) filter (where coalesce(a.kind, 'unknown') = 'unknown')
        - count(*) filter (where fleet = 0 and coalesce(b.kind, 'unknown') = 'unknown'))::int as unknown,
      sum(fleet)::int as fleet
    from steps left join kinds a on a.id = steps.release left join kinds b on b.id = steps.before
    group by 1`,
  );
};

const runningSum = (rows: readonly Row[], of: 'held' | 'unknown' | 'fleet'): number[] => {
  const line = Array.from({ length: POINTS + 1 }, () => 0);
  for (const row of rows) line[row.bucket] = (line[row.bucket] ?? 0) + row[of];
  let sum = 0;
  return line.map((more) => (sum += more));
};
