import { boolean, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { DeviceSort, ViewId } from '@slipway/protocol';
import { at, tenant } from './columns.ts';

/** Lists of devices that somebody comes back to. */
export const views = pgTable(
  'views',
  {
    id: text('id').$type<ViewId>().primaryKey(),
    tenant: tenant(),
    /** name of a user, or of a token of the server */
    owner: text('owner').notNull(),
    name: text('name').notNull(),
    query: text('query').notNull(),
    columns: jsonb('columns').$type<string[]>().notNull(),
    sort: text('sort').$type<DeviceSort>().notNull(),
    order: text('order').$type<'asc' | 'desc'>().notNull(),
    shared: boolean('shared').notNull(),
    createdAt: at('created_at').notNull(),
    updatedAt: at('updated_at').notNull(),
  },
  (table) => [uniqueIndex('views_name').on(table.tenant, table.owner, table.name)],
);
