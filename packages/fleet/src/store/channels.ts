import { and, count, eq } from 'drizzle-orm';
import {
  compareVersions,
  SlipwayError,
  type ChannelChange,
  type ChannelHistory,
  type ChannelName,
  type ClassName,
  type Device,
  type DeviceId,
  type Release,
  type ReleaseChannel,
  type ReleaseId,
  type SteppingStone,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { channelHistory, channels, devices, releases } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { toDevice } from './devices.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { setOffByRelease } from './release-triggers.ts';
import { changeRelease, getRelease } from './releases.ts';

type Row = typeof channels.$inferSelect;
export type ChannelKey = { readonly deviceClass: ClassName; readonly name: ChannelName };

const isKey = ({ deviceClass, name }: ChannelKey) =>
  and(eq(channels.deviceClass, deviceClass), eq(channels.name, name));

const toChannels = async (db: Database, rows: readonly Row[]): Promise<ReleaseChannel[]> =>
  Promise.all(
    rows.map(async (row) => {
      const [current] =
        row.release === null ? [] : await db.select().from(releases).where(eq(releases.id, row.release));
      const [followers] = await db
        .select({ count: count() })
        .from(devices)
        .where(
          and(
            eq(devices.deviceClass, row.deviceClass),
            eq(devices.channel, row.name),
            eq(devices.state, 'active'),
          ),
        );
      return {
        deviceClass: row.deviceClass,
        name: row.name,
        release: row.release,
        version: current?.version ?? null,
        floor: row.floor,
        steppingStones: row.steppingStones,
        devices: followers?.count ?? 0,
        createdAt: row.createdAt.toISOString(),
        updatedAt: row.updatedAt.toISOString(),
      };
    }),
  );

const nameOf = ({ deviceClass, name }: ChannelKey): string => `${deviceClass}/${name}`;

/** @throws {SlipwayError} NOT_FOUND */
export const getChannel = async (db: Database, key: ChannelKey): Promise<ReleaseChannel> =>
  found(await toChannels(db, await db.select().from(channels).where(isKey(key))), 'channel', nameOf(key));

export const listChannels = async (
  db: Database,
  page: Page & { readonly deviceClass?: ClassName | undefined },
): Promise<Paged<ReleaseChannel>> => {
  const filter = page.deviceClass === undefined ? undefined : eq(channels.deviceClass, page.deviceClass);
  const keys = keyset(page, { by: [channels.deviceClass, channels.name], direction: 'asc' });
  const rows = await db
    .select({ row: channels, key: keys.key })
    .from(channels)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    (found) => toChannels(db, found),
    () => db.$count(channels, filter),
  );
};

/** Newest first. */
export const listChannelHistory = async (
  db: Database,
  key: ChannelKey,
  page: Page,
): Promise<Paged<ChannelHistory>> => {
  const filter = and(eq(channelHistory.deviceClass, key.deviceClass), eq(channelHistory.channel, key.name));
  const keys = keyset(page, { by: [channelHistory.id], direction: 'desc' });
  const rows = await db
    .select({ row: channelHistory, key: keys.key })
    .from(channelHistory)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) =>
      found.map(({ event, release, version, actor, at }) => ({
        event,
        release,
        version,
        actor,
        at: at.toISOString(),
      })),
    () => db.$count(channelHistory, filter),
  );
};
/** Makes the channel if need be, and holds it until the transaction ends. */
const hold = async (db: Database, key: ChannelKey, now: Date): Promise<Row> => {
  await db
    .insert(channels)
    .values({ ...key, createdAt: now, updatedAt: now })
    .onConflictDoNothing();
  return found(await db.select().from(channels).where(isKey(key)).for('update'), 'channel', nameOf(key));
};

/** @throws {SlipwayError} RELEASE_BELOW_FLOOR */
export const refuseBelowFloor = (
  channel: Pick<Row, 'name' | 'deviceClass' | 'floor'>,
  release: Pick<Release, 'id' | 'version'>,
): void => {
  if (channel.floor === null || compareVersions(release.version, channel.floor) >= 0) return;
  throw new SlipwayError(
    'RELEASE_BELOW_FLOOR',
    `Channel ${nameOf(channel)} takes nothing below ${channel.floor}; release ${release.id} is ${release.version}. ` +
      'Take a newer release, or lower the floor.',
    { details: { channel: channel.name, floor: channel.floor, version: release.version } },
  );
};

/**
 * Makes a release the current one of a channel of its class; a draft is published by that, and the channel is made if
 * there is none of that name. Records the audit entry.
 *
 * @throws {SlipwayError} NOT_FOUND; REQUEST_INVALID for another class; CONFLICT for a deprecated or withdrawn release and
 * one older than the current; RELEASE_BELOW_FLOOR; QUALIFICATION_PENDING, QUALIFICATION_FAILED
 */
export const publishToChannel = (
  db: Database,
  asked: {
    readonly release: ReleaseId;
    readonly channel: ChannelName;
    readonly actor: string;
    /** although it has not proven itself */
    readonly force?: boolean | undefined;
    /** of the channel, where that was said: it must be that of the release */
    readonly deviceClass?: ClassName;
  },
  now: Date,
): Promise<{ readonly channel: ReleaseChannel; readonly release: Release }> =>
  db.transaction(async (tx) => {
    const draft = await getRelease(tx, asked.release);
    if (asked.deviceClass !== undefined && asked.deviceClass !== draft.deviceClass) {
      throw new SlipwayError(
        'REQUEST_INVALID',
        `Release ${draft.id} is for ${draft.deviceClass}, the channel for ${asked.deviceClass}. Name a channel of its class.`,
        { details: { deviceClass: draft.deviceClass } },
      );
    }
    const key = { deviceClass: draft.deviceClass, name: asked.channel };
    const channel = await hold(tx, key, now);
    refuseBelowFloor(channel, draft);
    if (channel.release !== null && channel.release !== draft.id) {
      const current = await getRelease(tx, channel.release);
      // Devices refuse to go back, so such a channel would never be reached.
      if (draft.counter < current.counter) {
        throw new SlipwayError(
          'CONFLICT',
          `Channel ${nameOf(key)} is at ${current.version} (counter ${current.counter}); release ${draft.id} is older ` +
            `(${draft.version}, counter ${draft.counter}). Build it again, or withdraw ${current.id} first.`,
          { details: { current: current.id } },
        );
      }
    }
    const release =
      draft.state === 'published'
        ? draft
        : await changeRelease(tx, draft.id, ['draft'], 'published', asked.force);
    if (channel.release !== release.id) {
      await tx.update(channels).set({ release: release.id, updatedAt: now }).where(isKey(key));
      await tx.insert(channelHistory).values({
        deviceClass: key.deviceClass,
        channel: key.name,
        event: 'published',
        release: release.id,
        version: release.version,
        actor: asked.actor,
        at: now,
      });
      await recordAudit(tx, {
        actor: asked.actor,
        action: 'channel.publish',
        subject: nameOf(key),
        details: {
          release: release.id,
          version: release.version,
          ...(asked.force === true ? { force: true, qualification: draft.qualification } : {}),
        },
      });
      await setOffByRelease(tx, release, key.name, now);
    }
    return { channel: await getChannel(tx, key), release };
  });

/**
 * Sets floor and stepping stones; makes the channel if there is none.
 *
 * @throws {SlipwayError} NOT_FOUND for a release; CONFLICT where floor, stepping stones and current release do not agree
 */
export const changeChannel = (
  db: Database,
  key: ChannelKey,
  change: ChannelChange,
  now: Date,
): Promise<ReleaseChannel> =>
  db.transaction(async (tx) => {
    const channel = await hold(tx, key, now);
    const floor = change.floor === undefined ? channel.floor : change.floor;
    const stones =
      change.steppingStones === undefined
        ? channel.steppingStones
        : await steppingStones(tx, key, change.steppingStones);
    const current = channel.release === null ? undefined : await getRelease(tx, channel.release);
    const low = [...stones, ...(current === undefined ? [] : [{ ...current, release: current.id }])].find(
      ({ version }) => floor !== null && compareVersions(version, floor) < 0,
    );
    if (low !== undefined) {
      throw new SlipwayError(
        'CONFLICT',
        `The floor ${floor} would be above ${low.version} (${low.release}), which channel ${nameOf(key)} holds. ` +
          'Publish a newer release first, or choose a lower floor.',
        { details: { floor, release: low.release } },
      );
    }
    await tx.update(channels).set({ floor, steppingStones: stones, updatedAt: now }).where(isKey(key));
    return getChannel(tx, key);
  });

const steppingStones = async (
  db: Database,
  key: ChannelKey,
  ids: readonly ReleaseId[],
): Promise<SteppingStone[]> => {
  const stones: SteppingStone[] = [];
  for (const id of new Set(ids)) {
    const { deviceClass, state, version } = await getRelease(db, id);
    if (deviceClass !== key.deviceClass || state === 'draft' || state === 'withdrawn') {
      throw new SlipwayError(
        'CONFLICT',
        `Release ${id} is ${state} and for ${deviceClass}; a stepping stone is a published release of ${key.deviceClass}.`,
        { details: { release: id, state, deviceClass } },
      );
    }
    stones.push({ release: id, version });
  }
  return stones.sort((a, b) => compareVersions(a.version, b.version));
};

/** A withdrawn release is nowhere current any more. @returns the channels that lost it */
export const clearFromChannels = (
  db: Database,
  release: Pick<Release, 'id' | 'version'>,
  actor: string,
  now: Date,
): Promise<ReleaseChannel[]> =>
  db.transaction(async (tx) => {
    const rows = await tx
      .update(channels)
      .set({ release: null, updatedAt: now })
      .where(eq(channels.release, release.id))
      .returning();
    for (const { deviceClass, name } of rows) {
      await tx.insert(channelHistory).values({
        deviceClass,
        channel: name,
        event: 'withdrawn',
        release: release.id,
        version: release.version,
        actor,
        at: now,
      });
    }
    return toChannels(tx, rows);
  });

/** @throws {SlipwayError} NOT_FOUND for a device, and for a channel that its class does not have */
export const followChannel = (db: Database, device: DeviceId, channel: ChannelName | null): Promise<Device> =>
  db.transaction(async (tx) => {
    const row = found(await tx.select().from(devices).where(eq(devices.id, device)), 'device', device);
    if (channel !== null) await getChannel(tx, { deviceClass: row.deviceClass, name: channel });
    const changed = await tx.update(devices).set({ channel }).where(eq(devices.id, device)).returning();
    return toDevice(found(changed, 'device', device));
  });

/**
 * The stepping stone that a device has yet to pass before it may take `version`.
 *
 * @param running version of the device; null: unknown, so it has passed none
 */
export const missingStone = (
  stones: readonly SteppingStone[],
  running: string | null,
  version: string,
): SteppingStone | undefined =>
  stones.find(
    (stone) =>
      compareVersions(stone.version, version) < 0 &&
      (running === null || compareVersions(running, stone.version) < 0),
  );

export const stonesOfClass = async (
  db: Database,
  deviceClass: ClassName,
): Promise<ReadonlyMap<ChannelName, readonly SteppingStone[]>> =>
  new Map(
    (
      await db
        .select({ name: channels.name, stones: channels.steppingStones })
        .from(channels)
        .where(eq(channels.deviceClass, deviceClass))
    ).map(({ name, stones }) => [name, stones] as const),
  );
