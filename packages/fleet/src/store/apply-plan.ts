import { isDeepStrictEqual } from 'node:util';
import { and, eq, getTableColumns, inArray, ne, sql } from 'drizzle-orm';
import {
  AssignmentPolicy,
  SlipwayError,
  TERMINAL_STATES,
  type Assignment,
  type DeviceId,
  type ExecutionId,
  type RolloutId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import type { Deadlines } from '../deadlines.ts';
import { plan, type PlanAction, type PlanDevice } from '../plan.ts';
import { devices, executions, rollouts, rolloutWaits } from '../schema.ts';
import { missingStone, stonesOfClass } from './channels.ts';
import { assign, unassign } from './devices.ts';
import { offersAreHalted } from './emergency-stop.ts';
import { isLive, leaveOut, offer, stepExecution } from './executions.ts';
import { found } from './not-found.ts';
import { getRelease } from './releases.ts';
import { isTargetOf } from './rollouts.ts';

export type Applied = {
  readonly actions: readonly PlanAction[];
  readonly executions: readonly ExecutionId[];
  /** whose desired state changed, and is to be published now */
  readonly devices: readonly DeviceId[];
};

/** Plans a rollout and does it, in one transaction that holds the rollout: planners on several servers take turns. */
export const planRollout = (
  db: Database,
  id: RolloutId,
  now: Date,
  deadlines?: Deadlines,
): Promise<Applied> =>
  db.transaction(async (tx) => {
    const rollout = found(
      await tx.select().from(rollouts).where(eq(rollouts.id, id)).for('update'),
      'rollout',
      id,
    );
    const release = await getRelease(tx, rollout.release);
    const begun = await executionsOf(tx, id);
    const halted = await offersAreHalted(tx, rollout.tenant);
    const { targets, assigned, busy } = await targetsOf(tx, rollout, now);
    const known = begun.map((execution) => {
      const assignment = assigned.get(execution.id);
      const outdated = assignment !== undefined && !followsPolicy(assignment, rollout.policy);
      const isHalted = execution.haltedAt !== null;
      return { ...execution, assigned: assignment !== undefined, outdated, halted: isHalted };
    });
    const actions = plan({ ...rollout, halted }, known, targets, now);

    const touched = new Set<ExecutionId>();
    const asked = new Set<DeviceId>();
    const executionOf = (wanted: ExecutionId) => {
      const execution = begun.find((row) => row.id === wanted);
      if (execution === undefined)
        throw new SlipwayError('INTERNAL', `The plan names ${wanted}, which is not ours.`);
      return execution;
    };
    for (const action of actions) {
      switch (action.kind) {
        case 'offer': {
          const execution = await offer(tx, rollout, release, action.device, now, deadlines);
          if (execution === undefined) break;
          touched.add(execution);
          asked.add(action.device);
          break;
        }
        case 'wait': {
          const waitsFor = busy.get(action.device);
          if (waitsFor === undefined) break;
          const until = new Date(now.getTime() + rollout.conflictPatienceSeconds * 1000);
          const wait = { rollout: id, device: action.device, waitsFor, until };
          await tx.insert(rolloutWaits).values(wait).onConflictDoNothing();
          break;
        }
        case 'unwait':
          await forgetWait(tx, id, action.device);
          break;
        case 'giveUp': {
          await forgetWait(tx, id, action.device);
          const message = `the device takes a release of ${busy.get(action.device) ?? 'another rollout'}, for which it was waited ${rollout.conflictPatienceSeconds} s`;
          const why = { code: 'ROLLOUT_CONFLICT' as const, message };
          const execution = await leaveOut(tx, id, release, action.device, why, now);
          if (execution !== undefined) touched.add(execution);
          break;
        }
        case 'cancel': {
          const execution = executionOf(action.execution);
          await stepExecution(tx, execution, { state: 'CANCELED', message: 'the rollout ended' }, now);
          touched.add(execution.id);
          asked.add(execution.device);
          break;
        }
        case 'instruct': {
          const execution = executionOf(action.execution);
          const assignment = assigned.get(execution.id);
          if (assignment === undefined) break;
          await assign(tx, execution.device, {
            ...withoutPolicy(assignment),
            ...rollout.policy,
          });
          asked.add(execution.device);
          break;
        }
        case 'withdraw': {
          const execution = executionOf(action.execution);
          await unassign(tx, execution.device, execution.id);
          asked.add(execution.device);
          break;
        }
        case 'timeOut': {
          const execution = executionOf(action.execution);
          const message = `nothing was heard within the time that ${action.state} may take`;
          await stepExecution(tx, execution, { state: 'TIMED_OUT', message }, now);
          touched.add(execution.id);
          asked.add(execution.device);
          break;
        }
        case 'stop':
          await finish(tx, id, { state: 'stopped', reason: action.reason }, now);
          break;
        case 'complete':
          await finish(tx, id, { state: 'completed' }, now);
          break;
        default:
          return action satisfies never;
      }
    }
    const isOver =
      rollout.state !== 'running' || actions.some(({ kind }) => kind === 'stop' || kind === 'complete');
    if (isOver) await forgetWait(tx, id);
    return { actions, executions: [...touched], devices: [...asked] };
  });

const forgetWait = async (tx: Database, rollout: RolloutId, device?: DeviceId): Promise<void> => {
  const ofDevice = device === undefined ? undefined : eq(rolloutWaits.device, device);
  await tx.delete(rolloutWaits).where(and(eq(rolloutWaits.rollout, rollout), ofDevice));
};

/** Those that go on are held. What ends before they are is among the others, which are asked for after. */
const executionsOf = async (tx: Database, rollout: RolloutId) => {
  // Of a rollout to a whole class there are as many as devices.
  const { id, device, state, code, deadlineAt, haltedAt, bytesTotal } = getTableColumns(executions);
  const columns = { id, device, state, code, deadlineAt, haltedAt, bytesTotal };
  const ofRollout = eq(executions.rollout, rollout);
  const live = await tx.select(columns).from(executions).where(and(ofRollout, isLive)).for('update');
  const over = await tx
    .select(columns)
    .from(executions)
    .where(and(ofRollout, inArray(executions.state, [...TERMINAL_STATES])));
  return [...live, ...over];
};

/** Only what is not policy. */
const withoutPolicy = ({
  execution,
  rollout,
  release,
  version,
  bundle,
  expiresAt,
}: Assignment): Assignment => ({
  execution,
  rollout,
  release,
  version,
  bundle,
  expiresAt,
});

const followsPolicy = (assignment: Assignment, policy: AssignmentPolicy): boolean =>
  isDeepStrictEqual(AssignmentPolicy.parse(assignment), AssignmentPolicy.parse(policy));

const finish = (
  db: Database,
  id: RolloutId,
  end: { readonly state: 'stopped' | 'completed'; readonly reason?: string },
  now: Date,
) =>
  db
    .update(rollouts)
    .set({ ...end, finishedAt: now })
    .where(eq(rollouts.id, id));

const targetsOf = async (
  db: Database,
  rollout: typeof rollouts.$inferSelect,
  now: Date,
): Promise<{
  readonly targets: readonly PlanDevice[];
  readonly assigned: ReadonlyMap<string, Assignment>;
  /** devices that take a release of another rollout, and of which */
  readonly busy: ReadonlyMap<DeviceId, RolloutId>;
}> => {
  // One that has ended offers nothing more, and what it was meant for may not be there any more.
  const isTarget = rollout.state === 'running' ? await isTargetOf(db, rollout, now) : sql`false`;
  const { id, online, release, channel, version } = devices;
  const wanted = await db
    .select({ id, online, release, channel, version })
    .from(devices)
    .where(isTarget)
    .orderBy(devices.id);
  const stones = await stonesOfClass(db, rollout.deviceClass);
  // A device that has yet to pass a stepping stone belongs to the rollout once it has.
  const rows = wanted.filter(
    (device) =>
      device.channel === null ||
      missingStone(stones.get(device.channel) ?? [], device.version, rollout.version) === undefined,
  );
  const elsewhere = await db
    .select({ device: executions.device, rollout: executions.rollout })
    .from(executions)
    .where(and(ne(executions.rollout, rollout.id), isLive));
  // Also of devices that a group or a query does not find any more: what was begun goes on.
  const begun = await db
    .select({ assignment: devices.assignment })
    .from(executions)
    .innerJoin(devices, eq(devices.id, executions.device))
    .where(and(eq(executions.rollout, rollout.id), isLive));
  const busy = new Map(elsewhere.map(({ device, rollout: other }) => [device, other]));
  const waits = await db.select().from(rolloutWaits).where(eq(rolloutWaits.rollout, rollout.id));
  const until = new Map(waits.map((wait) => [wait.device, wait.until]));
  const targets = rows.map((device) => ({
    id: device.id,
    online: device.online,
    busy: busy.has(device.id),
    waitsUntil: until.get(device.id),
    current: device.release === rollout.release,
  }));
  return {
    targets,
    busy,
    assigned: new Map(
      begun.flatMap(({ assignment }) =>
        assignment === null ? [] : [[assignment.execution, assignment] as const],
      ),
    ),
  };
};
