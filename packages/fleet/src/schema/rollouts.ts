import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { TERMINAL_STATES } from '@slipway/protocol';
import type {
  AssignmentPolicy,
  ChannelName,
  ClassName,
  DeviceId,
  ExecutionId,
  ExecutionState,
  GroupId,
  OnFailure,
  ReleaseId,
  Retries,
  RolloutId,
  RolloutState,
  Threshold,
  Wave,
  WaveState,
} from '@slipway/protocol';
import { LIVE_STATES } from '../live-states.ts';
import type { MemberState } from '../plan/members.ts';
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
    createdBy: text('created_by').notNull().default(''),
    failureThreshold: integer('failure_threshold').notNull(),
    failurePercent: real('failure_percent'),
    maxInFlight: integer('max_in_flight').notNull(),
    maxPerMinute: integer('max_per_minute'),
    priority: integer('priority').notNull().default(50),
    soakSeconds: integer('soak_seconds').notNull().default(0),
    onFailure: text('on_failure').$type<OnFailure>().notNull().default('stop'),
    retries: jsonb('retries').$type<Retries>(),
    penaltySeconds: integer('penalty_seconds').notNull().default(0),
    startAt: at('start_at'),
    endAt: at('end_at'),
    /** whether its start takes a second person, and who that was */
    approval: boolean('approval').notNull().default(false),
    approvedBy: text('approved_by'),
    approvedAt: at('approved_at'),
    approvalComment: text('approval_comment'),
    /** when the planner wants to be asked again, whatever else happens */
    nextAt: at('next_at'),
    /** where the look through the devices of the class goes on; null: none is under way */
    sweepFrom: text('sweep_from').default(''),
    /** end of the last whole look */
    sweptAt: at('swept_at'),
    /** the last execution whose device knows the present policy; null: all do */
    instructFrom: text('instruct_from').$type<ExecutionId | ''>(),
    /** every wave knows where it ends in the order of devices */
    placed: boolean('placed').notNull().default(false),
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
    /** how long a wave waits for devices that are not connected; null: for ever */
    offlinePatienceSeconds: integer('offline_patience_seconds'),
    /** it is over for so long that its members are removed, and it cannot go back */
    forgotten: boolean('forgotten').notNull().default(false),
    createdAt: at('created_at').notNull().defaultNow(),
    finishedAt: at('finished_at'),
  },
  (table) => [
    index('rollouts_created').on(table.createdAt, table.id),
    index('rollouts_next')
      .on(table.nextAt)
      .where(sql`${table.nextAt} is not null`),
    index('rollouts_open')
      .on(table.deviceClass)
      .where(sql`${table.state} in ('running', 'paused', 'rolling_back')`),
  ],
);

const listed = (states: readonly string[]) => sql.raw(`(${states.map((state) => `'${state}'`).join(', ')})`);
const LIVE = listed(LIVE_STATES);
const TERMINAL = listed(TERMINAL_STATES);

/** Of each rollout at least one. */
export const rolloutWaves = pgTable(
  'rollout_waves',
  {
    tenant: tenant(),
    rollout: text('rollout')
      .$type<RolloutId>()
      .notNull()
      .references(() => rollouts.id, { onDelete: 'cascade' }),
    index: smallint('index').notNull(),
    name: text('name'),
    who: jsonb('who').$type<Wave['who']>().notNull().default({}),
    state: text('state').$type<WaveState>().notNull().default('waiting'),
    success: jsonb('success').$type<Threshold>(),
    failure: jsonb('failure').$type<Threshold>(),
    soakSeconds: integer('soak_seconds').notNull().default(0),
    maxInFlight: integer('max_in_flight'),
    approval: boolean('approval').notNull().default(false),
    approvedBy: text('approved_by'),
    approvedAt: at('approved_at'),
    approvalComment: text('approval_comment'),
    /** the last position of it; null: not known yet, or it goes by no positions */
    upTo: large('up_to'),
    /** failures that were there when somebody let it go on in spite of them */
    forgiven: integer('forgiven').notNull().default(0),
    startedAt: at('started_at'),
    finishedAt: at('finished_at'),
  },
  (table) => [primaryKey({ columns: [table.rollout, table.index] })],
);

/** The devices of a rollout, written by whoever holds the rollout alone. */
export const rolloutMembers = pgTable(
  'rollout_members',
  {
    rollout: text('rollout').$type<RolloutId>().notNull(),
    device: text('device').$type<DeviceId>().notNull(),
    /** null: it has none yet */
    wave: smallint('wave'),
    /** its place in the order of the rollout */
    position: large('position').notNull(),
    state: text('state').$type<MemberState>().notNull(),
    /** offers so far, and failures that were followed by another */
    attempt: integer('attempt').notNull().default(0),
    tries: integer('tries').notNull().default(0),
    /** the stepping stone it has passed last in this rollout, before its birth says so */
    passed: text('passed'),
    /** when it is looked at again */
    notBefore: at('not_before'),
    /** why it is where it is */
    code: text('code'),
  },
  (table) => [
    primaryKey({ columns: [table.rollout, table.device] }),
    index('rollout_members_next').on(table.rollout, table.state, table.wave, table.position),
    index('rollout_members_due')
      .on(table.rollout, table.notBefore)
      .where(sql`${table.notBefore} is not null`),
    index('rollout_members_nowhere')
      .on(table.rollout, table.position)
      .where(sql`${table.wave} is null and ${table.state} <> 'beyond'`),
  ],
);

/**
 * How many members and executions of a wave are in which state; wave -1: members that have none yet. Members are counted
 * by a trigger, written by hand into the migration, executions by what the planner makes of `rollout_deltas`.
 */
export const rolloutTallies = pgTable(
  'rollout_tallies',
  {
    rollout: text('rollout').$type<RolloutId>().notNull(),
    wave: smallint('wave').notNull(),
    state: text('state').$type<MemberState | ExecutionState>().notNull(),
    count: large('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.rollout, table.wave, table.state] })],
);

/** What a trigger saw change of the counts of executions: so reports of many devices do not wait for one row. */
export const rolloutDeltas = pgTable(
  'rollout_deltas',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    rollout: text('rollout').$type<RolloutId>().notNull(),
    wave: smallint('wave').notNull(),
    state: text('state').$type<ExecutionState>().notNull(),
    count: large('count').notNull(),
  },
  (table) => [index('rollout_deltas_rollout').on(table.rollout)],
);

/** Devices that a rollout is to look at: triggers write them where a device changes in what counts for rollouts. */
export const rolloutHints = pgTable(
  'rollout_hints',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    rollout: text('rollout').$type<RolloutId>().notNull(),
    device: text('device').$type<DeviceId>().notNull(),
    /** its health had failed, whatever it is by now */
    unwell: boolean('unwell').notNull().default(false),
  },
  (table) => [index('rollout_hints_rollout').on(table.rollout, table.unwell.desc().nullsFirst(), table.id)],
);

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
    index('rollout_waits_device').on(table.device),
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
    wave: smallint('wave').notNull().default(0),
    /** counts the offers of the rollout to the device */
    attempt: integer('attempt').notNull().default(1),
    state: text('state').$type<ExecutionState>().notNull().default('OFFERED'),
    /** the state that the planner has taken account of, as far as it tells whether it is over, and how */
    settled: text('settled').$type<ExecutionState>().notNull().default('OFFERED'),
    /** the planner has yet to take account of it; a column of its own, so that the database knows how few these are */
    unsettled: boolean('unsettled').generatedAlwaysAs(
      sql`settled <> state and (state in ${TERMINAL} or settled in ${TERMINAL})`,
    ),
    /** another offer takes its place, so it does not count any more */
    superseded: boolean('superseded').notNull().default(false),
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
      .on(table.rollout, table.device, table.attempt)
      .where(sql`${table.haltedAt} is null`),
    index('executions_unsettled')
      .on(table.rollout, table.id)
      .where(sql`${table.unsettled}`),
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
