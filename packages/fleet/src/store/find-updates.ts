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

/** What devices of these classes may take instead: the newest of each. */
export const updatesFor = async (
  db: Database,
  classes: readonly ClassName[],
  holders: readonly ReleaseId[],
): Promise<ReadonlyMap<ClassName, Update>> => {
  if (classes.length === 0) return new Map();
  const rows = await db
    .selectDistinctOn([releases.deviceClass], {
      deviceClass: releases.deviceClass,
      id: releases.id,
      version: releases.version,
    })
    .from(releases)
    .where(and(inArray(releases.deviceClass, [...classes]), isFree(holders)))
    .orderBy(releases.deviceClass, desc(releases.counter));
  return new Map(rows.map(({ deviceClass, ...update }) => [deviceClass, update]));
};

type OfChannel = NonNullable<PackageFinding['byClass'][number]['channels']>[number];

/**
 * The same by the channels that the devices follow: a rollout to what a query finds reaches those who follow one only
 * with a release that was published to it.
 *
 * @param ofClass what those may take who follow none
 */
export const updatesOfChannels = async (
  db: Database,
  holders: readonly ReleaseId[],
  ofClass: ReadonlyMap<ClassName, Update>,
  near: SQL | undefined,
): Promise<(deviceClass: ClassName) => OfChannel[]> => {
  const on = await db
    .select({ deviceClass: devices.deviceClass, channel: devices.channel, devices: count() })
    .from(devices)
    .where(and(isOfFleet, near, sql`${devices.release} = any(${idArray(holders)})`))
    .groupBy(devices.deviceClass, devices.channel)
    .orderBy(desc(count()), devices.channel);
  const named = on.filter(({ channel }) => channel !== null);
  const published =
    named.length === 0
      ? []
      : await db
          .selectDistinctOn([channelHistory.deviceClass, channelHistory.channel], {
            deviceClass: channelHistory.deviceClass,
            channel: channelHistory.channel,
            id: releases.id,
            version: releases.version,
          })
          .from(channelHistory)
          .innerJoin(releases, eq(releases.id, channelHistory.release))
          .where(
            and(
              inArray(channelHistory.deviceClass, [
                ...ofClass.keys(),
                ...named.map((row) => row.deviceClass),
              ]),
              eq(channelHistory.event, 'published'),
              isFree(holders),
            ),
          )
          .orderBy(channelHistory.deviceClass, channelHistory.channel, desc(releases.counter));
  const updateOf = (deviceClass: ClassName, channel: ChannelName | null): Update | null => {
    if (channel === null) return ofClass.get(deviceClass) ?? null;
    const found = published.find((row) => row.deviceClass === deviceClass && row.channel === channel);
    return found === undefined ? null : { id: found.id, version: found.version };
  };
  return (deviceClass) =>
    on
      .filter((row) => row.deviceClass === deviceClass)
      .map(({ channel, devices: number }) => ({
        channel,
        devices: number,
        update: updateOf(deviceClass, channel),
      }));
};
