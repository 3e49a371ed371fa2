import type { Arch, AttributeValue, ClaimId, ClaimUse, ClassName, DeviceId, KeyId } from '@slipway/protocol';
import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { at, tenant } from './columns.ts';

/** Tokens by which devices enrol: one device, or a batch. */
export const claims = pgTable('claims', {
  id: text('id').$type<ClaimId>().primaryKey(),
  tenant: tenant(),
  tokenSha256: text('token_sha256').notNull().unique(),
  deviceClass: text('device_class').$type<ClassName>().notNull(),
  arch: text('arch').$type<Arch>().notNull(),
  /** of a claim for one device; null: each gets an id of its own */
  deviceId: text('device_id').$type<DeviceId>(),
  uses: integer('uses').notNull().default(1),
  /** raised and lowered only while the row is locked */
  used: integer('used').notNull().default(0),
  /** place of the last key that came, never lowered, so that no two devices get one id */
  lastNumber: integer('last_number').notNull().default(0),
  idPattern: text('id_pattern'),
  approval: boolean('approval').notNull().default(false),
  registeredOnly: boolean('registered_only').notNull().default(false),
  note: text('note'),
  usedAt: at('used_at'),
  expiresAt: at('expires_at').notNull(),
  revokedAt: at('revoked_at'),
  createdAt: at('created_at').notNull().defaultNow(),
});

/** Keys that came with a claim: a device cut off before the answer comes again with the same one. */
export const claimUses = pgTable(
  'claim_uses',
  {
    claim: text('claim')
      .$type<ClaimId>()
      .notNull()
      .references(() => claims.id),
    keySha256: text('key_sha256').notNull(),
    tenant: tenant(),
    device: text('device').$type<DeviceId>().notNull(),
    state: text('state').$type<ClaimUse['state']>().notNull(),
    serial: text('serial'),
    firstAt: at('first_at').notNull(),
    lastAt: at('last_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.claim, table.keySha256] }),
    index('claim_uses_device').on(table.device, table.tenant),
  ],
);

/** Devices known before they come. */
export const registrations = pgTable(
  'registrations',
  {
    tenant: tenant(),
    deviceId: text('device_id').$type<DeviceId>().notNull(),
    deviceClass: text('device_class').$type<ClassName>().notNull(),
    arch: text('arch').$type<Arch>().notNull(),
    serial: text('serial'),
    keySha256: text('key_sha256'),
    name: text('name'),
    tags: text('tags').array().notNull().default([]),
    attributes: jsonb('attributes').$type<Record<string, AttributeValue>>().notNull().default({}),
    createdAt: at('created_at').notNull().defaultNow(),
    usedAt: at('used_at'),
    /** the one that came with the serial number, or is registered */
    usedKeySha256: text('used_key_sha256'),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.deviceId] }),
    uniqueIndex('registrations_serial').on(table.tenant, table.serial),
    uniqueIndex('registrations_key').on(table.tenant, table.keySha256),
  ],
);

/** Certificates given to devices, until they end: what a revocation has to name. */
export const deviceCertificates = pgTable(
  'device_certificates',
  {
    tenant: tenant(),
    /** hexadecimal, lower case */
    serial: text('serial').notNull(),
    device: text('device').$type<DeviceId>().notNull(),
    keySha256: text('key_sha256').notNull(),
    issuedAt: at('issued_at').notNull(),
    expiresAt: at('expires_at').notNull(),
    revokedAt: at('revoked_at'),
    /** a list names it */
    listed: boolean('listed').notNull().default(false),
    /** for people; null: given before this was recorded */
    fingerprint: text('fingerprint'),
    keyType: text('key_type'),
    issuer: text('issuer'),
    /** that gave it, of `keys`; null: given before this was recorded */
    authority: text('authority').$type<KeyId>(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.serial] }),
    index('device_certificates_device').on(table.device, table.tenant),
    index('device_certificates_revoked')
      .on(table.tenant, table.expiresAt)
      .where(sql`${table.revokedAt} is not null`),
  ],
);

/** The newest list of revoked certificates, signed by the device authority, as brokers read it. */
export const revocationLists = pgTable(
  'revocation_lists',
  {
    tenant: tenant(),
    number: integer('number').notNull(),
    pem: text('pem').notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant] })],
);
