import { boolean, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { CommandId, CommandRequest, CommandState, DeviceId } from '@slipway/protocol';
import { at, tenant } from './columns.ts';

/** What operators asked of devices, the newest of each device. */
export const deviceCommands = pgTable(
  'device_commands',
  {
    id: text('id').$type<CommandId>().primaryKey(),
    tenant: tenant(),
    device: text('device').$type<DeviceId>().notNull(),
    request: jsonb('request').$type<CommandRequest>().notNull(),
    /** `expired` is not written: it is what an open command is after `answerBy` */
    state: text('state').$type<Exclude<CommandState, 'expired'>>().notNull().default('queued'),
    code: text('code'),
    message: text('message'),
    output: text('output'),
    /** characters of logs that have come for it */
    logCharacters: integer('log_characters').notNull().default(0),
    createdAt: at('created_at').notNull().defaultNow(),
    /** the device must have it by then */
    expiresAt: at('expires_at').notNull(),
    /** the server must have the answer by then */
    answerBy: at('answer_by').notNull(),
    finishedAt: at('finished_at'),
  },
  (table) => [index('device_commands_device').on(table.device, table.createdAt, table.id)],
);

/** Pieces of logs that devices sent for a command; they go with it. */
export const deviceLogs = pgTable(
  'device_logs',
  {
    command: text('command')
      .$type<CommandId>()
      .notNull()
      .references(() => deviceCommands.id, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    source: text('source').notNull(),
    text: text('text').notNull(),
    end: boolean('end').notNull().default(false),
    truncated: boolean('truncated').notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.command, table.seq] })],
);
