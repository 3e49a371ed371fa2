import { sql } from 'drizzle-orm';
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type {
  AssignmentPolicy,
  ChannelName,
  ClassName,
  DeviceId,
  ExecutionId,
  ExecutionState,
  GroupId,
  ReleaseId,
  RolloutId,
  RolloutState,
} from '@slipway/protocol';
import { LIVE_STATES } from '../live-states.ts';
import { at, large, tenant } from './columns.ts';
import { releases } from './releases.ts';

export const rollouts = pgTable(
  'rollouts',
  {
    id: text('id').$type<RolloutId>().primaryKey(),
    tenant: tenant(),
    release: text('release')
      .$type<ReleaseId>()
      .notNull()
      .references(() => releases.id),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    version: text('version').notNull(),
    state: text('state').$type<RolloutState>().notNull().default('running'),
    reason: text('reason'),
    failureThreshold: integer('failure_threshold').notNull(),
    maxInFlight: integer('max_in_flight').notNull(),
    policy: jsonb('policy').$type<AssignmentPolicy>().notNull().default({}),
    /** null: every device of the class, also those that enrol while it runs */
    devices: jsonb('devices').$type<DeviceId[]>(),
    /** of the class those that belong to a group, or that a query finds, at any time while it runs */
    group: text('group').$type<GroupId>(),
    query: text('query'),
    /** of what the query finds, the devices of these groups: whoever began it reaches no others */
    within: jsonb('within').$type<GroupId[]>(),
    /** for the devices that follow it */
    channel: text('channel').$type<ChannelName>(),
    /** how long a device of it may wait for another rollout */
    conflictPatienceSeconds: integer('conflict_patience_seconds').notNull().default(86_400),
    createdAt: at('created_at').notNull().defaultNow(),
    finishedAt: at('finished_at'),
  },
  (table) => [index('rollouts_created').on(table.createdAt, table.id)],
);

const LIVE = sql.raw(`(${LIVE_STATES.map((state) => `'${state}'`).join(', ')})`);

/** Devices of a rollout that take a release of another one; each goes once it is free, or has waited for too long. */
export const rolloutWaits = pgTable(
  'rollout_waits',
  {
    tenant: tenant(),
    rollout: text('rollout')
      .$type<RolloutId>()
      .notNull()
      .references(() => rollouts.id, { onDelete: 'cascade' }),
    device: text('device').$type<DeviceId>().notNull(),
    /** whose execution is under way there */
    waitsFor: text('waits_for').$type<RolloutId>().notNull(),
    until: at('until').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.rollout, table.device] }),
    index('rollout_waits_until').on(table.until),
  ],
);

export const executions = pgTable(
  'executions',
  {
    id: text('id').$type<ExecutionId>().primaryKey(),
    tenant: tenant(),
    rollout: text('rollout')
      .$type<RolloutId>()
      .notNull()
      .references(() => rollouts.id),
    device: text('device').$type<DeviceId>().notNull(),
    release: text('release').$type<ReleaseId>().notNull(),
    state: text('state').$type<ExecutionState>().notNull().default('OFFERED'),
    code: text('code'),
    message: text('message'),
    /** of the boot that failed */
    log: text('log'),
    /** of the last report that counted */
    statusSeq: large('status_seq').notNull().default(0),
    bytesDone: large('bytes_done').notNull().default(0),
    bytesTotal: large('bytes_total').notNull(),
    bytesReceived: large('bytes_received').notNull().default(0),
    bytesReused: large('bytes_reused').notNull().default(0),
    /** when the present state has lasted too long */
    deadlineAt: at('deadline_at').notNull(),
    /** when an emergency stop ended it; while CANCELED the device is offered the release anew */
    haltedAt: at('halted_at'),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('executions_once')
      .on(table.rollout, table.device)
      .where(sql`${table.haltedAt} is null`),
    index('executions_halted')
      .on(table.tenant, table.haltedAt)
      .where(sql`${table.haltedAt} is not null`),
    // A device takes one release at a time, whatever the planners of several rollouts decide at once.
    uniqueIndex('executions_live')
      .on(table.device, table.tenant)
      .where(sql`${table.state} in ${LIVE}`),
    index('executions_created').on(table.createdAt, table.id),
    index('executions_device').on(table.device, table.createdAt, table.id),
    index('executions_rollout').on(table.rollout, table.createdAt, table.id),
    // Counts are told with every step of a rollout.
    index('executions_counts').on(table.rollout, table.state, table.haltedAt),
    index('executions_deadline')
      .on(table.deadlineAt)
      .where(sql`${table.state} in ${LIVE}`),
  ],
);

export const executionHistory = pgTable(
  'execution_history',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    execution: text('execution')
      .$type<ExecutionId>()
      .notNull()
      .references(() => executions.id),
    state: text('state').$type<ExecutionState>().notNull(),
    code: text('code'),
    bootId: text('boot_id'),
    at: at('at').notNull().defaultNow(),
  },
  (table) => [index('execution_history_execution').on(table.execution, table.id)],
);
