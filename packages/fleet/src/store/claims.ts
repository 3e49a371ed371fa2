import { desc, eq } from 'drizzle-orm';
import {
  SlipwayError,
  type Arch,
  type ClaimCreate,
  type ClaimToken,
  type ClassName,
  type Device,
  type DeviceId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newClaimId, newDeviceId, newToken } from '../new-id.ts';
import { claims, deviceReports, devices } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { refuseRevoked } from './certificates.ts';
import { toDevice } from './devices.ts';
import { endLiveExecution } from './executions.ts';
import { found, type Page } from './not-found.ts';
import { sha256Hex } from './tokens.ts';

const toClaim = (row: typeof claims.$inferSelect): ClaimToken => ({
  id: row.id,
  deviceClass: row.deviceClass,
  deviceId: row.deviceId,
  usedAt: row.usedAt?.toISOString() ?? null,
  expiresAt: row.expiresAt.toISOString(),
});

/** @returns with the token, which is nowhere else from then on */
export const createClaim = async (
  db: Database,
  asked: ClaimCreate & { readonly arch: Arch },
  now: Date,
): Promise<ClaimToken> => {
  const token = newToken('swc');
  const rows = await db
    .insert(claims)
    .values({
      id: newClaimId(),
      tokenSha256: sha256Hex(token),
      deviceClass: asked.deviceClass,
      arch: asked.arch,
      deviceId: asked.deviceId ?? newDeviceId(),
      createdAt: now,
      expiresAt: new Date(now.getTime() + asked.ttl * 1000),
    })
    .returning();
  return { ...toClaim(found(rows, 'claim', '')), token };
};

export const listClaims = async (db: Database, { limit, offset }: Page): Promise<ClaimToken[]> =>
  (await db.select().from(claims).orderBy(desc(claims.createdAt)).limit(limit).offset(offset)).map(toClaim);

export type Issued = {
  readonly certificatePem: string;
  readonly expiresAt: Date;
  /** SHA-256 of the public key that was certified, hexadecimal */
  readonly keySha256: string;
};

const refused = (why: string): SlipwayError =>
  new SlipwayError('CLAIM_INVALID', `The claim token is refused: ${why}. Create a new claim for the device.`);

/**
 * Turns a claim into a device. One token makes one device: the row is locked while `issue` runs, and what `issue`
 * throws leaves the claim unused. The same key may come again, because a device may lose power between the server's
 * commit and its own; another key may not, nor that key once the device has a newer one.
 *
 * @throws {SlipwayError} CLAIM_INVALID, DEVICE_REVOKED where it comes again, and whatever `issue` throws
 */
export const redeemClaim = (
  db: Database,
  asked: {
    readonly token: string;
    readonly deviceClass: ClassName;
    readonly arch: Arch;
  },
  issue: (device: DeviceId) => Promise<Issued>,
  now: Date,
): Promise<{ readonly device: Device; readonly issued: Issued }> =>
  db.transaction(async (tx) => {
    const [claim] = await tx
      .select()
      .from(claims)
      .where(eq(claims.tokenSha256, sha256Hex(asked.token)))
      .for('update');
    if (claim === undefined) throw refused('there is no such token');
    if (claim.expiresAt <= now) throw refused('it has expired');
    if (claim.deviceClass !== asked.deviceClass) throw refused('it is for another device class');
    if (claim.arch !== asked.arch) throw refused('it is for another architecture');

    const issued = await issue(claim.deviceId);
    const again = claim.usedAt !== null;
    if (again && claim.keySha256 !== issued.keySha256) throw refused('it was used');
    if (again) {
      const [known] = await tx
        .select({ revokedAt: devices.revokedAt, keySha256: devices.keySha256 })
        .from(devices)
        .where(eq(devices.id, claim.deviceId))
        .for('update');
      refuseRevoked(claim.deviceId, known?.revokedAt);
      // Renewed, or claimed anew because this key was stolen: the device must not fall back to it.
      if (known !== undefined && known.keySha256 !== null && known.keySha256 !== claim.keySha256)
        throw refused('it was used, and the device has another key since');
    }
    if (!again) {
      await tx
        .update(claims)
        .set({ usedAt: now, keySha256: issued.keySha256 })
        .where(eq(claims.id, claim.id));
      // A device that enrols anew counts its reports and connections from one.
      await endLiveExecution(tx, claim.deviceId, 'the device enrolled anew', now);
      await tx.delete(deviceReports).where(eq(deviceReports.device, claim.deviceId));
    }
    const fresh = {
      deviceClass: claim.deviceClass,
      arch: claim.arch,
      certificateExpiresAt: issued.expiresAt,
      keySha256: issued.keySha256,
      ...(again
        ? {}
        : {
            enrolledAt: now,
            online: false,
            connection: 0,
            deathConnection: 0,
            provenKeySha256: null,
            revokedAt: null,
          }),
    };
    const rows = await tx
      .insert(devices)
      .values({ id: claim.deviceId, ...fresh })
      .onConflictDoUpdate({ target: [devices.tenant, devices.id], set: fresh })
      .returning();
    await recordAudit(tx, {
      actor: `device:${claim.deviceId}`,
      action: 'device.enrol',
      subject: claim.deviceId,
      details: { claim: claim.id, keySha256: issued.keySha256, again },
    });
    return { device: toDevice(found(rows, 'device', claim.deviceId)), issued };
  });
