import { and, eq, sql } from 'drizzle-orm';
import {
  SlipwayError,
  type Arch,
  type ClassName,
  type Device,
  type DeviceId,
  type DeviceState,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { claims, claimUses, deviceCommands, devices } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { revokeCertificates } from './certificates.ts';
import { toDevice } from './devices.ts';
import { endLiveExecution, liveExecution } from './executions.ts';
import { found } from './not-found.ts';

type Row = typeof devices.$inferSelect;

const lock = async (tx: Database, id: DeviceId): Promise<Row> =>
  found(await tx.select().from(devices).where(eq(devices.id, id)).for('update'), 'device', id);

const change = async (tx: Database, id: DeviceId, set: Partial<Row>): Promise<Device> =>
  toDevice(found(await tx.update(devices).set(set).where(eq(devices.id, id)).returning(), 'device', id));

const refuseState = (id: DeviceId, state: DeviceState, wanted: string, mend: string): SlipwayError =>
  new SlipwayError('CONFLICT', `Device ${id} is ${state}; expected one that is ${wanted}. ${mend}`, {
    details: { device: id, state },
  });

/**
 * Lets devices in that wait for it: all of them or none. Each gets its certificate when it asks the next time.
 *
 * @throws {SlipwayError} NOT_FOUND; CONFLICT for one that is neither pending nor active
 */
export const acceptDevices = (
  db: Database,
  ids: readonly DeviceId[],
  actor: string,
  now: Date,
): Promise<Device[]> =>
  db.transaction(async (tx) => {
    const accepted: Device[] = [];
    // In one order, so that two who accept overlapping lists do not wait for each other.
    for (const id of [...new Set(ids)].sort()) {
      const row = await lock(tx, id);
      if (row.state === 'active') {
        accepted.push(toDevice(row));
        continue;
      }
      if (row.state !== 'pending')
        throw refuseState(id, row.state, 'pending', 'To let it in takes a claim for its id.');
      accepted.push(await change(tx, id, { state: 'active', enrolledAt: now }));
      await recordAudit(tx, {
        actor,
        action: 'device.accept',
        subject: id,
        details: { keySha256: row.keySha256, serial: row.serial },
      });
    }
    return accepted;
  });

/**
 * The device that waits gets nothing, whatever it asks; the claim that it came with has a use more again.
 *
 * @throws {SlipwayError} NOT_FOUND, CONFLICT
 */
export const rejectDevice = (db: Database, id: DeviceId, actor: string, now: Date): Promise<Device> =>
  db.transaction(async (tx) => {
    // The claim first, as enrolment locks it.
    const [use] = await tx
      .select()
      .from(claimUses)
      .where(and(eq(claimUses.device, id), eq(claimUses.state, 'pending')));
    if (use !== undefined) await tx.select().from(claims).where(eq(claims.id, use.claim)).for('update');
    const row = await lock(tx, id);
    if (row.state === 'rejected') return toDevice(row);
    if (row.state !== 'pending')
      throw refuseState(id, row.state, 'pending', 'Revoke a device that is in already.');
    if (use !== undefined) {
      const ofUse = and(eq(claimUses.claim, use.claim), eq(claimUses.keySha256, use.keySha256));
      await tx.update(claimUses).set({ state: 'rejected', lastAt: now }).where(ofUse);
      await tx
        .update(claims)
        .set({ used: sql`${claims.used} - 1` })
        .where(eq(claims.id, use.claim));
    }
    await recordAudit(tx, {
      actor,
      action: 'device.reject',
      subject: id,
      details: { keySha256: row.keySha256, serial: row.serial },
    });
    return change(tx, id, { state: 'rejected' });
  });

/**
 * From now on the device gets no certificate until it is enrolled anew, and nothing else either: its session with the
 * broker ends, it counts as offline whatever it says, is no target of a rollout, and an execution that it was at is
 * over, so no bundle is served to it. Nothing happens where it was revoked before.
 *
 * @throws {SlipwayError} NOT_FOUND; CONFLICT for one that was never in
 */
export const revokeDevice = (db: Database, id: DeviceId, actor: string, now: Date): Promise<Device> =>
  db.transaction(async (tx) => {
    // Before the device is locked: reports and planners lock in that order as well.
    await endLiveExecution(tx, id, 'the device was revoked', now);
    const before = await lock(tx, id);
    if (before.revokedAt !== null) return toDevice(before);
    if (before.state !== 'active')
      throw refuseState(id, before.state, 'active', 'Reject a device that only waits.');
    await revokeCertificates(tx, id, now);
    await recordAudit(tx, { actor, action: 'device.revoke', subject: id });
    return change(tx, id, { state: 'revoked', revokedAt: now, online: false, dropSince: now, drops: 0 });
  });

/**
 * The device leaves for good: as revoked, and nothing is kept for it at the broker. Its history stays; its id is given
 * anew only by a claim that names it. Nothing happens where it has left before.
 *
 * @throws {SlipwayError} NOT_FOUND; CONFLICT for one that was never in
 */
export const decommissionDevice = (db: Database, id: DeviceId, actor: string, now: Date): Promise<Device> =>
  db.transaction(async (tx) => {
    await endLiveExecution(tx, id, 'the device was decommissioned', now);
    const before = await lock(tx, id);
    if (before.state === 'decommissioned') return toDevice(before);
    if (before.state !== 'active' && before.state !== 'revoked')
      throw refuseState(id, before.state, 'active or revoked', 'Reject a device that only waits.');
    await revokeCertificates(tx, id, now);
    await tx
      .update(deviceCommands)
      .set({ state: 'failed', code: 'DEVICE_OFFLINE', message: 'The device has left.', finishedAt: now })
      .where(and(eq(deviceCommands.device, id), sql`${deviceCommands.finishedAt} is null`));
    await recordAudit(tx, { actor, action: 'device.decommission', subject: id });
    return change(tx, id, {
      state: 'decommissioned',
      revokedAt: before.revokedAt ?? now,
      decommissionedAt: now,
      online: false,
      assignment: null,
      desiredSeq: before.desiredSeq + 1,
      dropSince: now,
      drops: 0,
    });
  });

/**
 * From now on the device is of another class: it counts once it is born with that. Done when it was given an image of
 * that class by hand; a release of one class is never taken by a device of another.
 *
 * @throws {SlipwayError} NOT_FOUND; CONFLICT while it takes a release, or where it is not active; REQUEST_INVALID for
 *   another architecture
 */
export const changeDeviceClass = (
  db: Database,
  id: DeviceId,
  to: { readonly deviceClass: ClassName; readonly arch: Arch },
  actor: string,
): Promise<Device> =>
  db.transaction(async (tx) => {
    const live = await liveExecution(tx, id);
    const before = await lock(tx, id);
    if (before.state !== 'active')
      throw refuseState(id, before.state, 'active', 'Enrol it anew with a claim of the other class.');
    if (live !== undefined) {
      throw new SlipwayError(
        'CONFLICT',
        `Device ${id} is at execution ${live.id} (${live.state}). Wait for its end, or abort its rollout.`,
        { details: { execution: live.id } },
      );
    }
    if (before.arch !== to.arch) {
      throw new SlipwayError(
        'REQUEST_INVALID',
        `Device ${id} is ${before.arch}, the class ${to.deviceClass} is ${to.arch}. Choose a class of its architecture.`,
      );
    }
    if (before.deviceClass === to.deviceClass) return toDevice(before);
    await recordAudit(tx, {
      actor,
      action: 'device.class',
      subject: id,
      details: { from: before.deviceClass, to: to.deviceClass },
    });
    return change(tx, id, {
      deviceClass: to.deviceClass,
      online: false,
      slots: null,
      activeSlot: null,
      release: null,
      version: null,
    });
  });
