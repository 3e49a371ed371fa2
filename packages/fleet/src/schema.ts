import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  customType,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type {
  Arch,
  AssignmentPolicy,
  AttributeValue,
  Build,
  BuildCause,
  BuilderCapability,
  BuildId,
  BuildPriority,
  BuildRequest,
  BuildState,
  ChannelName,
  ClassName,
  CommandId,
  CommandRequest,
  CommandState,
  Desired,
  DeviceId,
  DeviceState,
  Digest,
  ExecutionId,
  ExecutionState,
  GroupId,
  HealthState,
  ReleaseId,
  ReleaseState,
  RolloutId,
  RolloutState,
  RootHash,
  ServiceReport,
  SlotName,
  SlotReport,
  Status,
  Telemetry,
} from '@slipway/protocol';
import { LIVE_STATES } from './live-states.ts';
import { at, large, tenant } from './schema/columns.ts';

/**
 * The tables, for PostgreSQL and PGlite alike. After a change here or in `schema/` run `npm run migrations -w
 * packages/fleet` and check the new file in.
 */
export * from './schema/audit.ts';
export * from './schema/channels.ts';
export * from './schema/emergency-stop.ts';
export * from './schema/enrolment.ts';
export * from './schema/triggers.ts';
export * from './schema/restores.ts';
export * from './schema/webhooks.ts';
export * from './schema/people.ts';

/** Text that sorts by its bytes, whatever the locale of the database is. */
const bytewise = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });

/** The last counter given to a build of a class. Device classes themselves are files of the image repository. */
export const classCounters = pgTable(
  'class_counters',
  {
    tenant: tenant(),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    counter: integer('counter').notNull(),
    /** what was built since a backup is not known any more: the next version leaves room for it */
    leapt: boolean('leapt').notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.deviceClass] })],
);

const UNFINISHED_BUILDS = sql.raw(`('queued', 'building', 'signing')`);

export const builds = pgTable(
  'builds',
  {
    id: text('id').$type<BuildId>().primaryKey(),
    tenant: tenant(),
    release: text('release').$type<ReleaseId>().notNull().unique(),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    version: text('version').notNull(),
    counter: integer('counter').notNull(),
    state: text('state').$type<BuildState>().notNull().default('queued'),
    step: text('step').notNull().default('queued'),
    percent: real('percent').notNull().default(0),
    code: text('code'),
    message: text('message'),
    artifacts: jsonb('artifacts').$type<Build['artifacts']>().notNull().default([]),
    priority: text('priority').$type<BuildPriority>().notNull().default('normal'),
    /** its turn among the builds of all classes, so that none waits for all builds of another */
    round: integer('round').notNull().default(0),
    causes: jsonb('causes').$type<BuildCause[]>().notNull().default([]),
    inputDigest: text('input_digest').$type<Digest>(),
    source: text('source').$type<Digest>(),
    arch: text('arch').$type<Arch>(),
    needs: jsonb('needs').$type<BuilderCapability[]>().notNull().default([]),
    queue: text('queue'),
    attempts: integer('attempts').notNull().default(0),
    worker: text('worker'),
    retryOf: text('retry_of').$type<BuildId>(),
    /** what is to be built; the file of the same content in the store is written after it */
    request: jsonb('request').$type<BuildRequest>(),
    createdAt: at('created_at').notNull().defaultNow(),
    startedAt: at('started_at'),
    cancelledAt: at('cancelled_at'),
    finishedAt: at('finished_at'),
  },
  (table) => [
    uniqueIndex('builds_counter').on(table.tenant, table.deviceClass, table.counter),
    index('builds_created').on(table.createdAt, table.counter, table.id),
    index('builds_of_class').on(table.deviceClass, table.createdAt, table.counter, table.id),
    index('builds_equal').on(table.inputDigest),
    // A few of very many.
    index('builds_unfinished')
      .on(table.tenant, table.deviceClass, table.counter)
      .where(sql`${table.state} in ${UNFINISHED_BUILDS}`),
  ],
);

export const releases = pgTable(
  'releases',
  {
    id: text('id').$type<ReleaseId>().primaryKey(),
    tenant: tenant(),
    build: text('build')
      .$type<BuildId>()
      .notNull()
      .unique()
      .references(() => builds.id),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    arch: text('arch').$type<Arch>().notNull(),
    version: text('version').notNull(),
    counter: integer('counter').notNull(),
    state: text('state').$type<ReleaseState>().notNull().default('draft'),
    rootHash: text('root_hash').$type<RootHash>().notNull(),
    bundleDigest: text('bundle_digest').$type<Digest>().notNull(),
    bundleSize: large('bundle_size').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (table) => [
    index('releases_created').on(table.createdAt, table.counter, table.id),
    index('releases_bundle').on(table.bundleDigest),
  ],
);

export const devices = pgTable(
  'devices',
  {
    tenant: tenant(),
    id: text('id').$type<DeviceId>().notNull(),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    arch: text('arch').$type<Arch>().notNull(),
    /** what operators say of it; nothing that a device reports is ever written here */
    name: text('name'),
    tags: text('tags').array().notNull().default([]),
    attributes: jsonb('attributes').$type<Record<string, AttributeValue>>().notNull().default({}),
    state: text('state').$type<DeviceState>().notNull().default('active'),
    serial: text('serial'),
    online: boolean('online').notNull().default(false),
    /** of the last birth and the last death seen; equal: the device is gone */
    connection: large('connection').notNull().default(0),
    deathConnection: large('death_connection').notNull().default(0),
    health: text('health').$type<HealthState>(),
    activeSlot: text('active_slot').$type<SlotName>(),
    slots: jsonb('slots').$type<{ a: SlotReport; b: SlotReport }>(),
    release: text('release').$type<ReleaseId>(),
    version: text('version'),
    /** sorts as text in the order of semantic versions; the function is in the migrations */
    versionOrder: bytewise('version_order').generatedAlwaysAs(sql`version_order(version)`),
    agentVersion: text('agent_version'),
    bootId: text('boot_id'),
    services: jsonb('services').$type<ServiceReport[]>().notNull().default([]),
    telemetry: jsonb('telemetry').$type<Telemetry>(),
    /** what `desired` says; `seq` rises with every change */
    desiredSeq: integer('desired_seq').notNull().default(0),
    assignment: jsonb('assignment').$type<Desired['assignment']>(),
    enrolledAt: at('enrolled_at').notNull().defaultNow(),
    lastSeenAt: at('last_seen_at'),
    certificateExpiresAt: at('certificate_expires_at'),
    /** of the key of the certificate given last, and of the one that proved the request for it; null: never recorded */
    keySha256: text('key_sha256'),
    provenKeySha256: text('proven_key_sha256'),
    revokedAt: at('revoked_at'),
    /** whose releases it takes; null: those of its class */
    channel: text('channel').$type<ChannelName>(),
    decommissionedAt: at('decommissioned_at'),
    /** since when the broker is to end its session, and forget it if it has left; null: nothing is to be done */
    dropSince: at('drop_since'),
    /** how often it was told so for that */
    drops: integer('drops').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.id] }),
    index('devices_id').on(table.id),
    index('devices_class').on(table.deviceClass, table.id),
    index('devices_version').on(table.versionOrder),
    index('devices_serial').on(table.serial),
    // No index on what comes with every telemetry: an update that touches none costs a tenth.
    index('devices_tags').using('gin', table.tags),
    index('devices_attributes').using('gin', table.attributes.op('jsonb_path_ops')),
    index('devices_assigned')
      .on(table.tenant)
      .where(sql`${table.assignment} is not null`),
    index('devices_drop')
      .on(table.dropSince)
      .where(sql`${table.dropSince} is not null`),
    index('devices_not_active')
      .on(table.state, table.id)
      .where(sql`${table.state} <> 'active'`),
  ],
);

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
    /** for the devices that follow it */
    channel: text('channel').$type<ChannelName>(),
    createdAt: at('created_at').notNull().defaultNow(),
    finishedAt: at('finished_at'),
  },
  (table) => [index('rollouts_created').on(table.createdAt, table.id)],
);

const LIVE = sql.raw(`(${LIVE_STATES.map((state) => `'${state}'`).join(', ')})`);

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

/** Every status report that was acknowledged, also those that changed nothing: the memory behind deduplication. */
export const deviceReports = pgTable(
  'device_reports',
  {
    tenant: tenant(),
    device: text('device').$type<DeviceId>().notNull(),
    seq: large('seq').notNull(),
    report: jsonb('report').$type<Status>().notNull(),
    /** why it changed nothing; null: it counted */
    refused: text('refused'),
    at: at('at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.device, table.tenant, table.seq] })],
);

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
