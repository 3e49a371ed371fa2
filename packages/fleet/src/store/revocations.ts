import { and, asc, eq, isNotNull, lte, ne, or, sql } from 'drizzle-orm';
import type { DeviceId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { deviceCertificates, devices, revocationLists } from '../schema.ts';

export type RevocationList = { readonly number: number; readonly pem: string };

export type RevokedCertificate = { readonly serial: string; readonly revokedAt: Date };

/** @returns undefined where none was ever made */
export const revocationList = async (db: Database): Promise<RevocationList | undefined> => {
  const [row] = await db
    .select({ number: revocationLists.number, pem: revocationLists.pem })
    .from(revocationLists);
  return row;
};

/** The number alone, which is asked for all the time. */
export const revocationListNumber = async (db: Database): Promise<number | undefined> =>
  (await db.select({ number: revocationLists.number }).from(revocationLists))[0]?.number;

const isRevoked = isNotNull(deviceCertificates.revokedAt);

/**
 * Has a new list of revoked certificates made where there is none or one was revoked since. Certificates that have
 * ended by themselves are left out at such an occasion, never on their own: a broker that reads a list anew forgets
 * the sessions of devices that are away.
 *
 * @param sign gets every certificate that is to be named, the number of the list, which rises, and its time, which
 *   rises by a second at least
 * @param options.isStale the last one is no good any more, whatever was revoked since
 * @returns the new list; undefined where the last one is good
 */
export const refreshRevocationList = (
  db: Database,
  sign: (revoked: readonly RevokedCertificate[], number: number, madeAt: Date) => Promise<string>,
  now: Date,
  { isStale = false }: { readonly isStale?: boolean } = {},
): Promise<RevocationList | undefined> =>
  db.transaction(async (tx) => {
    await tx
      .insert(revocationLists)
      .values({ number: 0, pem: '', createdAt: new Date(0) })
      .onConflictDoNothing();
    // Held to the end, so that several servers make one list after the other.
    const [last] = await tx.select().from(revocationLists).for('update');
    if (last === undefined) return undefined;
    const [unlisted] = await tx
      .select({ serial: deviceCertificates.serial })
      .from(deviceCertificates)
      .where(and(isRevoked, eq(deviceCertificates.listed, false)))
      .limit(1);
    if (last.number > 0 && unlisted === undefined && !isStale) return undefined;
    await tx.delete(deviceCertificates).where(and(isRevoked, lte(deviceCertificates.expiresAt, now)));
    const revoked = await tx
      .update(deviceCertificates)
      .set({ listed: true })
      .where(isRevoked)
      .returning({ serial: deviceCertificates.serial, revokedAt: deviceCertificates.revokedAt });
    const number = last.number + 1;
    const createdAt = new Date(Math.max(now.getTime(), last.createdAt.getTime() + 1000));
    const pem = await sign(
      revoked
        .flatMap(({ serial, revokedAt }) => (revokedAt === null ? [] : [{ serial, revokedAt }]))
        .sort((a, b) => a.serial.localeCompare(b.serial)),
      number,
      createdAt,
    );
    await tx.update(revocationLists).set({ number, pem, createdAt });
    return { number, pem };
  });

export type ToDrop = {
  readonly id: DeviceId;
  /** it was let out; false: it came back with another key, and only its old session ends */
  readonly isOut: boolean;
  readonly hasLeft: boolean;
  readonly drops: number;
};

/**
 * Devices whose session is to end. A broker takes a new list in its own time, and a device that is fast comes back
 * before it has: so each is named twice, the second time `againMs` after the first.
 */
export const devicesToDrop = async (db: Database, againMs: number, now: Date): Promise<ToDrop[]> => {
  const rows = await db
    .select({ id: devices.id, state: devices.state, drops: devices.drops })
    .from(devices)
    .where(
      and(
        isNotNull(devices.dropSince),
        or(eq(devices.drops, 0), lte(devices.dropSince, new Date(now.getTime() - againMs))),
      ),
    )
    .orderBy(asc(devices.dropSince))
    .limit(1000);
  return rows.map(({ id, state, drops }) => ({
    id,
    isOut: state === 'revoked' || state === 'decommissioned',
    hasLeft: state === 'decommissioned',
    drops,
  }));
};

/** The session of a device was ended; the second time that is all. */
export const recordDrop = async (db: Database, id: DeviceId, drops: number): Promise<void> => {
  await db
    .update(devices)
    .set({ drops: drops + 1, ...(drops === 0 ? {} : { dropSince: null }) })
    .where(and(eq(devices.id, id), eq(devices.drops, drops), isNotNull(devices.dropSince)));
};

/** It spoke although it was let out: its session is to end once more. @returns false where it is of the fleet */
export const dropAgain = async (db: Database, id: DeviceId, now: Date): Promise<boolean> => {
  const rows = await db
    .update(devices)
    .set({ dropSince: sql`coalesce(${devices.dropSince}, ${now.toISOString()}::timestamptz)` })
    .where(and(eq(devices.id, id), ne(devices.state, 'active')))
    .returning({ id: devices.id });
  return rows.length > 0;
};

/** Everybody that a broker without lists of certificates has to know by name. */
export const devicesOut = async (db: Database): Promise<DeviceId[]> =>
  (
    await db
      .select({ id: devices.id })
      .from(devices)
      .where(and(ne(devices.state, 'active'), isNotNull(devices.revokedAt)))
      .orderBy(asc(devices.id))
  ).map(({ id }) => id);
