import { and, eq, exists, inArray, isNull, or, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { channelHistory, devices, rollouts } from '../schema.ts';
import { queryCondition } from './find-groups.ts';

export type Target = Pick<
  typeof rollouts.$inferSelect,
  'deviceClass' | 'devices' | 'channel' | 'release' | 'group' | 'query' | 'within'
>;

/** It may still offer something. */
export const isUnderWay = inArray(rollouts.state, [
  'pending',
  'scheduled',
  'running',
  'paused',
  'rolling_back',
]);

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

/** The same for a device that is known to be listed, where devices are. */
export const isStillTarget = async (db: Database, rollout: Target, now: Date): Promise<SQL> =>
  rollout.devices === null
    ? ((await isTargetOf(db, rollout, now)) ?? sql`true`)
    : eq(devices.state, 'active');

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
