import { and, asc, eq, gt, inArray, isNull, lte, ne, sql, type SQL } from 'drizzle-orm';
import {
  KeyId,
  SlipwayError,
  type Key,
  type KeyPurpose,
  type KeyState,
  type Release,
  type ReleaseId,
  type TenantId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices, keys, releases } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';

/** A certificate that was met, and for what. */
export type SeenKey = {
  readonly purpose: KeyPurpose;
  readonly certificatePem: string;
  readonly keySha256: string;
  readonly subject: string;
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
};

/** Servers say twice a day what they run with; several may run, each with a certificate of its own. */
const IN_USE_MS = 2 * 86_400_000;
const SIGNS: readonly KeyPurpose[] = ['release-signer', 'release-intermediate'];

/**
 * Keeps what was used at a moment. Of those that sign, the ones used last are current from then on; of others those used
 * within two days of it. A key that was never seen has an audit entry.
 */
export const recordKeys = (
  db: Database,
  tenant: TenantId,
  seen: readonly SeenKey[],
  usedAt: Date,
  now: Date,
): Promise<void> =>
  db.transaction(async (tx) => {
    for (const { keySha256, certificatePem, ...facts } of seen) {
      const id = KeyId.parse(keySha256);
      const row = { ...facts, certificate: certificatePem, lastUsedAt: usedAt };
      const [written] = await tx
        .insert(keys)
        .values({ tenant, id, firstSeenAt: now, ...row })
        .onConflictDoUpdate({
          target: [keys.tenant, keys.id],
          set: row,
          setWhere: lte(keys.lastUsedAt, usedAt),
        })
        .returning({ isNew: sql<boolean>`(xmax = 0)` });
      if (written?.isNew === true)
        await recordAudit(tx, {
          actor: 'server',
          action: 'key.seen',
          subject: id,
          details: { purpose: facts.purpose, subject: facts.subject, serial: facts.serial },
        });
    }
    for (const purpose of new Set(seen.map((key) => key.purpose))) {
      const isOfPurpose = and(eq(keys.tenant, tenant), eq(keys.purpose, purpose));
      const graceMs = SIGNS.includes(purpose) ? 0 : IN_USE_MS;
      const since = sql`(select max(last_used) from ${keys} where ${isOfPurpose}) - ${graceMs} * interval '1 millisecond'`;
      await tx
        .update(keys)
        .set({ state: sql`case when ${keys.lastUsedAt} >= ${since} then 'current' else 'former' end` })
        .where(isOfPurpose);
    }
  });

/** Who signed a release. @param chain that of the signer first */
export const recordSigner = (
  db: Database,
  tenant: TenantId,
  release: Pick<Release, 'id' | 'createdAt'>,
  chain: readonly Omit<SeenKey, 'purpose'>[],
  now: Date,
): Promise<void> =>
  db.transaction(async (tx) => {
    const seen = chain.map((facts, at) => ({
      ...facts,
      purpose: at === 0 ? ('release-signer' as const) : ('release-intermediate' as const),
    }));
    await recordKeys(tx, tenant, seen, new Date(release.createdAt), now);
    const signedBy = seen[0] === undefined ? null : KeyId.parse(seen[0].keySha256);
    await tx.update(releases).set({ signedBy }).where(eq(releases.id, release.id));
  });

/** Of which it is not known, oldest first: those of versions that did not look, or where one ended before it could. */
export const releasesWithoutSigner = async (db: Database): Promise<{ id: ReleaseId; createdAt: string }[]> =>
  (
    await db
      .select({ id: releases.id, createdAt: releases.createdAt })
      .from(releases)
      .where(and(isNull(releases.signedBy), ne(releases.state, 'withdrawn')))
      .orderBy(asc(releases.createdAt))
  ).map(({ id, createdAt }) => ({ id, createdAt: createdAt.toISOString() }));

const toKey = (row: typeof keys.$inferSelect, now: Date): Key => ({
  id: row.id,
  purpose: row.purpose,
  state: row.notAfter <= now ? 'expired' : row.state,
  subject: row.subject,
  serial: row.serial,
  notBefore: row.notBefore.toISOString(),
  notAfter: row.notAfter.toISOString(),
  firstSeenAt: row.firstSeenAt.toISOString(),
  lastUsedAt: row.lastUsedAt.toISOString(),
  certificate: row.certificate,
});

const isInState = (state: KeyState, now: Date): SQL | undefined =>
  state === 'expired' ? lte(keys.notAfter, now) : and(gt(keys.notAfter, now), eq(keys.state, state));

/** By purpose. */
export const listKeys = async (
  db: Database,
  tenant: TenantId,
  page: Page & { readonly purpose?: KeyPurpose | undefined; readonly state?: KeyState | undefined },
  now: Date,
): Promise<Paged<Key>> => {
  const filter = and(
    eq(keys.tenant, tenant),
    page.purpose === undefined ? undefined : eq(keys.purpose, page.purpose),
    page.state === undefined ? undefined : isInState(page.state, now),
  );
  const order = keyset(page, { by: [keys.purpose, keys.id], direction: 'asc' });
  const rows = await db
    .select({ row: keys, key: order.key })
    .from(keys)
    .where(and(filter, order.where))
    .orderBy(...order.orderBy)
    .limit(order.limit)
    .offset(page.offset);
  return order.page(
    rows,
    async (some) => some.map((row) => toKey(row, now)),
    () => db.$count(keys, filter),
  );
};

/**
 * @param id the whole, or its beginning where no other has it
 * @throws {SlipwayError} NOT_FOUND, REQUEST_INVALID
 */
export const getKey = async (db: Database, tenant: TenantId, id: string, now: Date): Promise<Key> => {
  const rows = await db
    .select()
    .from(keys)
    .where(and(eq(keys.tenant, tenant), sql`starts_with(${keys.id}, ${id})`))
    .limit(2);
  if (rows.length > 1)
    throw new SlipwayError('REQUEST_INVALID', `${id} is the beginning of several keys. Give more of it.`);
  const key = toKey(found(rows, 'key', id), now);
  const signed = db.select({ id: releases.id }).from(releases).where(eq(releases.signedBy, key.id));
  const [releaseCount, deviceCount] = await Promise.all([
    db.$count(releases, eq(releases.signedBy, key.id)),
    db.$count(devices, and(eq(devices.state, 'active'), inArray(devices.release, signed))),
  ]);
  return { ...key, releases: releaseCount, devices: deviceCount };
};

/** Those in use that end before a moment, or have ended. */
export const currentKeysUntil = async (db: Database, tenant: TenantId, until: Date): Promise<Key[]> =>
  (
    await db
      .select()
      .from(keys)
      .where(and(eq(keys.tenant, tenant), eq(keys.state, 'current'), lte(keys.notAfter, until)))
      .orderBy(asc(keys.notAfter), asc(keys.id))
  ).map((row) => toKey(row, until));
