import {
  and,
  count,
  countDistinct,
  desc,
  eq,
  inArray,
  max,
  sql,
  type AnyColumn,
  type SQL,
} from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import {
  MAX_HOLDERS,
  SBOM_NAME,
  SlipwayError,
  type Build,
  type BuiltComponent,
  type BuiltImage,
  type ClassName,
  type ComponentFilter,
  type ComponentId,
  type ImageFilter,
  type ImageId,
  type TenantId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { parseGlob, toLike } from '../query/glob.ts';
import { buildComponents, buildImages, builds, components, devices, images, releases } from '../schema.ts';
import { toBuild } from './builds.ts';
import { isOfFleet } from './devices.ts';
import { devicesOnReleases, sumOf } from './devices-on-releases.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';

/** A table that says which builds hold a thing: its column of the thing, and of the build. */
type Join = { readonly table: typeof buildComponents | typeof buildImages; readonly thing: AnyPgColumn };
const COMPONENTS: Join = { table: buildComponents, thing: buildComponents.component };
const IMAGES: Join = { table: buildImages, thing: buildImages.image };

export const isLike = (column: AnyColumn, text: string): SQL => {
  const pattern = parseGlob(text);
  if (pattern === undefined)
    throw new SlipwayError('REQUEST_INVALID', `${text}: expected a character after the last backslash.`);
  return sql`${column} like ${toLike(pattern)}`;
};

const isHeld = (
  { table, thing }: Join,
  id: AnyColumn,
  { deviceClass, release }: Pick<ComponentFilter, 'deviceClass' | 'release'>,
): SQL | undefined =>
  and(
    deviceClass === undefined
      ? undefined
      : sql`exists (select from ${table} join ${builds} on ${builds.id} = ${table.build}
          where ${thing} = ${id} and ${builds.deviceClass} = ${deviceClass})`,
    release === undefined
      ? undefined
      : sql`exists (select from ${table} join ${releases} on ${releases.build} = ${table.build}
          where ${thing} = ${id} and ${releases.id} = ${release})`,
  );

type Built = {
  readonly deviceClasses: ClassName[];
  readonly builds: number;
  readonly devices: number;
  readonly lastBuiltAt: string;
};

/** How many devices run a release with a thing, by the id of the thing. */
const runningWith = async (
  db: Database,
  { table, thing }: Join,
  ids: readonly string[],
  near: SQL | undefined,
): Promise<ReadonlyMap<unknown, number>> => {
  const rows = await db
    .select({ id: thing, devices: countDistinct(devices.id) })
    .from(table)
    .innerJoin(releases, eq(releases.build, table.build))
    .innerJoin(devices, eq(devices.release, releases.id))
    .where(and(inArray(thing, [...ids]), isOfFleet, near))
    .groupBy(thing);
  return new Map(rows.map(({ id, devices: number }) => [id, number]));
};

/** By the id of the thing. */
const builtWith = async (
  db: Database,
  join: Join,
  ids: readonly string[],
  near: SQL | undefined,
): Promise<ReadonlyMap<unknown, Built>> => {
  const { table, thing } = join;
  const running = await runningWith(db, join, ids, near);
  const rows = await db
    .select({
      id: thing,
      deviceClasses: sql<
        ClassName[]
      >`array_agg(distinct ${builds.deviceClass} order by ${builds.deviceClass})`,
      builds: count(),
      last: max(builds.finishedAt),
    })
    .from(table)
    .innerJoin(builds, eq(builds.id, table.build))
    .where(inArray(thing, [...ids]))
    .groupBy(thing);
  return new Map(
    rows.map(({ id, deviceClasses, builds: number, last }) => [
      id,
      {
        deviceClasses,
        builds: number,
        devices: running.get(id) ?? 0,
        lastBuiltAt: (last ?? new Date(0)).toISOString(),
      },
    ]),
  );
};

/** Releases with a thing, newest first. */
const holdersOf = async (
  db: Database,
  { table, thing }: Join,
  id: string,
  near: SQL | undefined,
): Promise<NonNullable<BuiltComponent['releases']>> => {
  const holders = await db
    .select({
      id: releases.id,
      deviceClass: releases.deviceClass,
      version: releases.version,
      state: releases.state,
    })
    .from(table)
    .innerJoin(releases, eq(releases.build, table.build))
    .where(eq(thing, id))
    .orderBy(desc(releases.createdAt), desc(releases.counter), desc(releases.id))
    .limit(MAX_HOLDERS);
  const running = await devicesOnReleases(
    db,
    holders.map(({ id: release }) => release),
    near,
  );
  return holders.map((holder) => ({
    ...holder,
    devices: sumOf(running.filter(({ release }) => release === holder.id)),
  }));
};

const NEVER: Built = { deviceClasses: [], builds: 0, devices: 0, lastBuiltAt: new Date(0).toISOString() };

const toComponents = async (
  db: Database,
  rows: readonly (typeof components.$inferSelect)[],
  near: SQL | undefined,
): Promise<BuiltComponent[]> => {
  const built = await builtWith(
    db,
    COMPONENTS,
    rows.map(({ id }) => id),
    near,
  );
  return rows.map(({ tenant: _tenant, firstBuiltAt, ...row }) => ({
    ...row,
    ...(built.get(row.id) ?? NEVER),
    firstBuiltAt: firstBuiltAt.toISOString(),
  }));
};

const toImages = async (
  db: Database,
  rows: readonly (typeof images.$inferSelect)[],
  near: SQL | undefined,
): Promise<BuiltImage[]> => {
  const built = await builtWith(
    db,
    IMAGES,
    rows.map(({ id }) => id),
    near,
  );
  return rows.map(({ tenant: _tenant, firstBuiltAt, ...row }) => ({
    ...row,
    ...(built.get(row.id) ?? NEVER),
    firstBuiltAt: firstBuiltAt.toISOString(),
  }));
};

/** By name. */
export const listComponents = async (
  db: Database,
  tenant: TenantId,
  page: Page & ComponentFilter,
  near: SQL | undefined,
): Promise<Paged<BuiltComponent>> => {
  const filter = and(
    eq(components.tenant, tenant),
    page.name === undefined ? undefined : isLike(components.name, page.name),
    page.kind === undefined ? undefined : eq(components.kind, page.kind),
    isHeld(COMPONENTS, components.id, page),
  );
  const order = keyset(page, { by: [components.name, components.id], direction: 'asc' });
  const rows = await db
    .select({ row: components, key: order.key })
    .from(components)
    .where(and(filter, order.where))
    .orderBy(...order.orderBy)
    .limit(order.limit)
    .offset(page.offset);
  return order.page(
    rows,
    (some) => toComponents(db, some, near),
    () => db.$count(components, filter),
  );
};

/** @throws {SlipwayError} NOT_FOUND */
export const getComponent = async (
  db: Database,
  tenant: TenantId,
  id: ComponentId,
  near: SQL | undefined,
): Promise<BuiltComponent> => {
  const isIt = and(eq(components.tenant, tenant), eq(components.id, id));
  const rows = await toComponents(db, await db.select().from(components).where(isIt), near);
  return { ...found(rows, 'component', id), releases: await holdersOf(db, COMPONENTS, id, near) };
};

/** The newest build with a component whose list of contents is in the store, and how its image file names the component. */
export const listedBuildWith = async (
  db: Database,
  id: ComponentId,
): Promise<{ readonly build: Build; readonly reference: string } | undefined> => {
  const [row] = await db
    .select({ build: builds, reference: buildComponents.reference })
    .from(buildComponents)
    .innerJoin(builds, eq(builds.id, buildComponents.build))
    .where(
      and(
        eq(buildComponents.component, id),
        sql`${builds.artifacts} @> ${JSON.stringify([{ name: SBOM_NAME }])}::jsonb`,
      ),
    )
    .orderBy(desc(builds.createdAt), desc(builds.counter))
    .limit(1);
  return row === undefined ? undefined : { ...row, build: toBuild(row.build) };
};

/** By path. */
export const listImages = async (
  db: Database,
  tenant: TenantId,
  page: Page & ImageFilter,
  near: SQL | undefined,
): Promise<Paged<BuiltImage>> => {
  const filter = and(
    eq(images.tenant, tenant),
    page.path === undefined ? undefined : isLike(images.path, page.path),
    isHeld(IMAGES, images.id, page),
  );
  const order = keyset(page, { by: [images.path, images.id], direction: 'asc' });
  const rows = await db
    .select({ row: images, key: order.key })
    .from(images)
    .where(and(filter, order.where))
    .orderBy(...order.orderBy)
    .limit(order.limit)
    .offset(page.offset);
  return order.page(
    rows,
    (some) => toImages(db, some, near),
    () => db.$count(images, filter),
  );
};

/** @throws {SlipwayError} NOT_FOUND */
export const getImage = async (
  db: Database,
  tenant: TenantId,
  id: ImageId,
  near: SQL | undefined,
): Promise<BuiltImage> => {
  const isIt = and(eq(images.tenant, tenant), eq(images.id, id));
  const rows = await toImages(db, await db.select().from(images).where(isIt), near);
  return { ...found(rows, 'image', id), releases: await holdersOf(db, IMAGES, id, near) };
};
