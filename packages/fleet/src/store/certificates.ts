import { eq } from 'drizzle-orm';
import { SlipwayError, type Device, type DeviceId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices } from '../schema.ts';
import { recordAudit } from './audit.ts';
import type { Issued } from './claims.ts';
import { toDevice } from './devices.ts';
import { endLiveExecution } from './executions.ts';
import { found } from './not-found.ts';

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
): Promise<{ readonly device: Device; readonly issued: Issued }> =>
  db.transaction(async (tx) => {
    const { device: id, provenKeySha256, expiredAt } = asked;
    const [row] = await tx.select().from(devices).where(eq(devices.id, id)).for('update');
    const known = row?.keySha256 === null || [row?.keySha256, row?.provenKeySha256].includes(provenKeySha256);
    refuseRevoked(id, row?.revokedAt);
    if (row === undefined || !known) {
      throw new SlipwayError(
        'CERTIFICATE_INVALID',
        `Expected the certificate that device ${id} was given last, found ${row === undefined ? 'no such device' : 'an older one'}. Enrol the device anew with a claim for its id.`,
      );
    }
    const issued = await issue();
    const rows = await tx
      .update(devices)
      .set({ certificateExpiresAt: issued.expiresAt, keySha256: issued.keySha256, provenKeySha256 })
      .where(eq(devices.id, id))
      .returning();
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

/**
 * From now on the device gets no certificate until it is enrolled anew, and nothing else either: it counts as offline
 * whatever it says, is no target of a rollout, and an execution that it was at is over, so no bundle is served to it.
 * Nothing happens where it was revoked before.
 */
export const revokeDevice = (db: Database, id: DeviceId, actor: string, now: Date): Promise<Device> =>
  db.transaction(async (tx) => {
    // Before the device is locked: reports and planners lock in that order as well.
    await endLiveExecution(tx, id, 'the device was revoked', now);
    const rows = await tx.select().from(devices).where(eq(devices.id, id)).for('update');
    const before = found(rows, 'device', id);
    if (before.revokedAt !== null) return toDevice(before);
    const change = { revokedAt: now, online: false };
    const after = await tx.update(devices).set(change).where(eq(devices.id, id)).returning();
    await recordAudit(tx, { actor, action: 'device.revoke', subject: id });
    return toDevice(found(after, 'device', id));
  });
