import { sql } from 'drizzle-orm';
import {
  boolean,
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
  Artifact,
  BuildCause,
  BuilderCapability,
  BuildId,
  BuildPriority,
  BuildRequest,
  BuildState,
  ClassName,
  Digest,
  ReleaseId,
  TransferredBytes,
} from '@slipway/protocol';
import { at, tenant } from './columns.ts';

/** What it is a format of follows from its name. */
type StoredArtifact = Omit<Artifact, 'format'>;

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
    bytes: jsonb('bytes').$type<TransferredBytes>(),
    code: text('code'),
    message: text('message'),
    artifacts: jsonb('artifacts').$type<StoredArtifact[]>().notNull().default([]),
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
