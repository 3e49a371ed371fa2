import { and, count, desc, eq, inArray, isNotNull, sql, type SQL } from 'drizzle-orm';
import type { ChannelName, ClassName, PackageFinding, ReleaseId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { idArray } from '../query/id-array.ts';
import { channelHistory, devices, releases } from '../schema.ts';
import { isOfFleet } from './devices.ts';

type Update = { readonly id: ReleaseId; readonly version: string };

/** Published, and known to hold nothing of it. */
const isFree = (holders: readonly ReleaseId[]): SQL | undefined =>
  and(
    eq(releases.state, 'published'),
    isNotNull(releases.packages),
    sql`${releases.id} <> all(${idArray(holders)})`,
  );

/** What of them a device takes that runs a release of some counter: it refuses to go back. */
const isTaken = (update: Counted | undefined, counter: number): update is Counted =>
  update !== undefined && counter < update.counter;

type Counted = Update & { readonly counter: number };
const plain = ({ id, version }: Counted): Update => ({ id, version });

/** Where devices run what they are to be brought away from. */
type Lot = {
  readonly deviceClass: ClassName;
  readonly channel: ChannelName | null;
  readonly counter: number;
  readonly devices: number;
};

const lotsOf = (db: Database, holders: readonly ReleaseId[], near: SQL | undefined): Promise<Lot[]> =>
  db
    .select({
      deviceClass: devices.deviceClass,
      channel: devices.channel,
      counter: releases.counter,
      devices: count(),
    })
    .from(devices)
    .innerJoin(releases, eq(releases.id, devices.release))
    .where(and(isOfFleet, near, sql`${devices.release} = any(${idArray(holders)})`))
    .groupBy(devices.deviceClass, devices.channel, releases.counter)
    .orderBy(desc(count()), devices.channel);

/** The newest of each class. */
const newestOfClasses = async (
  db: Database,
  classes: readonly ClassName[],
  holders: readonly ReleaseId[],
): Promise<ReadonlyMap<ClassName, Counted>> => {
  const rows = await db
    .selectDistinctOn([releases.deviceClass], {
      deviceClass: releases.deviceClass,
      id: releases.id,
      version: releases.version,
      counter: releases.counter,
    })
    .from(releases)
    .where(and(inArray(releases.deviceClass, [...classes]), isFree(holders)))
    .orderBy(releases.deviceClass, desc(releases.counter));
  return new Map(rows.map(({ deviceClass, ...update }) => [deviceClass, update]));
};

/** The newest that was published to each channel, by class and channel. */
const newestOfChannels = async (
  db: Database,
  classes: readonly ClassName[],
  holders: readonly ReleaseId[],
): Promise<ReadonlyMap<string, Counted>> => {
  const rows = await db
    .selectDistinctOn([channelHistory.deviceClass, channelHistory.channel], {
      deviceClass: channelHistory.deviceClass,
      channel: channelHistory.channel,
      id: releases.id,
      version: releases.version,
      counter: releases.counter,
    })
    .from(channelHistory)
    .innerJoin(releases, eq(releases.id, channelHistory.release))
    .where(
      and(
        inArray(channelHistory.deviceClass, [...classes]),
        eq(channelHistory.event, 'published'),
        isFree(holders),
      ),
    )
    .orderBy(channelHistory.deviceClass, channelHistory.channel, desc(releases.counter));
  return new Map(rows.map(({ deviceClass, channel, ...update }) => [`${deviceClass}/${channel}`, update]));
};

type OfChannel = NonNullable<PackageFinding['byClass'][number]['channels']>[number];
export type Updates = { readonly update: Update | null; readonly channels: OfChannel[] };

/**
 * What devices may take instead, by their class and by the channels that they follow: a rollout to what a query finds
 * reaches those who follow one only with a release that was published to it. What some already run a later release than
 * is nothing for them.
 */
export const updatesFor = async (
  db: Database,
  holders: readonly ReleaseId[],
  near: SQL | undefined,
): Promise<(deviceClass: ClassName) => Updates> => {
  const lots = holders.length === 0 ? [] : await lotsOf(db, holders, near);
  const classes = [...new Set(lots.map(({ deviceClass }) => deviceClass))];
  if (classes.length === 0) return () => ({ update: null, channels: [] });
  const ofClass = await newestOfClasses(db, classes, holders);
  const ofChannel = lots.some(({ channel }) => channel !== null)
    ? await newestOfChannels(db, classes, holders)
    : new Map<string, Counted>();
  return (deviceClass) => {
    const own = lots.filter((lot) => lot.deviceClass === deviceClass);
    const newest = ofClass.get(deviceClass);
    const channels = new Map<string, OfChannel>();
    for (const { channel, counter, devices: number } of own) {
      const found = channel === null ? newest : ofChannel.get(`${deviceClass}/${channel}`);
      const update = isTaken(found, counter) ? plain(found) : null;
      const key = `${channel ?? ''} ${update?.id ?? ''}`;
      channels.set(key, { channel, devices: number + (channels.get(key)?.devices ?? 0), update });
    }
    return {
      update:
        newest !== undefined && own.some(({ counter }) => isTaken(newest, counter)) ? plain(newest) : null,
      channels: [...channels.values()],
    };
  };
};
