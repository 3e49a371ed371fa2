import { and, asc, eq, inArray, lte, sql } from 'drizzle-orm';
import type { ExecutionState, RolloutId } from '@slipway/protocol';
import type { Database } from '../../database.ts';
import { EMPTY_TALLY, type MemberState, type Tally } from '../../plan/members.ts';
import { executions, rollouts, rolloutMembers, rolloutTallies, rolloutWaves } from '../../schema.ts';

export type RolloutRow = typeof rollouts.$inferSelect;
export type WaveRow = typeof rolloutWaves.$inferSelect;

/** Rows of one step: what a decision takes is bounded, however large the rollout is. */
export const PAGE = 250;

export const membersOf = (rollout: RolloutId, states: readonly MemberState[]) =>
  and(eq(rolloutMembers.rollout, rollout), inArray(rolloutMembers.state, [...states]));

export const wavesOf = (db: Database, rollout: RolloutId): Promise<WaveRow[]> =>
  db.select().from(rolloutWaves).where(eq(rolloutWaves.rollout, rollout)).orderBy(asc(rolloutWaves.index));

/** By wave; -1: members that have none yet. */
export const talliesOfRollout = async (
  db: Database,
  rollout: RolloutId,
): Promise<ReadonlyMap<number, Tally>> => {
  const rows = await db.select().from(rolloutTallies).where(eq(rolloutTallies.rollout, rollout));
  const tallies = new Map<number, Record<MemberState, number>>();
  for (const { wave, state, count } of rows) {
    if (!isMemberState(state)) continue;
    const tally = tallies.get(wave) ?? { ...EMPTY_TALLY };
    tally[state] = count;
    tallies.set(wave, tally);
  }
  return tallies;
};

export const isMemberState = (state: MemberState | ExecutionState): state is MemberState =>
  state in EMPTY_TALLY;

/** Puts what reports have changed since into the counts. */
export const foldDeltas = async (tx: Database, rollout: RolloutId): Promise<void> => {
  await tx.execute(sql`
    with gone as (delete from rollout_deltas where rollout = ${rollout} returning wave, state, "count")
    insert into rollout_tallies as t (rollout, wave, state, "count")
    select ${rollout}, wave, state, sum("count") from gone group by 2, 3
    on conflict (rollout, wave, state) do update set "count" = t."count" + excluded."count"`);
};

export const isUnsettled = sql`${executions.unsettled}`;

export const isDue = (now: Date) => lte(rolloutMembers.notBefore, now);
