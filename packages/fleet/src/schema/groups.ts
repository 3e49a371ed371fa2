import { foreignKey, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { DeviceId, GroupId } from '@slipway/protocol';
import { at, tenant } from './columns.ts';
import { devices } from './devices.ts';

/** Devices under one name: those listed, or those that a query finds at any time. */
export const groups = pgTable(
  'groups',
  {
    id: text('id').$type<GroupId>().primaryKey(),
    tenant: tenant(),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    /** null: the members are listed */
    query: text('query'),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (table) => [uniqueIndex('groups_name').on(table.tenant, table.name)],
);

/** Of groups whose members are listed. */
export const groupMembers = pgTable(
  'group_members',
  {
    tenant: tenant(),
    group: text('group')
      .$type<GroupId>()
      .notNull()
      .references(() => groups.id, { onDelete: 'cascade' }),
    device: text('device').$type<DeviceId>().notNull(),
    addedAt: at('added_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.group, table.device] }),
    index('group_members_device').on(table.device, table.tenant),
    foreignKey({
      columns: [table.tenant, table.device],
      foreignColumns: [devices.tenant, devices.id],
    }).onDelete('cascade'),
  ],
);
