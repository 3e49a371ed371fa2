import { and, desc, eq, inArray } from 'drizzle-orm';
import {
  SlipwayError,
  type BuildResult,
  type ClassName,
  type Release,
  type ReleaseId,
  type ReleaseState,
  type SignResult,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { statesBefore } from '../release-states.ts';
import { builds, releases } from '../schema.ts';
import { found, type Page } from './not-found.ts';

export const toRelease = (row: typeof releases.$inferSelect): Release => ({
  id: row.id,
  build: row.build,
  deviceClass: row.deviceClass,
  arch: row.arch,
  version: row.version,
  counter: row.counter,
  state: row.state,
  rootHash: row.rootHash,
  bundle: { digest: row.bundleDigest, size: row.bundleSize },
  createdAt: row.createdAt.toISOString(),
});

/**
 * Ends a build in success: its signed release exists from the same moment.
 *
 * @returns undefined where that had happened already
 */
export const createRelease = (
  db: Database,
  result: BuildResult,
  signed: SignResult,
  now: Date,
): Promise<Release | undefined> =>
  db.transaction(async (tx) => {
    const [row] = await tx
      .insert(releases)
      .values({
        id: result.release,
        build: result.build,
        deviceClass: result.deviceClass,
        arch: result.arch,
        version: result.version,
        counter: result.counter,
        rootHash: result.rootHash,
        bundleDigest: signed.bundle.digest,
        bundleSize: signed.bundle.size,
        createdAt: now,
      })
      .onConflictDoNothing()
      .returning();
    await tx
      .update(builds)
      .set({ state: 'succeeded', step: 'done', percent: 100, finishedAt: now })
      .where(and(eq(builds.id, result.build), eq(builds.state, 'signing')));
    return row === undefined ? undefined : toRelease(row);
  });

export const getRelease = async (db: Database, id: ReleaseId): Promise<Release> =>
  toRelease(found(await db.select().from(releases).where(eq(releases.id, id)), 'release', id));

export const listReleases = async (
  db: Database,
  filter: Page & { readonly deviceClass?: ClassName | undefined; readonly state?: ReleaseState | undefined },
): Promise<Release[]> => {
  const rows = await db
    .select()
    .from(releases)
    .where(
      and(
        filter.deviceClass === undefined ? undefined : eq(releases.deviceClass, filter.deviceClass),
        filter.state === undefined ? undefined : eq(releases.state, filter.state),
      ),
    )
    .orderBy(desc(releases.createdAt), desc(releases.counter))
    .limit(filter.limit)
    .offset(filter.offset);
  return rows.map(toRelease);
};

/**
 * @param from the states it may be in, of those that `RELEASE_NEXT` lets become `to`; absent: all of them
 * @throws {SlipwayError} NOT_FOUND, CONFLICT where the release is in none of these states
 */
export const changeRelease = async (
  db: Database,
  id: ReleaseId,
  from: readonly ReleaseState[] | undefined,
  to: ReleaseState,
): Promise<Release> => {
  const before = statesBefore(to).filter((state) => from?.includes(state) ?? true);
  const [row] = await db
    .update(releases)
    .set({ state: to })
    .where(and(eq(releases.id, id), inArray(releases.state, before)))
    .returning();
  if (row !== undefined) return toRelease(row);
  const { state } = await getRelease(db, id);
  throw new SlipwayError(
    'CONFLICT',
    `Release ${id} is ${state}; only a release that is ${before.join(' or ')} becomes ${to}.`,
    { details: { state } },
  );
};
