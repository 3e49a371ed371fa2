import { sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type {
  AlarmName,
  WebhookFailure,
  MessageId,
  WebhookDeliveryState,
  DeviceId,
  WebhookId,
} from '@slipway/protocol';
import { at, tenant } from './columns.ts';

/**
 * Whom events are told. Triggers, written by hand into the migration, put a delivery for each webhook that asks for it
 * into the transaction that changes a build, qualification, release, rollout, execution or device: whatever code changes those, nothing
 * that was committed goes untold, and nothing else is told.
 */
export const webhooks = pgTable(
  'webhooks',
  {
    id: text('id').$type<WebhookId>().primaryKey(),
    tenant: tenant(),
    url: text('url').notNull(),
    /** none: all */
    events: text('events').array().notNull().default([]),
    description: text('description').notNull().default(''),
    enabled: boolean('enabled').notNull().default(true),
    disabledReason: text('disabled_reason'),
    /** needed to sign; sealed with a key that is not in the database */
    secret: text('secret').notNull(),
    previousSecret: text('previous_secret'),
    previousSecretUntil: at('previous_secret_until'),
    failingSince: at('failing_since'),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (table) => [index('webhooks_created').on(table.createdAt, table.id)],
);

export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    id: text('id').$type<MessageId>().primaryKey(),
    tenant: tenant(),
    webhook: text('webhook')
      .$type<WebhookId>()
      .notNull()
      .references(() => webhooks.id, { onDelete: 'cascade' }),
    event: text('event').notNull(),
    /** what is posted, the same bytes in every try */
    body: text('body').notNull(),
    state: text('state').$type<WebhookDeliveryState>().notNull().default('pending'),
    /** in all */
    attempts: integer('attempts').notNull().default(0),
    /** since it was made, or asked for once more */
    tries: integer('tries').notNull().default(0),
    /** of the next try; while one is under way, when whoever makes it counts as dead */
    nextAt: at('next_at').notNull().defaultNow(),
    createdAt: at('created_at').notNull().defaultNow(),
    finishedAt: at('finished_at'),
  },
  (table) => [
    index('webhook_deliveries_webhook').on(table.webhook, table.createdAt, table.id),
    index('webhook_deliveries_finished').on(table.finishedAt),
    index('webhook_deliveries_due')
      .on(table.nextAt)
      .where(sql`${table.state} = 'pending'`),
  ],
);

/** Every try, written before it is made. */
export const webhookAttempts = pgTable(
  'webhook_attempts',
  {
    delivery: text('delivery')
      .$type<MessageId>()
      .notNull()
      .references(() => webhookDeliveries.id, { onDelete: 'cascade' }),
    number: integer('number').notNull(),
    at: at('at').notNull(),
    /** null: under way, or the server ended in it */
    ms: integer('ms'),
    status: integer('status'),
    failure: text('failure').$type<WebhookFailure>(),
    detail: text('detail'),
  },
  (table) => [primaryKey({ columns: [table.delivery, table.number] })],
);

/** Alarms that were raised when last looked, kept only while a webhook asks for them. */
export const deviceAlarms = pgTable(
  'device_alarms',
  {
    tenant: tenant(),
    device: text('device').$type<DeviceId>().notNull(),
    alarm: text('alarm').$type<AlarmName>().notNull(),
    since: at('since').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.device, table.alarm] })],
);
