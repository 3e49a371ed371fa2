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

/** Who publishes what is asked of devices. */
export const gateways = pgTable(
  'gateways',
  {
    tenant: tenant(),
    id: text('id').notNull(),
    /** that it runs; long ago: it has left */
    seenAt: at('seen_at').notNull(),
    /** of the stop whose offers it has taken back at the broker, and it has none under way */
    withdrawnFor: at('withdrawn_for'),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.id] })],
);
