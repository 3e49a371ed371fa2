import { index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import {
  DEFAULT_PROFILE,
  type Arch,
  type BuildId,
  type ClassName,
  type Digest,
  type KeyId,
  type ReleaseId,
  type ReleaseState,
  type RootHash,
  type SignedDisk,
  type SigningProfile,
} from '@slipway/protocol';
import { builds } from './builds.ts';
import { at, large, tenant } from './columns.ts';

export const releases = pgTable(
  'releases',
  {
    id: text('id').$type<ReleaseId>().primaryKey(),
    tenant: tenant(),
    build: text('build')
      .$type<BuildId>()
      .notNull()
      .unique()
      .references(() => builds.id),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    arch: text('arch').$type<Arch>().notNull(),
    version: text('version').notNull(),
    counter: integer('counter').notNull(),
    state: text('state').$type<ReleaseState>().notNull().default('draft'),
    rootHash: text('root_hash').$type<RootHash>().notNull(),
    bundleDigest: text('bundle_digest').$type<Digest>().notNull(),
    bundleSize: large('bundle_size').notNull(),
    /** beside its bundle; none: the disks are those of the build */
    disks: jsonb('disks').$type<SignedDisk[]>().notNull().default([]),
    /** whose keys sign it, as its class file said */
    signing: text('signing').$type<SigningProfile>().notNull().default(DEFAULT_PROFILE),
    /** who signed its bundle, of `keys`; null: not looked at yet, or it cannot be read */
    signedBy: text('signed_by').$type<KeyId>(),
    /** whom its image trusts, of `keys`: for releases, for servers; null: not looked at yet, or its request is gone */
    trusts: text('trusts').array().$type<KeyId[]>(),
    /** how many are in it, of `packages`; null: not looked at yet, or its list cannot be read */
    packages: integer('packages'),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (table) => [
    index('releases_created').on(table.createdAt, table.counter, table.id),
    index('releases_bundle').on(table.bundleDigest),
  ],
);
