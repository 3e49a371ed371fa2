import { and, eq, exists, inArray, isNull, or, sql } from 'drizzle-orm';
import type { DeviceId, RolloutId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices, rollouts } from '../schema.ts';
import { isOneOf } from './row-set.ts';

/** Of more devices than that a rollout that lists its own is not searched for each of them. */
const SEARCHED = 20;

/**
 * Running rollouts that any of the devices belongs to, or may by what a group or a query finds; for many devices also
 * others of their classes, whose planner then finds nothing to do.
 */
export const runningRolloutsOnAny = async (db: Database, ids: readonly DeviceId[]): Promise<RolloutId[]> => {
  const ofClass = db
    .select({ one: sql`1` })
    .from(devices)
    .where(and(isOneOf(devices.id, ids), eq(devices.deviceClass, rollouts.deviceClass)));
  const isListed = or(
    isNull(rollouts.devices),
    ids.length > SEARCHED ? sql`true` : sql`${rollouts.devices} ?| ${sql.param([...ids])}::text[]`,
  );
  const rows = await db
    .select({ id: rollouts.id })
    .from(rollouts)
    .where(and(inArray(rollouts.state, ['running', 'paused', 'rolling_back']), isListed, exists(ofClass)));
  return rows.map(({ id }) => id);
};
