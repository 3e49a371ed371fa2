import { jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { DeviceId, Status } from '@slipway/protocol';
import { at, large, tenant } from './columns.ts';

/** Every status report that was acknowledged, also those that changed nothing: the memory behind deduplication. */
export const deviceReports = pgTable(
  'device_reports',
  {
    tenant: tenant(),
    device: text('device').$type<DeviceId>().notNull(),
    seq: large('seq').notNull(),
    report: jsonb('report').$type<Status>().notNull(),
    /** why it changed nothing; null: it counted */
    refused: text('refused'),
    at: at('at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.device, table.tenant, table.seq] })],
);
