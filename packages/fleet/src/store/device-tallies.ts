import { sql, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database } from '../database.ts';
import type { TallyAxis } from '../schema/tallies.ts';

const COLUMNS = sql.raw('axis, state, device_class, key, value, count');

/** Rows to be summed: `axis`, `state`, `device_class`, `key`, `value`, `count`. Of one thing there may be many. */
export const tallied = (axes: readonly TallyAxis[]): SQL => {
  const isAsked = sql`axis in (${sql.join(
    axes.map((axis) => sql`${axis}`),
    sql`, `,
  )})`;
  return sql`(select ${COLUMNS} from device_tallies where ${isAsked}
    union all select ${COLUMNS} from device_deltas where ${isAsked})`;
};

// Any number will do as long as it is ours.
const FOLD_LOCK = 7_547_930;

/**
 * Makes counts of the differences that triggers wrote. Whoever asks gets the same before and after; where another server
 * is at it, nothing is done.
 *
 * @returns differences that there were
 */
export const foldDeltas = (db: Database): Promise<number> =>
  db.transaction(async (tx) => {
    const [held] = await rowsOf(
      tx,
      z.object({ is: z.boolean() }),
      sql`select pg_try_advisory_xact_lock(${FOLD_LOCK}) as is`,
    );
    if (held?.is !== true) return 0;
    const isSame = sql.raw(
      '(t.tenant, t.axis, t.state, t.device_class, t.key, t.value) = (s.tenant, s.axis, s.state, s.device_class, s.key, s.value)',
    );
    const [folded] = await rowsOf(
      tx,
      z.object({ gone: z.coerce.number() }),
      sql`
      with gone as (
        delete from device_deltas returning *
      ), summed as (
        select tenant, axis, state, device_class, key, value, sum(count)::int as count
        from gone group by 1, 2, 3, 4, 5, 6 having sum(count) <> 0
      ), changed as (
        update device_tallies t set count = t.count + s.count from summed s where ${isSame} returning t.*
      ), added as (
        insert into device_tallies (tenant, axis, state, device_class, key, value, count)
        select tenant, axis, state, device_class, key, value, count from summed s
        where not exists (select from changed t where ${isSame})
      )
      select count(*) as gone from gone`,
    );
    await tx.execute(sql`delete from device_tallies where count = 0`);
    return folded?.gone ?? 0;
  });
