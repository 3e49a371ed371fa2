import { and, asc, count, eq, isNull, ne, or, sql } from 'drizzle-orm';
import type { ClassName, KeyId, SigningProfile } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices, releases } from '../schema.ts';
import { isOfFleet } from './devices.ts';

/** The classes that have releases by each profile. */
export const classesByProfile = async (
  db: Database,
): Promise<ReadonlyMap<SigningProfile, readonly ClassName[]>> => {
  const rows = await db
    .selectDistinct({ signing: releases.signing, deviceClass: releases.deviceClass })
    .from(releases)
    .where(ne(releases.state, 'withdrawn'))
    .orderBy(asc(releases.signing), asc(releases.deviceClass));
  const found = new Map<SigningProfile, ClassName[]>();
  for (const { signing, deviceClass } of rows)
    found.set(signing, [...(found.get(signing) ?? []), deviceClass]);
  return found;
};

/** Whether releases of a class were signed by another profile; withdrawn ones count, as devices may run them. */
export const hasOtherProfile = async (
  db: Database,
  deviceClass: ClassName,
  profile: SigningProfile,
): Promise<boolean> =>
  (await db.$count(releases, and(eq(releases.deviceClass, deviceClass), ne(releases.signing, profile)))) > 0;

/**
 * Devices of the fleet that would refuse what a profile signs: their image is by another one and does not trust its root, or
 * it is not known what they run. Those that wait to be let in and revoked ones count: either may come yet. For classes that have releases by another profile.
 *
 * @param bySigner count every one whose image is by another profile, whatever it trusts
 */
export const devicesBehindProfile = async (
  db: Database,
  deviceClass: ClassName,
  profile: SigningProfile,
  root: KeyId,
  bySigner = false,
): Promise<number> => {
  const [row] = await db
    .select({ devices: count() })
    .from(devices)
    .leftJoin(releases, eq(releases.id, devices.release))
    .where(
      and(
        isOfFleet,
        eq(devices.deviceClass, deviceClass),
        or(
          isNull(releases.id),
          and(
            ne(releases.signing, profile),
            bySigner ? undefined : sql`not coalesce(${root} = any(${releases.trusts}), false)`,
          ),
        ),
      ),
    );
  return row?.devices ?? 0;
};
