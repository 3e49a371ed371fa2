import { and, count, desc, eq, inArray, max, sql, type AnyColumn, type SQL } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import {
  MAX_HOLDERS,
  SlipwayError,
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
import { buildComponents, buildImages, builds, components, images, releases } from '../schema.ts';
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

type Built = { readonly deviceClasses: ClassName[]; readonly builds: number; readonly lastBuiltAt: string };

/** By the id of the thing. */
const builtWith = async (
  db: Database,
  { table, thing }: Join,
  ids: readonly string[],
): Promise<ReadonlyMap<unknown, Built>> => {
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
      { deviceClasses, builds: number, lastBuiltAt: (last ?? new Date(0)).toISOString() },
    ]),
  );
};

/** Releases with a thing, newest first. */
const holdersOf = async (
  db: Database,
  { table, thing }: Join,
  id: string,
): Promise<NonNullable<BuiltComponent['releases']>> =>
  db
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

const NEVER: Built = { deviceClasses: [], builds: 0, lastBuiltAt: new Date(0).toISOString() };

const toComponents = async (
  db: Database,
  rows: readonly (typeof components.$inferSelect)[],
): Promise<BuiltComponent[]> => {
  const built = await builtWith(
    db,
    COMPONENTS,
    rows.map(({ id }) => id),
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
): Promise<BuiltImage[]> => {
  const built = await builtWith(
    db,
    IMAGES,
    rows.map(({ id }) => id),
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
    (some) => toComponents(db, some),
    () => db.$count(components, filter),
  );
};

/** @throws {SlipwayError} NOT_FOUND */
export const getComponent = async (
  db: Database,
  tenant: TenantId,
  id: ComponentId,
): Promise<BuiltComponent> => {
  const isIt = and(eq(components.tenant, tenant), eq(components.id, id));
  const rows = await toComponents(db, await db.select().from(components).where(isIt));
  return { ...found(rows, 'component', id), releases: await holdersOf(db, COMPONENTS, id) };
};

/** By path. */
export const listImages = async (
  db: Database,
  tenant: TenantId,
  page: Page & ImageFilter,
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
    (some) => toImages(db, some),
    () => db.$count(images, filter),
  );
};

/** @throws {SlipwayError} NOT_FOUND */
export const getImage = async (db: Database, tenant: TenantId, id: ImageId): Promise<BuiltImage> => {
  const isIt = and(eq(images.tenant, tenant), eq(images.id, id));
  const rows = await toImages(db, await db.select().from(images).where(isIt));
  return { ...found(rows, 'image', id), releases: await holdersOf(db, IMAGES, id) };
};
