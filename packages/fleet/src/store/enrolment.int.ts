import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ClassName,
  codeOf,
  DeviceId,
  type Arch,
  type ClaimCreate,
  type ErrorCode,
  type RegistrationCreate,
  type Telemetry,
} from '@slipway/protocol';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { birthOf, seedOnlineDevice, seedRelease, TEST_CLASS } from '../testing/seed.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { planRollout } from './apply-plan.ts';
import { listAudit } from './audit.ts';
import { renewCertificate } from './certificates.ts';
import { createClaim, getClaim, listClaimUses, revokeClaim } from './claims.ts';
import {
  acceptDevices,
  changeDeviceClass,
  decommissionDevice,
  rejectDevice,
  revokeDevice,
} from './device-lifecycle.ts';
import { devicesAsked, getDevice, listDevices } from './devices.ts';
import { recordBirth, recordTelemetry } from './record-presence.ts';
import { bundleFor, listExecutions } from './executions.ts';
import { redeemClaim, type EnrolmentAsked } from './redeem-claim.ts';
import { importRegistrations, removeRegistration } from './registrations.ts';
import {
  devicesToDrop,
  dropAgain,
  recordDrop,
  refreshRevocationList,
  type RevokedCertificate,
} from './revocations.ts';
import { createRollout } from './rollouts.ts';

const arch: Arch = 'amd64';
const page = { limit: 1000, offset: 0 };
const DAY_MS = 86_400_000;

const codeThrownBy = async (work: Promise<unknown>): Promise<ErrorCode | 'nothing'> =>
  work.then(
    () => 'nothing' as const,
    (error: unknown) => codeOf(error),
  );

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

describe.each(engines)('how devices come and go, on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
  });
  afterAll(() => database.close());

  const issue = (key: string) => async (device: DeviceId) => ({
    certificatePem: `certificate of ${device}`,
    serial: randomBytes(16).toString('hex'),
    keySha256: key,
    expiresAt: new Date(Date.now() + 90 * DAY_MS),
  });
  const claim = async (change: Partial<ClaimCreate> = {}) =>
    createClaim(db, { deviceClass: TEST_CLASS, ttl: 3600, arch, ...change }, new Date());
  type Came = { readonly key: string; readonly serial?: string };
  const come = async (
    token: string | undefined,
    { key, serial }: Came,
    change: Partial<EnrolmentAsked> = {},
  ) =>
    redeemClaim(
      db,
      { token, keySha256: key, serial, deviceClass: TEST_CLASS, arch, ...change },
      issue(key),
      new Date(),
    );
  let made = 0;
  const fresh = (): string =>
    createHash('sha256')
      .update(`key ${(made += 1)}`)
      .digest('hex');

  describe('a claim for a batch', () => {
    test('lets as many in as it says, however many come at once', async () => {
      const { id, token } = await claim({ uses: 3 });
      const results = await Promise.all(
        Array.from({ length: 6 }, () =>
          come(token, { key: fresh() }).then(
            ({ device }) => device.id,
            (error: unknown) => codeOf(error),
          ),
        ),
      );
      const refused = results.filter((result) => result === 'CLAIM_INVALID');
      expect(refused).toHaveLength(3);
      expect(new Set(results).size).toBe(4);
      expect(await getClaim(db, id)).toMatchObject({ uses: 3, used: 3, deviceId: null });
      const uses = await listClaimUses(db, id, page);
      expect(uses.map(({ device }) => device).sort()).toEqual(
        results.filter((result) => result !== 'CLAIM_INVALID').sort(),
      );
    });

    test('gives the same key the same device again, at the cost of no use, also once all are taken', async () => {
      const { id, token } = await claim({ uses: 2 });
      const [a, b] = [fresh(), fresh()];
      const first = await come(token, { key: a });
      await come(token, { key: b });
      const again = await come(token, { key: a });
      expect(again.device.id).toBe(first.device.id);
      expect((await getClaim(db, id)).used).toBe(2);
      expect(await codeThrownBy(come(token, { key: fresh() }))).toBe('CLAIM_INVALID');
    });

    test('leaves the use free where no certificate could be made', async () => {
      const { id, token } = await claim({ uses: 1, idPattern: 'fails-{n}' });
      const key = fresh();
      const asked = { token, keySha256: key, deviceClass: TEST_CLASS, arch };
      const failing = redeemClaim(db, asked, () => Promise.reject(new Error('no key')), new Date());
      expect(await codeThrownBy(failing)).toBe('INTERNAL');
      expect((await getClaim(db, id)).used).toBe(0);
      expect((await come(token, { key })).device.id).toBe('fails-1');
    });

    test('makes ids from a pattern, of the serial number that the device sends or its place', async () => {
      const { token } = await claim({ uses: 5, idPattern: 'gw-{serial}-{n:3}' });
      expect((await come(token, { key: fresh(), serial: 'AB/12.9' })).device).toMatchObject({
        id: 'gw-ab-12-9-001',
        serial: 'AB/12.9',
      });
      expect((await come(token, { key: fresh(), serial: 'X' })).device.id).toBe('gw-x-002');
      expect(await codeThrownBy(come(token, { key: fresh() }))).toBe('CLAIM_INVALID');
      expect(await codeThrownBy(come(token, { key: fresh(), serial: 'y'.repeat(64) }))).toBe('CLAIM_INVALID');
    });

    test('never gives an id that is there, in whatever state', async () => {
      const { token } = await claim({ uses: 5, idPattern: 'line-{serial}' });
      const { device } = await come(token, { key: fresh(), serial: '7' });
      expect(await codeThrownBy(come(token, { key: fresh(), serial: '7' }))).toBe('CLAIM_INVALID');
      await decommissionDevice(db, device.id, 'admin', new Date());
      expect(await codeThrownBy(come(token, { key: fresh(), serial: '7' }))).toBe('CLAIM_INVALID');
      const named = await claim({ deviceId: device.id });
      expect((await come(named.token, { key: fresh() })).device).toMatchObject({
        id: device.id,
        state: 'active',
        decommissionedAt: null,
      });
    });

    test('that is revoked lets nobody in any more, and leaves those alone who are', async () => {
      const { id, token } = await claim({ uses: 5 });
      const key = fresh();
      const { device } = await come(token, { key });
      await revokeClaim(db, id, 'anna', new Date());
      expect(await codeThrownBy(come(token, { key: fresh() }))).toBe('CLAIM_INVALID');
      expect((await come(token, { key })).device.id).toBe(device.id);
      expect((await listAudit(db, page)).find(({ action }) => action === 'claim.revoke')).toMatchObject({
        actor: 'anna',
        subject: id,
        details: { used: 1 },
      });
    });
  });

  describe('a device that waits', () => {
    test('gets no certificate, takes no release and counts for nothing, until it is accepted', async () => {
      const { id, token } = await claim({ uses: 2, approval: 'required' });
      const key = fresh();
      const asked = await come(token, { key, serial: 'S1' });
      const device = asked.device.id;
      expect(asked).toMatchObject({ kind: 'pending', isNew: true, device: { state: 'pending' } });
      expect(await come(token, { key })).toMatchObject({ kind: 'pending', isNew: false });
      expect((await getClaim(db, id)).used).toBe(1);

      expect(await recordBirth(db, birthOf(device), false, new Date())).toBeUndefined();
      const telemetry: Telemetry = {
        v: 1,
        bootId: 'b',
        uptime: 1,
        health: 'ok',
        services: [],
        memoryAvailable: 1,
        memoryTotal: 1,
        load1: 0,
      };
      expect(await recordTelemetry(db, device, telemetry, new Date())).toBeUndefined();
      const renewal = { device, provenKeySha256: key, expiredAt: undefined };
      expect(
        await codeThrownBy(renewCertificate(db, renewal, async () => issue(key)(device), new Date())),
      ).toBe('CERTIFICATE_INVALID');
      const release = await seedRelease(db, '7.0.0', Buffer.from('pending'));
      const rollout = { release: release.id, failureThreshold: 1, maxInFlight: 9 };
      expect(await codeThrownBy(createRollout(db, { ...rollout, devices: [device] }, new Date()))).toBe(
        'CONFLICT',
      );
      expect((await getDevice(db, device)).certificateExpiresAt).toBeNull();

      await acceptDevices(db, [device], 'anna', new Date());
      const enrolled = await come(token, { key });
      expect(enrolled).toMatchObject({ kind: 'enrolled', device: { id: device, state: 'active' } });
      expect((await listClaimUses(db, id, page)).map(({ state }) => state)).toEqual(['enrolled']);
      expect(await recordBirth(db, birthOf(device), false, new Date())).toMatchObject({ online: true });
    });

    test('that is accepted gets its certificate also when the claim has expired meanwhile', async () => {
      const { token } = await claim({ approval: 'required', ttl: 60 });
      const key = fresh();
      const { device } = await come(token, { key });
      await acceptDevices(db, [device.id], 'anna', new Date());
      const late = redeemClaim(
        db,
        { token, keySha256: key, deviceClass: TEST_CLASS, arch },
        issue(key),
        new Date(Date.now() + DAY_MS),
      );
      expect((await late).kind).toBe('enrolled');
    });

    test('that is rejected is refused by its key, and its use is free again', async () => {
      const { id, token } = await claim({ approval: 'required' });
      const [wrong, right] = [fresh(), fresh()];
      const { device } = await come(token, { key: wrong });
      expect(await codeThrownBy(come(token, { key: right }))).toBe('CLAIM_INVALID');
      await rejectDevice(db, device.id, 'anna', new Date());
      await rejectDevice(db, device.id, 'anna', new Date());
      expect((await getClaim(db, id)).used).toBe(0);
      expect(await codeThrownBy(come(token, { key: wrong }))).toBe('CLAIM_INVALID');
      const second = await come(token, { key: right });
      expect(second).toMatchObject({ kind: 'pending', device: { id: device.id } });
      await acceptDevices(db, [device.id], 'anna', new Date());
      expect(await codeThrownBy(come(token, { key: wrong }))).toBe('CLAIM_INVALID');
      expect((await come(token, { key: right })).kind).toBe('enrolled');
    });

    test('is accepted with all others of a list, or none is', async () => {
      const { token } = await claim({ uses: 2, approval: 'required' });
      const a = (await come(token, { key: fresh() })).device.id;
      const b = (await come(token, { key: fresh() })).device.id;
      await rejectDevice(db, b, 'anna', new Date());
      expect(await codeThrownBy(acceptDevices(db, [a, b], 'anna', new Date()))).toBe('CONFLICT');
      expect((await getDevice(db, a)).state).toBe('pending');
      expect(await listDevices(db, { ...page, state: 'rejected' })).toContainEqual(
        expect.objectContaining({ id: b }),
      );
    });

    test('does not put an active device of the same id aside', async () => {
      const { id } = await seedOnlineDevice(db, 'approval-active');
      expect(await codeThrownBy(claim({ deviceId: id, approval: 'required' }))).toBe('CONFLICT');
    });
  });

  describe('a device known beforehand', () => {
    const archOf = new Map([[TEST_CLASS, arch]]);
    const take = async (rows: readonly RegistrationCreate[]) =>
      importRegistrations(db, rows, archOf, 'anna', new Date());

    test('by its key needs no claim, and comes back with that key alone', async () => {
      const key = fresh();
      await take([{ keySha256: key, deviceId: DeviceId.parse('known-by-key'), deviceClass: TEST_CLASS }]);
      expect(await come(undefined, { key })).toMatchObject({
        kind: 'enrolled',
        device: { id: 'known-by-key' },
      });
      expect((await come(undefined, { key })).device.id).toBe('known-by-key');
      expect(await codeThrownBy(come(undefined, { key: fresh() }))).toBe('CLAIM_INVALID');
      await revokeDevice(db, DeviceId.parse('known-by-key'), 'anna', new Date());
      expect(await codeThrownBy(come(undefined, { key }))).toBe('DEVICE_REVOKED');
    });

    test('by its serial number needs a claim as well, and lands where it was registered', async () => {
      await take([{ serial: 'SN-1', deviceId: DeviceId.parse('known-1'), deviceClass: TEST_CLASS }]);
      const { token } = await claim({ uses: 5, registeredOnly: true });
      expect(await codeThrownBy(come(undefined, { key: fresh(), serial: 'SN-1' }))).toBe('CLAIM_INVALID');
      expect(await codeThrownBy(come(token, { key: fresh(), serial: 'SN-2' }))).toBe('CLAIM_INVALID');
      const key = fresh();
      expect((await come(token, { key, serial: 'SN-1' })).device.id).toBe('known-1');
      expect((await come(token, { key, serial: 'SN-1' })).device.id).toBe('known-1');
      expect(await codeThrownBy(come(token, { key: fresh(), serial: 'SN-1' }))).toBe('CLAIM_INVALID');
    });

    test('is approved with its key, not with a serial number that anybody can send', async () => {
      const key = fresh();
      await take([
        { keySha256: key, deviceClass: TEST_CLASS },
        { serial: 'SN-9', deviceClass: TEST_CLASS },
      ]);
      const { token } = await claim({ uses: 5, approval: 'required' });
      expect((await come(token, { key })).kind).toBe('enrolled');
      expect((await come(token, { key: fresh(), serial: 'SN-9' })).kind).toBe('pending');
    });

    test('of another class is refused', async () => {
      const other = ClassName.parse('edge-other');
      const key = fresh();
      await importRegistrations(
        db,
        [{ keySha256: key, deviceClass: other }],
        new Map([[other, arch]]),
        'anna',
        new Date(),
      );
      expect(await codeThrownBy(come(undefined, { key }))).toBe('CLAIM_INVALID');
      const { token } = await claim({ uses: 2 });
      expect(await codeThrownBy(come(token, { key }))).toBe('CLAIM_INVALID');
    });

    test('comes in a list that is taken whole or not at all, and every wrong line is named', async () => {
      const { id } = await seedOnlineDevice(db, 'there-already');
      await take([{ serial: 'SN-there', deviceClass: TEST_CLASS }]);
      const rows: RegistrationCreate[] = [
        { line: 2, serial: 'SN-new', deviceClass: TEST_CLASS },
        { line: 3, serial: 'SN-there', deviceClass: TEST_CLASS },
        { line: 4, serial: 'SN-new', deviceClass: TEST_CLASS },
        { line: 5, serial: 'SN-5', deviceClass: ClassName.parse('nothing') },
        { line: 6, serial: 'SN-6', deviceId: id, deviceClass: TEST_CLASS },
      ];
      const failed = await take(rows).catch((error: unknown) => error);
      expect(failed).toMatchObject({
        code: 'IMPORT_INVALID',
        details: {
          total: 4,
          lines: [
            { line: 3, message: expect.stringContaining('registered already') },
            { line: 4, message: expect.stringContaining('line 2') },
            { line: 5, message: expect.stringContaining('no class') },
            { line: 6, message: expect.stringContaining('there-already') },
          ],
        },
      });
      const [taken] = await take([rows[0] ?? { deviceClass: TEST_CLASS }]);
      expect(taken).toMatchObject({ serial: 'SN-new' });
      await removeRegistration(db, DeviceId.parse(taken?.deviceId), 'anna');
      expect(await take([{ serial: 'SN-new', deviceClass: TEST_CLASS }])).toHaveLength(1);
    });
  });

  describe('a device that is let out', () => {
    test('has its certificates listed, all that have not ended, and the list rises', async () => {
      const lists: { serials: string[]; number: number; madeAt: Date }[] = [];
      const refresh = (now = new Date()) =>
        refreshRevocationList(
          db,
          async (revoked: readonly RevokedCertificate[], number, madeAt) => {
            lists.push({ serials: revoked.map(({ serial }) => serial), number, madeAt });
            return `list ${number}`;
          },
          now,
        );
      await refresh();
      const before = lists.at(-1)?.number ?? 0;
      expect(await refresh()).toBeUndefined();

      const { token } = await claim();
      const key = fresh();
      const serials: string[] = [];
      const counted = (of: string) => async (device: DeviceId) => {
        const issued = await issue(of)(device);
        serials.push(issued.serial);
        return issued;
      };
      const asked = { token, keySha256: key, deviceClass: TEST_CLASS, arch };
      const { device } = await redeemClaim(db, asked, counted(key), new Date());
      const renewal = { device: device.id, provenKeySha256: key, expiredAt: undefined };
      await renewCertificate(db, renewal, async () => counted(fresh())(device.id), new Date());
      await revokeDevice(db, device.id, 'anna', new Date());

      // Two servers at once make one list.
      await Promise.all([refresh(), refresh()]);
      const last = lists.at(-1);
      expect(last?.number).toBe(before + 1);
      expect(last?.serials).toEqual(expect.arrayContaining(serials));
      expect(last?.madeAt.getTime()).toBeGreaterThanOrEqual((lists.at(-2)?.madeAt.getTime() ?? 0) + 1000);

      // They have ended by themselves: at the next occasion they are named no more.
      expect(await refresh(new Date(Date.now() + 100 * DAY_MS))).toBeUndefined();
      const other = await seedOnlineDevice(db, 'let-out-later');
      await revokeDevice(db, other.id, 'anna', new Date());
      await refresh(new Date(Date.now() + 89 * DAY_MS));
      expect(lists.at(-1)?.number).toBe(before + 2);
    });

    test('is dropped twice, and once more when it speaks', async () => {
      const { id } = await seedOnlineDevice(db, 'dropped');
      const start = Date.now();
      const after = (ms: number): Date => new Date(start + ms);
      await revokeDevice(db, id, 'anna', after(0));
      const due = async (ms: number) =>
        (await devicesToDrop(db, 2000, after(ms))).find((device) => device.id === id);
      expect(await due(0)).toMatchObject({ isOut: true, hasLeft: false, drops: 0 });
      await recordDrop(db, id, 0);
      expect(await due(1999)).toBeUndefined();
      expect(await due(2000)).toMatchObject({ drops: 1 });
      await recordDrop(db, id, 1);
      expect(await due(9000)).toBeUndefined();
      expect(await dropAgain(db, id, after(9000))).toBe(true);
      expect(await due(11_000)).toMatchObject({ drops: 2 });
      expect(await dropAgain(db, (await seedOnlineDevice(db, 'not-dropped')).id, after(0))).toBe(false);
    });

    test('for good is asked nothing any more, and keeps its history', async () => {
      const release = await seedRelease(db, '8.0.0', Buffer.from('leaves'));
      const { id } = await seedOnlineDevice(db, 'leaves');
      const rollout = await createRollout(
        db,
        { release: release.id, devices: [id], failureThreshold: 1, maxInFlight: 1 },
        new Date(),
      );
      await planRollout(db, rollout.id, new Date());
      expect(await bundleFor(db, id)).toBeDefined();
      await decommissionDevice(db, id, 'anna', new Date());
      await decommissionDevice(db, id, 'anna', new Date());
      expect(await bundleFor(db, id)).toBeUndefined();
      expect((await listExecutions(db, { device: id, ...page })).map(({ state }) => state)).toEqual([
        'CANCELED',
      ]);
      expect(await devicesAsked(db, undefined, 100_000)).not.toContain(id);
      expect((await listDevices(db, page)).map((device) => device.id)).not.toContain(id);
      expect(await getDevice(db, id)).toMatchObject({ state: 'decommissioned', online: false });
      expect((await devicesToDrop(db, 0, new Date())).find((device) => device.id === id)).toMatchObject({
        isOut: true,
        hasLeft: true,
      });
      const entries = (await listAudit(db, page)).filter(
        ({ action, subject }) => action === 'device.decommission' && subject === id,
      );
      expect(entries).toHaveLength(1);
    });
  });

  test('a class is changed only explicitly, within the architecture, and not during an update', async () => {
    const other = ClassName.parse('edge-changed');
    const { id } = await seedOnlineDevice(db, 'changes-class');
    expect(await recordBirth(db, birthOf(id, { deviceClass: other }), false, new Date())).toBeUndefined();
    expect(await codeThrownBy(changeDeviceClass(db, id, { deviceClass: other, arch: 'arm64' }, 'anna'))).toBe(
      'REQUEST_INVALID',
    );
    const release = await seedRelease(db, '9.0.0', Buffer.from('class'));
    const rollout = await createRollout(
      db,
      { release: release.id, devices: [id], failureThreshold: 1, maxInFlight: 1 },
      new Date(),
    );
    await planRollout(db, rollout.id, new Date());
    expect(await codeThrownBy(changeDeviceClass(db, id, { deviceClass: other, arch }, 'anna'))).toBe(
      'CONFLICT',
    );
    const { id: free } = await seedOnlineDevice(db, 'changes-class-2');
    expect(await changeDeviceClass(db, free, { deviceClass: other, arch }, 'anna')).toMatchObject({
      deviceClass: other,
      online: false,
      release: null,
    });
    expect(await recordBirth(db, birthOf(free), false, new Date())).toBeUndefined();
    expect(await recordBirth(db, birthOf(free, { deviceClass: other }), false, new Date())).toMatchObject({
      online: true,
    });
  });
});
