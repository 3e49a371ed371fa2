import { sql } from 'drizzle-orm';
import { boolean, customType, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type {
  Arch,
  Assignment,
  AttributeValue,
  ChannelName,
  ClassName,
  Death,
  DeviceId,
  DeviceState,
  HealthState,
  KeyId,
  ReleaseId,
  ServiceReport,
  SlotName,
  SlotReport,
  Telemetry,
} from '@slipway/protocol';
import { at, large, tenant } from './columns.ts';

/** Text that sorts by its bytes, whatever the locale of the database is. */
const bytewise = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });

export const devices = pgTable(
  'devices',
  {
    tenant: tenant(),
    id: text('id').$type<DeviceId>().notNull(),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    arch: text('arch').$type<Arch>().notNull(),
    /** what operators say of it; nothing that a device reports is ever written here */
    name: text('name'),
    tags: text('tags').array().notNull().default([]),
    attributes: jsonb('attributes').$type<Record<string, AttributeValue>>().notNull().default({}),
    state: text('state').$type<DeviceState>().notNull().default('active'),
    serial: text('serial'),
    online: boolean('online').notNull().default(false),
    /** of the last birth and the last death seen; equal: the device is gone */
    connection: large('connection').notNull().default(0),
    deathConnection: large('death_connection').notNull().default(0),
    /** what the last death said; a trigger takes it over into `device_presence` */
    deathReason: text('death_reason').$type<Death['reason']>(),
    health: text('health').$type<HealthState>(),
    activeSlot: text('active_slot').$type<SlotName>(),
    slots: jsonb('slots').$type<{ a: SlotReport; b: SlotReport }>(),
    release: text('release').$type<ReleaseId>(),
    version: text('version'),
    /** sorts as text in the order of semantic versions; the function is in the migrations */
    versionOrder: bytewise('version_order').generatedAlwaysAs(sql`version_order(version)`),
    agentVersion: text('agent_version'),
    bootId: text('boot_id'),
    /** of its maintenance windows: the name, where it has one, and seconds ahead of UTC at its last birth */
    timeZone: text('time_zone'),
    utcOffset: integer('utc_offset'),
    services: jsonb('services').$type<ServiceReport[]>().notNull().default([]),
    telemetry: jsonb('telemetry').$type<Telemetry>(),
    /** alarms, by the limits in `ALARM_LIMITS`: kept, since to look for one in all that devices say takes seconds in a large fleet */
    diskFull: boolean('disk_full').generatedAlwaysAs(
      sql`((telemetry #>> '{diskTotal}')::float8 - (telemetry #>> '{diskFree}')::float8) * 100 / nullif((telemetry #>> '{diskTotal}')::float8, 0) >= 90`,
    ),
    hot: boolean('hot').generatedAlwaysAs(sql`(telemetry #>> '{temperature}')::float8 >= 85`),
    degraded: boolean('degraded').generatedAlwaysAs(
      sql`coalesce(slots #>> '{a,state}' = 'FAILED', false) or coalesce(slots #>> '{b,state}' = 'FAILED', false) or services @> '[{"state":"stopped"}]'`,
    ),
    restarting: boolean('restarting').generatedAlwaysAs(sql`services @> '[{"state":"restarting"}]'`),
    /** what `desired` says; `seq` rises with every change */
    desiredSeq: integer('desired_seq').notNull().default(0),
    assignment: jsonb('assignment').$type<Assignment | null>(),
    enrolledAt: at('enrolled_at').notNull().defaultNow(),
    lastSeenAt: at('last_seen_at'),
    certificateExpiresAt: at('certificate_expires_at'),
    /** of the key of the certificate given last, and of the one that proved the request for it; null: never recorded */
    keySha256: text('key_sha256'),
    /** the authority that gave it, of `keys`; null: from before there could be a second one */
    certificateAuthority: text('certificate_authority').$type<KeyId>(),
    provenKeySha256: text('proven_key_sha256'),
    revokedAt: at('revoked_at'),
    /** whose releases it takes; null: those of its class */
    channel: text('channel').$type<ChannelName>(),
    decommissionedAt: at('decommissioned_at'),
    /** until then no rollout offers it anything: it has used up the retries of one */
    penaltyUntil: at('penalty_until'),
    /** since when the broker is to end its session, and forget it if it has left; null: nothing is to be done */
    dropSince: at('drop_since'),
    /** how often it was told so for that */
    drops: integer('drops').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.id] }),
    index('devices_id').on(table.id),
    index('devices_class').on(table.deviceClass, table.id),
    index('devices_version').on(table.versionOrder),
    index('devices_release').on(table.release, table.id),
    index('devices_serial').on(table.serial),
    // No index on what comes with every telemetry, nor on what is asked: an update that touches none costs a tenth.
    // But for alarms: these columns change only where one comes or goes.
    index('devices_disk_full')
      .on(table.id)
      .where(sql`${table.diskFull}`),
    index('devices_hot')
      .on(table.id)
      .where(sql`${table.hot}`),
    index('devices_degraded')
      .on(table.id)
      .where(sql`${table.degraded}`),
    index('devices_restarting')
      .on(table.id)
      .where(sql`${table.restarting}`),
    index('devices_certificate_expires').on(table.certificateExpiresAt),
    index('devices_failed')
      .on(table.id)
      .where(sql`${table.health} = 'failed'`),
    index('devices_time_zone').on(table.timeZone, table.id),
    index('devices_tags').using('gin', table.tags),
    index('devices_attributes').using('gin', table.attributes.op('jsonb_path_ops')),
    index('devices_drop')
      .on(table.dropSince)
      .where(sql`${table.dropSince} is not null`),
    index('devices_not_active')
      .on(table.state, table.id)
      .where(sql`${table.state} <> 'active'`),
  ],
);
