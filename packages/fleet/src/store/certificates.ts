import { and, eq, isNull, lte } from 'drizzle-orm';
import { KeyId, SlipwayError, type Device, type DeviceCertificate, type DeviceId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { deviceCertificates, devices } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { toDevice } from './devices.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';

export type Issued = {
  readonly certificatePem: string;
  /** hexadecimal */
  readonly serial: string;
  readonly expiresAt: Date;
  /** SHA-256 of the public key that was certified, hexadecimal */
  readonly keySha256: string;
  /** for people, as `signDeviceCsr` tells them */
  readonly fingerprint?: string | undefined;
  readonly keyType?: string | undefined;
  readonly issuer?: string | undefined;
  /** of the key of the authority that gave it, hexadecimal; absent: it is not told */
  readonly authority?: string;
};

const keyOf = (authority: string | undefined): KeyId | null =>
  authority === undefined ? null : KeyId.parse(authority);

/** What a certificate says, in the columns of its device. */
export const certificateColumns = ({ expiresAt, keySha256, authority }: Issued) => ({
  certificateExpiresAt: expiresAt,
  keySha256,
  certificateAuthority: keyOf(authority),
});

/** Remembers a certificate until it ends, so that it can be revoked. */
export const recordCertificate = async (
  db: Database,
  device: DeviceId,
  { serial, expiresAt, certificatePem: _pem, authority, ...facts }: Issued,
  now: Date,
): Promise<void> => {
  await db.insert(deviceCertificates).values({
    ...facts,
    serial: serial.toLowerCase(),
    device,
    issuedAt: now,
    expiresAt,
    authority: keyOf(authority),
  });
  // Revoked ones go when the next list is made.
  await db
    .delete(deviceCertificates)
    .where(
      and(
        eq(deviceCertificates.device, device),
        lte(deviceCertificates.expiresAt, now),
        isNull(deviceCertificates.revokedAt),
      ),
    );
};

export const refuseRevoked = (device: DeviceId, revokedAt: Date | null | undefined): void => {
  if (revokedAt === null || revokedAt === undefined) return;
  throw new SlipwayError(
    'DEVICE_REVOKED',
    `Device ${device} was revoked at ${revokedAt.toISOString()}. Create a claim for its id if it is to come back.`,
  );
};

/**
 * Gives a device its next certificate. The row is locked while `issue` runs. Two keys may ask: that of the certificate
 * given last, and the one that proved the request for it, because a device may lose power between the server's commit
 * and its own. Keys from before those, and from before the device was last enrolled, are strangers.
 *
 * @throws {SlipwayError} CERTIFICATE_INVALID, DEVICE_REVOKED, and whatever `issue` throws
 */
export const renewCertificate = (
  db: Database,
  asked: {
    readonly device: DeviceId;
    /** SHA-256 of the key that proved the request, hexadecimal */
    readonly provenKeySha256: string;
    /** when the present certificate ended, where it has */
    readonly expiredAt: Date | undefined;
  },
  issue: () => Promise<Issued>,
  now: Date,
): Promise<{ readonly device: Device; readonly issued: Issued }> =>
  db.transaction(async (tx) => {
    const { device: id, provenKeySha256, expiredAt } = asked;
    const [row] = await tx.select().from(devices).where(eq(devices.id, id)).for('update');
    const known = row?.keySha256 === null || [row?.keySha256, row?.provenKeySha256].includes(provenKeySha256);
    refuseRevoked(id, row?.revokedAt);
    if (row === undefined || row.state !== 'active' || !known) {
      throw new SlipwayError(
        'CERTIFICATE_INVALID',
        `Expected the certificate that device ${id} was given last, found ${row === undefined ? 'no such device' : 'an older one'}. Enrol the device anew with a claim for its id.`,
      );
    }
    const issued = await issue();
    const rows = await tx
      .update(devices)
      .set({ ...certificateColumns(issued), provenKeySha256 })
      .where(eq(devices.id, id))
      .returning();
    await recordCertificate(tx, id, issued, now);
    await recordAudit(tx, {
      actor: `device:${id}`,
      action: 'device.renew',
      subject: id,
      details: {
        keySha256: issued.keySha256,
        provenKeySha256,
        ...(expiredAt === undefined ? {} : { expiredAt: expiredAt.toISOString() }),
      },
    });
    return { device: toDevice(found(rows, 'device', id)), issued };
  });

/** Names every certificate of the device that has not ended in the next list of revoked ones. */
export const revokeCertificates = async (db: Database, device: DeviceId, now: Date): Promise<void> => {
  await db
    .update(deviceCertificates)
    .set({ revokedAt: now })
    .where(and(eq(deviceCertificates.device, device), isNull(deviceCertificates.revokedAt)));
};

/** What a device was given, newest first. */
export const listCertificates = async (
  db: Database,
  device: DeviceId,
  page: Page,
): Promise<Paged<DeviceCertificate>> => {
  const filter = eq(deviceCertificates.device, device);
  const keys = keyset(page, {
    by: [deviceCertificates.issuedAt, deviceCertificates.serial],
    direction: 'desc',
  });
  const rows = await db
    .select({ row: deviceCertificates, lastKey: devices.keySha256, key: keys.key })
    .from(deviceCertificates)
    .innerJoin(devices, eq(devices.id, deviceCertificates.device))
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows.map(({ row, lastKey, key }) => ({ row: { row, lastKey }, key })),
    async (found) => found.map(({ row, lastKey }) => toCertificate(row, lastKey)),
    () => db.$count(deviceCertificates, filter),
  );
};

const toCertificate = (
  row: typeof deviceCertificates.$inferSelect,
  lastKey: string | null,
): DeviceCertificate => ({
  serial: row.serial,
  issuedAt: row.issuedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  revokedAt: row.revokedAt?.toISOString() ?? null,
  listed: row.listed,
  current: row.revokedAt === null && row.keySha256 === lastKey,
  keySha256: row.keySha256,
  fingerprint: row.fingerprint,
  keyType: row.keyType,
  issuer: row.issuer,
});
