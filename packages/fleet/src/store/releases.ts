import { and, eq, inArray, sql } from 'drizzle-orm';
import {
  DEFAULT_PROFILE,
  SlipwayError,
  type BuildResult,
  type ClassName,
  type Release,
  type ReleaseId,
  type ReleasePackage,
  type ReleaseState,
  type SignedDisk,
  type SigningProfile,
  type SignResult,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { statesBefore } from '../release-states.ts';
import { builds, qualifications, releases } from '../schema.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { beginQualification, requireQualified, type QualificationWish } from './qualifications.ts';
import { recordInputs } from './record-inputs.ts';
import { recordPackages } from './record-packages.ts';
import { setOffByRelease } from './release-triggers.ts';

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
  ...(row.signing === DEFAULT_PROFILE ? {} : { signing: row.signing }),
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
  /** absent: it needs to prove nothing */
  qualification?: QualificationWish,
  /** what is in it; absent: that is to be looked at later */
  contents?: readonly ReleasePackage[],
  /** whose keys signed it */
  signing: SigningProfile = DEFAULT_PROFILE,
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
        signing,
        bundleDigest: signed.bundle.digest,
        bundleSize: signed.bundle.size,
        disks: signed.disks ?? [],
        createdAt: now,
      })
      .onConflictDoNothing()
      .returning();
    await tx
      .update(builds)
      .set({ state: 'succeeded', step: 'done', percent: 100, finishedAt: now })
      .where(and(eq(builds.id, result.build), eq(builds.state, 'signing')));
    if (row === undefined) return undefined;
    await recordInputs(tx, result, now);
    if (qualification !== undefined) await beginQualification(tx, result.release, qualification, now);
    if (contents !== undefined) await recordPackages(tx, row, contents);
    return toRelease(row);
  });

/** Those of before there were qualifications were not tried. */
const withQualifications = async (
  db: Database,
  rows: readonly (typeof releases.$inferSelect)[],
): Promise<Release[]> => {
  const ids = rows.map(({ id }) => id);
  const known = await db
    .select({ release: qualifications.release, state: qualifications.state })
    .from(qualifications)
    .where(inArray(qualifications.release, ids));
  const states = new Map(known.map(({ release, state }) => [release, state]));
  return rows.map((row) => ({ ...toRelease(row), qualification: states.get(row.id) ?? 'skipped' }));
};

export const getRelease = async (db: Database, id: ReleaseId): Promise<Release> => {
  const rows = await db.select().from(releases).where(eq(releases.id, id));
  return found(await withQualifications(db, rows), 'release', id);
};

/** Disks that the signer has written beside the bundle of a release. */
export const signedDisks = async (db: Database, id: ReleaseId): Promise<readonly SignedDisk[]> =>
  found(await db.select({ disks: releases.disks }).from(releases).where(eq(releases.id, id)), 'release', id)
    .disks;

/** Puts disks on record where none are yet, and the files of the build are still kept. */
export const recordSignedDisks = async (
  db: Database,
  id: ReleaseId,
  disks: readonly SignedDisk[],
): Promise<void> => {
  const kept = db
    .select({ id: builds.id })
    .from(builds)
    .where(sql`${builds.artifacts} <> '[]'::jsonb`);
  await db
    .update(releases)
    .set({ disks: [...disks] })
    .where(and(eq(releases.id, id), sql`${releases.disks} = '[]'::jsonb`, inArray(releases.build, kept)));
};

export const listReleases = async (
  db: Database,
  page: Page & { readonly deviceClass?: ClassName | undefined; readonly state?: ReleaseState | undefined },
): Promise<Paged<Release>> => {
  const filter = and(
    page.deviceClass === undefined ? undefined : eq(releases.deviceClass, page.deviceClass),
    page.state === undefined ? undefined : eq(releases.state, page.state),
  );
  const keys = keyset(page, { by: [releases.createdAt, releases.counter, releases.id], direction: 'desc' });
  const rows = await db
    .select({ row: releases, key: keys.key })
    .from(releases)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    (found) => withQualifications(db, found),
    () => db.$count(releases, filter),
  );
};

/**
 * A draft becomes published only once it has proven itself, or where `force` says so.
 *
 * @param from the states it may be in, of those that `RELEASE_NEXT` lets become `to`; absent: all of them
 * @throws {SlipwayError} NOT_FOUND, CONFLICT where the release is in none of these states; QUALIFICATION_PENDING,
 * QUALIFICATION_FAILED
 */
export const changeRelease = (
  db: Database,
  id: ReleaseId,
  from: readonly ReleaseState[] | undefined,
  to: ReleaseState,
  force = false,
): Promise<Release> => db.transaction((tx) => changeIn(tx, id, from, to, force));

const changeIn = async (
  db: Database,
  id: ReleaseId,
  from: readonly ReleaseState[] | undefined,
  to: ReleaseState,
  force: boolean,
): Promise<Release> => {
  const before = statesBefore(to).filter((state) => from?.includes(state) ?? true);
  // Held, so that a qualification that begins meanwhile is seen.
  const [draft] = await db
    .select({ state: releases.state })
    .from(releases)
    .where(eq(releases.id, id))
    .for('update');
  if (to === 'published' && draft?.state === 'draft' && !force) await requireQualified(db, id);
  const [row] = await db
    .update(releases)
    .set({ state: to })
    .where(and(eq(releases.id, id), inArray(releases.state, before)))
    .returning();
  if (row !== undefined) {
    const release = toRelease(row);
    // One that was deprecated for a while counts no second time: the delivery is known.
    if (to === 'published') await setOffByRelease(db, release, null, new Date());
    return release;
  }
  const { state } = await getRelease(db, id);
  throw new SlipwayError(
    'CONFLICT',
    `Release ${id} is ${state}; only a release that is ${before.join(' or ')} becomes ${to}.`,
    { details: { state } },
  );
};

/** A release that devices may still be given. */
export const isUsable = ({ state }: Pick<Release, 'state'>): boolean =>
  state === 'published' || state === 'deprecated';
