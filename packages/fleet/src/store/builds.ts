import { and, desc, eq, inArray, notInArray, sql } from 'drizzle-orm';
import type { Build, BuildId, BuildState, ClassName, ErrorCode, JobProgress } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newBuildId, newReleaseId } from '../new-id.ts';
import { builds, classCounters } from '../schema.ts';
import { found, type Page } from './not-found.ts';

const FINISHED: BuildState[] = ['succeeded', 'failed'];

export const toBuild = (row: typeof builds.$inferSelect): Build => ({
  id: row.id,
  release: row.release,
  deviceClass: row.deviceClass,
  version: row.version,
  counter: row.counter,
  state: row.state,
  step: row.step,
  percent: row.percent,
  code: row.code,
  message: row.message,
  artifacts: row.artifacts,
  createdAt: row.createdAt.toISOString(),
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
});

/** Gives ids and the next counter of the class; a counter is never given twice, also when the build fails. */
export const createBuild = (
  db: Database,
  asked: { readonly deviceClass: ClassName; readonly version: string },
  now: Date,
): Promise<Build> =>
  db.transaction(async (tx) => {
    const [row] = await tx
      .insert(classCounters)
      .values({ deviceClass: asked.deviceClass, counter: 1 })
      .onConflictDoUpdate({
        target: [classCounters.tenant, classCounters.deviceClass],
        set: { counter: sql`${classCounters.counter} + 1` },
      })
      .returning();
    const values = {
      id: newBuildId(),
      release: newReleaseId(),
      ...asked,
      counter: row?.counter ?? 1,
      createdAt: now,
    };
    const rows = await tx.insert(builds).values(values).returning();
    return toBuild(found(rows, 'build', values.id));
  });

export const getBuild = async (db: Database, id: BuildId): Promise<Build> =>
  toBuild(found(await db.select().from(builds).where(eq(builds.id, id)), 'build', id));

export const listBuilds = async (
  db: Database,
  { deviceClass, limit, offset }: Page & { readonly deviceClass?: ClassName | undefined },
): Promise<Build[]> => {
  const rows = await db
    .select()
    .from(builds)
    .where(deviceClass === undefined ? undefined : eq(builds.deviceClass, deviceClass))
    .orderBy(desc(builds.createdAt), desc(builds.counter))
    .limit(limit)
    .offset(offset);
  return rows.map(toBuild);
};

export const unfinishedBuilds = async (db: Database): Promise<Build[]> =>
  (await db.select().from(builds).where(notInArray(builds.state, FINISHED))).map(toBuild);

/**
 * Moves a build on.
 *
 * @returns undefined where it is no longer in one of the states `from`: somebody else moved it
 */
export const moveBuild = async (
  db: Database,
  id: BuildId,
  from: readonly BuildState[],
  change: Partial<Pick<typeof builds.$inferInsert, 'state' | 'step' | 'percent' | 'artifacts' | 'startedAt'>>,
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
  progress: JobProgress,
): Promise<Build | undefined> => moveBuild(db, id, ['building', 'signing'], progress);

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
    .where(and(eq(builds.id, id), notInArray(builds.state, FINISHED)))
    .returning();
  return row === undefined ? undefined : toBuild(row);
};
