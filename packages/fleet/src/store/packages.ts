import { and, count, eq, inArray, sql, type SQL } from 'drizzle-orm';
import type { KnownPackage, PackageFilter, TenantId } from '@slipway/protocol';
import { comparePackageVersions } from '@slipway/sbom/versions';
import type { Database } from '../database.ts';
import { devices, packages, releasePackages } from '../schema.ts';
import { isLike } from './build-inputs.ts';
import { isOfFleet } from './devices.ts';
import { keyset, type Page, type Paged } from './page.ts';

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/**
 * Packages that releases hold, by name, with their versions in the order of their ecosystem.
 *
 * @param running only what a device runs
 * @param near only of devices that this holds for
 */
export const listPackages = async (
  db: Database,
  tenant: TenantId,
  page: Page & PackageFilter & { readonly running?: boolean | undefined },
  near: SQL | undefined,
): Promise<Paged<KnownPackage>> => {
  const running = page.running === true;
  const runs = sql`exists (select from ${devices} where ${and(sql`${devices.release} = ${releasePackages.release}`, isOfFleet, near)})`;
  const filter = and(
    eq(packages.tenant, tenant),
    page.name === undefined ? undefined : isLike(packages.name, page.name),
    page.type === undefined ? undefined : eq(packages.type, page.type),
    // One that was only in releases whose contents were forgotten is in none.
    sql`exists (select from ${releasePackages} where ${and(sql`${releasePackages.package} = ${packages.id}`, running ? runs : undefined)})`,
  );
  const keys = keyset(page, { by: [packages.name, packages.type], direction: 'asc' });
  const rows = await db
    .select({ row: { name: packages.name, type: packages.type }, key: keys.key })
    .from(packages)
    .where(and(filter, keys.where))
    .groupBy(packages.name, packages.type)
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => {
      const versions = await versionsOf(db, tenant, found, near);
      return found.map(({ name, type }) => ({
        type,
        name,
        versions: versions
          .filter((one) => one.name === name && one.type === type && (!running || one.devices > 0))
          .map(({ version, releases, devices: number }) => ({ version, releases, devices: number }))
          .sort((a, b) => comparePackageVersions(type, a.version, b.version) || byText(a.version, b.version)),
      }));
    },
    async () => {
      const names = db
        .selectDistinct({ name: packages.name, type: packages.type })
        .from(packages)
        .where(filter)
        .as('names');
      const [all] = await db.select({ count: count() }).from(names);
      return all?.count ?? 0;
    },
  );
};

const versionsOf = async (
  db: Database,
  tenant: TenantId,
  wanted: readonly Pick<typeof packages.$inferSelect, 'name' | 'type'>[],
  near: SQL | undefined,
) => {
  const names = [...new Set(wanted.map(({ name }) => name))];
  if (names.length === 0) return [];
  const held = db
    .selectDistinct({
      type: packages.type,
      name: packages.name,
      version: packages.version,
      release: releasePackages.release,
    })
    .from(packages)
    .innerJoin(releasePackages, eq(releasePackages.package, packages.id))
    .where(and(eq(packages.tenant, tenant), inArray(packages.name, names)))
    .as('held');
  const run = db
    .select({ release: devices.release, devices: count().as('devices') })
    .from(devices)
    .where(and(isOfFleet, near))
    .groupBy(devices.release)
    .as('run');
  return db
    .select({
      type: held.type,
      name: held.name,
      version: held.version,
      releases: count(),
      devices: sql<number>`coalesce(sum(${run.devices}), 0)`.mapWith(Number),
    })
    .from(held)
    .leftJoin(run, eq(run.release, held.release))
    .groupBy(held.type, held.name, held.version);
};
