import { and, eq } from 'drizzle-orm';
import {
  fillIdPattern,
  SlipwayError,
  type Arch,
  type ClassName,
  type Device,
  type DeviceId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newDeviceId } from '../new-id.ts';
import { claims, claimUses, deviceReports, devices, registrations } from '../schema.ts';
import { recordAudit } from './audit.ts';
import {
  certificateColumns,
  recordCertificate,
  refuseRevoked,
  revokeCertificates,
  type Issued,
} from './certificates.ts';
import { toDevice } from './devices.ts';
import { endLiveExecution } from './executions.ts';
import { found } from './not-found.ts';
import { sha256Hex } from './tokens.ts';

type Claim = typeof claims.$inferSelect;
type Registration = typeof registrations.$inferSelect;

export type EnrolmentAsked = {
  /** of a claim; undefined: the key is registered */
  readonly token?: string | undefined;
  /** SHA-256 of the public key that the device has proven to hold, hexadecimal */
  readonly keySha256: string;
  readonly serial?: string | undefined;
  readonly deviceClass: ClassName;
  readonly arch: Arch;
};

export type Enrolment =
  | { readonly kind: 'enrolled'; readonly device: Device; readonly issued: Issued }
  /** an operator decides; `isNew`: it asked for the first time */
  | { readonly kind: 'pending'; readonly device: Device; readonly isNew: boolean };

const refused = (why: string): SlipwayError =>
  new SlipwayError('CLAIM_INVALID', `The claim token is refused: ${why}. Create a new claim for the device.`);

/**
 * Lets a device in: by the token of a claim, by a key that was registered, or by both. The claim is locked while `issue`
 * runs, so that two devices never get one use; what `issue` throws leaves it unused. The same key may come again,
 * because a device may lose power between the server's commit and its own; that takes no further use. An id that is
 * there already is given anew only by a claim that names it.
 *
 * @param issue certifies the key for the device
 * @throws {SlipwayError} CLAIM_INVALID, DEVICE_REVOKED where it comes again, and whatever `issue` throws
 */
export const redeemClaim = (
  db: Database,
  asked: EnrolmentAsked,
  issue: (device: DeviceId) => Promise<Issued>,
  now: Date,
): Promise<Enrolment> =>
  db.transaction(async (tx) => {
    const claim = asked.token === undefined ? undefined : await lockClaim(tx, asked.token);
    const registration = await lockRegistration(tx, asked);
    const fits = claim ?? registration;
    if (fits === undefined) throw refused('the device sent none, and its key is not registered');
    if (fits.deviceClass !== asked.deviceClass) throw refused('it is for another device class');
    if (fits.arch !== asked.arch) throw refused('it is for another architecture');

    const before =
      claim === undefined ? usedRegistration(registration, asked) : await useOf(tx, claim, asked);
    if (before !== undefined) return again(tx, before, claim, asked, issue, now);

    if (claim !== undefined) refuseNew(claim, registration, now);
    if (registration !== undefined) refuseRegistration(registration, claim, asked);
    const number = (claim?.lastNumber ?? 0) + 1;
    const id = claim?.deviceId ?? registration?.deviceId ?? idOf(claim, asked, number);
    await refuseTaken(tx, id, claim);
    // A key that was registered has been approved with it; a serial number proves nothing.
    const waits = claim?.approval === true && registration?.keySha256 !== asked.keySha256;
    const issued = waits ? undefined : await issue(id);

    if (claim !== undefined) {
      await tx
        .update(claims)
        .set({ used: claim.used + 1, lastNumber: number, usedAt: now })
        .where(eq(claims.id, claim.id));
      await tx.insert(claimUses).values({
        claim: claim.id,
        keySha256: asked.keySha256,
        device: id,
        state: waits ? 'pending' : 'enrolled',
        serial: asked.serial ?? null,
        firstAt: now,
        lastAt: now,
      });
    }
    if (registration !== undefined) {
      await tx
        .update(registrations)
        .set({ usedAt: now, usedKeySha256: asked.keySha256 })
        .where(eq(registrations.deviceId, registration.deviceId));
    }
    const device = await begin(tx, { id, asked, issued, registration }, now);
    await recordAudit(tx, {
      actor: `device:${id}`,
      action: waits ? 'device.ask' : 'device.enrol',
      subject: id,
      details: { ...origin(claim, registration), keySha256: asked.keySha256, again: false },
    });
    return issued === undefined
      ? { kind: 'pending', device, isNew: true }
      : { kind: 'enrolled', device, issued };
  });

const origin = (claim: Claim | undefined, registration?: Registration) => ({
  ...(claim === undefined ? {} : { claim: claim.id }),
  ...(registration === undefined ? {} : { registered: true }),
});

const lockClaim = async (tx: Database, token: string): Promise<Claim> => {
  const [claim] = await tx
    .select()
    .from(claims)
    .where(eq(claims.tokenSha256, sha256Hex(token)))
    .for('update');
  if (claim === undefined) throw refused('there is no such token');
  return claim;
};

/** The key tells more than the serial number, which anybody can claim. */
const lockRegistration = async (
  tx: Database,
  { keySha256, serial, token }: EnrolmentAsked,
): Promise<Registration | undefined> => {
  const [byKey] = await tx
    .select()
    .from(registrations)
    .where(eq(registrations.keySha256, keySha256))
    .for('update');
  if (byKey !== undefined || serial === undefined || token === undefined) return byKey;
  const [bySerial] = await tx
    .select()
    .from(registrations)
    .where(eq(registrations.serial, serial))
    .for('update');
  return bySerial;
};

type Before = { readonly device: DeviceId; readonly state: 'pending' | 'enrolled' | 'rejected' };

const useOf = async (
  tx: Database,
  claim: Claim,
  { keySha256 }: EnrolmentAsked,
): Promise<Before | undefined> => {
  const [use] = await tx
    .select()
    .from(claimUses)
    .where(and(eq(claimUses.claim, claim.id), eq(claimUses.keySha256, keySha256)));
  return use;
};

const usedRegistration = (
  registration: Registration | undefined,
  { keySha256 }: EnrolmentAsked,
): Before | undefined =>
  registration !== undefined && registration.usedKeySha256 === keySha256
    ? { device: registration.deviceId, state: 'enrolled' }
    : undefined;

/** Why a claim lets no further device in. */
const refuseNew = (claim: Claim, registration: Registration | undefined, now: Date): void => {
  if (claim.revokedAt !== null) throw refused('it was revoked');
  if (claim.expiresAt <= now) throw refused('it has expired');
  if (claim.used >= claim.uses)
    throw refused(claim.uses === 1 ? 'it was used' : `all ${claim.uses} uses are taken`);
  if (claim.registeredOnly && registration === undefined)
    throw refused('it is only for devices that are registered, and neither serial number nor key is');
};

const refuseRegistration = (
  registration: Registration,
  claim: Claim | undefined,
  { deviceClass, arch }: EnrolmentAsked,
): void => {
  if (registration.deviceClass !== deviceClass || registration.arch !== arch)
    throw refused(`the device is registered for the class ${registration.deviceClass}`);
  // A claim that names the device is the operator's word that it may come with another key.
  if (registration.usedKeySha256 !== null && claim?.deviceId !== registration.deviceId)
    throw refused(`another key has enrolled as ${registration.deviceId}, which is registered once`);
};

const idOf = (claim: Claim | undefined, { serial }: EnrolmentAsked, n: number): DeviceId => {
  if (claim === undefined || claim.idPattern === null) return newDeviceId();
  const id = fillIdPattern(claim.idPattern, { serial, n });
  if (id !== undefined) return id;
  throw refused(
    serial === undefined
      ? `it makes ids like ${claim.idPattern}, and the device sent no serial number`
      : `${claim.idPattern} with the serial number ${serial} is no device id`,
  );
};

/** An id that is in use, or was, is given anew only by a claim that names it. */
const refuseTaken = async (tx: Database, id: DeviceId, claim: Claim | undefined): Promise<void> => {
  const [device] = await tx.select({ state: devices.state }).from(devices).where(eq(devices.id, id));
  if (device === undefined) return;
  if (claim === undefined || claim.deviceId !== id)
    throw refused(`there is a device ${id} already; to enrol it anew takes a claim for its id`);
  if (claim.approval && device.state === 'active')
    throw refused(`device ${id} is active, so nothing waits for approval`);
};

const again = async (
  tx: Database,
  before: Before,
  claim: Claim | undefined,
  asked: EnrolmentAsked,
  issue: (device: DeviceId) => Promise<Issued>,
  now: Date,
): Promise<Enrolment> => {
  const id = before.device;
  const row = found(await tx.select().from(devices).where(eq(devices.id, id)).for('update'), 'device', id);
  if (before.state === 'rejected') throw refused('an operator rejected the device');
  refuseRevoked(id, row.revokedAt);
  // Renewed, or claimed anew because this key was stolen: the device must not fall back to it.
  if (row.keySha256 !== null && row.keySha256 !== asked.keySha256)
    throw refused('it was used, and the device has another key since');
  if (claim !== undefined) {
    const waited = before.state === 'pending';
    // Who was accepted gets its certificate, however long that took.
    if (!waited && claim.expiresAt <= now) throw refused('it has expired');
    await tx
      .update(claimUses)
      .set({ lastAt: now, ...(row.state === 'active' ? { state: 'enrolled' } : {}) })
      .where(and(eq(claimUses.claim, claim.id), eq(claimUses.keySha256, asked.keySha256)));
  }
  if (row.state !== 'active') return { kind: 'pending', device: toDevice(row), isNew: false };
  const issued = await issue(id);
  await recordCertificate(tx, id, issued, now);
  const rows = await tx.update(devices).set(certificateColumns(issued)).where(eq(devices.id, id)).returning();
  await recordAudit(tx, {
    actor: `device:${id}`,
    action: 'device.enrol',
    subject: id,
    details: { ...origin(claim), keySha256: issued.keySha256, again: true },
  });
  return { kind: 'enrolled', device: toDevice(found(rows, 'device', id)), issued };
};

/** A device that enrols anew counts its reports and connections from one, and its earlier certificates end. */
const begin = async (
  tx: Database,
  {
    id,
    asked,
    issued,
    registration,
  }: {
    readonly id: DeviceId;
    readonly asked: EnrolmentAsked;
    readonly issued: Issued | undefined;
    readonly registration: Registration | undefined;
  },
  now: Date,
): Promise<Device> => {
  await endLiveExecution(tx, id, 'the device enrolled anew', now);
  await tx.delete(deviceReports).where(eq(deviceReports.device, id));
  await revokeCertificates(tx, id, now);
  const fresh = {
    deviceClass: asked.deviceClass,
    arch: asked.arch,
    state: issued === undefined ? ('pending' as const) : ('active' as const),
    serial: asked.serial ?? null,
    ...(issued === undefined
      ? { certificateExpiresAt: null, certificateAuthority: null, keySha256: asked.keySha256 }
      : certificateColumns(issued)),
    provenKeySha256: null,
    enrolledAt: now,
    online: false,
    connection: 0,
    deathConnection: 0,
    revokedAt: null,
    decommissionedAt: null,
    drops: 0,
    ...(registration === undefined
      ? {}
      : { name: registration.name, tags: registration.tags, attributes: registration.attributes }),
  };
  const rows = await tx
    .insert(devices)
    .values({ id, ...fresh })
    .onConflictDoUpdate({
      target: [devices.tenant, devices.id],
      // The session of the device of before may be there still.
      set: { ...fresh, dropSince: now },
    })
    .returning();
  if (issued !== undefined) await recordCertificate(tx, id, issued, now);
  return toDevice(found(rows, 'device', id));
};
