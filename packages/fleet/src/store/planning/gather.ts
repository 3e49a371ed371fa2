import { isDeepStrictEqual } from 'node:util';
import { and, asc, eq, gt, inArray, lte, not, or, sql, type SQL } from 'drizzle-orm';
import {
  AssignmentPolicy,
  compareVersions,
  DeviceId,
  ExecutionId,
  isOverRollout,
  RolloutId,
  type Assignment,
  type Release,
} from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../../backup/export-database.ts';
import type { Database } from '../../database.ts';
import { LIVE_STATES } from '../../live-states.ts';
import { EMPTY_TALLY, type MemberState, type Tally } from '../../plan/members.ts';
import { mayOffer } from '../../plan/offers.ts';
import { isOutOfPatience } from '../../plan/patience.ts';
import { talliesOf } from '../../plan/tallies.ts';
import { hasBegun } from '../../plan/thresholds.ts';
import type {
  PlanAbsent,
  PlanCandidate,
  PlanEnded,
  PlanInput,
  PlanLive,
  PlanRollout,
  PlanWatched,
  PlanWave,
} from '../../plan/types.ts';
import { ALARMS } from '../../query/alarms.ts';
import { devices, executions, rolloutMembers } from '../../schema.ts';
import { missingStone, stonesOfClass } from '../channels.ts';
import { isLive } from '../executions.ts';
import { getRelease, isUsable } from '../releases.ts';
import { isStillTarget } from '../rollout-targets.ts';
import { isOneOf } from '../row-set.ts';
import { isDue, isUnsettled, membersOf, PAGE, type RolloutRow, type WaveRow } from './facts.ts';
import type { Intake } from './intake.ts';
import { needsAll } from './places.ts';

/** Devices are looked at beyond those that there is room for, because some cannot be offered anything. */
const SPARE = 200;
const MINUTE_MS = 60_000;

/** What a decision needs to know, and what is needed to do what it decides. */
export type Gathered = {
  readonly input: PlanInput;
  readonly tallies: ReadonlyMap<number, Tally>;
  /** of the page of those under way */
  readonly assignments: ReadonlyMap<ExecutionId, Assignment>;
  /** the rollout whose release a device takes */
  readonly busyWith: ReadonlyMap<DeviceId, RolloutId>;
  readonly stones: ReadonlyMap<string, Release>;
  /** the execution up to which devices were told the present policy */
  readonly instructedTo: ExecutionId | null;
};

export const gather = async (
  tx: Database,
  rollout: RolloutRow,
  waves: readonly WaveRow[],
  tallies: ReadonlyMap<number, Tally>,
  intake: Intake,
  facts: { readonly halted: boolean; readonly now: Date },
): Promise<Gathered> => {
  const { now } = facts;
  const planRollout: PlanRollout = {
    ...rollout,
    patienceSeconds: rollout.conflictPatienceSeconds,
    halted: facts.halted,
    isSwept: intake.isSwept,
    isPlaced: intake.isPlaced,
    offeredLately: rollout.maxPerMinute === null ? 0 : await countOffered(tx, rollout, now),
  };
  const planWaves = waves.map((wave): PlanWave => ({
    ...wave,
    needsAll: needsAll(wave),
    approved: wave.approvedAt !== null,
    tally: tallies.get(wave.index) ?? EMPTY_TALLY,
  }));
  const stones = await stonesNamed(tx, rollout);
  const ended = await endedOf(tx, rollout, stones.byId);
  const live = await liveOf(tx, rollout, stones.byId, facts);
  const watched = await watchedOf(tx, rollout, intake, now);
  const absent = await absentOf(tx, planRollout, rollout.id, planWaves, now);
  const room = mayOffer(planRollout, talliesOf(planWaves), now) + ended.length + live.late;
  // Nothing is offered before all that ended is taken account of.
  const isLeft = ended.length === PAGE || intake.holdsOffers;
  const mayOfferNow = rollout.state === 'running' && !facts.halted && !isLeft && room > 0;
  const limit = mayOfferNow ? Math.min(PAGE, 2 * room + SPARE) : 0;
  const leaving = [...ended, ...live.rows.filter(({ deadlineAt }) => deadlineAt <= now)];
  const wanted = planWaves.map((wave) => ({ wave, limit: Math.min(limit, lookedAt(wave, leaving)) }));
  const { found: candidates, isFull } = await candidatesOf(tx, rollout, wanted, stones, limit, now);
  return {
    input: {
      rollout: planRollout,
      waves: planWaves,
      ended,
      live: live.rows,
      watched,
      absent,
      candidates: candidates.map(({ candidate }) => candidate),
      more: {
        ended: isLeft,
        intake: intake.more,
        watched: watched.length === PAGE,
        absent: absent.length === PAGE,
        candidates: isFull,
      },
    },
    tallies,
    assignments: live.assignments,
    busyWith: new Map(
      candidates.flatMap(({ candidate: { device }, other }) =>
        other === null ? [] : [[device, other] as const],
      ),
    ),
    stones: stones.byId,
    instructedTo: live.instructedTo,
  };
};

/** Devices that are worth a look for a wave that has a limit of its own. */
const lookedAt = (
  { index, maxInFlight, tally }: PlanWave,
  leaving: readonly { readonly wave: number }[],
): number => {
  if (maxInFlight === null) return PAGE;
  const room = maxInFlight - tally.live + leaving.filter(({ wave }) => wave === index).length;
  return room <= 0 ? 0 : 2 * room + SPARE;
};

const countOffered = (tx: Database, { id }: RolloutRow, now: Date): Promise<number> =>
  tx.$count(
    executions,
    and(eq(executions.rollout, id), gt(executions.createdAt, new Date(now.getTime() - MINUTE_MS))),
  );

type Stones = {
  readonly byChannel: Awaited<ReturnType<typeof stonesOfClass>>;
  readonly byId: ReadonlyMap<string, Release>;
};

/** Stepping stones of the class below the release. */
const stonesNamed = async (tx: Database, rollout: RolloutRow): Promise<Stones> => {
  const byChannel = await stonesOfClass(tx, rollout.deviceClass);
  const byId = new Map<string, Release>();
  for (const { release, version } of [...byChannel.values()].flat())
    if (compareVersions(version, rollout.version) < 0) byId.set(release, await getRelease(tx, release));
  return { byChannel, byId };
};

const executionColumns = {
  execution: executions.id,
  device: executions.device,
  wave: executions.wave,
  release: executions.release,
  state: executions.state,
  code: executions.code,
  haltedAt: executions.haltedAt,
  updatedAt: executions.updatedAt,
  deadlineAt: executions.deadlineAt,
  attempt: executions.attempt,
  member: rolloutMembers.state,
  tries: rolloutMembers.tries,
  lastAttempt: rolloutMembers.attempt,
};
const ofMember = and(
  eq(rolloutMembers.rollout, executions.rollout),
  eq(rolloutMembers.device, executions.device),
);

type Joined = Pick<typeof executions.$inferSelect, 'release' | 'attempt'> & {
  readonly member: MemberState | null;
  readonly tries: number | null;
  readonly lastAttempt: number | null;
};

const commonOf = (row: Joined, rollout: RolloutRow, stones: ReadonlyMap<string, Release>) => ({
  ...(row.release === rollout.release ? {} : { stone: stones.get(row.release)?.version ?? '0.0.0' }),
  ...(row.member === null || row.lastAttempt !== row.attempt
    ? {}
    : { member: { state: row.member, tries: row.tries ?? 0 } }),
});

/** Executions whose end, or coming back to life, is news. They are held; what somebody else holds comes next time. */
const endedOf = async (
  tx: Database,
  rollout: RolloutRow,
  stones: ReadonlyMap<string, Release>,
): Promise<PlanEnded[]> => {
  const rows = await tx
    .select(executionColumns)
    .from(executions)
    .leftJoin(rolloutMembers, ofMember)
    .where(and(eq(executions.rollout, rollout.id), isUnsettled))
    .orderBy(asc(executions.id))
    .limit(PAGE)
    .for('update', { of: executions, skipLocked: true });
  return rows.map((row) => ({
    execution: row.execution,
    device: row.device,
    wave: row.wave,
    state: row.state,
    code: row.code,
    at: row.updatedAt,
    halted: row.haltedAt !== null,
    ...commonOf(row, rollout, stones),
  }));
};

/** Those that are late or know another policy; of a rollout that is over or goes back, all. A page of them, held. */
const liveOf = async (
  tx: Database,
  rollout: RolloutRow,
  stones: ReadonlyMap<string, Release>,
  { halted, now }: { readonly halted: boolean; readonly now: Date },
) => {
  const isOver = isOverRollout(rollout.state) || rollout.state === 'rolling_back';
  const isLate = lte(executions.deadlineAt, now);
  const from = halted || isOver ? null : rollout.instructFrom;
  const isWanted = isOver
    ? or(isLate, sql`${executions.state} not in ('REBOOTING', 'TRIAL')`, isAsked(executions.id))
    : or(isLate, from === null ? undefined : sql`${executions.id} > ${from}`);
  const rows = await tx
    .select({ ...executionColumns, assignment: devices.assignment })
    .from(executions)
    .innerJoin(devices, eq(devices.id, executions.device))
    .leftJoin(rolloutMembers, ofMember)
    .where(and(eq(executions.rollout, rollout.id), isLive, isWanted))
    .orderBy(asc(executions.id))
    .limit(PAGE)
    .for('update', { of: executions, skipLocked: true });
  const assignments = new Map<ExecutionId, Assignment>();
  for (const { execution, assignment } of rows)
    if (assignment?.execution === execution) assignments.set(execution, assignment);
  const live = rows.map((row): PlanLive => {
    const assignment = assignments.get(row.execution);
    return {
      execution: row.execution,
      device: row.device,
      wave: row.wave,
      state: row.state,
      deadlineAt: row.deadlineAt,
      assigned: assignment !== undefined,
      outdated: assignment !== undefined && !followsPolicy(assignment, rollout.policy),
      ...commonOf(row, rollout, stones),
    };
  });
  const isPage = rows.length === PAGE;
  return {
    rows: live,
    assignments,
    late: live.filter(({ deadlineAt }) => deadlineAt <= now).length,
    instructedTo: from !== null && isPage ? (live.at(-1)?.execution ?? null) : null,
  };
};

const isAsked = (execution: typeof executions.id) => sql`${devices.assignment}->>'execution' = ${execution}`;

const followsPolicy = (assignment: Assignment, policy: AssignmentPolicy): boolean =>
  isDeepStrictEqual(AssignmentPolicy.parse(assignment), AssignmentPolicy.parse(policy));

/** The birth of a boot may be recorded after the report that it committed: until then the report counts. */
const BIRTH_MS = 60_000;

const watchedOf = async (
  tx: Database,
  rollout: RolloutRow,
  { hinted }: Intake,
  now: Date,
): Promise<PlanWatched[]> => {
  const isBack = rollout.state === 'rolling_back';
  const isHinted = isOneOf(rolloutMembers.device, [...hinted.keys()]);
  const ofHinted = and(
    membersOf(rollout.id, isBack ? ['healthy', 'soaking', 'unwell', 'reverting', 'stranded'] : ['soaking']),
    isHinted,
  );
  const ofOthers = and(
    not(isHinted),
    isBack
      ? or(
          membersOf(rollout.id, ['healthy', 'soaking', 'unwell']),
          and(membersOf(rollout.id, ['reverting', 'stranded']), isDue(now)),
        )
      : and(membersOf(rollout.id, ['soaking']), isDue(now)),
  );
  const isBad = sql<boolean>`coalesce(${ALARMS.unhealthy.sql(now)} or ${ALARMS.degraded.sql(now)} or ${ALARMS.service_restarting.sql(now)}, false)`;
  const find = (wanted: SQL | undefined, limit: number) =>
    tx
      .select({
        member: rolloutMembers,
        online: devices.online,
        release: devices.release,
        health: devices.health,
        isBad,
        hasJustCommitted: sql<boolean>`exists (select 1 from executions e where e.device = ${devices.id}
        and e.rollout = ${rollout.id} and e.release = ${rollout.release} and e.state = 'COMMITTED'
        and e.updated_at > ${new Date(now.getTime() - BIRTH_MS).toISOString()}::timestamptz)`,
      })
      .from(rolloutMembers)
      .innerJoin(devices, eq(devices.id, rolloutMembers.device))
      .where(wanted)
      .limit(limit);
  // What happened is told once, so these come first.
  const told = hinted.size === 0 ? [] : await find(ofHinted, PAGE);
  const rows = [...told, ...(await find(ofOthers, PAGE - told.length))];
  return rows.flatMap((row): PlanWatched[] => {
    const { member, online, release, health, isBad: isBadNow } = row;
    const { device, state, notBefore, tries } = member;
    if (!isWatchedState(state)) return [];
    const wasBad = hinted.get(device)?.unwell === true || health === 'failed';
    const isDueBad = isBadNow && notBefore !== null && notBefore <= now;
    return [
      {
        device,
        wave: member.wave ?? 0,
        state,
        notBefore,
        tries,
        online,
        runsIt: release === rollout.release || (state !== 'reverting' && row.hasJustCommitted),
        health: wasBad || isDueBad ? 'bad' : health === 'ok' ? 'ok' : 'unknown',
        isOverdue: member.code === 'SOAK_OVERDUE',
      },
    ];
  });
};

/** A page of those that a wave waits no longer for. */
const absentOf = async (
  tx: Database,
  rollout: PlanRollout,
  id: RolloutId,
  waves: readonly PlanWave[],
  now: Date,
): Promise<PlanAbsent[]> => {
  const late = waves.filter((wave) => wave.tally.away > 0 && isOutOfPatience(rollout, wave, now));
  if (rollout.state !== 'running' || rollout.halted || late.length === 0) return [];
  const isLate = inArray(
    rolloutMembers.wave,
    late.map(({ index }) => index),
  );
  // One that is back is looked at again soon.
  const rows = await tx
    .select({ device: rolloutMembers.device, wave: rolloutMembers.wave })
    .from(rolloutMembers)
    .innerJoin(devices, eq(devices.id, rolloutMembers.device))
    .where(and(membersOf(id, ['away']), isLate, not(devices.online)))
    .limit(PAGE);
  return rows.map(({ device, wave }) => ({ device, wave: wave ?? 0 }));
};

const WATCHED = ['soaking', 'reverting', 'stranded', 'healthy', 'unwell'] as const;
const isWatchedState = (state: string): state is PlanWatched['state'] =>
  (WATCHED as readonly string[]).includes(state);

const CandidateRow = z.object({
  device: DeviceId,
  wave: z.int(),
  passed: z.string().nullable(),
  online: z.boolean(),
  version: z.string().nullable(),
  channel: z.string().nullable(),
  current: z.boolean(),
  isTarget: z.boolean(),
  penaltyUntil: z.coerce.date().nullable(),
  waitsUntil: z.coerce.date().nullable(),
  execution: ExecutionId.nullable(),
  other: RolloutId.nullable(),
  yields: z.boolean(),
});

/** Open members of the waves that have begun, in the order of the waves. */
const candidatesOf = async (
  tx: Database,
  rollout: RolloutRow,
  waves: readonly { readonly wave: PlanWave; readonly limit: number }[],
  stones: Stones,
  limit: number,
  now: Date,
): Promise<{
  readonly found: readonly { readonly candidate: PlanCandidate; readonly other: RolloutId | null }[];
  /** there may be others */
  readonly isFull: boolean;
}> => {
  // Of one that is over the group may be gone.
  if (limit === 0) return { found: [], isFull: false };
  const isTarget = await isStillTarget(tx, rollout, now);
  const found: { candidate: PlanCandidate; other: RolloutId | null }[] = [];
  let isFull = false;
  for (const { wave, limit: most } of waves) {
    const left = Math.min(limit - found.length, most);
    if (!hasBegun(wave) || wave.tally.open === 0 || left <= 0) continue;
    const rows = await rowsOf(
      tx,
      CandidateRow,
      sql`select m.device, m.wave, m.passed, ${devices.online} as online, ${devices.version} as version,
          ${devices.channel} as channel, ${devices.release} is not distinct from ${rollout.release} as current,
          coalesce(${isTarget}, false) as "isTarget",
          ${devices.penaltyUntil} as "penaltyUntil", w.until as "waitsUntil", e.id as execution, e.rollout as other,
          coalesce(r.id <> ${rollout.id} and r.priority < ${rollout.priority}
            and e.state in ('OFFERED', 'ACCEPTED', 'DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING'), false) as yields
        from (select device, wave, passed, position from rollout_members
            where rollout = ${rollout.id} and state = 'open' and wave = ${wave.index}
            order by position limit ${left}) as m
          join ${devices} on ${devices.id} = m.device
          left join rollout_waits w on w.rollout = ${rollout.id} and w.device = m.device
          left join lateral (
            select id, rollout, state from executions where device = m.device and state in ${LIVE_STATES} limit 1) as e on true
          left join rollouts r on r.id = e.rollout
        order by m.position`,
    );
    found.push(...rows.map((row) => ({ candidate: toCandidate(row, rollout, stones), other: row.other })));
    isFull ||= rows.length === left;
  }
  return { found, isFull };
};

const toCandidate = (
  row: z.infer<typeof CandidateRow>,
  rollout: RolloutRow,
  stones: Stones,
): PlanCandidate => {
  const { device, wave, isTarget, online, current, penaltyUntil, waitsUntil, execution, yields } = row;
  const below = [...stones.byChannel].find(([channel]) => channel === row.channel)?.[1] ?? [];
  const reached =
    row.passed !== null && (row.version === null || compareVersions(row.passed, row.version) > 0)
      ? row.passed
      : row.version;
  const stone = missingStone(below, reached, rollout.version);
  const first = stone === undefined ? undefined : stones.byId.get(stone.release);
  const usable = first !== undefined && isUsable(first);
  return {
    device,
    wave,
    isTarget,
    online,
    current,
    penaltyUntil,
    ...(waitsUntil === null ? {} : { waitsUntil }),
    ...(execution === null ? {} : { busy: { execution, isOurs: row.other === rollout.id, yields } }),
    ...(stone === undefined ? {} : { stone: { release: stone.release, usable } }),
  };
};
