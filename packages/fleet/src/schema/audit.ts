import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { at, large, tenant } from './columns.ts';

/**
 * Only added to: triggers in the migrations refuse everything else, and chain the entries of a transaction when it is
 * committed. Until then `sequence`, `previous` and `hash` are null.
 */
export const audit = pgTable(
  'audit',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    tenant: tenant(),
    at: at('at').notNull().defaultNow(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    subject: text('subject').notNull(),
    details: jsonb('details').$type<Record<string, unknown>>().notNull().default({}),
    /** digest of what the entry says; null only in what an older version wrote, until the next start */
    content: text('content'),
    sequence: large('sequence'),
    previous: text('previous'),
    hash: text('hash'),
  },
  (table) => [
    index('audit_at').on(table.tenant, table.at),
    uniqueIndex('audit_sequence').on(table.tenant, table.sequence),
    index('audit_subject').on(table.tenant, table.subject, table.sequence),
    // Names of users are given once, also those of users that are deleted.
    index('audit_deleted_users')
      .on(table.tenant, sql`(${table.details} ->> 'name')`)
      .where(sql`${table.action} = 'user.delete'`),
  ],
);
