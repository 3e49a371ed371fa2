import { and, inArray, sql, type SQL } from 'drizzle-orm';
import { SlipwayError, type DeviceId, type GroupId, type RolloutCreate } from '@slipway/protocol';
import type { Reach } from '../actor.ts';
import type { Database } from '../database.ts';
import { devices, groups, rollouts } from '../schema.ts';
import { queryCondition } from './find-groups.ts';
import { found } from './not-found.ts';

/** That a device is one that somebody may reach. @returns undefined: every device is */
export const isInReach = async (db: Database, reach: Reach, now: Date): Promise<SQL | undefined> => {
  if (reach === 'fleet') return undefined;
  // Of groups that are gone nothing is left.
  const known = await db
    .select({ id: groups.id })
    .from(groups)
    .where(inArray(groups.id, [...reach]));
  if (known.length === 0) return sql`false`;
  return queryCondition(db, known.map(({ id }) => `group = ${id}`).join(' or '), now);
};

const isThere = (rows: readonly unknown[]): boolean => rows.length > 0;

/** Those of some devices that are in reach. */
export const devicesInReach = async (
  db: Database,
  reach: Reach,
  wanted: readonly string[],
  now: Date,
): Promise<ReadonlySet<string>> => {
  if (wanted.length === 0) return new Set();
  const rows = await db
    .select({ id: devices.id })
    .from(devices)
    .where(and(inArray(sql`${devices.id}`, [...new Set(wanted)]), await isInReach(db, reach, now)));
  return new Set(rows.map(({ id }) => id));
};

export const isDeviceInReach = async (
  db: Database,
  reach: Reach,
  device: string,
  now: Date,
): Promise<boolean> => (await devicesInReach(db, reach, [device], now)).has(device);

/** @param name or id */
export const isGroupInReach = async (db: Database, reach: Reach, name: string): Promise<boolean> =>
  isThere(
    await db
      .select({ id: groups.id })
      .from(groups)
      .where(
        and(
          sql`${name} in (${groups.id}, ${groups.name})`,
          reach === 'fleet' ? undefined : inArray(groups.id, [...reach]),
        ),
      ),
  );

/**
 * That a rollout is one to a group in reach, to what a query finds within such groups, or to devices that are all in
 * reach now.
 *
 * @returns undefined: every rollout is
 */
export const isRolloutInReach = async (db: Database, reach: Reach, now: Date): Promise<SQL | undefined> => {
  const near = await isInReach(db, reach, now);
  if (reach === 'fleet' || near === undefined) return undefined;
  if (reach.length === 0) return sql`false`;
  return sql`(${inArray(rollouts.group, [...reach])} or ${rollouts.within} <@ ${JSON.stringify(reach)}::jsonb or (${rollouts.devices} is not null and not exists (
    select from jsonb_array_elements_text(${rollouts.devices}) as target
    where not exists (select from ${devices} where ${devices.id} = target and ${near}))))`;
};

/** Those of some rollouts that are in reach. */
export const rolloutsInReach = async (
  db: Database,
  reach: Reach,
  wanted: readonly string[],
  now: Date,
): Promise<ReadonlySet<string>> => {
  if (wanted.length === 0) return new Set();
  const rows = await db
    .select({ id: rollouts.id })
    .from(rollouts)
    .where(and(inArray(sql`${rollouts.id}`, [...new Set(wanted)]), await isRolloutInReach(db, reach, now)));
  return new Set(rows.map(({ id }) => id));
};

export const isRolloutReached = async (db: Database, reach: Reach, id: string, now: Date): Promise<boolean> =>
  (await rolloutsInReach(db, reach, [id], now)).has(id);

/** @throws {SlipwayError} NOT_FOUND for one that is out of reach, as if it were not there */
export const refuseDevicesBeyond = async (
  db: Database,
  reach: Reach,
  wanted: readonly DeviceId[],
  now: Date,
): Promise<void> => {
  const condition = await isInReach(db, reach, now);
  if (condition === undefined) return;
  const near = await db
    .select({ id: devices.id })
    .from(devices)
    .where(and(inArray(devices.id, [...wanted]), condition));
  for (const device of wanted)
    found(
      near.filter(({ id }) => id === device),
      'device',
      device,
    );
};

/**
 * What somebody may roll out to whose role is for the devices of groups: one of these groups, devices of them, or what a
 * query finds within them.
 *
 * @returns the groups that a query is kept within; null: there is nothing to keep it within
 * @throws {SlipwayError} NOT_FOUND for a group or device out of reach, FORBIDDEN where none of the three is named
 */
export const limitTargets = async (
  db: Database,
  reach: Reach,
  asked: Pick<RolloutCreate, 'devices' | 'group' | 'query'>,
  now: Date,
): Promise<readonly GroupId[] | null> => {
  if (reach === 'fleet') return null;
  if (asked.group !== undefined) {
    const near = await isGroupInReach(db, reach, asked.group);
    found(near ? [asked.group] : [], 'group', asked.group);
    return null;
  }
  if (asked.devices !== undefined) {
    await refuseDevicesBeyond(db, reach, asked.devices, now);
    return null;
  }
  const there = await db
    .select({ id: groups.id, name: groups.name })
    .from(groups)
    .where(inArray(groups.id, [...reach]))
    .orderBy(groups.name);
  if (asked.query !== undefined && there.length > 0) return there.map(({ id }) => id);
  const names = there.map(({ name }) => name).join(', ') || 'none that is still there';
  throw new SlipwayError(
    'FORBIDDEN',
    `Your role is for the devices of groups (${names}). Name a group, devices or a query to roll out to.`,
    { details: { groups: reach } },
  );
};
