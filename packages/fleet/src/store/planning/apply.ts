import { and, eq, sql, type SQL } from 'drizzle-orm';
import {
  CommandId,
  DeviceId,
  ExecutionId,
  RolloutId,
  TERMINAL_STATES,
  type Assignment,
  type ExecutionState,
  type Release,
} from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../../backup/export-database.ts';
import type { Database } from '../../database.ts';
import { deadlineAfter, type Deadlines } from '../../deadlines.ts';
import { newExecutionId } from '../../new-id.ts';
import type { PlanAction } from '../../plan/types.ts';
import { rollouts, rolloutWaits, rolloutWaves } from '../../schema.ts';
import { askToGoBack } from '../commands.ts';
import { nextSeq } from '../devices.ts';
import { UNARMED } from '../emergency-stop.ts';
import { rowSet, rowSetOfDevices } from '../row-set.ts';
import type { RolloutRow } from './facts.ts';
import type { Gathered } from './gather.ts';
import { reasonWith } from './reason.ts';

export type Done = {
  readonly executions: Set<ExecutionId>;
  /** whose desired state changed, and is to be published now */
  readonly devices: Set<DeviceId>;
  readonly commands: CommandId[];
  /** others that have something to do by it */
  readonly rollouts: Set<RolloutId>;
};

type Needs = {
  readonly tx: Database;
  readonly rollout: RolloutRow;
  readonly release: Release;
  readonly gathered: Gathered;
  readonly now: Date;
  readonly deadlines: Deadlines | undefined;
  readonly done: Done;
};
type Of<K extends PlanAction['kind']> = Extract<PlanAction, { kind: K }>;

const ofKind = <K extends PlanAction['kind']>(actions: readonly PlanAction[], kind: K): Of<K>[] =>
  actions.filter((action): action is Of<K> => action.kind === kind);

const Ended = z.object({ id: ExecutionId, device: DeviceId, rollout: RolloutId });

/** Does what was planned, all of one kind in one statement. What ends goes before what begins. */
export const applyActions = async (needs: Needs, actions: readonly PlanAction[]): Promise<void> => {
  await end(
    needs,
    'TIMED_OUT',
    ofKind(actions, 'timeOut').map(({ execution, state }) => ({
      id: execution,
      message: `nothing was heard within the time that ${state} may take`,
    })),
  );
  await settleEnds(needs, ofKind(actions, 'settle'));
  await end(
    needs,
    'CANCELED',
    ofKind(actions, 'cancel').map(({ execution }) => ({ id: execution, message: 'the rollout ended' })),
  );
  await end(
    needs,
    'CANCELED',
    ofKind(actions, 'preempt').map(({ execution }) => ({
      id: execution,
      message: `rollout ${needs.rollout.id} goes first`,
      code: 'ROLLOUT_PREEMPTED',
    })),
  );
  await withdraw(needs, ofKind(actions, 'withdraw'));
  await instruct(needs, ofKind(actions, 'instruct'));
  await changeWaits(needs, actions);
  await moveMembers(needs, ofKind(actions, 'move'));
  await leave(needs, ofKind(actions, 'leave'));
  await penalize(needs, ofKind(actions, 'penalize'));
  await giveUp(needs, ofKind(actions, 'giveUp'));
  await offerAll(needs, ofKind(actions, 'offer'));
  needs.done.commands.push(
    ...(await askToGoBack(
      needs.tx,
      ofKind(actions, 'revert').map(({ device }) => device),
      needs.now,
    )),
  );
  for (const action of actions) if (isOfState(action)) await changeState(needs, action);
};

/** Ends executions that go on, and asks nothing more of their devices. */
const end = async (
  { tx, now, done }: Needs,
  state: ExecutionState,
  ends: readonly { readonly id: ExecutionId; readonly message: string; readonly code?: string }[],
): Promise<void> => {
  if (ends.length === 0) return;
  const at = sql`${now.toISOString()}::timestamptz`;
  const rows = await rowsOf(
    tx,
    Ended,
    sql`with over as (
        update executions e set state = ${state}, code = said.code, message = said.message, log = null, deadline_at = ${at}, updated_at = ${at}
        from ${rowSet(ends, 'id text, message text, code text')}
        where e.id = said.id and (said.code is null or e.state in ${UNARMED})
          and e.state not in ${TERMINAL_STATES}
        returning e.id, e.device, e.rollout, e.code)
      , history as (insert into execution_history (execution, state, code, at) select id, ${state}, code, ${at} from over)
      select id, device, rollout from over`,
  );
  await unassign(
    tx,
    rows.map(({ id, device }) => ({ id: device, execution: id })),
  );
  for (const { id, device, rollout } of rows) {
    done.executions.add(id);
    done.devices.add(device);
    done.rollouts.add(rollout);
  }
};

const unassign = async (
  tx: Database,
  rows: readonly { readonly id: DeviceId; readonly execution: ExecutionId }[],
): Promise<void> => {
  if (rows.length === 0) return;
  await tx.execute(sql`
    update devices set assignment = null, desired_seq = devices.desired_seq + 1
    from ${rowSetOfDevices(rows, 'id text, execution text')}
    where devices.id = said.id and devices.assignment->>'execution' = said.execution`);
};

const settleEnds = async ({ tx }: Needs, settles: readonly Of<'settle'>[]): Promise<void> => {
  if (settles.length === 0) return;
  const rows = settles.map(({ execution, superseded }) => ({
    id: execution,
    superseded: superseded ?? null,
  }));
  await tx.execute(sql`
    update executions e set settled = e.state, superseded = coalesce(said.superseded, e.superseded)
    from ${rowSet(rows, 'id text, superseded boolean')} where e.id = said.id`);
};

const withdraw = async (
  { tx, gathered, done }: Needs,
  withdrawn: readonly Of<'withdraw'>[],
): Promise<void> => {
  const deviceOf = new Map(gathered.input.live.map(({ execution, device }) => [execution, device]));
  const rows = withdrawn.flatMap(({ execution }) => {
    const id = deviceOf.get(execution);
    return id === undefined ? [] : [{ id, execution }];
  });
  await unassign(tx, rows);
  for (const { id } of rows) done.devices.add(id);
};

/** Only what is not policy. */
const withoutPolicy = ({
  execution,
  rollout,
  release,
  version,
  bundle,
  expiresAt,
}: Assignment): Assignment => ({ execution, rollout, release, version, bundle, expiresAt });

const instruct = async (
  { tx, rollout, gathered, done }: Needs,
  instructed: readonly Of<'instruct'>[],
): Promise<void> => {
  const deviceOf = new Map(gathered.input.live.map(({ execution, device }) => [execution, device]));
  const rows = instructed.flatMap(({ execution }) => {
    const assignment = gathered.assignments.get(execution);
    const device = deviceOf.get(execution);
    if (assignment === undefined || device === undefined) return [];
    return [{ id: device, assignment: { ...withoutPolicy(assignment), ...rollout.policy } }];
  });
  await assignAll(tx, rows, done);
};

const assignAll = async (
  tx: Database,
  rows: readonly { readonly id: DeviceId; readonly assignment: Assignment }[],
  done: Done,
): Promise<void> => {
  if (rows.length === 0) return;
  await tx.execute(sql`
    update devices set assignment = said.assignment, desired_seq = ${nextSeq}
    from ${rowSetOfDevices(rows, 'id text, assignment jsonb')} where devices.id = said.id`);
  for (const { id } of rows) done.devices.add(id);
};

const changeWaits = async (
  { tx, rollout, gathered, now }: Needs,
  actions: readonly PlanAction[],
): Promise<void> => {
  const until = new Date(now.getTime() + rollout.conflictPatienceSeconds * 1000);
  const waits = ofKind(actions, 'wait').flatMap(({ device }) => {
    const waitsFor = gathered.busyWith.get(device);
    return waitsFor === undefined ? [] : [{ rollout: rollout.id, device, waitsFor, until }];
  });
  if (waits.length > 0) await tx.insert(rolloutWaits).values(waits).onConflictDoNothing();
  const over = [...ofKind(actions, 'unwait'), ...ofKind(actions, 'giveUp')];
  if (over.length === 0) return;
  await tx.execute(sql`
    delete from rollout_waits w using ${rowSet(over, 'device text')}
    where w.rollout = ${rollout.id} and w.device = said.device`);
};

/**
 * The row of a member. By its key, however little the database knows yet of a rollout that was only just begun: joined, all
 * members would be read for a page of them. Nobody else writes it meanwhile, so it stays where it is.
 */
const memberOf = (rollout: RolloutId, device: SQL): SQL =>
  sql`(select ctid, attempt from rollout_members where rollout = ${rollout} and device = ${device} limit 1)`;

const moveMembers = async ({ tx, rollout }: Needs, moves: readonly Of<'move'>[]): Promise<void> => {
  if (moves.length === 0) return;
  const rows = moves.map((move) => ({ ...move, notBefore: move.notBefore?.toISOString() ?? null }));
  await tx.execute(sql`
    update rollout_members m set state = said.to, not_before = said."notBefore", code = said.code,
      passed = coalesce(said.passed, m.passed), tries = m.tries + case when said.tried then 1 else 0 end
    from ${rowSet(rows, 'device text, "to" text, "notBefore" timestamptz, code text, passed text, tried boolean')}
      cross join lateral ${memberOf(rollout.id, sql`said.device`)} as there
    where m.ctid = there.ctid`);
};

/** Where something was begun, that stays on record. */
const leave = async ({ tx, rollout }: Needs, left: readonly Of<'leave'>[]): Promise<void> => {
  if (left.length === 0) return;
  const isLeft = sql`m.rollout = ${rollout.id} and m.device = said.device`;
  await tx.execute(
    sql`delete from rollout_members m using ${rowSet(left, 'device text')} where ${isLeft} and m.attempt = 0`,
  );
  await tx.execute(
    sql`update rollout_members m set state = 'out', not_before = null from ${rowSet(left, 'device text')} where ${isLeft}`,
  );
};

const penalize = async ({ tx }: Needs, penalties: readonly Of<'penalize'>[]): Promise<void> => {
  if (penalties.length === 0) return;
  const rows = penalties.map(({ device, until }) => ({ id: device, until: until.toISOString() }));
  await tx.execute(sql`
    update devices set penalty_until = said.until
    from ${rowSetOfDevices(rows, 'id text, until timestamptz')} where devices.id = said.id`);
};

/** Executions that never began: the devices are left out. */
const giveUp = async (needs: Needs, given: readonly Of<'giveUp'>[]): Promise<void> => {
  const { rollout, gathered, release } = needs;
  await insertExecutions(
    needs,
    given.map(({ device, wave }) => ({
      ...rowOf(device, wave, release),
      code: 'ROLLOUT_CONFLICT',
      message: `the device takes a release of ${gathered.busyWith.get(device) ?? 'another rollout'}, for which it was waited ${rollout.conflictPatienceSeconds} s`,
    })),
    'CANCELED',
  );
};

const rowOf = (device: DeviceId, wave: number, { id, bundle }: Release) => ({
  id: newExecutionId(),
  device,
  wave,
  release: id,
  size: bundle.size,
});

/**
 * Each is the next attempt of its device. Where another planner was faster with one, its member stays as it is.
 *
 * @returns the devices for which there is one now
 */
const insertExecutions = async (
  { tx, rollout, now, deadlines, done }: Needs,
  rows: readonly ReturnType<typeof rowOf>[],
  state: ExecutionState,
): Promise<{ readonly id: ExecutionId; readonly device: DeviceId }[]> => {
  if (rows.length === 0) return [];
  const at = sql`${now.toISOString()}::timestamptz`;
  const deadline = sql`${deadlineAfter(state, now, deadlines).toISOString()}::timestamptz`;
  const made = await rowsOf(
    tx,
    z.object({ id: ExecutionId, device: DeviceId }),
    sql`with made as (
        insert into executions (id, tenant, rollout, device, release, wave, attempt, state, settled, code, message, bytes_total, deadline_at, created_at, updated_at)
        select said.id, ${rollout.tenant}, ${rollout.id}, said.device, said.release, said.wave, m.attempt + 1, ${state}, ${state}, said.code, said.message, said.size, ${deadline}, ${at}, ${at}
        from ${rowSet(rows, 'id text, device text, release text, wave smallint, size bigint, code text, message text')}
          cross join lateral ${memberOf(rollout.id, sql`said.device`)} as m
        on conflict do nothing returning id, device, code)
      , history as (insert into execution_history (execution, state, code, at) select id, ${state}, code, ${at} from made)
      , counted as (
        update rollout_members m set attempt = m.attempt + 1, state = ${state === 'OFFERED' ? 'live' : 'out'}, not_before = null, code = null
        from made cross join lateral ${memberOf(rollout.id, sql`made.device`)} as there where m.ctid = there.ctid)
      select id, device from made`,
  );
  for (const { id } of made) done.executions.add(id);
  return made;
};

const offerAll = async (needs: Needs, offers: readonly Of<'offer'>[]): Promise<void> => {
  if (offers.length === 0) return;
  const { tx, rollout, release, gathered, now, deadlines, done } = needs;
  const releaseOf = new Map(
    offers.map(({ device, via }) => [
      device,
      (via === undefined ? undefined : gathered.stones.get(via)) ?? release,
    ]),
  );
  const made = await insertExecutions(
    needs,
    offers.map(({ device, wave }) => rowOf(device, wave, releaseOf.get(device) ?? release)),
    'OFFERED',
  );
  const expiresAt = Math.floor(deadlineAfter('OFFERED', now, deadlines).getTime() / 1000);
  await assignAll(
    tx,
    made.map(({ id, device }) => {
      const { id: of, version, bundle } = releaseOf.get(device) ?? release;
      const what = { execution: id, rollout: rollout.id, release: of, version, bundle, expiresAt };
      return { id: device, assignment: { ...what, ...rollout.policy } };
    }),
    done,
  );
};

const STATE_KINDS = ['begin', 'wave', 'pause', 'stop', 'rollBack', 'complete', 'rolledBack'] as const;
type OfState = Of<(typeof STATE_KINDS)[number]>;
const isOfState = (action: PlanAction): action is OfState =>
  (STATE_KINDS as readonly PlanAction['kind'][]).includes(action.kind);

const changeState = async ({ tx, rollout, now }: Needs, action: OfState): Promise<void> => {
  const ofRollout = eq(rollouts.id, rollout.id);
  const finish = async (
    set: Partial<typeof rollouts.$inferInsert>,
    left: 'passed' | 'failed',
  ): Promise<void> => {
    await tx
      .update(rollouts)
      .set({ finishedAt: now, ...set })
      .where(ofRollout);
    await endWaves(tx, rollout.id, left, now);
    await tx.delete(rolloutWaits).where(eq(rolloutWaits.rollout, rollout.id));
  };
  switch (action.kind) {
    case 'begin':
      await tx.update(rollouts).set({ state: 'running' }).where(ofRollout);
      return;
    case 'wave':
      await setWave(tx, rollout.id, action.wave, action.state, now);
      return;
    case 'pause':
      await tx.update(rollouts).set({ state: 'paused', reason: action.reason }).where(ofRollout);
      return;
    case 'stop':
      return finish({ state: 'stopped', reason: await reasonWith(tx, rollout.id, action.reason) }, 'failed');
    case 'rollBack':
      return finish(
        {
          state: 'rolling_back',
          reason: await reasonWith(tx, rollout.id, action.reason),
          finishedAt: null,
        },
        'failed',
      );
    case 'complete':
      return finish({ state: 'completed' }, 'passed');
    case 'rolledBack':
      return finish({ state: 'rolled_back' }, 'failed');
    default:
      return action satisfies never;
  }
};

const setWave = async (
  tx: Database,
  rollout: RolloutId,
  index: number,
  state: (typeof rolloutWaves.$inferSelect)['state'],
  now: Date,
): Promise<void> => {
  const started: SQL = sql`coalesce(${rolloutWaves.startedAt}, ${now.toISOString()}::timestamptz)`;
  await tx
    .update(rolloutWaves)
    .set({
      state,
      ...(state === 'pending' ? {} : { startedAt: started }),
      ...(state === 'passed' || state === 'failed' ? { finishedAt: now } : {}),
    })
    .where(and(eq(rolloutWaves.rollout, rollout), eq(rolloutWaves.index, index)));
};

/** Waves that never began stay what they are, unless everybody has passed. */
export const endWaves = async (
  tx: Database,
  rollout: RolloutId,
  state: 'passed' | 'failed',
  now: Date,
): Promise<void> => {
  const goesOn =
    state === 'passed'
      ? sql`${rolloutWaves.state} not in ('passed', 'failed')`
      : sql`${rolloutWaves.state} in ('running', 'soaking')`;
  await tx
    .update(rolloutWaves)
    .set({ state, finishedAt: now })
    .where(and(eq(rolloutWaves.rollout, rollout), goesOn));
};
