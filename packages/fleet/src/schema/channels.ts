import { bigint, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { ChannelEvent, ChannelName, ClassName, ReleaseId, SteppingStone } from '@slipway/protocol';
import { at, tenant } from './columns.ts';

/** What a named channel of a device class offers at the moment. */
export const channels = pgTable(
  'channels',
  {
    tenant: tenant(),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    name: text('name').$type<ChannelName>().notNull(),
    /** null: none was published yet, or the last one was withdrawn */
    release: text('release').$type<ReleaseId>(),
    /** lowest version that devices which follow the channel may be given */
    floor: text('floor'),
    steppingStones: jsonb('stepping_stones').$type<SteppingStone[]>().notNull().default([]),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.deviceClass, table.name] })],
);

/** Everything that was ever published to a channel, or went from it. */
export const channelHistory = pgTable(
  'channel_history',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    tenant: tenant(),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    channel: text('channel').$type<ChannelName>().notNull(),
    event: text('event').$type<ChannelEvent>().notNull(),
    release: text('release').$type<ReleaseId>().notNull(),
    version: text('version').notNull(),
    actor: text('actor').notNull(),
    at: at('at').notNull().defaultNow(),
  },
  (table) => [
    index('channel_history_channel').on(table.tenant, table.deviceClass, table.channel, table.id),
    index('channel_history_release').on(table.release, table.channel),
  ],
);
