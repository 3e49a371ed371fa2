import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type {
  ChannelName,
  QualificationRound,
  QualificationState,
  QualificationTiming,
  ReleaseId,
} from '@slipway/protocol';
import { at, tenant } from './columns.ts';
import { releases } from './releases.ts';

/** What releases did in a virtual device; those of before there were qualifications have no row. */
export const qualifications = pgTable(
  'qualifications',
  {
    release: text('release')
      .$type<ReleaseId>()
      .primaryKey()
      .references(() => releases.id),
    tenant: tenant(),
    state: text('state').$type<QualificationState>().notNull(),
    /** whose current release it is to be updated from; null: of its trigger, or none */
    channel: text('channel').$type<ChannelName>(),
    from: text('from_release').$type<ReleaseId>(),
    reason: text('reason'),
    code: text('code'),
    message: text('message'),
    step: text('step'),
    steps: jsonb('steps').$type<QualificationTiming[]>().notNull().default([]),
    /** asked for again, it is another job */
    round: integer('round').notNull().default(1),
    /** rounds before it, the newest first */
    earlier: jsonb('earlier').$type<QualificationRound[]>().notNull().default([]),
    attempts: integer('attempts').notNull().default(0),
    worker: text('worker'),
    createdAt: at('created_at').notNull().defaultNow(),
    startedAt: at('started_at'),
    finishedAt: at('finished_at'),
  },
  (table) => [
    index('qualifications_open')
      .on(table.createdAt)
      .where(sql`${table.state} in ('pending', 'running')`),
  ],
);
