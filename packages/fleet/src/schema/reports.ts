import { jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { DEFAULT_TENANT, type DeviceId, type Status, type TenantId } from '@slipway/protocol';
import { at, large } from './columns.ts';

/** Every status report that was acknowledged, also those that changed nothing: the memory behind deduplication. */
export const deviceReports = pgTable(
  'device_reports',
  {
    // Refers to nothing: each report of each device would lock the one row of its tenant, for as much as it costs itself.
    tenant: text('tenant').$type<TenantId>().notNull().default(DEFAULT_TENANT),
    device: text('device').$type<DeviceId>().notNull(),
    seq: large('seq').notNull(),
    report: jsonb('report').$type<Status>().notNull(),
    /** why it changed nothing; null: it counted */
    refused: text('refused'),
    at: at('at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.device, table.tenant, table.seq] })],
);
