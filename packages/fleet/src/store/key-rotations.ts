import { and, asc, count, eq, inArray, isNotNull, sql, type SQL } from 'drizzle-orm';
import {
  AUTHORITIES,
  type Authority,
  type KeyId,
  type RotationProgress,
  type TenantId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { deviceCertificates, devices, keys, releases } from '../schema.ts';

/** Devices that are counted alike: with certificates by one authority, or on images that trust the same. */
type Counted = { readonly trusts: readonly KeyId[] | null; readonly devices: number };

const isActive = eq(devices.state, 'active');

/** By the images that they run. */
const byImage = async (db: Database): Promise<Counted[]> => {
  const on = await db
    .select({ release: devices.release, devices: count() })
    .from(devices)
    .where(isActive)
    .groupBy(devices.release);
  const ids = on.flatMap(({ release }) => (release === null ? [] : [release]));
  const known = new Map(
    ids.length === 0
      ? []
      : (
          await db
            .select({ id: releases.id, trusts: releases.trusts })
            .from(releases)
            .where(inArray(releases.id, ids))
        ).map(({ id, trusts }) => [id, trusts] as const),
  );
  return on.map(({ release, devices: many }) => ({
    trusts: release === null ? null : (known.get(release) ?? null),
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

/** How far each authority is in giving its place to the next, and how many devices have followed. */
export const keyRotations = async (
  db: Database,
  tenant: TenantId,
  now = new Date(),
): Promise<RotationProgress[]> => {
  const rows = await db
    .select({ id: keys.id, purpose: keys.purpose, state: keys.state })
    .from(keys)
    .where(and(eq(keys.tenant, tenant), inArray(keys.purpose, [...AUTHORITIES])))
    .orderBy(asc(keys.firstSeenAt), asc(keys.id));
  const images = await byImage(db);
  const ofDevices = rows.filter(({ purpose }) => purpose === 'device-authority');
  const outgoing = ofDevices.find(({ state }) => state === 'outgoing')?.id ?? null;
  const certificates = await byCertificate(db, ofDevices[0]?.id, outgoing, now);
  return AUTHORITIES.map((purpose) => {
    const of = (state: string): KeyId | null =>
      rows.find((row) => row.purpose === purpose && row.state === state)?.id ?? null;
    return progressOf(
      purpose,
      { current: of('current'), next: of('next'), outgoing: of('outgoing') },
      purpose === 'device-authority' ? certificates : images,
    );
  });
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
