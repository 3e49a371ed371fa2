import { and, count, desc, eq, inArray, isNull, ne, notInArray, or, sql } from 'drizzle-orm';
import {
  SlipwayError,
  TERMINAL_STATES,
  type AssignmentPolicy,
  type DeviceId,
  type ExecutionState,
  type Release,
  type Rollout,
  type RolloutCreate,
  type RolloutId,
  type RolloutState,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newRolloutId } from '../new-id.ts';
import { devices, executions, rollouts } from '../schema.ts';
import { refuseRevoked } from './certificates.ts';
import { found, type Page } from './not-found.ts';
import { getRelease } from './releases.ts';

type Row = typeof rollouts.$inferSelect;

/** The devices that a rollout is meant for; it does not wait for revoked ones. */
export const isTargetOf = (rollout: Pick<Row, 'deviceClass' | 'devices'>) =>
  and(
    isNull(devices.revokedAt),
    rollout.devices === null
      ? eq(devices.deviceClass, rollout.deviceClass)
      : inArray(devices.id, rollout.devices),
  );

const toRollouts = async (db: Database, rows: readonly Row[]): Promise<Rollout[]> => {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const groups = await db
    .select({ rollout: executions.rollout, state: executions.state, count: count() })
    .from(executions)
    .where(inArray(executions.rollout, ids))
    .groupBy(executions.rollout, executions.state);
  return Promise.all(
    rows.map(async (row) => {
      const counts: Partial<Record<ExecutionState, number>> = {};
      for (const group of groups) if (group.rollout === row.id) counts[group.state] = group.count;
      return {
        id: row.id,
        release: row.release,
        deviceClass: row.deviceClass,
        version: row.version,
        state: row.state,
        reason: row.reason,
        failureThreshold: row.failureThreshold,
        maxInFlight: row.maxInFlight,
        policy: row.policy,
        counts,
        ...(row.state === 'running' ? { waiting: await countWaiting(db, row) } : {}),
        createdAt: row.createdAt.toISOString(),
        finishedAt: row.finishedAt?.toISOString() ?? null,
      };
    }),
  );
};

const countWaiting = async (db: Database, row: Row): Promise<number> => {
  const [waiting] = await db
    .select({ count: count() })
    .from(devices)
    .leftJoin(executions, and(eq(executions.device, devices.id), eq(executions.rollout, row.id)))
    .where(
      and(
        isTargetOf(row),
        isNull(executions.id),
        or(isNull(devices.release), ne(devices.release, row.release)),
      ),
    );
  return waiting?.count ?? 0;
};

/**
 * @throws {SlipwayError} NOT_FOUND for a release or device; CONFLICT for a release that is not published and for a
 * rollout that runs on the same devices; REQUEST_INVALID for a device of another class; DEVICE_REVOKED
 */
export const createRollout = (db: Database, asked: RolloutCreate, now: Date): Promise<Rollout> =>
  db.transaction(async (tx) => {
    const release = await getRelease(tx, asked.release);
    if (release.state !== 'published') {
      throw new SlipwayError(
        'CONFLICT',
        `Release ${release.id} is ${release.state}; only a published release is rolled out. Publish it first.`,
        { details: { state: release.state } },
      );
    }
    const targets = asked.devices === undefined ? null : [...new Set(asked.devices)];
    if (targets !== null) await checkTargets(tx, targets, release);
    await refuseOverlap(tx, release, targets);
    const rows = await tx
      .insert(rollouts)
      .values({
        id: newRolloutId(),
        release: release.id,
        deviceClass: release.deviceClass,
        version: release.version,
        failureThreshold: asked.failureThreshold,
        maxInFlight: asked.maxInFlight,
        policy: asked.policy ?? {},
        devices: targets,
        createdAt: now,
      })
      .returning();
    return found(await toRollouts(tx, rows), 'rollout', '');
  });

const checkTargets = async (db: Database, targets: readonly DeviceId[], release: Release): Promise<void> => {
  const known = await db
    .select({ id: devices.id, deviceClass: devices.deviceClass, revokedAt: devices.revokedAt })
    .from(devices)
    .where(inArray(devices.id, [...targets]));
  for (const target of targets) {
    const device = found(
      known.filter(({ id }) => id === target),
      'device',
      target,
    );
    refuseRevoked(target, device.revokedAt);
    if (device.deviceClass !== release.deviceClass) {
      throw new SlipwayError(
        'REQUEST_INVALID',
        `Device ${target} is of class ${device.deviceClass}, release ${release.id} is for ${release.deviceClass}. ` +
          'Leave the device out, or roll out a release of its class.',
        { details: { device: target, deviceClass: device.deviceClass, expected: release.deviceClass } },
      );
    }
  }
};

// Two rollouts on one device would race, and the lower counter would then be refused by the device as a downgrade.
const refuseOverlap = async (
  db: Database,
  release: Release,
  targets: readonly DeviceId[] | null,
): Promise<void> => {
  const running = await db
    .select()
    .from(rollouts)
    .where(and(eq(rollouts.state, 'running'), eq(rollouts.deviceClass, release.deviceClass)));
  const other = running.find(
    ({ devices }) => devices === null || targets === null || devices.some((id) => targets.includes(id)),
  );
  if (other === undefined) return;
  throw new SlipwayError(
    'CONFLICT',
    `Rollout ${other.id} of ${other.version} still runs on these devices. Wait for its end or abort it.`,
    { details: { rollout: other.id } },
  );
};

export const getRollout = async (db: Database, id: RolloutId): Promise<Rollout> =>
  found(await toRollouts(db, await db.select().from(rollouts).where(eq(rollouts.id, id))), 'rollout', id);

export const listRollouts = async (
  db: Database,
  { state, limit, offset }: Page & { readonly state?: RolloutState | undefined },
): Promise<Rollout[]> => {
  const rows = await db
    .select()
    .from(rollouts)
    .where(state === undefined ? undefined : eq(rollouts.state, state))
    .orderBy(desc(rollouts.createdAt), desc(rollouts.id))
    .limit(limit)
    .offset(offset);
  return toRollouts(db, rows);
};

export const runningRolloutsOf = async (db: Database, release: Release['id']): Promise<RolloutId[]> =>
  (
    await db
      .select({ id: rollouts.id })
      .from(rollouts)
      .where(and(eq(rollouts.release, release), eq(rollouts.state, 'running')))
  ).map(({ id }) => id);

/** Running rollouts that a device belongs to. */
export const runningRolloutsOn = async (db: Database, device: DeviceId): Promise<RolloutId[]> =>
  (
    await db
      .select({ id: rollouts.id })
      .from(rollouts)
      .innerJoin(devices, eq(devices.deviceClass, rollouts.deviceClass))
      .where(
        and(
          eq(devices.id, device),
          eq(rollouts.state, 'running'),
          or(isNull(rollouts.devices), sql`${rollouts.devices} ? ${device}`),
        ),
      )
  ).map(({ id }) => id);

/** Rollouts that a planner may have something to do for: they run, or ended while devices were under way. */
export const rolloutsToPlan = async (db: Database): Promise<RolloutId[]> => {
  const rows = await db
    .selectDistinct({ id: rollouts.id })
    .from(rollouts)
    .leftJoin(executions, eq(executions.rollout, rollouts.id))
    .where(or(eq(rollouts.state, 'running'), notInArray(executions.state, [...TERMINAL_STATES])));
  return rows.map(({ id }) => id);
};

/**
 * Devices that have not yet armed their trial follow the new policy; the planner tells them.
 *
 * @throws {SlipwayError} NOT_FOUND, CONFLICT where it runs no more
 */
export const setRolloutPolicy = async (
  db: Database,
  id: RolloutId,
  policy: AssignmentPolicy,
): Promise<Rollout> => {
  const [row] = await db
    .update(rollouts)
    .set({ policy })
    .where(and(eq(rollouts.id, id), eq(rollouts.state, 'running')))
    .returning();
  const rollout = await getRollout(db, id);
  if (row !== undefined) return rollout;
  throw new SlipwayError(
    'CONFLICT',
    `Rollout ${id} is ${rollout.state}; only a running one takes a policy.`,
    {
      details: { state: rollout.state },
    },
  );
};

/** @throws {SlipwayError} NOT_FOUND, CONFLICT where it runs no more */
export const abortRollout = async (
  db: Database,
  id: RolloutId,
  reason: string,
  now: Date,
): Promise<Rollout> => {
  const [row] = await db
    .update(rollouts)
    .set({ state: 'aborted', reason, finishedAt: now })
    .where(and(eq(rollouts.id, id), eq(rollouts.state, 'running')))
    .returning();
  const rollout = await getRollout(db, id);
  if (row === undefined) {
    throw new SlipwayError(
      'CONFLICT',
      `Rollout ${id} is ${rollout.state}; only a running one can be aborted.`,
      {
        details: { state: rollout.state },
      },
    );
  }
  return rollout;
};
