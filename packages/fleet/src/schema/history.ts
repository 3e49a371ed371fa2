import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, primaryKey, real, text } from 'drizzle-orm/pg-core';
import { DEFAULT_TENANT, type Death, type DeviceId, type TenantId } from '@slipway/protocol';
import { at, tenant } from './columns.ts';

/**
 * Metrics of devices over time: of each hour a row of points that are five minutes apart; later of each day one of hours.
 */
export const deviceMetrics = pgTable(
  'device_metrics',
  {
    // Refers to nothing, as reports: it is written all the time.
    tenant: text('tenant').$type<TenantId>().notNull().default(DEFAULT_TENANT),
    device: text('device').$type<DeviceId>().notNull(),
    /** seconds between points */
    step: integer('step').notNull(),
    /** beginning of the hour or day */
    since: at('since').notNull(),
    /** of each point the seconds since then, and the metrics in the order of `DEVICE_METRICS`; null: it cannot tell */
    points: real('points').array().$type<(number | null)[]>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.device, table.tenant, table.since, table.step] }),
    index('device_metrics_since').on(table.step, table.since),
  ],
);

/** How many devices ran what, every ten minutes. */
export const fleetSnapshots = pgTable(
  'fleet_snapshots',
  {
    tenant: tenant(),
    at: at('at').notNull(),
    total: integer('total').notNull(),
    online: integer('online').notNull(),
    /** active devices by class and version; those without a version under the empty one */
    versions: jsonb('versions')
      .$type<Record<string, Record<string, number>>>()
      .notNull()
      .default(sql`'{}'`),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.at] })],
);

/** When devices came and went. Written by a trigger of `devices`, by hand in the migration. */
export const devicePresence = pgTable(
  'device_presence',
  {
    // Refers to nothing, as metrics: it is written all the time.
    tenant: text('tenant').$type<TenantId>().notNull().default(DEFAULT_TENANT),
    device: text('device').$type<DeviceId>().notNull(),
    at: at('at').notNull(),
    online: boolean('online').notNull(),
    /** how the connection ended; null: it was ended, or began */
    reason: text('reason').$type<Death['reason']>(),
  },
  (table) => [
    primaryKey({ columns: [table.device, table.tenant, table.at, table.online] }),
    index('device_presence_at').on(table.at),
  ],
);
