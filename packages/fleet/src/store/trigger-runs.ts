import { and, eq, inArray, lt, ne, or, sql } from 'drizzle-orm';
import type { BuildTrigger, ClassName, ErrorCode, RunId, TriggerId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newRunId } from '../new-id.ts';
import { triggeredBuilds, triggerRuns, triggers, type TriggeredPlan, type TriggerMemory } from '../schema.ts';

export type TriggerRunRow = typeof triggerRuns.$inferSelect;

export type NewRun = {
  readonly trigger: TriggerId;
  /** equal ones have the same */
  readonly key: string;
  readonly cause: BuildTrigger;
  readonly classes?: readonly ClassName[] | undefined;
};

/** Joins the run of the same key whose window is open, which takes the newer cause; else opens one. */
export const joinRun = async (db: Database, asked: NewRun, windowMs: number, now: Date): Promise<RunId> => {
  const { trigger, key, cause } = asked;
  const [row] = await db
    .insert(triggerRuns)
    .values({
      id: newRunId(),
      trigger,
      key,
      cause,
      classes: asked.classes === undefined ? null : [...asked.classes],
      dueAt: new Date(now.getTime() + windowMs),
      createdAt: now,
    })
    .onConflictDoUpdate({
      target: [triggerRuns.trigger, triggerRuns.key],
      targetWhere: sql`${triggerRuns.state} = 'waiting'`,
      set: { cause },
    })
    .returning();
  if (row === undefined) throw new TypeError('an upsert gave no row');
  return row.id;
};

/**
 * Takes a run whose window is closed, or whose taker is gone; it is the caller's until `leaseMs` have passed.
 *
 * @returns undefined where there is none
 */
export const takeRun = async (db: Database, leaseMs: number, now: Date): Promise<TriggerRunRow | undefined> =>
  db.transaction(async (tx) => {
    const [due] = await tx
      .select({ id: triggerRuns.id })
      .from(triggerRuns)
      .where(
        or(
          and(eq(triggerRuns.state, 'waiting'), lt(triggerRuns.dueAt, new Date(now.getTime() + 1))),
          and(eq(triggerRuns.state, 'running'), lt(triggerRuns.leasedUntil, now)),
        ),
      )
      .orderBy(triggerRuns.dueAt)
      .limit(1)
      .for('update', { skipLocked: true });
    if (due === undefined) return undefined;
    const [row] = await tx
      .update(triggerRuns)
      .set({
        state: 'running',
        attempts: sql`${triggerRuns.attempts} + 1`,
        leasedUntil: new Date(now.getTime() + leaseMs),
      })
      .where(eq(triggerRuns.id, due.id))
      .returning();
    return row;
  });

/** Only of the attempt that is under way: whoever has taken the run since is not disturbed. */
const isMine = ({ id, attempts }: Pick<TriggerRunRow, 'id' | 'attempts'>) =>
  and(eq(triggerRuns.id, id), eq(triggerRuns.state, 'running'), eq(triggerRuns.attempts, attempts));

/** Holds a run longer; or leaves it until then, with what failed. */
export const leaseRun = async (
  db: Database,
  run: TriggerRunRow,
  until: Date,
  failure?: { readonly code: ErrorCode; readonly message: string },
): Promise<void> => {
  await db
    .update(triggerRuns)
    .set({ leasedUntil: until, ...failure })
    .where(isMine(run));
};

export type RunEnd = {
  readonly state: 'done' | 'ignored' | 'failed';
  readonly code?: ErrorCode | undefined;
  readonly message?: string | undefined;
  readonly builds: readonly {
    readonly deviceClass: ClassName;
    readonly channel: (typeof triggeredBuilds.$inferInsert)['channel'];
    readonly plan: TriggeredPlan;
  }[];
  /** laid over what the trigger remembers */
  readonly memory?: TriggerMemory | undefined;
};

/**
 * Ends a run: what it asks for and what the trigger remembers are there from the same moment. A build of the same key
 * and class that still waits is superseded.
 *
 * @returns whether it was ours to end
 */
export const endRun = (
  db: Database,
  run: TriggerRunRow,
  rank: number,
  { state, code, message, builds, memory }: RunEnd,
  now: Date,
): Promise<boolean> =>
  db.transaction(async (tx) => {
    const [mine] = await tx
      .update(triggerRuns)
      .set({ state, code: code ?? null, message: message ?? null, finishedAt: now, leasedUntil: null })
      .where(isMine(run))
      .returning();
    if (mine === undefined) return false;
    for (const { deviceClass, channel, plan } of builds) {
      await tx
        .update(triggeredBuilds)
        .set({ state: 'superseded', message: `a newer one took its place: ${run.id}`, updatedAt: now })
        .where(
          and(
            eq(triggeredBuilds.trigger, run.trigger),
            eq(triggeredBuilds.key, run.key),
            eq(triggeredBuilds.deviceClass, deviceClass),
            eq(triggeredBuilds.state, 'waiting'),
            ne(triggeredBuilds.run, run.id),
          ),
        );
      await tx.insert(triggeredBuilds).values({
        run: run.id,
        deviceClass,
        trigger: run.trigger,
        key: run.key,
        rank,
        plan,
        channel: channel ?? null,
        createdAt: now,
        updatedAt: now,
      });
    }
    if (memory !== undefined) await remember(tx, run.trigger, memory);
    return true;
  });

const MAX_REMEMBERED = 200;

const remember = async (db: Database, id: TriggerId, { commits, locks }: TriggerMemory): Promise<void> => {
  const [row] = await db
    .select({ memory: triggers.memory })
    .from(triggers)
    .where(eq(triggers.id, id))
    .for('update');
  if (row === undefined) return;
  // Branches come and go; the oldest are forgotten.
  const latest = Object.entries({ ...row.memory.commits, ...commits }).filter(
    ([key]) => commits?.[key] === undefined,
  );
  const all = [...latest, ...Object.entries(commits ?? {})].slice(-MAX_REMEMBERED);
  await db
    .update(triggers)
    .set({ memory: { commits: Object.fromEntries(all), locks: { ...row.memory.locks, ...locks } } })
    .where(eq(triggers.id, id));
};

/** How many runs are yet to end; tests wait for none. */
export const openRuns = async (db: Database): Promise<number> =>
  db.$count(triggerRuns, inArray(triggerRuns.state, ['waiting', 'running']));
