import { index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { PackageId, PackageType, ReleaseId } from '@slipway/protocol';
import { tenant } from './columns.ts';
import { releases } from './releases.ts';

/** What releases hold: one row for each version of a package. They stay, as components do: there are few. */
export const packages = pgTable(
  'packages',
  {
    id: text('id').$type<PackageId>().primaryKey(),
    tenant: tenant(),
    type: text('type').$type<PackageType>().notNull(),
    name: text('name').notNull(),
    version: text('version').notNull(),
    /** what it was built from; mostly the same */
    sourceName: text('source_name').notNull(),
    sourceVersion: text('source_version').notNull(),
  },
  (table) => [
    uniqueIndex('packages_content').on(
      table.tenant,
      table.name,
      table.type,
      table.version,
      table.sourceName,
      table.sourceVersion,
    ),
    index('packages_name').on(table.name, table.type),
    index('packages_source').on(table.sourceName),
  ],
);

export const releasePackages = pgTable(
  'release_packages',
  {
    release: text('release')
      .$type<ReleaseId>()
      .notNull()
      .references(() => releases.id),
    package: text('package')
      .$type<PackageId>()
      .notNull()
      .references(() => packages.id),
  },
  (table) => [
    primaryKey({ columns: [table.release, table.package] }),
    index('release_packages_package').on(table.package, table.release),
  ],
);
