import { and, desc, eq, inArray, lt, ne, sql, type SQL } from 'drizzle-orm';
import {
  SlipwayError,
  type PackageFilter,
  type Release,
  type ReleaseDifference,
  type ReleaseId,
  type ReleasePackage,
} from '@slipway/protocol';
import { diffPackages } from '@slipway/sbom/versions';
import type { Database } from '../database.ts';
import { channelHistory, packages, releasePackages, releases } from '../schema.ts';
import { isLike } from './build-inputs.ts';
import { toPackage } from './find-packages.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { getRelease } from './releases.ts';

/** @throws {SlipwayError} NOT_FOUND, PACKAGES_UNKNOWN */
const refuseUnknown = async (db: Database, id: ReleaseId): Promise<void> => {
  const rows = await db
    .select({ packages: releases.packages, version: releases.version })
    .from(releases)
    .where(eq(releases.id, id));
  const row = found(rows, 'release', id);
  if (row.packages !== null) return;
  throw new SlipwayError(
    'PACKAGES_UNKNOWN',
    `What is in release ${id} (${row.version}) is not known: its list of contents is gone, cannot be read, or was not looked at yet. ` +
      'The log of the API says which; a release that was just put back takes a moment.',
    { details: { release: id } },
  );
};

const isIn = (id: ReleaseId): SQL =>
  inArray(
    packages.id,
    sql`(select ${releasePackages.package} from ${releasePackages} where ${releasePackages.release} = ${id})`,
  );

/** By name. @throws {SlipwayError} NOT_FOUND, PACKAGES_UNKNOWN */
export const listReleasePackages = async (
  db: Database,
  id: ReleaseId,
  page: Page & PackageFilter,
): Promise<Paged<ReleasePackage>> => {
  await refuseUnknown(db, id);
  const filter = and(
    isIn(id),
    page.name === undefined ? undefined : isLike(packages.name, page.name),
    page.type === undefined ? undefined : eq(packages.type, page.type),
  );
  const keys = keyset(page, { by: [packages.name, packages.id], direction: 'asc' });
  const rows = await db
    .select({ row: packages, key: keys.key })
    .from(packages)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (some) => some.map(toPackage),
    () => db.$count(packages, filter),
  );
};

const contentsOf = async (db: Database, id: ReleaseId): Promise<ReleasePackage[]> => {
  await refuseUnknown(db, id);
  return (await db.select().from(packages).where(isIn(id))).map(toPackage);
};

/**
 * The release that devices come from: the one before it on the channel that it was published to first, else the last one
 * before it of its class that is or was published, else the last one of its class.
 *
 * @throws {SlipwayError} NOT_FOUND where it is the first
 */
const releaseBefore = async (db: Database, { id, deviceClass, counter }: Release): Promise<ReleaseId> => {
  const [first] = await db
    .select()
    .from(channelHistory)
    .where(and(eq(channelHistory.release, id), eq(channelHistory.event, 'published')))
    .orderBy(channelHistory.id)
    .limit(1);
  if (first !== undefined) {
    const [before] = await db
      .select({ release: channelHistory.release })
      .from(channelHistory)
      .where(
        and(
          eq(channelHistory.deviceClass, first.deviceClass),
          eq(channelHistory.channel, first.channel),
          eq(channelHistory.event, 'published'),
          ne(channelHistory.release, id),
          lt(channelHistory.id, first.id),
        ),
      )
      .orderBy(desc(channelHistory.id))
      .limit(1);
    if (before !== undefined) return before.release;
  }
  const older = await db
    .select({ id: releases.id })
    .from(releases)
    .where(and(eq(releases.deviceClass, deviceClass), lt(releases.counter, counter)))
    .orderBy(sql`${releases.state} in ('published', 'deprecated') desc`, desc(releases.counter))
    .limit(1);
  const [before] = older;
  if (before !== undefined) return before.id;
  throw new SlipwayError(
    'NOT_FOUND',
    `Release ${id} is the first of ${deviceClass}, so there is none before it. Name the release to compare with.`,
    { details: { release: id, deviceClass } },
  );
};

const nameOf = ({ id, deviceClass, version, state }: Release): ReleaseDifference['from'] => ({
  id,
  deviceClass,
  version,
  state,
});

/**
 * @param from absent: the release before it
 * @throws {SlipwayError} NOT_FOUND, PACKAGES_UNKNOWN
 */
export const differenceOf = async (
  db: Database,
  id: ReleaseId,
  from: ReleaseId | undefined,
): Promise<ReleaseDifference> => {
  const to = await getRelease(db, id);
  const base = await getRelease(db, from ?? (await releaseBefore(db, to)));
  const [before, after] = [await contentsOf(db, base.id), await contentsOf(db, to.id)];
  const { added, removed, upgraded, downgraded } = diffPackages(before, after);
  return {
    from: nameOf(base),
    to: nameOf(to),
    added,
    removed,
    upgraded,
    downgraded,
    unchanged: after.length - added.length - upgraded.length - downgraded.length,
  };
};
