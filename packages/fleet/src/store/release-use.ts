import { and, count, eq, sql } from 'drizzle-orm';
import type { ReleaseId, ReleaseUse } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { channels, devices, rollouts } from '../schema.ts';
import { isOfFleet } from './devices.ts';
import { getRelease } from './releases.ts';
import { isUnderWay } from './rollout-targets.ts';

/** Who uses a release. @throws {SlipwayError} NOT_FOUND */
export const releaseUse = async (db: Database, id: ReleaseId): Promise<ReleaseUse> => {
  const { deviceClass } = await getRelease(db, id);
  const of = await db
    .select({ name: channels.name, release: channels.release, stones: channels.steppingStones })
    .from(channels)
    .where(eq(channels.deviceClass, deviceClass))
    .orderBy(channels.name);
  const followers = await db
    .select({ channel: devices.channel, devices: count() })
    .from(devices)
    .where(and(isOfFleet, eq(devices.deviceClass, deviceClass), sql`${devices.channel} is not null`))
    .groupBy(devices.channel);
  const open = await db
    .select({ id: rollouts.id, state: rollouts.state })
    .from(rollouts)
    .where(and(eq(rollouts.release, id), isUnderWay))
    .orderBy(rollouts.createdAt);
  return {
    release: id,
    devices: await db.$count(devices, and(isOfFleet, eq(devices.release, id))),
    rollouts: open,
    channels: of
      .filter(({ release }) => release === id)
      .map(({ name }) => ({
        name,
        devices: followers.find(({ channel }) => channel === name)?.devices ?? 0,
      })),
    steppingStoneOf: of
      .filter(({ stones }) => stones.some(({ release }) => release === id))
      .map(({ name }) => name),
  };
};
