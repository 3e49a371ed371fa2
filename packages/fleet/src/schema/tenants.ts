import { pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { TenantId } from '@slipway/protocol';

/** Whose fleets these are. The migration that makes the table makes the one row that there is. */
export const tenants = pgTable('tenants', {
  id: text('id').$type<TenantId>().primaryKey(),
  name: text('name').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull().defaultNow(),
});
