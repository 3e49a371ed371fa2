import { and, count, eq, exists, inArray, isNotNull, isNull, ne, or, sql, type SQL } from 'drizzle-orm';
import {
  SlipwayError,
  type AssignmentPolicy,
  type DeviceId,
  type ExecutionState,
  type GroupId,
  type Release,
  type Rollout,
  type RolloutCreate,
  type RolloutId,
  type RolloutState,
} from '@slipway/protocol';
import { union } from 'drizzle-orm/pg-core';
import type { Database } from '../database.ts';
import { newRolloutId } from '../new-id.ts';
import { channelHistory, channels, devices, executions, rollouts, rolloutWaits } from '../schema.ts';
import { refuseRevoked } from './certificates.ts';
import { getChannel, missingStone, refuseBelowFloor, stonesOfClass } from './channels.ts';
import { isNoHalted } from './emergency-stop.ts';
import { isLive } from './executions.ts';
import { queryCondition } from './find-groups.ts';
import { getGroup } from './groups.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { getRelease } from './releases.ts';

type Row = typeof rollouts.$inferSelect;

/**
 * The devices that a rollout is meant for; it does not wait for those that were let out, or not yet in. Devices that
 * follow a channel take part in a rollout to the whole class, a group or a query only if the release was published to their channel.
 *
 * @returns good for a statement that is asked at once: a group or a query finds other devices later
 */
export const isTargetOf = async (db: Database, rollout: Target, now: Date): Promise<SQL | undefined> => {
  const chosen =
    rollout.group === null && rollout.query === null
      ? undefined
      : await queryCondition(db, rollout.query ?? `group = ${rollout.group ?? ''}`, now);
  // A condition of its own, so that no query can be written that gets around it.
  const near =
    rollout.within === null
      ? undefined
      : await queryCondition(db, rollout.within.map((group) => `group = ${group}`).join(' or '), now);
  return and(isListedOrOfClass(db, rollout), chosen, near);
};

type Target = Pick<Row, 'deviceClass' | 'devices' | 'channel' | 'release' | 'group' | 'query' | 'within'>;

const isListedOrOfClass = (
  db: Database,
  rollout: Omit<Target, 'group' | 'query' | 'within'>,
): SQL | undefined => {
  if (rollout.devices !== null) return and(eq(devices.state, 'active'), inArray(devices.id, rollout.devices));
  const ofClass = and(eq(devices.state, 'active'), eq(devices.deviceClass, rollout.deviceClass));
  if (rollout.channel !== null) return and(ofClass, eq(devices.channel, rollout.channel));
  const published = db
    .select({ one: sql`1` })
    .from(channelHistory)
    .where(and(eq(channelHistory.release, rollout.release), eq(channelHistory.channel, devices.channel)));
  return and(ofClass, or(isNull(devices.channel), exists(published)));
};

const toRollouts = async (db: Database, rows: readonly Row[]): Promise<Rollout[]> => {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const groups = await db
    .select({ rollout: executions.rollout, state: executions.state, count: count() })
    .from(executions)
    .where(and(inArray(executions.rollout, ids), isNoHalted))
    .groupBy(executions.rollout, executions.state);
  const waits = await db
    .select({
      rollout: rolloutWaits.rollout,
      other: rolloutWaits.waitsFor,
      devices: count(),
      until: sql<string>`to_char(min(${rolloutWaits.until}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    })
    .from(rolloutWaits)
    .where(inArray(rolloutWaits.rollout, ids))
    .groupBy(rolloutWaits.rollout, rolloutWaits.waitsFor)
    .orderBy(rolloutWaits.waitsFor);
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
        failurePercent: null,
        maxInFlight: row.maxInFlight,
        maxPerMinute: null,
        priority: 50,
        soakSeconds: 0,
        onFailure: 'stop' as const,
        retries: null,
        penaltySeconds: 0,
        startAt: null,
        endAt: null,
        policy: row.policy,
        ...(row.channel === null ? {} : { channel: row.channel }),
        ...(row.group === null ? {} : { group: row.group }),
        ...(row.query === null ? {} : { query: row.query }),
        ...(row.within === null ? {} : { within: row.within }),
        counts,
        ...(row.state === 'running' ? { waiting: await countWaiting(db, row) } : {}),
        conflictPatienceSeconds: row.conflictPatienceSeconds,
        waitsFor: waits
          .filter(({ rollout }) => rollout === row.id)
          .map(({ other, devices: waiting, until }) => ({ rollout: other, devices: waiting, until })),
        waves: [],
        approvals: [],
        createdBy: '',
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
    .leftJoin(executions, and(eq(executions.device, devices.id), eq(executions.rollout, row.id), isNoHalted))
    .where(
      and(
        await isTargetOf(db, row, new Date()),
        isNull(executions.id),
        or(isNull(devices.release), ne(devices.release, row.release)),
      ),
    );
  return waiting?.count ?? 0;
};

/**
 * @param within groups that are there; of what a query finds only their devices are meant
 * @throws {SlipwayError} NOT_FOUND for a release, device, group or channel; QUERY_INVALID; CONFLICT for a release that is not published and for
 * a rollout that runs on the same devices; REQUEST_INVALID for a device of another class; DEVICE_REVOKED;
 * RELEASE_DEPRECATED; RELEASE_BELOW_FLOOR and STEPPING_STONE_MISSING as the channels of the devices have it
 */
export const createRollout = (
  db: Database,
  asked: RolloutCreate,
  now: Date,
  within: readonly GroupId[] | null = null,
): Promise<Rollout> =>
  db.transaction(async (tx) => {
    refuseUnbuilt(asked);
    if ([asked.devices, asked.group, asked.query].filter((one) => one !== undefined).length > 1) {
      throw new SlipwayError(
        'REQUEST_INVALID',
        'Expected at most one of devices, group and query. A query can ask for both: group = NAME and …',
      );
    }
    const release = await getRelease(tx, asked.release);
    if (release.state === 'deprecated' && asked.force !== true) {
      throw new SlipwayError(
        'RELEASE_DEPRECATED',
        `Release ${release.id} (${release.version}) is deprecated. Take a newer one, or say force.`,
        { details: { release: release.id } },
      );
    }
    if (release.state !== 'published' && release.state !== 'deprecated') {
      throw new SlipwayError(
        'CONFLICT',
        `Release ${release.id} is ${release.state}; only a published release is rolled out. Publish it first.`,
        { details: { state: release.state } },
      );
    }
    const targets = asked.devices === undefined ? null : [...new Set(asked.devices)];
    if (targets !== null) await checkTargets(tx, targets, release);
    const channel = asked.channel ?? null;
    if (channel !== null) await getChannel(tx, { deviceClass: release.deviceClass, name: channel });
    const group = asked.group === undefined ? null : (await getGroup(tx, asked.group)).id;
    const query = asked.query ?? null;
    const { deviceClass } = release;
    const limits = within === null ? null : [...within];
    const wanted: Target = {
      deviceClass,
      release: release.id,
      devices: targets,
      channel,
      group,
      query,
      within: limits,
    };
    await refuseByChannels(tx, release, wanted, now);
    await refuseOverlap(tx, wanted, now);
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
        ...(asked.conflictPatienceSeconds === undefined
          ? {}
          : { conflictPatienceSeconds: asked.conflictPatienceSeconds }),
        devices: targets,
        channel,
        group,
        query,
        within: limits,
        createdAt: now,
      })
      .returning();
    return found(await toRollouts(tx, rows), 'rollout', '');
  });

const UNBUILT = [
  'waves',
  'failurePercent',
  'soakSeconds',
  'onFailure',
  'approval',
  'startAt',
  'endAt',
  'maxPerMinute',
  'retries',
  'penaltySeconds',
  'priority',
] as const;

const refuseUnbuilt = (asked: RolloutCreate): void => {
  const said = UNBUILT.filter((name) => asked[name] !== undefined);
  if (said.length === 0) return;
  throw new SlipwayError(
    'REQUEST_INVALID',
    `This server does not know ${said.join(', ')} of a rollout yet. Leave it out.`,
  );
};

const checkTargets = async (db: Database, targets: readonly DeviceId[], release: Release): Promise<void> => {
  const known = await db
    .select({
      id: devices.id,
      deviceClass: devices.deviceClass,
      state: devices.state,
      revokedAt: devices.revokedAt,
    })
    .from(devices)
    .where(inArray(devices.id, [...targets]));
  for (const target of targets) {
    const device = found(
      known.filter(({ id }) => id === target),
      'device',
      target,
    );
    refuseRevoked(target, device.revokedAt);
    if (device.state !== 'active') {
      throw new SlipwayError(
        'CONFLICT',
        `Device ${target} is ${device.state}; only an active one takes a release. Accept it first, or leave it out.`,
        { details: { device: target, state: device.state } },
      );
    }
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

/** What the channels say that the devices follow, and the channel of the rollout itself. */
const refuseByChannels = async (db: Database, release: Release, wanted: Target, now: Date): Promise<void> => {
  const { deviceClass, channel } = wanted;
  const isTarget = await isTargetOf(db, wanted, now);
  const followed = await db.selectDistinct({ channel: devices.channel }).from(devices).where(isTarget);
  const names = [channel, ...followed.map((row) => row.channel)].filter((name) => name !== null);
  if (names.length === 0) return;
  const rows = await db
    .select()
    .from(channels)
    .where(and(eq(channels.deviceClass, deviceClass), inArray(channels.name, names)));
  for (const row of rows) refuseBelowFloor(row, release);
  if (wanted.devices === null) return;
  // Of a whole class or channel, those that have yet to pass a stone come in once they have.
  const stones = await stonesOfClass(db, deviceClass);
  for (const device of await db.select().from(devices).where(isTarget).orderBy(devices.id)) {
    const passed = device.channel === null ? [] : (stones.get(device.channel) ?? []);
    const stone = missingStone(passed, device.version, release.version);
    if (stone === undefined) continue;
    throw new SlipwayError(
      'STEPPING_STONE_MISSING',
      `Device ${device.id} runs ${device.version ?? 'an unknown version'} and must pass ${stone.version} ` +
        `(${stone.release}) before ${release.version}. Roll that out to it first, or leave it out.`,
      { details: { device: device.id, steppingStone: stone.release } },
    );
  }
};

// Two rollouts on one device would race, and the lower counter would then be refused by the device as a downgrade.
// Groups and queries are told apart by the devices that they find now; whatever they find later, no device is offered
// two releases at once.
const refuseOverlap = async (db: Database, wanted: Target, now: Date): Promise<void> => {
  const { channel, devices: targets } = wanted;
  const running = await db
    .select()
    .from(rollouts)
    .where(and(eq(rollouts.state, 'running'), eq(rollouts.deviceClass, wanted.deviceClass)));
  const perhaps = running.filter((one) => {
    // A device follows one channel at a time.
    if (one.channel !== null && channel !== null && one.channel !== channel) return false;
    return one.devices === null || targets === null || one.devices.some((id) => targets.includes(id));
  });
  const finds = ({ group, query }: Target): boolean => group !== null || query !== null;
  let other: Row | undefined;
  for (const one of perhaps)
    if (other === undefined && (!(finds(one) || finds(wanted)) || (await haveInCommon(db, one, wanted, now))))
      other = one;
  if (other === undefined) return;
  throw new SlipwayError(
    'CONFLICT',
    `Rollout ${other.id} of ${other.version} still runs on these devices. Wait for its end or abort it.`,
    { details: { rollout: other.id } },
  );
};

const haveInCommon = async (db: Database, a: Target, b: Target, now: Date): Promise<boolean> => {
  const both = and(await isTargetOf(db, a, now), await isTargetOf(db, b, now));
  const rows = await db.select({ id: devices.id }).from(devices).where(both).limit(1);
  return rows.length > 0;
};

export const getRollout = async (db: Database, id: RolloutId): Promise<Rollout> =>
  found(await toRollouts(db, await db.select().from(rollouts).where(eq(rollouts.id, id))), 'rollout', id);

export const listRollouts = async (
  db: Database,
  page: Page & { readonly state?: RolloutState | undefined; readonly near?: SQL | undefined },
): Promise<Paged<Rollout>> => {
  const filter = and(page.state === undefined ? undefined : eq(rollouts.state, page.state), page.near);
  const keys = keyset(page, { by: [rollouts.createdAt, rollouts.id], direction: 'desc' });
  const rows = await db
    .select({ row: rollouts, key: keys.key })
    .from(rollouts)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    (found) => toRollouts(db, found),
    () => db.$count(rollouts, filter),
  );
};

export const runningRolloutsOf = async (db: Database, release: Release['id']): Promise<RolloutId[]> =>
  (
    await db
      .select({ id: rollouts.id })
      .from(rollouts)
      .where(and(eq(rollouts.release, release), eq(rollouts.state, 'running')))
  ).map(({ id }) => id);

/** Running rollouts that a device belongs to, or may by what a group or a query finds. */
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

/** Running rollouts whose devices may be others once a group is. */
export const runningRolloutsByQuery = async (db: Database): Promise<RolloutId[]> =>
  (
    await db
      .select({ id: rollouts.id })
      .from(rollouts)
      .where(and(eq(rollouts.state, 'running'), or(isNotNull(rollouts.group), isNotNull(rollouts.query))))
  ).map(({ id }) => id);

/** Rollouts that a planner may have something to do for: they run, or ended while devices were under way. */
export const rolloutsToPlan = async (db: Database): Promise<RolloutId[]> => {
  const running = db.select({ id: rollouts.id }).from(rollouts).where(eq(rollouts.state, 'running'));
  const underWay = db.select({ id: executions.rollout }).from(executions).where(isLive);
  return (await union(running, underWay)).map(({ id }) => id);
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
