import { inArray, or, sql } from 'drizzle-orm';
import type { PackageId, ReleaseId, ReleasePackage } from '@slipway/protocol';
import type { Database } from '../database.ts';
import type { PackageTest, Test } from '../query/ast.ts';
import { idArray } from '../query/id-array.ts';
import { isWanted, packageKey, type KnownPackages } from '../query/packages.ts';
import { packages, releasePackages } from '../schema.ts';

type Row = typeof packages.$inferSelect;

export const toPackage = ({ type, name, version, sourceName, sourceVersion }: Row): ReleasePackage => ({
  type,
  name,
  version,
  source: { name: sourceName, version: sourceVersion },
});

/** Packages that go by these names, or whose sources do. */
export const packagesNamed = async (
  db: Database,
  names: readonly string[],
): Promise<{ readonly id: PackageId; readonly package: ReleasePackage }[]> => {
  const rows = await db
    .select()
    .from(packages)
    .where(or(inArray(packages.name, [...names]), inArray(packages.sourceName, [...names])));
  return rows.map((row) => ({ id: row.id, package: toPackage(row) }));
};

/** Which releases hold which of some packages. */
export const releasesWith = async (
  db: Database,
  ids: readonly PackageId[],
): Promise<{ release: ReleaseId; package: PackageId }[]> => {
  if (ids.length === 0) return [];
  return db
    .select({ release: releasePackages.release, package: releasePackages.package })
    .from(releasePackages)
    .where(sql`${releasePackages.package} = any(${idArray(ids)})`);
};

/**
 * The releases that hold what tests ask for. The database finds packages by their names and releases by their packages;
 * which versions are meant is said here, of the few that there are of a name, because every ecosystem orders them in its
 * own way.
 */
export const findPackages = async (db: Database, tests: readonly Test[]): Promise<KnownPackages> => {
  const asked = tests.filter((test): test is PackageTest => test.kind === 'package');
  if (asked.length === 0) return new Map();
  const named = await packagesNamed(db, [...new Set(asked.map(({ field }) => field.name))]);
  const wanted = new Map(
    asked.map((test) => [
      packageKey(test),
      new Set(named.filter((one) => isWanted(test, one.package)).map(({ id }) => id)),
    ]),
  );
  const ids = new Set([...wanted.values()].flatMap((of) => [...of]));
  const held = await releasesWith(db, [...ids]);
  return new Map(
    [...wanted].map(([key, of]) => [
      key,
      [...new Set(held.filter((one) => of.has(one.package)).map(({ release }) => release))],
    ]),
  );
};
