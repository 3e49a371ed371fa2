import { and, asc, eq, gt, gte, inArray, ne, sql, type SQL } from 'drizzle-orm';
import { union } from 'drizzle-orm/pg-core';
import {
  desiredAssignment,
  type Assignment,
  type ClassName,
  type Desired,
  type Device,
  type DeviceId,
  type DeviceSort,
  type DeviceState,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { LIVE_STATES } from '../live-states.ts';
import { alarmsOf } from '../query/alarms.ts';
import { devices, executions, restores } from '../schema.ts';
import { found } from './not-found.ts';
import { deviceOrder } from './device-order.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { isOneOf } from './row-set.ts';

export const toDevice = (row: typeof devices.$inferSelect, now = new Date()): Device => ({
  id: row.id,
  deviceClass: row.deviceClass,
  arch: row.arch,
  state: row.state,
  serial: row.serial,
  name: row.name,
  tags: row.tags,
  attributes: row.attributes,
  alarms: alarmsOf(row, now),
  online: row.online,
  health: row.health,
  activeSlot: row.activeSlot,
  slots: row.slots,
  release: row.release,
  version: row.version,
  agentVersion: row.agentVersion,
  bootId: row.bootId,
  timeZone: row.timeZone,
  utcOffset: row.utcOffset,
  services: row.services,
  ...(row.telemetry === null ? {} : { telemetry: row.telemetry }),
  enrolledAt: row.enrolledAt.toISOString(),
  lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
  certificateExpiresAt: row.certificateExpiresAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
  ...(row.channel === null ? {} : { channel: row.channel }),
  decommissionedAt: row.decommissionedAt?.toISOString() ?? null,
});

/** That a state is one of the fleet, or perhaps soon. */
export const isOfFleetByState = (state: SQL): SQL => inArray(state, ['pending', 'active', 'revoked']);
export const isOfFleet = isOfFleetByState(sql`${devices.state}`);

export const getDevice = async (db: Database, id: DeviceId): Promise<Device> =>
  toDevice(found(await db.select().from(devices).where(eq(devices.id, id)), 'device', id));

export const listDevices = async (
  db: Database,
  page: Page & {
    readonly deviceClass?: ClassName | undefined;
    readonly online?: boolean | undefined;
    /** absent: all that are of the fleet, or might be */
    readonly state?: DeviceState | undefined;
    /** of `queryCondition`, which knows which states are meant */
    readonly condition?: SQL | undefined;
    /** only those that this holds for: what whoever asks may reach */
    readonly near?: SQL | undefined;
    /** absent: by id */
    readonly sort?: DeviceSort | undefined;
    readonly order?: 'asc' | 'desc' | undefined;
  },
): Promise<Paged<Device>> => {
  const filter = and(
    page.deviceClass === undefined ? undefined : eq(devices.deviceClass, page.deviceClass),
    page.state === undefined ? undefined : eq(devices.state, page.state),
    page.state === undefined && page.condition === undefined ? isOfFleet : undefined,
    page.condition,
    page.near,
    page.online === undefined ? undefined : eq(devices.online, page.online),
  );
  const keys = keyset(page, deviceOrder(page.sort ?? 'id', page.order ?? 'asc'));
  // First what is in the page, then what it holds: to sort a whole fleet with its telemetry takes seconds.
  const rows = await db
    .select({ row: devices.id, key: keys.key })
    .from(devices)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    (ids) => devicesById(db, ids),
    () => db.$count(devices, filter),
  );
};

/** In the order of their ids; without those that are not there. */
export const devicesById = async (db: Database, ids: readonly DeviceId[]): Promise<Device[]> => {
  if (ids.length === 0) return [];
  const rows = await db.select().from(devices).where(isOneOf(devices.id, ids));
  const byId = new Map(rows.map((row) => [row.id, toDevice(row)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
};

/** The next number; above those that were given since the backup that the database was put back from. */
export const nextSeq = sql`greatest(${devices.desiredSeq}, (select coalesce(max(${restores.seqBase}), 0) from ${restores})) + 1`;

/** Sets what is asked of a device; `seq` rises in the database, so no two servers give one number twice. */
export const assign = async (db: Database, id: DeviceId, assignment: Assignment | null): Promise<void> => {
  await db.update(devices).set({ assignment, desiredSeq: nextSeq }).where(eq(devices.id, id));
};

/** Asks nothing more of a device, if what is asked belongs to that execution. */
export const unassign = async (
  db: Database,
  id: DeviceId,
  execution: Assignment['execution'],
): Promise<void> => {
  await db
    .update(devices)
    .set({ assignment: null, desiredSeq: sql`${devices.desiredSeq} + 1` })
    .where(and(eq(devices.id, id), sql`${devices.assignment}->>'execution' = ${execution}`));
};

/** @returns undefined where nothing was ever asked of the device */
export const desiredOf = async (db: Database, id: DeviceId): Promise<Desired | undefined> =>
  (await desiredOfAll(db, [id])).get(id);

/** Those that were ever asked for something. */
export const desiredOfAll = async (
  db: Database,
  ids: readonly DeviceId[],
): Promise<ReadonlyMap<DeviceId, Desired>> => {
  const rows = await db
    .select({ id: devices.id, seq: devices.desiredSeq, assignment: devices.assignment })
    .from(devices)
    .where(and(isOneOf(devices.id, ids), gt(devices.desiredSeq, 0)));
  return new Map(rows.map(({ id, seq, assignment }) => [id, { v: 1, seq, assignment: told(assignment) }]));
};

const told = (assignment: Assignment | null): Desired['assignment'] =>
  assignment === null ? null : desiredAssignment(assignment);

/**
 * Devices of which something stands retained at the broker, or should, by their ids.
 *
 * @param after the last one of the page before; undefined: from the first on
 */
export const devicesAsked = async (
  db: Database,
  after: DeviceId | undefined,
  limit: number,
): Promise<DeviceId[]> =>
  (
    await db
      .select({ id: devices.id })
      .from(devices)
      .where(
        and(
          gt(devices.desiredSeq, 0),
          ne(devices.state, 'decommissioned'),
          after === undefined ? undefined : gt(devices.id, after),
        ),
      )
      .orderBy(asc(devices.id))
      .limit(limit)
  ).map(({ id }) => id);

/** Those of which something is asked now, or was until then: what they are asked may have changed since. */
export const devicesAskedSince = async (db: Database, since: Date): Promise<DeviceId[]> => {
  const now = db
    .select({ id: executions.device })
    .from(executions)
    .where(inArray(executions.state, [...LIVE_STATES]));
  const until = db.select({ id: executions.device }).from(executions).where(gte(executions.updatedAt, since));
  return (await union(now, until)).map(({ id }) => id);
};
