import { and, count, desc, eq, isNull, or, sql, type SQL } from 'drizzle-orm';
import { MAX_FOUND_RELEASES, ReleaseId, type PackageFinding, type ReleasePackage } from '@slipway/protocol';
import { z } from 'zod';
import { debianEpoch } from '@slipway/sbom/versions';
import type { Database } from '../database.ts';
import type { PackageTest } from '../query/ast.ts';
import { nameOf } from '../query/fields.ts';
import { idArray } from '../query/id-array.ts';
import { isWanted } from '../query/packages.ts';
import { parsePackageQuery } from '../query/parse.ts';
import { devices, packages, releases } from '../schema.ts';
import { devicesOnReleases, sumOf } from './devices-on-releases.ts';
import { packagesNamed, releasesWith } from './find-packages.ts';
import { updatesFor } from './find-updates.ts';

/** The releases that hold a package as asked, with what of it each holds. */
export const holdersOf = async (
  db: Database,
  test: PackageTest,
): Promise<{
  /** all of that name, whatever their version */
  readonly named: Awaited<ReturnType<typeof packagesNamed>>;
  readonly contents: ReadonlyMap<ReleaseId, readonly ReleasePackage[]>;
}> => {
  const named = await packagesNamed(db, [test.field.name]);
  const wanted = new Map(
    named.filter((one) => isWanted(test, one.package)).map((one) => [one.id, one.package]),
  );
  const contents = new Map<ReleaseId, ReleasePackage[]>();
  for (const held of await releasesWith(db, [...wanted.keys()])) {
    const found = wanted.get(held.package);
    if (found !== undefined) contents.set(held.release, [...(contents.get(held.release) ?? []), found]);
  }
  return { named, contents };
};

/**
 * Who runs a package: releases that hold it as asked, and how many devices have committed to them.
 *
 * @param text such as `openssl < 3.5.8`
 * @param near only of devices that this holds for
 * @throws {SlipwayError} QUERY_INVALID
 */
export const findRunning = async (
  db: Database,
  text: string,
  near: SQL | undefined,
): Promise<PackageFinding> => {
  const { test, query } = parsePackageQuery(text);
  const { named, contents } = await holdersOf(db, test);
  const on = await devicesOnReleases(db, [...contents.keys()], near);
  const known = [...contents.keys()]
    .map((release) => ({ release, devices: sumOf(on.filter((row) => row.release === release)) }))
    .sort((a, b) => b.devices - a.devices);
  const classes = [...new Set(on.map(({ deviceClass }) => deviceClass))].sort();
  const updatesOf = await updatesFor(db, [...contents.keys()], near);
  return {
    query,
    devices: sumOf(on),
    byClass: classes.map((deviceClass) => ({
      deviceClass,
      devices: sumOf(on.filter((row) => row.deviceClass === deviceClass)),
      ...updatesOf(deviceClass),
    })),
    releases: await describe(db, known, contents),
    releaseCount: known.length,
    unknown: await notTold(db, near),
    hints: await hintsOf(
      db,
      test,
      named.map((one) => one.package),
    ),
  };
};

const byName = (a: ReleasePackage, b: ReleasePackage): number =>
  `${a.name} ${a.type}` < `${b.name} ${b.type}` ? -1 : 1;

type Held = { readonly release: ReleaseId; readonly devices: number };

const describe = async (
  db: Database,
  held: readonly Held[],
  contents: ReadonlyMap<ReleaseId, readonly ReleasePackage[]>,
): Promise<PackageFinding['releases']> => {
  const shown = held.slice(0, MAX_FOUND_RELEASES);
  if (shown.length === 0) return [];
  const rows = await db
    .select({
      id: releases.id,
      deviceClass: releases.deviceClass,
      version: releases.version,
      state: releases.state,
    })
    .from(releases)
    .where(sql`${releases.id} = any(${idArray(shown.map(({ release }) => release))})`)
    .orderBy(desc(releases.createdAt), desc(releases.counter), desc(releases.id));
  const devicesOf = new Map(shown.map(({ release, devices: number }) => [release, number]));
  return rows
    .map((row) => ({
      ...row,
      packages: [...(contents.get(row.id) ?? [])].sort(byName),
      devices: devicesOf.get(row.id) ?? 0,
    }))
    .sort((a, b) => b.devices - a.devices);
};

/** Devices that run what nobody has looked into, or never said what they run. */
const notTold = async (db: Database, near: SQL | undefined): Promise<PackageFinding['unknown']> => {
  const opaque = await releasesNotTold(db);
  const rows = await db
    .select({ release: devices.release, devices: count() })
    .from(devices)
    .where(
      and(
        eq(devices.state, 'active'),
        near,
        or(isNull(devices.release), sql`${devices.release} = any(${idArray(opaque)})`),
      ),
    )
    .groupBy(devices.release);
  const told = rows.filter(({ release }) => release !== null);
  return { releases: told.length, devices: sumOf(told), silent: sumOf(rows) - sumOf(told) };
};

const Rows = z.object({ rows: z.array(z.object({ release: ReleaseId })) });

/** Of the releases that devices run. Each is looked up in the index once, however many devices run it. */
const releasesNotTold = async (db: Database): Promise<readonly ReleaseId[]> => {
  const result: unknown = await db.execute(sql`
    with recursive run as (
      select min(${devices.release}) as release from ${devices}
      union all
      select (select min(${devices.release}) from ${devices} where ${devices.release} > run.release)
      from run where run.release is not null
    )
    select run.release from run left join ${releases} on ${releases.id} = run.release
    where run.release is not null and ${releases.packages} is null`);
  return Rows.parse(result).rows.map(({ release }) => release);
};

const LIKE_IT = 5;

const hintsOf = async (
  db: Database,
  test: PackageTest,
  named: readonly ReleasePackage[],
): Promise<string[]> => {
  const { field, wanted } = test;
  const there = named.filter(({ type }) => field.type === null || field.type === type);
  if (there.length === 0) {
    const rows = await db
      .selectDistinct({ name: packages.name })
      .from(packages)
      .where(sql`strpos(lower(${packages.name}), lower(${field.name}::text)) > 0`)
      .orderBy(packages.name)
      .limit(LIKE_IT);
    const others = rows.map(({ name }) => name).filter((name) => name !== field.name);
    const types = [...new Set(named.map(({ type }) => type))].sort().join(', ');
    return [
      `No release holds ${nameOf(field).replace(/^package\./, '')}.` +
        (types === '' ? '' : ` There is one of that name of type ${types}.`) +
        (others.length === 0 ? '' : ` There is ${others.join(', ')}.`),
    ];
  }
  if (wanted.kind !== 'order') return [];
  const epochs = new Set(
    there
      .filter(({ type }) => type === 'deb')
      .flatMap(({ name, version, source }) => [
        ...(name === field.name ? [version] : []),
        ...(source.name === field.name ? [source.version] : []),
      ])
      .map(debianEpoch),
  );
  const [epoch] = [...epochs].filter((one) => one !== debianEpoch(wanted.version));
  return epoch === undefined || debianEpoch(wanted.version) !== ''
    ? []
    : [
        `Debian has ${field.name} with the epoch ${epoch}, which counts before all else: compare with ${epoch}:${wanted.version} to find those.`,
      ];
};
