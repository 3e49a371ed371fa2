import { asc, eq, sql } from 'drizzle-orm';
import { PROGRESS_POINTS, type RolloutId, type RolloutProgress } from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database } from '../database.ts';
import { executions, rollouts, rolloutWaves } from '../schema.ts';
import { found } from './not-found.ts';

const Row = z.object({
  wave: z.int(),
  bucket: z.int(),
  offered: z.coerce.number(),
  committed: z.coerce.number(),
  failed: z.coerce.number(),
});
type Row = z.infer<typeof Row>;

/** Shorter steps than this say nothing more. */
const MIN_STEP_MS = 1000;

/**
 * How a rollout went on over time, from the times of its executions. A device that was offered it again has failed only
 * where its last offer did.
 *
 * @throws {SlipwayError} NOT_FOUND
 */
export const rolloutProgress = async (db: Database, id: RolloutId, now: Date): Promise<RolloutProgress> => {
  const rows = await db.select().from(rollouts).where(eq(rollouts.id, id));
  const { createdAt, finishedAt } = found(rows, 'rollout', id);
  const since = (await firstOffer(db, id)) ?? createdAt;
  const waves = await db
    .select({ index: rolloutWaves.index })
    .from(rolloutWaves)
    .where(eq(rolloutWaves.rollout, id))
    .orderBy(asc(rolloutWaves.index));
  const until = finishedAt ?? now;
  const stepMs = Math.max(
    MIN_STEP_MS,
    Math.ceil((until.getTime() - since.getTime()) / (PROGRESS_POINTS - 1)),
  );
  const points = Math.floor(Math.max(0, until.getTime() - since.getTime()) / stepMs) + 2;
  const counted = await countSteps(db, id, since, stepMs, points);
  return {
    rollout: id,
    at: Array.from({ length: points }, (_, n) => new Date(since.getTime() + n * stepMs).toISOString()),
    waves: waves.map(({ index }) => {
      const own = counted.filter(({ wave }) => wave === index);
      const line = (of: 'offered' | 'committed' | 'failed') => runningSum(own, of, points);
      return { index, offered: line('offered'), committed: line('committed'), failed: line('failed') };
    }),
  };
};

const firstOffer = async (db: Database, id: RolloutId): Promise<Date | undefined> =>
  (
    await db
      .select({ at: executions.createdAt })
      .from(executions)
      .where(eq(executions.rollout, id))
      .orderBy(asc(executions.createdAt))
      .limit(1)
  )[0]?.at;

/** @param points the last bucket takes whatever comes after the end, as trials do that were under way */
const countSteps = (
  db: Database,
  id: RolloutId,
  since: Date,
  stepMs: number,
  points: number,
): Promise<Row[]> => {
  const bucketOf = (column: string) => sql`
    least(${points - 1}::int, ceil(extract(epoch from ${sql.raw(column)} - ${since.toISOString()}::timestamptz) * 1000 / ${stepMs}))::int`;
  return rowsOf(
    db,
    Row,
    sql`
    with one as (select wave, attempt, state, superseded, created_at, updated_at from executions
      where rollout = ${id} and halted_at is null)
    select wave, bucket, sum(offered)::int as offered, sum(committed)::int as committed, sum(failed)::int as failed
    from (
      select wave, ${bucketOf('created_at')} as bucket, 1 as offered, 0 as committed, 0 as failed
        from one where attempt = 1
      union all
      select wave, ${bucketOf('updated_at')}, 0, (state = 'COMMITTED')::int,
        (state in ('REJECTED', 'ROLLED_BACK', 'FAILED', 'TIMED_OUT'))::int
        from one where not superseded and state in ('COMMITTED', 'REJECTED', 'ROLLED_BACK', 'FAILED', 'TIMED_OUT')
    ) as steps group by 1, 2`,
  );
};

const runningSum = (
  rows: readonly Row[],
  of: 'offered' | 'committed' | 'failed',
  points: number,
): number[] => {
  const line: number[] = Array.from({ length: points }, () => 0);
  for (const row of rows) line[Math.max(0, row.bucket)] = (line[Math.max(0, row.bucket)] ?? 0) + row[of];
  let sum = 0;
  return line.map((count) => (sum += count));
};
