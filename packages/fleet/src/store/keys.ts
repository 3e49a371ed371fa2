import { and, asc, eq, gt, inArray, isNull, lte, ne, or, sql, type SQL } from 'drizzle-orm';
import {
  DEFAULT_PROFILE,
  KEY_WARNING_DAYS,
  KeyId,
  KeyPurpose,
  SlipwayError,
  type BuildId,
  type Key,
  type KeyState,
  type Release,
  type ReleaseId,
  type SigningProfile,
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
  /** of what releases are signed and trusted by; absent: the default one */
  readonly profile?: SigningProfile;
  readonly certificatePem: string;
  readonly keySha256: string;
  readonly subject: string;
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** of authorities, which are trusted in turn; absent: what is seen is in use */
  readonly state?: 'current' | 'next' | 'outgoing';
};

const DAY_MS = 86_400_000;
/** Servers say twice a day what they run with; several may run, each with a certificate of its own. */
const IN_USE_MS = 2 * DAY_MS;
const SIGNS: readonly KeyPurpose[] = ['release-signer', 'release-intermediate'];
const OF_PROFILES: readonly KeyPurpose[] = [...SIGNS, 'release-root'];

const profileOf = ({ profile = DEFAULT_PROFILE }: Pick<SeenKey, 'profile'>): SigningProfile => profile;

/** Each purpose and profile once: keys give their place to one another within these. */
const kindsOf = (seen: readonly SeenKey[]): Pick<SeenKey, 'purpose' | 'profile'>[] => [
  ...new Map(
    seen.map((key) => [
      `${key.purpose} ${profileOf(key)}`,
      { purpose: key.purpose, profile: profileOf(key) },
    ]),
  ).values(),
];

/**
 * Keeps what was used at a moment. Of those that sign, the ones used last are current from then on; of others those used
 * within two days of it; of authorities those that are said to be. A key that was never seen has an audit entry, and so
 * has an authority that changes its place.
 */
export const recordKeys = (
  db: Database,
  tenant: TenantId,
  seen: readonly SeenKey[],
  usedAt: Date,
  now: Date,
): Promise<void> =>
  db.transaction(async (tx) => {
    for (const { keySha256, certificatePem, state: _, ...facts } of seen) {
      const id = KeyId.parse(keySha256);
      const profile = profileOf(facts);
      const row = { ...facts, profile, certificate: certificatePem, lastUsedAt: usedAt };
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
          details: {
            purpose: facts.purpose,
            ...(profile === DEFAULT_PROFILE ? {} : { profile }),
            subject: facts.subject,
            serial: facts.serial,
          },
        });
    }
    for (const kind of kindsOf(seen)) {
      const { purpose } = kind;
      const profile = profileOf(kind);
      const isOfPurpose = and(eq(keys.tenant, tenant), eq(keys.purpose, purpose), eq(keys.profile, profile));
      const told = seen.filter(
        (key) => key.purpose === purpose && profileOf(key) === profile && key.state !== undefined,
      );
      if (told.length > 0) {
        await placeAuthorities(tx, isOfPurpose, told);
        continue;
      }
      const graceMs = SIGNS.includes(purpose) ? 0 : IN_USE_MS;
      const since = sql`(select max(last_used) from ${keys} where ${isOfPurpose}) - ${graceMs} * interval '1 millisecond'`;
      await tx
        .update(keys)
        .set({ state: sql`case when ${keys.lastUsedAt} >= ${since} then 'current' else 'former' end` })
        .where(isOfPurpose);
    }
  });

const placeAuthorities = async (
  tx: Database,
  isOfPurpose: SQL | undefined,
  told: readonly SeenKey[],
): Promise<void> => {
  const rows = await tx
    .select({ id: keys.id, state: keys.state, purpose: keys.purpose, firstSeenAt: keys.firstSeenAt })
    .from(keys)
    .where(isOfPurpose)
    .for('update');
  for (const { id, state, purpose } of rows) {
    const place = told.find(({ keySha256 }) => keySha256 === id)?.state ?? 'former';
    if (place === state) continue;
    await tx
      .update(keys)
      .set({ state: place })
      .where(and(isOfPurpose, eq(keys.id, id)));
    await recordAudit(tx, {
      actor: 'server',
      action: 'key.state',
      subject: id,
      details: { purpose, from: state, to: place },
    });
  }
};

/** Who signed a release. @param chain that of the signer first */
export const recordSigner = (
  db: Database,
  tenant: TenantId,
  release: Pick<Release, 'id' | 'createdAt' | 'signing'>,
  chain: readonly Omit<SeenKey, 'purpose' | 'profile'>[],
  now: Date,
): Promise<void> =>
  db.transaction(async (tx) => {
    const seen = chain.map((facts, at) => ({
      ...facts,
      profile: release.signing ?? DEFAULT_PROFILE,
      purpose: at === 0 ? ('release-signer' as const) : ('release-intermediate' as const),
    }));
    await recordKeys(tx, tenant, seen, new Date(release.createdAt), now);
    const signedBy = seen[0] === undefined ? null : KeyId.parse(seen[0].keySha256);
    await tx.update(releases).set({ signedBy }).where(eq(releases.id, release.id));
  });

/** Whom the image of a release trusts. */
export const recordTrust = async (
  db: Database,
  release: ReleaseId,
  trusts: readonly string[],
): Promise<void> => {
  await db
    .update(releases)
    .set({ trusts: trusts.map((id) => KeyId.parse(id)) })
    .where(eq(releases.id, release));
};

/**
 * Of which it is not known who signed them, or whom their images trust, oldest first: those of versions that did not look, or
 * where one ended before it could.
 */
export const releasesWithoutSigner = async (
  db: Database,
): Promise<{ id: ReleaseId; build: BuildId; signing: SigningProfile; createdAt: string }[]> =>
  (
    await db
      .select({
        id: releases.id,
        build: releases.build,
        signing: releases.signing,
        createdAt: releases.createdAt,
      })
      .from(releases)
      .where(and(or(isNull(releases.signedBy), isNull(releases.trusts)), ne(releases.state, 'withdrawn')))
      .orderBy(asc(releases.createdAt))
  ).map(({ createdAt, ...release }) => ({ ...release, createdAt: createdAt.toISOString() }));

const toKey = (row: typeof keys.$inferSelect, now: Date): Key => ({
  id: row.id,
  purpose: row.purpose,
  ...(OF_PROFILES.includes(row.purpose) ? { profile: row.profile } : {}),
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
  page: Page & {
    readonly purpose?: KeyPurpose | undefined;
    readonly profile?: SigningProfile | undefined;
    readonly state?: KeyState | undefined;
  },
  now: Date,
): Promise<Paged<Key>> => {
  const filter = and(
    eq(keys.tenant, tenant),
    page.purpose === undefined ? undefined : eq(keys.purpose, page.purpose),
    page.profile === undefined
      ? undefined
      : and(eq(keys.profile, page.profile), inArray(keys.purpose, [...OF_PROFILES])),
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

/** Those in use that end soon, each by its own measure, or have ended. */
export const endingKeys = async (db: Database, tenant: TenantId, now: Date): Promise<Key[]> => {
  const endsSoon = KeyPurpose.options.map((purpose) =>
    and(
      eq(keys.purpose, purpose),
      lte(keys.notAfter, new Date(now.getTime() + KEY_WARNING_DAYS[purpose] * DAY_MS)),
    ),
  );
  const rows = await db
    .select()
    .from(keys)
    .where(and(eq(keys.tenant, tenant), eq(keys.state, 'current'), or(...endsSoon)))
    .orderBy(asc(keys.notAfter), asc(keys.id));
  return rows.map((row) => toKey(row, now));
};
