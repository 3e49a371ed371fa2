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
  BuildId,
  BuildTrigger,
  ChannelName,
  ClassName,
  ClassTrigger,
  ClassTriggerMode,
  DeliveryId,
  DeliveryVerdict,
  Digest,
  ReleaseId,
  RolloutId,
  RolloutRule,
  RunId,
  SourceCredentials,
  SourceId,
  TriggeredState,
  TriggerId,
  TriggerOn,
  TriggerRule,
} from '@slipway/protocol';
import { at, tenant } from './columns.ts';

/** Git repositories that hold image repositories. */
export const sources = pgTable(
  'sources',
  {
    id: text('id').$type<SourceId>().primaryKey(),
    tenant: tenant(),
    name: text('name').notNull(),
    url: text('url').notNull(),
    branch: text('branch').notNull(),
    credentialsKind: text('credentials_kind').$type<SourceCredentials['kind']>(),
    /** sealed by the API, which alone can open it */
    credentials: text('credentials'),
    commit: text('commit'),
    fetchedAt: at('fetched_at'),
    code: text('code'),
    message: text('message'),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (table) => [uniqueIndex('sources_name').on(table.tenant, table.name)],
);

/** A class file as it was last read, and what holds of it. */
export type ReadClassFile = {
  readonly file: string;
  /** null: it was never read without a fault */
  readonly deviceClass: ClassName | null;
  /** that it names; of a file that is broken what it named before */
  readonly named: readonly ClassTrigger[];
  /** of `named` what was taken or approved */
  readonly inForce: readonly ClassTrigger[];
  readonly fault: { readonly code: string; readonly message: string } | null;
};

/** Image repositories whose class files name triggers. */
export const classTriggerPlaces = pgTable('class_trigger_places', {
  /** id of the source; `-`: the image repository of the server */
  place: text('place').primaryKey(),
  tenant: tenant(),
  source: text('source')
    .$type<SourceId>()
    .references(() => sources.id, { onDelete: 'cascade' }),
  mode: text('mode').$type<ClassTriggerMode>().notNull().default('taken'),
  /** in place of `mode` for single classes */
  modes: jsonb('modes').$type<Record<ClassName, ClassTriggerMode>>().notNull().default({}),
  /** of which a paused trigger went: what comes for it comes paused */
  paused: jsonb('paused').$type<ClassName[]>().notNull().default([]),
  /** what `at` is of */
  branch: text('branch'),
  /** the commit; of the image repository of the server, what its class files are */
  at: text('at'),
  files: jsonb('files').$type<ReadClassFile[]>().notNull().default([]),
  readAt: at('read_at'),
  /** when the branch was fetched last to look at it */
  lookedAt: at('looked_at'),
  code: text('code'),
  message: text('message'),
});

/** What a trigger remembers from one time to the next. */
export type TriggerMemory = {
  /** by branch: the commit that was looked at last */
  readonly commits?: Readonly<Record<string, string>>;
  /** by class: the lock that was resolved last, what it was made from, and when */
  readonly locks?: Readonly<
    Record<string, { readonly from: string; readonly text: string; readonly at?: string }>
  >;
};

export const triggers = pgTable(
  'triggers',
  {
    id: text('id').$type<TriggerId>().primaryKey(),
    tenant: tenant(),
    name: text('name').notNull(),
    enabled: boolean('enabled').notNull().default(true),
    source: text('source')
      .$type<SourceId>()
      .references(() => sources.id),
    /** null: every class of the source */
    classes: jsonb('classes').$type<ClassName[]>(),
    on: jsonb('on').$type<TriggerOn>().notNull(),
    rule: jsonb('rule').$type<TriggerRule>().notNull(),
    perClass: jsonb('per_class').$type<Record<ClassName, TriggerRule>>().notNull().default({}),
    windowSeconds: real('window_seconds').notNull(),
    maxBuilds: integer('max_builds').notNull(),
    /** sealed by the API, which alone can open it */
    secret: text('secret'),
    /** the class file that names it; null: it was made on the server */
    classFile: text('class_file'),
    nextAt: at('next_at'),
    memory: jsonb('memory').$type<TriggerMemory>().notNull().default({}),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('triggers_name').on(table.tenant, table.name),
    index('triggers_due')
      .on(table.nextAt)
      .where(sql`${table.enabled} and ${table.nextAt} is not null`),
  ],
);

/** What set triggers off, or tried to; the newest of each. */
export const triggerDeliveries = pgTable(
  'trigger_deliveries',
  {
    id: text('id').$type<DeliveryId>().primaryKey(),
    tenant: tenant(),
    trigger: text('trigger')
      .$type<TriggerId>()
      .notNull()
      .references(() => triggers.id, { onDelete: 'cascade' }),
    event: text('event').notNull(),
    eventId: text('event_id'),
    /** signatures cover the body, not the header with the id: who replays can choose another id, but not another body */
    bodySha256: text('body_sha256'),
    verdict: text('verdict').$type<DeliveryVerdict>().notNull(),
    code: text('code'),
    reason: text('reason').notNull(),
    facts: jsonb('facts').$type<Record<string, unknown>>().notNull().default({}),
    run: text('run').$type<RunId>(),
    replays: integer('replays').notNull().default(0),
    replayedAt: at('replayed_at'),
    at: at('at').notNull().defaultNow(),
  },
  (table) => [
    // What was refused is no memory: who knows no secret must not be able to have a true delivery taken for a replay.
    uniqueIndex('trigger_deliveries_event')
      .on(table.trigger, table.eventId)
      .where(sql`${table.verdict} <> 'refused'`),
    uniqueIndex('trigger_deliveries_body')
      .on(table.trigger, table.bodySha256)
      .where(sql`${table.verdict} <> 'refused'`),
    index('trigger_deliveries_at').on(table.trigger, table.at, table.id),
    index('trigger_deliveries_run').on(table.run),
  ],
);

export type RunState = 'waiting' | 'running' | 'done' | 'ignored' | 'failed';

/** What equal deliveries of a window became: one look at the source. */
export const triggerRuns = pgTable(
  'trigger_runs',
  {
    id: text('id').$type<RunId>().primaryKey(),
    tenant: tenant(),
    trigger: text('trigger')
      .$type<TriggerId>()
      .notNull()
      .references(() => triggers.id, { onDelete: 'cascade' }),
    /** equal ones have the same */
    key: text('key').notNull(),
    state: text('state').$type<RunState>().notNull().default('waiting'),
    cause: jsonb('cause').$type<BuildTrigger>().notNull(),
    /** of those asked for by hand */
    classes: jsonb('classes').$type<ClassName[]>(),
    dueAt: at('due_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /** while it runs: until when nobody else takes it */
    leasedUntil: at('leased_until'),
    code: text('code'),
    message: text('message'),
    createdAt: at('created_at').notNull().defaultNow(),
    finishedAt: at('finished_at'),
  },
  (table) => [
    uniqueIndex('trigger_runs_waiting')
      .on(table.trigger, table.key)
      .where(sql`${table.state} = 'waiting'`),
    index('trigger_runs_open')
      .on(table.dueAt)
      .where(sql`${table.state} in ('waiting', 'running')`),
    index('trigger_runs_trigger').on(table.trigger, table.createdAt),
  ],
);

/** What is to be built of a class, and what is to follow. */
export type TriggeredPlan = {
  readonly cause: BuildTrigger;
  /** the image repository in the store */
  readonly source: Digest;
  readonly inputs: Readonly<Record<string, string>>;
  readonly priority: 'low' | 'normal' | 'high';
  readonly publish: boolean;
  readonly rollout?: RolloutRule | undefined;
  readonly maxBuilds: number;
};

/** The builds of a run, each followed to its end. */
export const triggeredBuilds = pgTable(
  'triggered_builds',
  {
    run: text('run')
      .$type<RunId>()
      .notNull()
      .references(() => triggerRuns.id, { onDelete: 'cascade' }),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    tenant: tenant(),
    trigger: text('trigger')
      .$type<TriggerId>()
      .notNull()
      .references(() => triggers.id, { onDelete: 'cascade' }),
    /** of the run: a newer one of the same takes the place of one that waits */
    key: text('key').notNull(),
    /** who goes first: 0 by hand, then pushes, upstream, time */
    rank: integer('rank').notNull(),
    state: text('state').$type<TriggeredState>().notNull().default('waiting'),
    plan: jsonb('plan').$type<TriggeredPlan>().notNull(),
    channel: text('channel').$type<ChannelName>(),
    build: text('build').$type<BuildId>(),
    release: text('release').$type<ReleaseId>(),
    rollout: text('rollout').$type<RolloutId>(),
    code: text('code'),
    message: text('message'),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.run, table.deviceClass] }),
    index('triggered_builds_build').on(table.build),
    index('triggered_builds_open')
      .on(table.rank, table.createdAt)
      .where(sql`${table.state} in ('waiting', 'building', 'published')`),
  ],
);
