import { and, asc, desc, eq, gt, inArray, isNull, lt, ne, or, sql } from 'drizzle-orm';
import type {
  Arch,
  Build,
  BuildCause,
  BuilderCapability,
  BuildId,
  BuildPriority,
  BuildRequest,
  BuildState,
  ClassName,
  Digest,
  ErrorCode,
  JobProgress,
  ReleaseId,
} from '@slipway/protocol';
import { formatOfArtifact, isMoreUrgent, SlipwayError } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newBuildId, newReleaseId } from '../new-id.ts';
import { builds, classCounters } from '../schema.ts';
import { nextVersion } from './next-version.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';

const UNFINISHED: BuildState[] = ['queued', 'building', 'signing'];

export const toBuild = (row: typeof builds.$inferSelect): Build => ({
  id: row.id,
  release: row.release,
  deviceClass: row.deviceClass,
  version: row.version,
  counter: row.counter,
  state: row.state,
  step: row.step,
  percent: row.percent,
  ...(row.bytes === null || (row.state !== 'building' && row.state !== 'signing')
    ? {}
    : { bytes: row.bytes }),
  code: row.code,
  message: row.message,
  artifacts: row.artifacts.map((one) => {
    const format = formatOfArtifact(one.name);
    return format === undefined ? one : { ...one, format };
  }),
  priority: row.priority,
  causes: row.causes,
  inputDigest: row.inputDigest,
  source: row.source,
  arch: row.arch,
  needs: row.needs,
  queue: row.queue,
  attempts: row.attempts,
  worker: row.worker,
  retryOf: row.retryOf,
  createdAt: row.createdAt.toISOString(),
  startedAt: row.startedAt?.toISOString() ?? null,
  cancelledAt: row.cancelledAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
});

export type BuildIdentity = Pick<BuildRequest, 'build' | 'release' | 'version' | 'counter'>;

export type NewBuild = {
  readonly deviceClass: ClassName;
  /** absent: the one after the last build of the class */
  readonly version?: string | undefined;
  readonly priority?: BuildPriority | undefined;
  readonly cause?: BuildCause | undefined;
  readonly source?: Digest | undefined;
  readonly arch?: Arch | undefined;
  readonly needs?: readonly BuilderCapability[] | undefined;
  readonly queue?: string | undefined;
  readonly retryOf?: BuildId | undefined;
  readonly inputDigest?: Digest | undefined;
  /** made once its ids are known, and kept with it */
  readonly request?: ((given: BuildIdentity) => BuildRequest) | undefined;
  /** done in the same transaction; where it throws, nothing was asked for */
  readonly within?: ((tx: Database, asked: AskedFor) => Promise<void>) | undefined;
};

export type AskedFor = { readonly build: Build; readonly isNew: boolean };

/** What of a build that is asked for may be answered by one that is there. */
export type EqualBuilds = {
  /** how long a build that succeeded still counts */
  readonly windowMs: number;
};

/** Whoever asks for a build of a class does so one after the other; a counter is never given twice. */
const holdClass = async (
  tx: Database,
  deviceClass: ClassName,
): Promise<{ readonly counter: number; readonly leapt: boolean }> => {
  await tx.insert(classCounters).values({ deviceClass, counter: 0 }).onConflictDoNothing();
  const [row] = await tx
    .select()
    .from(classCounters)
    .where(eq(classCounters.deviceClass, deviceClass))
    .for('update');
  return row ?? { counter: 0, leapt: false };
};

const equalBuild = async (
  tx: Database,
  { deviceClass, inputDigest, version }: NewBuild & { readonly inputDigest: Digest },
  { windowMs }: EqualBuilds,
  now: Date,
): Promise<Build | undefined> => {
  const [row] = await tx
    .select()
    .from(builds)
    .where(
      and(
        eq(builds.deviceClass, deviceClass),
        eq(builds.inputDigest, inputDigest),
        version === undefined ? undefined : eq(builds.version, version),
        or(
          inArray(builds.state, UNFINISHED),
          and(eq(builds.state, 'succeeded'), gt(builds.finishedAt, new Date(now.getTime() - windowMs))),
        ),
      ),
    )
    .orderBy(desc(builds.counter))
    .limit(1);
  return row === undefined ? undefined : toBuild(row);
};

const lastVersion = async (tx: Database, deviceClass: ClassName): Promise<string | undefined> => {
  const [row] = await tx
    .select({ version: builds.version })
    .from(builds)
    .where(eq(builds.deviceClass, deviceClass))
    .orderBy(desc(builds.counter))
    .limit(1);
  return row?.version;
};

/**
 * The turn of a new build, by start-time fair queuing: after the last unfinished one of its class, but not before what
 * has been begun. So a class that asks for one build does not wait for twenty of another.
 */
const nextRound = async (tx: Database, deviceClass: ClassName): Promise<number> => {
  const [row] = await tx
    .select({
      own: sql<number | null>`max(case when ${builds.deviceClass} = ${deviceClass} then ${builds.round} end)`,
      begun: sql<number | null>`max(case when ${builds.state} <> 'queued' then ${builds.round} end)`,
      queued: sql<number | null>`min(case when ${builds.state} = 'queued' then ${builds.round} end)`,
    })
    .from(builds)
    .where(inArray(builds.state, UNFINISHED));
  return Math.max(row?.begun ?? row?.queued ?? 0, (row?.own ?? -1) + 1);
};

/**
 * Gives ids and the next counter of the class; a counter is never given twice, also when the build fails. Where an equal
 * build is under way, or has just succeeded, there is no new one: the cause is added to that, which becomes as urgent.
 *
 * @param equal absent: a new build in any case
 */
export const askForBuild = (
  db: Database,
  asked: NewBuild,
  now: Date,
  equal?: EqualBuilds,
): Promise<AskedFor> =>
  db.transaction(async (tx) => {
    const { deviceClass, cause, inputDigest } = asked;
    const held = await holdClass(tx, deviceClass);
    const counter = held.counter + 1;
    const known =
      equal === undefined || inputDigest === undefined
        ? undefined
        : await equalBuild(tx, { ...asked, inputDigest }, equal, now);
    if (known !== undefined) {
      const { priority = 'normal' } = asked;
      const isRaised = UNFINISHED.includes(known.state) && isMoreUrgent(priority, known.priority);
      const raised = isRaised ? { priority: `raised from ${known.priority} to ${priority}` } : {};
      const causes = cause === undefined ? [] : [{ ...cause, cause: { ...cause.cause, ...raised } }];
      const rows = await tx
        .update(builds)
        .set({
          causes: sql`${builds.causes} || ${JSON.stringify(causes)}::jsonb`,
          ...(isRaised ? { priority } : {}),
        })
        .where(eq(builds.id, known.id))
        .returning();
      const joined = { build: toBuild(found(rows, 'build', known.id)), isNew: false };
      await asked.within?.(tx, joined);
      return joined;
    }
    const version = asked.version ?? nextVersion(await lastVersion(tx, deviceClass), held.leapt);
    const [id, release]: [BuildId, ReleaseId] = [newBuildId(), newReleaseId()];
    await tx
      .update(classCounters)
      .set({ counter, leapt: false })
      .where(eq(classCounters.deviceClass, deviceClass));
    const rows = await tx
      .insert(builds)
      .values({
        id,
        release,
        deviceClass,
        version,
        counter,
        priority: asked.priority ?? 'normal',
        round: await nextRound(tx, deviceClass),
        causes: cause === undefined ? [] : [cause],
        inputDigest: inputDigest ?? null,
        source: asked.source ?? null,
        arch: asked.arch ?? null,
        needs: [...(asked.needs ?? [])],
        queue: asked.queue ?? null,
        retryOf: asked.retryOf ?? null,
        request: asked.request?.({ build: id, release, version, counter }) ?? null,
        createdAt: now,
      })
      .returning();
    const made = { build: toBuild(found(rows, 'build', id)), isNew: true };
    await asked.within?.(tx, made);
    return made;
  });

/** A new build in any case, for nobody in particular. */
export const createBuild = async (db: Database, asked: NewBuild, now: Date): Promise<Build> =>
  (await askForBuild(db, asked, now)).build;

export const getBuild = async (db: Database, id: BuildId): Promise<Build> =>
  toBuild(found(await db.select().from(builds).where(eq(builds.id, id)), 'build', id));

/** What is to be built, and when it is its turn. */
export const getBuildRequest = async (
  db: Database,
  id: BuildId,
): Promise<{ readonly request: BuildRequest | null; readonly round: number }> => {
  const rows = await db
    .select({ request: builds.request, round: builds.round })
    .from(builds)
    .where(eq(builds.id, id));
  return found(rows, 'build', id);
};

export const listBuilds = async (
  db: Database,
  page: Page & {
    readonly deviceClass?: ClassName | undefined;
    readonly state?: BuildState | undefined;
  },
): Promise<Paged<Build>> => {
  const filter = and(
    page.deviceClass === undefined ? undefined : eq(builds.deviceClass, page.deviceClass),
    page.state === undefined ? undefined : eq(builds.state, page.state),
  );
  const keys = keyset(page, { by: [builds.createdAt, builds.counter, builds.id], direction: 'desc' });
  const rows = await db
    .select({ row: builds, key: keys.key })
    .from(builds)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map(toBuild),
    () => db.$count(builds, filter),
  );
};

export const unfinishedBuilds = async (db: Database): Promise<Build[]> =>
  (
    await db
      .select()
      .from(builds)
      .where(inArray(builds.state, UNFINISHED))
      .orderBy(asc(builds.createdAt), asc(builds.counter))
  ).map(toBuild);

/** Builds of the class that were asked for before and have not ended: releases are signed in the order of counters. */
export const buildsBefore = async (
  db: Database,
  { deviceClass, counter }: Pick<Build, 'deviceClass' | 'counter'>,
): Promise<Build[]> =>
  (
    await db
      .select()
      .from(builds)
      .where(
        and(
          eq(builds.deviceClass, deviceClass),
          lt(builds.counter, counter),
          inArray(builds.state, UNFINISHED),
        ),
      )
      .orderBy(asc(builds.counter))
  ).map(toBuild);

/**
 * The last build of its class before it that succeeded.
 *
 * @throws {SlipwayError} NOT_FOUND where there is none
 */
export const buildBefore = async (
  db: Database,
  { id, deviceClass, counter }: Pick<Build, 'id' | 'deviceClass' | 'counter'>,
): Promise<Build> => {
  const [row] = await db
    .select()
    .from(builds)
    .where(
      and(eq(builds.deviceClass, deviceClass), lt(builds.counter, counter), eq(builds.state, 'succeeded')),
    )
    .orderBy(desc(builds.counter))
    .limit(1);
  if (row !== undefined) return toBuild(row);
  throw new SlipwayError(
    'NOT_FOUND',
    `No build of ${deviceClass} before ${id} succeeded. Name the build to compare with.`,
    { details: { build: id, deviceClass } },
  );
};

type BuildChange = Partial<
  Pick<
    typeof builds.$inferInsert,
    'state' | 'step' | 'percent' | 'bytes' | 'artifacts' | 'startedAt' | 'attempts' | 'worker' | 'priority'
  >
>;

/**
 * Moves a build on.
 *
 * @returns undefined where it is no longer in one of the states `from`: somebody else moved it
 */
export const moveBuild = async (
  db: Database,
  id: BuildId,
  from: readonly BuildState[],
  change: BuildChange,
): Promise<Build | undefined> => {
  const [row] = await db
    .update(builds)
    .set(change)
    .where(and(eq(builds.id, id), inArray(builds.state, [...from])))
    .returning();
  return row === undefined ? undefined : toBuild(row);
};

export const progressOfBuild = (
  db: Database,
  id: BuildId,
  { step, percent, bytes }: JobProgress,
): Promise<Build | undefined> =>
  moveBuild(db, id, ['building', 'signing'], { step, percent, bytes: bytes ?? null });

/** @returns undefined where it waits for that already, or waits no longer */
export const waitingBuild = async (db: Database, id: BuildId, step: string): Promise<Build | undefined> => {
  const [row] = await db
    .update(builds)
    .set({ step })
    .where(and(eq(builds.id, id), eq(builds.state, 'queued'), ne(builds.step, step)))
    .returning();
  return row === undefined ? undefined : toBuild(row);
};

/** @returns undefined where the build had finished already */
export const failBuild = async (
  db: Database,
  id: BuildId,
  failure: { readonly code: ErrorCode; readonly message: string },
  now: Date,
): Promise<Build | undefined> => {
  const [row] = await db
    .update(builds)
    .set({ state: 'failed', ...failure, finishedAt: now })
    .where(and(eq(builds.id, id), inArray(builds.state, UNFINISHED)))
    .returning();
  return row === undefined ? undefined : toBuild(row);
};

/**
 * Ends a build because somebody wants it to. What is being signed is signed to its end.
 *
 * @param within done in the same transaction; where it throws, the build goes on
 * @returns undefined where it is not queued or building any more
 */
export const cancelBuild = (
  db: Database,
  id: BuildId,
  now: Date,
  within?: (tx: Database, cancelled: Build) => Promise<void>,
): Promise<Build | undefined> =>
  db.transaction(async (tx) => {
    const [row] = await tx
      .update(builds)
      .set({ state: 'cancelled', step: 'cancelled', cancelledAt: now, finishedAt: now })
      .where(
        and(eq(builds.id, id), inArray(builds.state, ['queued', 'building']), isNull(builds.cancelledAt)),
      )
      .returning();
    if (row === undefined) return undefined;
    const cancelled = toBuild(row);
    await within?.(tx, cancelled);
    return cancelled;
  });

export const cancelledBuildsSince = async (db: Database, since: Date): Promise<Build[]> =>
  (
    await db
      .select()
      .from(builds)
      .where(and(eq(builds.state, 'cancelled'), gt(builds.cancelledAt, since)))
  ).map(toBuild);
