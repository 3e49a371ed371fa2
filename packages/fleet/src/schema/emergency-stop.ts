import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at, tenant } from './columns.ts';

/** Whose offers are halted; no row: they are not. */
export const emergencyStops = pgTable(
  'emergency_stops',
  {
    tenant: tenant(),
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    at: at('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant] })],
);
