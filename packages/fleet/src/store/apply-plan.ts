import { eq, sql } from 'drizzle-orm';
import {
  isOverRollout,
  type CommandId,
  type DeviceId,
  type ExecutionId,
  type RolloutId,
} from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database } from '../database.ts';
import type { Deadlines } from '../deadlines.ts';
import { plan, type PlanAction, type PlanInput } from '../plan.ts';
import { rollouts } from '../schema.ts';
import { despiteDeadlocks } from './deadlock.ts';
import { offersAreHalted } from './emergency-stop.ts';
import { found } from './not-found.ts';
import { applyActions, type Done } from './planning/apply.ts';
import { foldDeltas, talliesOfRollout, wavesOf, type RolloutRow } from './planning/facts.ts';
import { gather } from './planning/gather.ts';
import { SWEEP_EVERY_MS, takeIn } from './planning/intake.ts';
import { getRelease } from './releases.ts';

export type Applied = {
  /** but for what only keeps the books */
  readonly actions: readonly PlanAction[];
  /** whoever looks on sees something else, if only by what keeps the books */
  readonly changed: boolean;
  readonly executions: readonly ExecutionId[];
  /** whose desired state changed, and is to be published now */
  readonly devices: readonly DeviceId[];
  /** to be sent */
  readonly commands: readonly CommandId[];
  /** others that have something to do by it */
  readonly rollouts: readonly RolloutId[];
  /** it has more to do at once, and others may have their turn first */
  readonly more: boolean;
};

/** Of one call of `planRollout`. */
const DECISIONS = 8;
const BOOKS: ReadonlySet<PlanAction['kind']> = new Set(['settle', 'move', 'leave', 'penalize', 'wave']);

/**
 * Decides what a rollout has to do next and does it, in one transaction that holds the rollout: planners on several servers
 * take turns, and one that ends between two decisions has left nothing undone that another does not find.
 */
export const planOnce = async (
  db: Database,
  id: RolloutId,
  now: Date,
  deadlines?: Deadlines,
): Promise<Applied> => {
  const { actions, done, again } = await decideInTurn(db, id, now, deadlines);
  done.rollouts.delete(id);
  return {
    actions: actions.filter(({ kind }) => !BOOKS.has(kind)),
    changed: actions.length > 0,
    executions: [...done.executions],
    devices: [...done.devices],
    commands: done.commands,
    rollouts: [...done.rollouts],
    more: again,
  };
};

/** Several decisions, one after the other; what each has done is told at the end. */
export const planRollout = async (
  db: Database,
  id: RolloutId,
  now: Date,
  deadlines?: Deadlines,
): Promise<Applied> => {
  const all: Applied[] = [];
  do all.push(await planOnce(db, id, now, deadlines));
  while (all.at(-1)?.more === true && all.length < DECISIONS);
  const each = <Item>(of: (applied: Applied) => readonly Item[]): Item[] => [...new Set(all.flatMap(of))];
  return {
    actions: all.flatMap(({ actions }) => actions),
    changed: all.some(({ changed }) => changed),
    executions: each(({ executions }) => executions),
    devices: each(({ devices }) => devices),
    commands: each(({ commands }) => commands),
    rollouts: each(({ rollouts }) => rollouts),
    more: all.at(-1)?.more ?? false,
  };
};

type Step = { readonly actions: readonly PlanAction[]; readonly done: Done; readonly again: boolean };

const decideInTurn = (
  db: Database,
  id: RolloutId,
  now: Date,
  deadlines: Deadlines | undefined,
): Promise<Step> => despiteDeadlocks(() => db.transaction((tx) => decide(tx, id, now, deadlines)));

const decide = async (
  tx: Database,
  id: RolloutId,
  now: Date,
  deadlines: Deadlines | undefined,
): Promise<Step> => {
  // Not `for update`: rows that point at the rollout are written without waiting for its planner.
  const rollout = found(
    await tx.select().from(rollouts).where(eq(rollouts.id, id)).for('no key update'),
    'rollout',
    id,
  );
  const halted = await offersAreHalted(tx, rollout.tenant);
  const waves = await wavesOf(tx, id);
  await foldDeltas(tx, id);
  const intake = await takeIn(tx, rollout, waves, now);
  const gathered = await gather(tx, rollout, waves, await talliesOfRollout(tx, id), intake, { halted, now });
  const { actions, again } = plan(gathered.input, now);
  const done: Done = { executions: new Set(), devices: new Set(), commands: [], rollouts: new Set() };
  const release = await getRelease(tx, rollout.release);
  await applyActions({ tx, rollout, release, gathered, now, deadlines, done }, actions);
  const nextAt = again ? now : await nextTime(tx, id, gathered.input, now);
  await tx
    .update(rollouts)
    .set({
      nextAt,
      ...(rollout.instructFrom !== null && !halted ? { instructFrom: gathered.instructedTo } : {}),
      ...resweep(rollout, now),
    })
    .where(eq(rollouts.id, id));
  return { actions, done, again };
};

/** Once in a while everything is looked through anew. */
const resweep = ({ state, sweepFrom, sweptAt }: RolloutRow, now: Date) =>
  (state === 'running' || state === 'paused') &&
  sweepFrom === null &&
  sweptAt !== null &&
  sweptAt.getTime() + SWEEP_EVERY_MS <= now.getTime()
    ? { sweepFrom: '' }
    : {};

const Time = z.coerce.date().nullable();
const Times = z.object({ member: Time, offer: Time, patience: Time });
const MINUTE_MS = 60_000;

/** When the planner must be asked again, if nothing happens until then. */
const nextTime = async (
  tx: Database,
  id: RolloutId,
  { rollout: { maxPerMinute, startAt, endAt, offlinePatienceSeconds } }: PlanInput,
  now: Date,
): Promise<Date | null> => {
  const [row] = await tx.select().from(rollouts).where(eq(rollouts.id, id));
  if (row === undefined || isOverRollout(row.state)) return null;
  if (row.state === 'pending') return null;
  if (row.state === 'scheduled') return startAt;
  const [times] = await rowsOf(
    tx,
    Times,
    sql`select (select min(not_before) from rollout_members where rollout = ${id} and not_before is not null) as member,
      (select min(created_at) from executions where rollout = ${id} and created_at > ${new Date(now.getTime() - MINUTE_MS).toISOString()}::timestamptz) as offer,
      (select min(ends) from (
          select w.started_at + ${offlinePatienceSeconds}::int * interval '1 s' as ends from rollout_waves w
            join rollout_tallies t on t.rollout = w.rollout and t.wave = w.index and t.state = 'away' and t."count" > 0
          where w.rollout = ${id}) as waits
        where ends > ${now.toISOString()}::timestamptz) as patience`,
  );
  const isAtRate = maxPerMinute !== null;
  const isSweeping = row.state !== 'rolling_back' && row.sweptAt !== null;
  const all = [
    times?.member ?? undefined,
    times?.patience ?? undefined,
    isAtRate && times?.offer ? new Date(times.offer.getTime() + MINUTE_MS) : undefined,
    endAt !== null && endAt > now ? endAt : undefined,
    isSweeping ? new Date((row.sweptAt?.getTime() ?? 0) + SWEEP_EVERY_MS) : undefined,
  ].filter((time) => time !== undefined);
  return all.reduce<Date | null>((first, time) => (first === null || time < first ? time : first), null);
};
