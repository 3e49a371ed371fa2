import { and, asc, count, desc, eq, inArray, isNotNull, sql, type SQL } from 'drizzle-orm';
import {
  AUTHORITIES,
  DEFAULT_PROFILE,
  type Authority,
  type ClassName,
  type KeyId,
  type RotationProgress,
  type SigningProfile,
  type TenantId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { deviceCertificates, devices, keys, releases } from '../schema.ts';

/** Devices that are counted alike: with certificates by one authority, or on images that trust the same. */
type Counted = { readonly trusts: readonly KeyId[] | null; readonly devices: number };

/** By the images that they run, and the profile that signs releases for them. */
type CountedImages = Counted & { readonly profile: SigningProfile };

const isActive = eq(devices.state, 'active');

/** Of the newest release of each class: what devices are given next that run something else. */
const profilesOfClasses = async (db: Database): Promise<ReadonlyMap<ClassName, SigningProfile>> => {
  const rows = await db
    .selectDistinctOn([releases.deviceClass], {
      deviceClass: releases.deviceClass,
      signing: releases.signing,
    })
    .from(releases)
    .orderBy(asc(releases.deviceClass), desc(releases.counter));
  return new Map(rows.map(({ deviceClass, signing }) => [deviceClass, signing]));
};

const byImage = async (db: Database): Promise<CountedImages[]> => {
  const on = await db
    .select({
      release: releases.id,
      trusts: releases.trusts,
      signing: releases.signing,
      deviceClass: devices.deviceClass,
      devices: count(),
    })
    .from(devices)
    .leftJoin(releases, eq(releases.id, devices.release))
    .where(isActive)
    .groupBy(releases.id, devices.deviceClass);
  const classes = on.some(({ release }) => release === null)
    ? await profilesOfClasses(db)
    : new Map<ClassName, SigningProfile>();
  return on.map(({ trusts, signing, deviceClass, devices: many }) => ({
    trusts,
    profile: signing ?? classes.get(deviceClass) ?? DEFAULT_PROFILE,
    devices: many,
  }));
};

/**
 * Whether a device may go on with a certificate of the outgoing authority. It may not have had the answer with the next
 * one, or have given that up; nobody knows which one it connects with, so one of before counts until it has ended. Where that
 * had ended before the device renewed, the device has to have been seen since.
 */
const mayHoldFormer = (outgoing: KeyId, first: KeyId | undefined, now: Date): SQL<boolean> => {
  const ofDevice = sql`given.device = ${devices.id} and given.tenant = ${devices.tenant} and given.revoked_at is null`;
  const former = sql`coalesce(given.authority, ${first ?? null}::text) = ${outgoing} and given.expires_at > ${now.toISOString()}::timestamptz`;
  const unseen = sql`${devices.provenKeySha256} is not null and given.key_sha256 = ${devices.keySha256} and given.issued_at > coalesce(${devices.lastSeenAt}, '-infinity')`;
  return sql<boolean>`exists (select from ${deviceCertificates} given where ${ofDevice} and ((${former}) or (${unseen})))`;
};

/** By their certificates. @param first the authority of those from before it was noted */
const byCertificate = async (
  db: Database,
  first: KeyId | undefined,
  outgoing: KeyId | null,
  now: Date,
): Promise<Counted[]> => {
  const mayHold = outgoing === null ? sql<boolean>`false` : mayHoldFormer(outgoing, first, now);
  const each = db
    .select({ authority: devices.certificateAuthority, mayHold: mayHold.as('may_hold') })
    .from(devices)
    .where(and(isActive, isNotNull(devices.certificateExpiresAt)))
    .as('each');
  const rows = await db
    .select({ authority: each.authority, mayHold: each.mayHold, devices: count() })
    .from(each)
    .groupBy(each.authority, each.mayHold);
  return rows.map(({ authority, mayHold: former, devices: many }) => {
    const by = former ? outgoing : (authority ?? first);
    return { trusts: by === undefined || by === null ? null : [by], devices: many };
  });
};

/**
 * How far each authority is in giving its place to the next, and how many devices have followed. Each signing profile has a
 * release root of its own, and devices of its own that follow.
 */
export const keyRotations = async (
  db: Database,
  tenant: TenantId,
  now = new Date(),
): Promise<RotationProgress[]> => {
  const rows = await db
    .select({ id: keys.id, purpose: keys.purpose, profile: keys.profile, state: keys.state })
    .from(keys)
    .where(and(eq(keys.tenant, tenant), inArray(keys.purpose, [...AUTHORITIES])))
    .orderBy(asc(keys.firstSeenAt), asc(keys.id));
  const images = await byImage(db);
  const ofDevices = rows.filter(({ purpose }) => purpose === 'device-authority');
  const outgoing = ofDevices.find(({ state }) => state === 'outgoing')?.id ?? null;
  const certificates = await byCertificate(db, ofDevices[0]?.id, outgoing, now);
  const rolesOf = (purpose: Authority, profile: SigningProfile): Roles => {
    const of = (state: string): KeyId | null =>
      rows.find((row) => row.purpose === purpose && row.profile === profile && row.state === state)?.id ??
      null;
    return { current: of('current'), next: of('next'), outgoing: of('outgoing') };
  };
  const roots = rows.filter(({ purpose, state }) => purpose === 'release-root' && state === 'current');
  const others = new Set(roots.map(({ profile }) => profile).filter((name) => name !== DEFAULT_PROFILE));
  return AUTHORITIES.flatMap((purpose) =>
    purpose === 'release-root'
      ? [DEFAULT_PROFILE, ...[...others].sort()].map((profile) => ({
          ...progressOf(
            purpose,
            rolesOf(purpose, profile),
            images.filter((one) => one.profile === profile),
          ),
          profile,
        }))
      : [
          progressOf(
            purpose,
            rolesOf(purpose, DEFAULT_PROFILE),
            purpose === 'device-authority' ? certificates : images,
          ),
        ],
  );
};

type Roles = Pick<RotationProgress, 'current' | 'next' | 'outgoing'>;

export const progressOf = (
  purpose: Authority,
  roles: Roles,
  counted: readonly Counted[],
): RotationProgress => {
  const wanted = roles.next ?? roles.current;
  const sum = (isOf: (one: Counted) => boolean): number =>
    counted.reduce((total, one) => (isOf(one) ? total + one.devices : total), 0);
  return {
    purpose,
    step: roles.next !== null ? 'begun' : roles.outgoing !== null ? 'switched' : 'steady',
    ...roles,
    devices: sum(() => true),
    following: sum(({ trusts }) => wanted !== null && trusts !== null && trusts.includes(wanted)),
    unknown: sum(({ trusts }) => trusts === null),
  };
};
