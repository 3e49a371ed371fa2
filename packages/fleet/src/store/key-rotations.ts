import { and, asc, count, eq, inArray, isNotNull } from 'drizzle-orm';
import {
  AUTHORITIES,
  type Authority,
  type KeyId,
  type RotationProgress,
  type TenantId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices, keys, releases } from '../schema.ts';

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

/** By their certificates. @param first the authority of those from before it was noted */
const byCertificate = async (db: Database, first: KeyId | undefined): Promise<Counted[]> =>
  (
    await db
      .select({ authority: devices.certificateAuthority, devices: count() })
      .from(devices)
      .where(and(isActive, isNotNull(devices.certificateExpiresAt)))
      .groupBy(devices.certificateAuthority)
  ).map(({ authority, devices: many }) => {
    const by = authority ?? first;
    return { trusts: by === undefined ? null : [by], devices: many };
  });

/** How far each authority is in giving its place to the next, and how many devices have followed. */
export const keyRotations = async (db: Database, tenant: TenantId): Promise<RotationProgress[]> => {
  const rows = await db
    .select({ id: keys.id, purpose: keys.purpose, state: keys.state })
    .from(keys)
    .where(and(eq(keys.tenant, tenant), inArray(keys.purpose, [...AUTHORITIES])))
    .orderBy(asc(keys.firstSeenAt), asc(keys.id));
  const images = await byImage(db);
  const certificates = await byCertificate(
    db,
    rows.find(({ purpose }) => purpose === 'device-authority')?.id,
  );
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
