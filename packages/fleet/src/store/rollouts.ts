import { and, count, eq, inArray, isNotNull, isNull, lte, ne, or, sql, type SQL } from 'drizzle-orm';
import {
  isOverRollout,
  SlipwayError,
  type DeviceId,
  type GroupId,
  type Release,
  type Rollout,
  type RolloutCreate,
  type RolloutId,
  type RolloutState,
  type Wave,
  type WaveCreate,
} from '@slipway/protocol';
import { union } from 'drizzle-orm/pg-core';
import type { Database } from '../database.ts';
import { newRolloutId } from '../new-id.ts';
import {
  channels,
  devices,
  executions,
  rolloutHints,
  rollouts,
  rolloutWaits,
  rolloutWaves,
} from '../schema.ts';
import { refuseRevoked } from './certificates.ts';
import { getChannel, missingStone, refuseBelowFloor, stonesOfClass } from './channels.ts';
import { isNoHalted } from './emergency-stop.ts';
import { isLive } from './executions.ts';
import { queryCondition } from './find-groups.ts';
import { getGroup } from './groups.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { isUnsettled } from './planning/facts.ts';
import { needsAll } from './planning/places.ts';
import { getRelease, isUsable } from './releases.ts';
import { isTargetOf, isUnderWay, type Target } from './rollout-targets.ts';
import { approvalOf, wavesOfRollouts } from './rollout-waves.ts';

type Row = typeof rollouts.$inferSelect;

const toRollouts = async (db: Database, rows: readonly Row[]): Promise<Rollout[]> => {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
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
  const waves = await wavesOfRollouts(db, rows);
  return Promise.all(
    rows.map(async (row) => {
      const own = waves.get(row.id);
      return {
        id: row.id,
        release: row.release,
        deviceClass: row.deviceClass,
        version: row.version,
        state: row.state,
        reason: row.reason,
        failureThreshold: row.failureThreshold,
        failurePercent: row.failurePercent,
        maxInFlight: row.maxInFlight,
        maxPerMinute: row.maxPerMinute,
        priority: row.priority,
        soakSeconds: row.soakSeconds,
        onFailure: row.onFailure,
        retries: row.retries,
        penaltySeconds: row.penaltySeconds,
        startAt: row.startAt?.toISOString() ?? null,
        endAt: row.endAt?.toISOString() ?? null,
        policy: row.policy,
        ...(row.channel === null ? {} : { channel: row.channel }),
        ...(row.group === null ? {} : { group: row.group }),
        ...(row.query === null ? {} : { query: row.query }),
        ...(row.within === null ? {} : { within: row.within }),
        counts: own?.counts ?? {},
        ...(isOverRollout(row.state) || row.state === 'rolling_back'
          ? {}
          : { waiting: row.sweptAt === null ? await countWaiting(db, row) : (own?.waiting ?? 0) }),
        conflictPatienceSeconds: row.conflictPatienceSeconds,
        offlinePatienceSeconds: row.offlinePatienceSeconds,
        waitsFor: waits
          .filter(({ rollout }) => rollout === row.id)
          .map(({ other, devices: waiting, until }) => ({ rollout: other, devices: waiting, until })),
        waves: own?.waves ?? [],
        approvals: [...approvalOf('start', row), ...(own?.approvals ?? [])],
        createdBy: row.createdBy,
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
  createdBy = '',
): Promise<Rollout> =>
  db.transaction(async (tx) => {
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
    refuseWaves(asked);
    refuseTimes(asked, now);
    for (const wave of asked.waves ?? [])
      if (wave.query !== undefined) await queryCondition(tx, wave.query, now);
    await refuseByChannels(tx, release, wanted, now);
    // Whoever gives it a priority knows that it is not alone.
    if (asked.priority === undefined) await refuseOverlap(tx, wanted, now);
    const rows = await tx
      .insert(rollouts)
      .values({
        id: newRolloutId(),
        release: release.id,
        deviceClass: release.deviceClass,
        version: release.version,
        createdBy,
        state: firstState(asked, now),
        failureThreshold: asked.failureThreshold,
        failurePercent: asked.failurePercent ?? null,
        maxInFlight: asked.maxInFlight,
        maxPerMinute: asked.maxPerMinute ?? null,
        priority: asked.priority ?? 50,
        soakSeconds: asked.soakSeconds ?? 0,
        onFailure: asked.onFailure ?? 'stop',
        retries: asked.retries ?? null,
        penaltySeconds: asked.penaltySeconds ?? 0,
        approval: asked.approval ?? false,
        startAt: asked.startAt === undefined ? null : new Date(asked.startAt),
        endAt: asked.endAt === undefined ? null : new Date(asked.endAt),
        nextAt: asked.startAt === undefined ? now : new Date(asked.startAt),
        placed: !(asked.waves ?? []).some((who) => needsAll({ who })),
        policy: asked.policy ?? {},
        offlinePatienceSeconds: asked.offlinePatienceSeconds ?? null,
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
    for (const { id } of rows) await createWaves(tx, id, asked);
    return found(await toRollouts(tx, rows), 'rollout', '');
  });

const firstState = ({ approval, startAt }: RolloutCreate, now: Date): RolloutState => {
  if (approval === true) return 'pending';
  return startAt !== undefined && new Date(startAt) > now ? 'scheduled' : 'running';
};

const refuseWaves = ({ waves = [] }: RolloutCreate): void => {
  const early = waves.findIndex((wave, index) => index < waves.length - 1 && isOfEverybody(wave));
  if (early !== -1)
    throw new SlipwayError(
      'REQUEST_INVALID',
      `Wave ${early + 1} says not who belongs to it, so nobody is left for the next. Give it devices, count, percent or query; only the last wave may leave them out.`,
      { details: { wave: early } },
    );
  const shares = waves.flatMap(({ percent }, index) => (percent === undefined ? [] : [{ percent, index }]));
  const low = shares.find(({ percent }, at) => at > 0 && percent <= (shares[at - 1]?.percent ?? 0));
  if (low === undefined) return;
  throw new SlipwayError(
    'REQUEST_INVALID',
    `Wave ${low.index + 1} reaches ${low.percent} % of the devices, which the waves before it have reached. Shares add up: say 5, then 25, then 100.`,
    { details: { wave: low.index } },
  );
};

const isOfEverybody = ({ devices: list, count: number, percent, query }: WaveCreate): boolean =>
  list === undefined && number === undefined && percent === undefined && query === undefined;

const refuseTimes = ({ startAt, endAt }: RolloutCreate, now: Date): void => {
  if (endAt === undefined || new Date(endAt) > new Date(startAt ?? now)) return;
  throw new SlipwayError(
    'REQUEST_INVALID',
    `The rollout would end at ${endAt}, before it starts. Choose a later endAt, or leave it out.`,
  );
};

const createWaves = async (db: Database, rollout: RolloutId, asked: RolloutCreate): Promise<void> => {
  const waves: readonly WaveCreate[] = asked.waves ?? [{}];
  await db.insert(rolloutWaves).values(
    waves.map((wave, index) => {
      const { name = null, success = null, failure = null, maxInFlight = null, approval = false } = wave;
      const { soakSeconds = asked.soakSeconds ?? 0, devices: list, count: number, percent, query } = wave;
      const who: Wave['who'] = {
        ...(list === undefined ? {} : { devices: list }),
        ...(number === undefined ? {} : { count: number }),
        ...(percent === undefined ? {} : { percent }),
        ...(query === undefined ? {} : { query }),
      };
      return { rollout, index, name, success, failure, maxInFlight, approval, soakSeconds, who };
    }),
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
  // Devices are led over stepping stones, as long as those can be had.
  const stones = await stonesOfClass(db, deviceClass);
  const gone = new Set<string>();
  for (const { release: id } of [...stones.values()].flat())
    if (!isUsable(await getRelease(db, id))) gone.add(id);
  if (gone.size === 0) return;
  for (const device of await db.select().from(devices).where(isTarget).orderBy(devices.id)) {
    const passed = device.channel === null ? [] : (stones.get(device.channel) ?? []);
    const stone = missingStone(passed, device.version, release.version);
    if (stone === undefined || !gone.has(stone.release)) continue;
    throw new SlipwayError(
      'STEPPING_STONE_MISSING',
      `Device ${device.id} runs ${device.version ?? 'an unknown version'} and must pass ${stone.version} ` +
        `(${stone.release}) before ${release.version}, which was withdrawn. Give its channel another stepping stone, or leave the device out.`,
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
    .where(and(isUnderWay, eq(rollouts.deviceClass, wanted.deviceClass)));
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
    `Rollout ${other.id} of ${other.version} still runs on these devices. Wait for its end, abort it, or give this one a priority.`,
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
  page: Page & {
    readonly state?: RolloutState | undefined;
    readonly deviceClass?: Release['deviceClass'] | undefined;
    readonly release?: Release['id'] | undefined;
    readonly near?: SQL | undefined;
  },
): Promise<Paged<Rollout>> => {
  const filter = and(
    page.state === undefined ? undefined : eq(rollouts.state, page.state),
    page.deviceClass === undefined ? undefined : eq(rollouts.deviceClass, page.deviceClass),
    page.release === undefined ? undefined : eq(rollouts.release, page.release),
    page.near,
  );
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
      .where(and(eq(rollouts.release, release), isUnderWay))
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
          inArray(rollouts.state, ['running', 'paused', 'rolling_back']),
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
      .where(
        and(
          inArray(rollouts.state, ['running', 'paused']),
          or(isNotNull(rollouts.group), isNotNull(rollouts.query)),
        ),
      )
  ).map(({ id }) => id);

/** Rollouts that a planner may have something to do for: they run, or ended while devices were under way. */
export const rolloutsToPlan = async (db: Database): Promise<RolloutId[]> => {
  const running = db
    .select({ id: rollouts.id })
    .from(rollouts)
    .where(inArray(rollouts.state, ['running', 'scheduled', 'paused', 'rolling_back']));
  const underWay = db.select({ id: executions.rollout }).from(executions).where(isLive);
  return (await union(running, underWay)).map(({ id }) => id);
};

/** Rollouts that are to be planned now, whoever forgot to: their time has come, or something happened to their devices. */
export const rolloutsDue = async (db: Database, now: Date): Promise<RolloutId[]> => {
  const due = db.select({ id: rollouts.id }).from(rollouts).where(lte(rollouts.nextAt, now));
  const late = db
    .select({ id: executions.rollout })
    .from(executions)
    .where(and(isLive, lte(executions.deadlineAt, now)));
  const ended = db.select({ id: executions.rollout }).from(executions).where(isUnsettled);
  const hinted = db.select({ id: rolloutHints.rollout }).from(rolloutHints);
  return (await union(due, late, ended, hinted)).map(({ id }) => id);
};
