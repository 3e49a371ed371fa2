import { asc, inArray, sql } from 'drizzle-orm';
import { ExecutionState, type Approval, type Rollout, type RolloutId, type Wave } from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database } from '../database.ts';
import {
  EMPTY_TALLY,
  MEMBER_STATES,
  failedOf,
  openOf,
  sizeOf,
  type MemberState,
  type Tally,
} from '../plan/members.ts';
import { failuresOf, neededOf, hasBegun } from '../plan/thresholds.ts';
import type { PlanWave } from '../plan/types.ts';
import { rolloutMembers, rollouts, rolloutWaves } from '../schema.ts';
import { isMemberState, type WaveRow } from './planning/facts.ts';
import { needsAll } from './planning/places.ts';
import { isOneOf } from './row-set.ts';

type Counts = Partial<Record<ExecutionState, number>>;
type Told = {
  readonly waves: Wave[];
  readonly approvals: Approval[];
  readonly counts: Counts;
  readonly waiting: number;
};

const Tallied = z.object({
  rollout: z.string(),
  wave: z.int(),
  state: z.union([z.enum(MEMBER_STATES), ExecutionState]),
  count: z.coerce.number(),
});

type Known = { readonly tally: Record<MemberState, number>; readonly counts: Counts };

/** What of members and executions is counted, with what no planner has put to the counts yet. */
const countsOf = async (
  db: Database,
  ids: readonly RolloutId[],
): Promise<(rollout: RolloutId, wave: number) => Known> => {
  const wanted = sql`rollout in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`;
  const rows = await rowsOf(
    db,
    Tallied,
    sql`select rollout, wave, state, sum("count") as "count" from (
        select rollout, wave, state, "count" from rollout_tallies where ${wanted}
        union all select rollout, wave, state, "count" from rollout_deltas where ${wanted}) as counted
      group by 1, 2, 3`,
  );
  const known = new Map<string, Known>();
  const at = (rollout: string, wave: number): Known => {
    const key = `${rollout} ${wave}`;
    const one = known.get(key) ?? { tally: { ...EMPTY_TALLY }, counts: {} };
    known.set(key, one);
    return one;
  };
  for (const { rollout, wave, state, count } of rows) {
    if (isMemberState(state)) at(rollout, wave).tally[state] = count;
    else if (count > 0) at(rollout, wave).counts[state] = count;
  }
  return at;
};

const Soak = z.object({ rollout: z.string(), wave: z.int(), until: z.coerce.date() });

const soaksOf = async (db: Database, waves: readonly WaveRow[]): Promise<ReadonlyMap<string, Date>> => {
  const ids = [...new Set(waves.filter(({ soakSeconds }) => soakSeconds > 0).map(({ rollout }) => rollout))];
  if (ids.length === 0) return new Map();
  const rows = await rowsOf(
    db,
    Soak,
    sql`select rollout, wave, max(not_before) as until from rollout_members
      where ${isOneOf(rolloutMembers.rollout, ids)} and state = 'soaking' and not_before is not null group by 1, 2`,
  );
  return new Map(rows.map(({ rollout, wave, until }) => [`${rollout} ${wave}`, until]));
};

/** What there is to say of the waves of each of some rollouts. */
export const wavesOfRollouts = async (
  db: Database,
  rows: readonly (typeof rollouts.$inferSelect)[],
): Promise<ReadonlyMap<RolloutId, Told>> => {
  const ids = rows.map(({ id }) => id);
  const waves = await db
    .select()
    .from(rolloutWaves)
    .where(inArray(rolloutWaves.rollout, ids))
    .orderBy(asc(rolloutWaves.rollout), asc(rolloutWaves.index));
  const at = await countsOf(db, ids);
  const soaks = await soaksOf(db, waves);
  return new Map(
    rows.map((row) => {
      const own = waves.filter(({ rollout }) => rollout === row.id);
      const known = own.map(({ index }) => at(row.id, index));
      const nowhere = at(row.id, -1);
      return [
        row.id,
        {
          waves: own.map((wave) => toWave(row, own, wave, (index) => at(row.id, index), soaks)),
          approvals: own.flatMap((wave) => approvalOf(wave.index, wave)),
          counts: [...known, nowhere].map(({ counts }) => counts).reduce(addCounts, {}),
          waiting: [...known, nowhere].reduce((sum, { tally }) => sum + openOf(tally), 0),
        },
      ];
    }),
  );
};

const addCounts = (a: Counts, b: Counts): Counts => {
  const sum: Counts = { ...a };
  for (const state of ExecutionState.options) {
    const count = (a[state] ?? 0) + (b[state] ?? 0);
    if (count > 0) sum[state] = count;
  }
  return sum;
};

const toPlanWave = (wave: WaveRow, tally: Tally): PlanWave => ({
  ...wave,
  needsAll: needsAll(wave),
  approved: wave.approvedAt !== null,
  tally,
});

const toWave = (
  rollout: Pick<Rollout, 'failureThreshold' | 'failurePercent'>,
  waves: readonly WaveRow[],
  wave: WaveRow,
  at: (index: number) => Known,
  soaks: ReadonlyMap<string, Date>,
): Wave => {
  const { tally, counts } = at(wave.index);
  const tallyOf = (index: number): Tally => at(index).tally;
  const planned = waves.map((one) => toPlanWave(one, tallyOf(one.index)));
  const failures = failuresOf(rollout, planned, toPlanWave(wave, tally), tallyOf);
  const size = sizeOf(tally);
  const soakUntil = soaks.get(`${wave.rollout} ${wave.index}`);
  return {
    index: wave.index,
    name: wave.name,
    who: wave.who,
    state: wave.state,
    size: hasBegun(wave) || size > 0 ? size : null,
    counts,
    open: openOf(tally),
    offline: tally.away,
    skipped: tally.skipped,
    failed: failedOf(tally),
    healthy: tally.healthy,
    soaking: tally.soaking,
    unwell: tally.unwell,
    back: backOf(tally),
    success:
      wave.success === null
        ? null
        : {
            count: wave.success.count ?? null,
            percent: wave.success.percent ?? null,
            now: tally.healthy,
            of: neededOf(wave.success, size),
          },
    failure: { ...failures.threshold, now: failures.failed, of: failures.of },
    soakSeconds: wave.soakSeconds,
    approval: wave.approval,
    maxInFlight: wave.maxInFlight,
    startedAt: wave.startedAt?.toISOString() ?? null,
    soakUntil: soakUntil?.toISOString() ?? null,
    finishedAt: wave.finishedAt?.toISOString() ?? null,
  };
};

const backOf = ({ reverting, stranded, reverted, stuck }: Tally): Wave['back'] =>
  reverting + stranded + reverted + stuck === 0
    ? null
    : { open: reverting + stranded, offline: stranded, done: reverted, stuck };

type Approvable = Pick<WaveRow, 'approval' | 'approvedBy' | 'approvedAt' | 'approvalComment'>;

/** What it says of an approval, where it takes one. */
export const approvalOf = (
  what: Approval['what'],
  { approval, approvedBy, approvedAt, approvalComment }: Approvable,
): Approval[] =>
  approval ? [{ what, by: approvedBy, at: approvedAt?.toISOString() ?? null, comment: approvalComment }] : [];
