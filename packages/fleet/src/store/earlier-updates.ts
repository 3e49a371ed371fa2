import { and, count, desc, eq, gt, inArray, notInArray, or, sql, type SQL } from 'drizzle-orm';
import type { Release } from '@slipway/protocol';
import type { Database } from '../database.ts';
import type { EarlierUpdates } from '../preview.ts';
import { executionHistory, executions, rollouts } from '../schema.ts';

/** The newest rollouts of a class, and so many of their updates, say enough of how the next will go. */
const ROLLOUTS = 20;
const UPDATES = 1000;
/** So many of the release itself say more than those of others. */
const ENOUGH = 5;

/** How updates to a release went that have committed, or, where these are few, to any release of its class. */
export const earlierUpdates = async (
  db: Database,
  release: Pick<Release, 'id' | 'deviceClass'>,
): Promise<EarlierUpdates> => {
  const recent = await db
    .select({ id: rollouts.id, release: rollouts.release })
    .from(rollouts)
    .where(eq(rollouts.deviceClass, release.deviceClass))
    .orderBy(desc(rollouts.createdAt))
    .limit(ROLLOUTS);
  const ofRelease = recent.filter((one) => one.release === release.id).map(({ id }) => id);
  const own = await learnFrom(db, ofRelease);
  if (own.updates >= ENOUGH) return { ...own, of: 'release' };
  return {
    ...(await learnFrom(
      db,
      recent.map(({ id }) => id),
    )),
    of: 'class',
  };
};

const NOTHING = { updates: 0, loaded: null, likely: null, slow: null };

/** How the updates of some rollouts went that have committed. */
export const learnFrom = async (
  db: Database,
  ids: readonly (typeof rollouts.$inferSelect)['id'][],
): Promise<Omit<EarlierUpdates, 'of'>> => {
  if (ids.length === 0) return NOTHING;
  const committed = db.$with('committed').as(
    db
      .select({ id: executions.id, received: executions.bytesReceived, reused: executions.bytesReused })
      .from(executions)
      .where(
        and(
          inArray(executions.rollout, [...ids]),
          eq(executions.state, 'COMMITTED'),
          or(gt(executions.bytesReceived, 0), gt(executions.bytesReused, 0)),
        ),
      )
      .orderBy(desc(executions.updatedAt))
      .limit(UPDATES),
  );
  const { execution, state, at, id } = executionHistory;
  const step = db.$with('step').as(
    db
      .select({
        execution,
        state,
        took: sql<number>`extract(epoch from lead(${at}) over (partition by ${execution} order by ${id}) - ${at})`.as(
          'took',
        ),
      })
      .from(executionHistory)
      .where(inArray(execution, db.select({ id: committed.id }).from(committed))),
  );
  const pace = db.$with('pace').as(
    db
      .select({
        execution: step.execution,
        prepare: tookIn(step, notInArray(step.state, ['DEFERRED', 'REBOOTING', 'TRIAL'])).as('prepare'),
        restart: tookIn(step, inArray(step.state, ['REBOOTING', 'TRIAL'])).as('restart'),
      })
      .from(step)
      .groupBy(step.execution),
  );
  const [found] = await db
    .with(committed, step, pace)
    .select({
      updates: count(),
      loaded: sql<number>`(select sum(${committed.received})::float / sum(${committed.received} + ${committed.reused}) from ${committed})`,
      likely: { prepare: percentile(0.5, pace.prepare), restart: percentile(0.5, pace.restart) },
      slow: { prepare: percentile(0.9, pace.prepare), restart: percentile(0.9, pace.restart) },
    })
    .from(pace);
  return found === undefined || found.updates === 0 ? NOTHING : found;
};

/** Seconds that an execution was in some states. What waits for a window says nothing of the device. */
const tookIn = ({ took }: { readonly took: SQL.Aliased<number> }, holds: SQL): SQL<number> =>
  sql<number>`coalesce(sum(${took}) filter (where ${holds}), 0)::float`;

const percentile = (part: number, of: SQL.Aliased<number>): SQL<number> =>
  sql<number>`percentile_cont(${sql.raw(String(part))}) within group (order by ${of})`;
