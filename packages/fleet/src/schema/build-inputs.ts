import { index, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { BuildId, ComponentId, ComponentKind, Digest, ImageId } from '@slipway/protocol';
import { builds } from './builds.ts';
import { at, tenant } from './columns.ts';

/** What went into builds that succeeded: one row for each content. */
export const components = pgTable(
  'components',
  {
    id: text('id').$type<ComponentId>().primaryKey(),
    tenant: tenant(),
    kind: text('kind').$type<ComponentKind>().notNull(),
    name: text('name').notNull(),
    version: text('version'),
    digest: text('digest').$type<Digest>().notNull(),
    firstBuiltAt: at('first_built_at').notNull(),
  },
  (table) => [
    uniqueIndex('components_content').on(table.tenant, table.name, table.kind, table.digest),
    index('components_name').on(table.name, table.id),
  ],
);

export const buildComponents = pgTable(
  'build_components',
  {
    build: text('build')
      .$type<BuildId>()
      .notNull()
      .references(() => builds.id),
    component: text('component')
      .$type<ComponentId>()
      .notNull()
      .references(() => components.id),
    /** as the image file had it */
    reference: text('reference').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.build, table.component] }),
    index('build_components_component').on(table.component, table.build),
  ],
);

/** Image files that builds which succeeded were made from: one row for each text. */
export const images = pgTable(
  'images',
  {
    id: text('id').$type<ImageId>().primaryKey(),
    tenant: tenant(),
    path: text('path').notNull(),
    digest: text('digest').$type<Digest>().notNull(),
    firstBuiltAt: at('first_built_at').notNull(),
  },
  (table) => [
    uniqueIndex('images_content').on(table.tenant, table.path, table.digest),
    index('images_path').on(table.path, table.id),
  ],
);

export const buildImages = pgTable(
  'build_images',
  {
    build: text('build')
      .$type<BuildId>()
      .notNull()
      .references(() => builds.id),
    image: text('image')
      .$type<ImageId>()
      .notNull()
      .references(() => images.id),
    /** in the order of the class file, from 0 */
    place: integer('place').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.build, table.image] }),
    index('build_images_image').on(table.image, table.build),
  ],
);
