import { and, eq } from 'drizzle-orm';
import {
  SlipwayError,
  type AssignmentPolicy,
  type Rollout,
  type RolloutChange,
  type RolloutId,
  type RolloutState,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { EMPTY_TALLY, failedOf } from '../plan/members.ts';
import { rollouts, rolloutWaits, rolloutWaves } from '../schema.ts';
import { found } from './not-found.ts';
import { endWaves } from './planning/apply.ts';
import { talliesOfRollout, wavesOf, type RolloutRow } from './planning/facts.ts';
import { getRollout } from './rollouts.ts';

/** Holds a rollout that is in one of some states, so that no planner has it meanwhile. */
const hold = async (
  tx: Database,
  id: RolloutId,
  states: readonly RolloutState[],
  what: string,
): Promise<RolloutRow> => {
  const row = found(
    await tx.select().from(rollouts).where(eq(rollouts.id, id)).for('no key update'),
    'rollout',
    id,
  );
  if (states.includes(row.state)) return row;
  throw new SlipwayError('CONFLICT', `Rollout ${id} is ${row.state}; ${what}.`, {
    details: { state: row.state },
  });
};

const change = async (tx: Database, id: RolloutId, set: Partial<RolloutRow>): Promise<Rollout> => {
  await tx.update(rollouts).set(set).where(eq(rollouts.id, id));
  return getRollout(tx, id);
};

const BEFORE_THE_END = ['pending', 'scheduled', 'running', 'paused'] as const;

/**
 * Devices that have not yet armed their trial follow the new policy; the planner tells them.
 *
 * @throws {SlipwayError} NOT_FOUND, CONFLICT where it runs no more
 */
export const setRolloutPolicy = (db: Database, id: RolloutId, policy: AssignmentPolicy): Promise<Rollout> =>
  db.transaction(async (tx) => {
    await hold(tx, id, BEFORE_THE_END, 'only a running one takes a policy');
    return change(tx, id, { policy, instructFrom: '' });
  });

/** @throws {SlipwayError} NOT_FOUND, CONFLICT where it is over, REQUEST_INVALID for an end that is over */
export const setRolloutLimits = (
  db: Database,
  id: RolloutId,
  { endAt, ...limits }: RolloutChange,
  now: Date,
): Promise<Rollout> =>
  db.transaction(async (tx) => {
    await hold(tx, id, [...BEFORE_THE_END, 'rolling_back'], 'only one that is not over takes other limits');
    const said = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
    const end = endAt === undefined ? {} : { endAt: laterThan(now, endAt) };
    return change(tx, id, { ...said, ...end, nextAt: now });
  });

const laterThan = (now: Date, endAt: string | null): Date | null => {
  if (endAt === null || new Date(endAt) > now) return endAt === null ? null : new Date(endAt);
  throw new SlipwayError(
    'REQUEST_INVALID',
    `Offers would end at ${endAt}, which is over. Choose a later endAt, or abort the rollout.`,
    { details: { endAt } },
  );
};

/** Nothing more is offered; what devices have begun goes on. @throws {SlipwayError} NOT_FOUND, CONFLICT where it does not run */
export const pauseRollout = (db: Database, id: RolloutId, reason: string): Promise<Rollout> =>
  db.transaction(async (tx) => {
    await hold(tx, id, ['running'], 'only a running one can be paused');
    return change(tx, id, { state: 'paused', reason });
  });

/**
 * It goes on, also where it had paused by itself: failures until now are forgiven, and count for no threshold any more.
 *
 * @throws {SlipwayError} NOT_FOUND, CONFLICT where it is not paused
 */
export const resumeRollout = (db: Database, id: RolloutId, now: Date): Promise<Rollout> =>
  db.transaction(async (tx) => {
    const { onFailure } = await hold(tx, id, ['paused'], 'only a paused one can be resumed');
    if (onFailure === 'pause') await forgive(tx, id);
    return change(tx, id, { state: 'running', reason: null, nextAt: now });
  });

const forgive = async (tx: Database, id: RolloutId): Promise<void> => {
  const tallies = await talliesOfRollout(tx, id);
  for (const { index } of await wavesOf(tx, id)) {
    const tally = tallies.get(index) ?? EMPTY_TALLY;
    await tx
      .update(rolloutWaves)
      .set({ forgiven: failedOf(tally) })
      .where(and(eq(rolloutWaves.rollout, id), eq(rolloutWaves.index, index)));
  }
};

/** @throws {SlipwayError} NOT_FOUND, CONFLICT where it runs no more */
export const abortRollout = (db: Database, id: RolloutId, reason: string, now: Date): Promise<Rollout> =>
  db.transaction(async (tx) => {
    await hold(tx, id, [...BEFORE_THE_END, 'rolling_back'], 'only a running one can be aborted');
    await endWaves(tx, id, 'failed', now);
    await tx.delete(rolloutWaits).where(eq(rolloutWaits.rollout, id));
    return change(tx, id, { state: 'aborted', reason, finishedAt: now, nextAt: now });
  });

/**
 * Lets the next thing happen that waits for a second person: the start, or a wave.
 *
 * @throws {SlipwayError} NOT_FOUND; CONFLICT where nothing waits; SECOND_PERSON_NEEDED
 */
export const approveRollout = (
  db: Database,
  id: RolloutId,
  by: string,
  comment: string | null,
  now: Date,
): Promise<Rollout> =>
  db.transaction(async (tx) => {
    const row = await hold(tx, id, BEFORE_THE_END, 'nothing of it waits for an approval');
    if (row.createdBy === by)
      throw new SlipwayError(
        'SECOND_PERSON_NEEDED',
        `You created rollout ${id}, so somebody else must approve it.`,
        { details: { createdBy: by } },
      );
    const approval = { approvedBy: by, approvedAt: now, approvalComment: comment };
    if (row.state === 'pending') {
      const state = row.startAt !== null && row.startAt > now ? 'scheduled' : 'running';
      return change(tx, id, { ...approval, state, nextAt: state === 'running' ? now : row.startAt });
    }
    const [wave] = await tx
      .select()
      .from(rolloutWaves)
      .where(and(eq(rolloutWaves.rollout, id), eq(rolloutWaves.state, 'pending')));
    if (wave === undefined)
      throw new SlipwayError('CONFLICT', `Nothing of rollout ${id} waits for an approval now.`);
    await tx
      .update(rolloutWaves)
      .set(approval)
      .where(and(eq(rolloutWaves.rollout, id), eq(rolloutWaves.index, wave.index)));
    return change(tx, id, { nextAt: now });
  });

/**
 * Devices that committed its release go back to the one before it.
 *
 * @throws {SlipwayError} NOT_FOUND, CONFLICT where it never began, goes back already, or is forgotten
 */
export const rollBackRollout = (db: Database, id: RolloutId, reason: string, now: Date): Promise<Rollout> =>
  db.transaction(async (tx) => {
    const { forgotten } = await hold(
      tx,
      id,
      ['running', 'paused', 'completed', 'stopped', 'aborted'],
      'only one that has offered something can go back',
    );
    if (forgotten)
      throw new SlipwayError(
        'CONFLICT',
        `Rollout ${id} ended so long ago that its devices are not known any more. Roll out the release that they are to run.`,
      );
    await endWaves(tx, id, 'failed', now);
    await tx.delete(rolloutWaits).where(eq(rolloutWaits.rollout, id));
    return change(tx, id, { state: 'rolling_back', reason, finishedAt: null, nextAt: now });
  });
