import { and, count, inArray, sql, type SQL } from 'drizzle-orm';
import { type KnownPackage, type PackageFilter, type ReleaseId, type TenantId } from '@slipway/protocol';
import { comparePackageVersions } from '@slipway/sbom/versions';
import type { Database } from '../database.ts';
import { devices, packages, releasePackages } from '../schema.ts';
import { isLike } from './build-inputs.ts';
import { devicesOnReleases, sumOf } from './devices-on-releases.ts';
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
    sql`${packages.tenant} = ${tenant}`,
    page.name === undefined ? undefined : isLike(packages.name, page.name),
    page.type === undefined ? undefined : sql`${packages.type} = ${page.type}`,
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
      const held = await heldVersions(db, tenant, found);
      const on = await devicesOnReleases(db, [...new Set(held.map(({ release }) => release))], near);
      return found.map(({ name, type }) => {
        const versions = new Map<string, Set<ReleaseId>>();
        for (const one of held)
          if (one.name === name && one.type === type)
            versions.set(one.version, (versions.get(one.version) ?? new Set()).add(one.release));
        return {
          type,
          name,
          versions: [...versions]
            .map(([version, of]) => ({
              version,
              releases: of.size,
              devices: sumOf(on.filter(({ release }) => release !== null && of.has(release))),
            }))
            .filter((one) => !running || one.devices > 0)
            .sort(
              (a, b) => comparePackageVersions(type, a.version, b.version) || byText(a.version, b.version),
            ),
        };
      });
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

const heldVersions = (
  db: Database,
  tenant: TenantId,
  wanted: readonly Pick<typeof packages.$inferSelect, 'name' | 'type'>[],
) => {
  const names = [...new Set(wanted.map(({ name }) => name))];
  return db
    .select({
      type: packages.type,
      name: packages.name,
      version: packages.version,
      release: releasePackages.release,
    })
    .from(packages)
    .innerJoin(releasePackages, sql`${releasePackages.package} = ${packages.id}`)
    .where(
      and(
        sql`${packages.tenant} = ${tenant}`,
        names.length === 0 ? sql`false` : inArray(packages.name, names),
      ),
    );
};
