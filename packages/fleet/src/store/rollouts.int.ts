import type { Death, DeviceEvent, Release, Telemetry } from '@slipway/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database, OpenDatabase } from '../database.ts';
import { testEngines } from '../testing/engines.ts';
import { rolloutRounds } from '../testing/rollout-rounds.ts';
import { birthOf, seedDevice, seedRelease } from '../testing/seed.ts';
import { codeThrownBy } from '../testing/thrown.ts';
import { planRollout } from './apply-plan.ts';
import { recordAudit } from './audit.ts';
import { listCertificates } from './certificates.ts';
import { changeDevice } from './change-device.ts';
import { createCommand } from './commands.ts';
import { revokeDevice } from './device-lifecycle.ts';
import { listDeviceEvents } from './device-timeline.ts';
import { desiredOf, getDevice } from './devices.ts';
import { bundleFor, getExecution } from './executions.ts';
import { previewRollout } from './preview.ts';
import { recordBirth, recordDeath, recordPresence, recordTelemetry } from './record-presence.ts';
import { changeRelease } from './releases.ts';
import { listFailures } from './rollout-failures.ts';
import { createRollout, getRollout, rolloutsToPlan } from './rollouts.ts';
import { abortRollout, setRolloutPolicy } from './steer-rollout.ts';

describe.each(await testEngines())('on %s', (_engine, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
  });
  afterAll(() => database.close());

  describe('rollouts', () => {
    const { bundle, start, executionOn, report } = rolloutRounds(() => db);
    const noDevice = (release: Release) => ({ release: release.id, failureThreshold: 1, maxInFlight: 1 });

    test('a revoked device is taken out: nothing is asked of it or served to it, whatever it says', async () => {
      const { rollout, release, devices } = await start(2);
      const [gone, stays] = devices;
      if (gone === undefined || stays === undefined) throw new Error('start made two devices');
      expect(await bundleFor(db, gone)).toMatchObject({ release: release.id });
      expect(await revokeDevice(db, gone, 'admin', new Date())).toMatchObject({ online: false });
      expect((await executionOn(gone)).state).toBe('CANCELED');
      expect((await desiredOf(db, gone))?.assignment).toBeNull();
      expect(await bundleFor(db, gone)).toBeUndefined();
      expect(await recordBirth(db, birthOf(gone, { connection: 2 }), false, new Date())).toBeUndefined();
      const memory = { memoryAvailable: 1, memoryTotal: 1 };
      const gauges = { uptime: 1, load1: 0, services: [], ...memory };
      const said: Telemetry = { v: 1, bootId: 'boot-1', health: 'ok', ...gauges };
      expect(await recordTelemetry(db, gone, said, new Date())).toBeUndefined();
      expect((await getDevice(db, gone)).online).toBe(false);
      for (const state of ['DOWNLOADING', 'REBOOTING', 'COMMITTED'] as const) await report(stays, state);
      await planRollout(db, rollout, new Date());
      expect((await getRollout(db, rollout)).state).toBe('completed');
      const again = createRollout(db, { ...noDevice(release), devices: [gone] }, new Date());
      expect(await codeThrownBy(again)).toBe('DEVICE_REVOKED');
    });

    test('what happened to a device is one list, newest first, whatever part of it is asked for', async () => {
      const { release, devices } = await start(1);
      const [id] = devices;
      if (id === undefined) throw new Error('start made a device');
      const request = { name: 'reboot' } as const;
      const command = await createCommand(db, id, request, new Date());
      await recordAudit(db, {
        actor: 'anna',
        action: 'device.reboot',
        subject: id,
        details: { command: command.id },
      });
      await changeDevice(db, id, { addTags: ['dock'] }, 'bert');
      const gone: Death = { v: 1, connection: 1, reason: 'shutdown' };
      await recordPresence(db, [{ kind: 'death', device: id, death: gone }], new Date());
      await recordBirth(db, birthOf(id, { connection: 2 }), false, new Date());
      await recordDeath(db, id, 2);
      await recordBirth(db, birthOf(id, { connection: 3 }), false, new Date());
      await revokeDevice(db, id, 'carl', new Date());

      const list = (page: Partial<Parameters<typeof listDeviceEvents>[2]> = {}) =>
        listDeviceEvents(db, id, { limit: 100, offset: 0, ...page }, new Date());
      const all = await list();
      expect(all.map(({ at }) => at)).toEqual(
        all
          .map(({ at }) => at)
          .toSorted()
          .toReversed(),
      );
      expect(new Set(all.map((event) => event.id)).size).toBe(all.length);
      const of = async (kind: DeviceEvent['kind']) => list({ kinds: [kind], count: true });
      expect(await of('presence')).toMatchObject([
        { online: false, reason: null, until: null },
        { online: true, until: expect.any(String) as unknown },
        { online: false, reason: 'lost' },
        { online: true, reason: null },
        { online: false, reason: 'shutdown' },
        { online: true },
      ]);
      expect(await of('update')).toMatchObject([
        { version: release.version, execution: { device: id, state: 'CANCELED' } },
      ]);
      expect(await of('command')).toMatchObject([{ actor: 'anna', command: { id: command.id, request } }]);
      expect(await of('change')).toMatchObject([{ actor: 'bert', action: 'device.change' }]);
      const certificates = await of('certificate');
      expect(certificates).toMatchObject([
        { actor: 'carl', action: 'device.revoke' },
        { action: 'device.enrol' },
      ]);
      expect(certificates.total).toBe(2);
      const walked: DeviceEvent[] = [];
      for (let after: string | undefined = ''; after !== undefined;) {
        const part = await list({ limit: 3, ...(after === '' ? {} : { after }) });
        walked.push(...part);
        after = part.next;
      }
      expect(walked).toEqual([...all]);
      expect(await listCertificates(db, id, { limit: 10, offset: 0 })).toMatchObject([
        { revokedAt: expect.any(String) as unknown, listed: false, current: false, keyType: null },
      ]);
    });

    test('what would follow is told from how earlier updates went, and nothing stays of it', async () => {
      const { rollout, devices } = await start(6);
      const [failing, ...others] = devices;
      if (failing === undefined) throw new Error('no device');
      await report(failing, 'FAILED', { code: 'DISK_FULL', message: 'no room' });
      for (const device of others)
        for (const state of ['DOWNLOADING', 'REBOOTING', 'COMMITTED'] as const)
          await report(device, state, { bytesReceived: 3, bytesReused: 9 });
      // As if each state had taken 100 s.
      await db.execute(sql`update execution_history as history set at = timestamptz '2026-01-01' + nth * interval '100 s'
        from (select id, row_number() over (partition by execution order by id) as nth from execution_history) as step
        where step.id = history.id`);
      const next = await seedRelease(db, '2.0.0', Buffer.alloc(1000));
      const before = await rowsOf(db, z.unknown(), sql`select id from rollouts`);
      const asked = { ...noDevice(next), devices };
      const previewed = previewRollout(db, asked, null, new Date());
      expect(await codeThrownBy(previewed)).toBe('CONFLICT');
      await abortRollout(db, rollout, 'the test goes on', new Date()).catch(() => undefined);
      expect(await previewRollout(db, asked, null, new Date())).toMatchObject({
        devices: 6,
        online: 6,
        bytes: { most: 6000, expected: 1500 },
        duration: { likely: 6 * 300 },
        basis: { updates: 5, of: 'class' },
      });
      expect(await rowsOf(db, z.unknown(), sql`select id from rollouts`)).toEqual(before);
      expect(await listFailures(db, rollout)).toMatchObject([
        {
          code: 'DISK_FULL',
          devices: 1,
          examples: [{ device: failing, message: 'no room', state: 'FAILED' }],
        },
      ]);
    });

    test('an offer is asked of the device once, with what it needs to fetch the bundle', async () => {
      const { rollout, release, devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      const execution = await executionOn(device);
      expect(await desiredOf(db, device)).toEqual({
        v: 1,
        seq: 1,
        assignment: {
          execution: execution.id,
          rollout,
          release: release.id,
          version: release.version,
          bundle: release.bundle,
          expiresAt: expect.any(Number),
        },
      });
      expect((await planRollout(db, rollout, new Date())).actions).toEqual([]);
    });

    test('a device goes through to COMMITTED and is asked nothing more', async () => {
      const { rollout, devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      for (const state of [
        'ACCEPTED',
        'DOWNLOADING',
        'VERIFIED',
        'INSTALLING',
        'REBOOTING',
        'TRIAL',
      ] as const) {
        expect((await report(device, state)).kind).toBe('counted');
      }
      const last = await report(device, 'COMMITTED', {
        bootId: 'boot-2',
        slot: 'b',
        bytesReceived: 5,
        bytesReused: 3,
      });
      expect(last).toMatchObject({ kind: 'counted', over: true });
      expect(await desiredOf(db, device)).toEqual({ v: 1, seq: 2, assignment: null });
      expect((await planRollout(db, rollout, new Date())).actions).toEqual([{ kind: 'complete' }]);
      const execution = await executionOn(device);
      expect(execution).toMatchObject({
        state: 'COMMITTED',
        bytesReceived: 5,
        bytesReused: 3,
        bytesDone: bundle.length,
      });
      expect(execution.history.map(({ state }) => state)).toEqual([
        'OFFERED',
        'ACCEPTED',
        'DOWNLOADING',
        'VERIFIED',
        'INSTALLING',
        'REBOOTING',
        'TRIAL',
        'COMMITTED',
      ]);
      expect(execution.history.at(-1)?.bootId).toBe('boot-2');
      expect(await getRollout(db, rollout)).toMatchObject({ state: 'completed', counts: { COMMITTED: 1 } });
    });

    test('the policy of a rollout reaches devices with the offer, and once more where it is changed before they have armed', async () => {
      const { rollout, devices } = await start(2);
      const [waiting, armed] = devices;
      if (waiting === undefined || armed === undefined) throw new Error('no device');
      await report(waiting, 'DEFERRED', { code: 'INSTALL_HELD', message: 'until 02:00' });
      for (const state of ['INSTALLING', 'REBOOTING'] as const) await report(armed, state);
      expect(await desiredOf(db, waiting)).not.toHaveProperty('assignment.windows');

      const policy = { windows: [{ days: [7], from: '02:00', to: '04:00' }], deadline: 2_000_000_000 };
      expect(await setRolloutPolicy(db, rollout, policy)).toMatchObject({ policy });
      const applied = await planRollout(db, rollout, new Date());
      expect(applied.actions).toMatchObject([{ kind: 'instruct' }]);
      expect(applied.devices).toEqual([waiting]);
      expect(await desiredOf(db, waiting)).toMatchObject({ seq: 2, assignment: policy });
      expect(await desiredOf(db, armed)).toMatchObject({ seq: 1 });
      expect((await planRollout(db, rollout, new Date())).actions).toEqual([]);

      await setRolloutPolicy(db, rollout, { mode: 'soft' });
      await planRollout(db, rollout, new Date());
      const asked = await desiredOf(db, waiting);
      expect(asked).not.toHaveProperty('assignment.windows');
      // Agents that know nothing of consent download, and wait.
      expect(asked).toMatchObject({ seq: 3, assignment: { mode: 'download', consent: true } });
      expect((await planRollout(db, rollout, new Date())).actions).toEqual([]);
      expect(await executionOn(waiting)).toMatchObject({ state: 'DEFERRED', code: 'INSTALL_HELD' });
      await abortRollout(db, rollout, 'enough', new Date());
      expect(await codeThrownBy(setRolloutPolicy(db, rollout, policy))).toBe('CONFLICT');
    });

    test('a failure stops the rollout and cancels what is not armed; a trial ends by itself', async () => {
      const { rollout, devices } = await start(3);
      const [bad, idle, trying] = devices;
      if (bad === undefined || idle === undefined || trying === undefined) throw new Error('no device');
      for (const state of ['INSTALLING', 'REBOOTING', 'TRIAL'] as const) await report(trying, state);
      for (const state of ['INSTALLING', 'REBOOTING', 'TRIAL'] as const) await report(bad, state);
      await report(bad, 'ROLLED_BACK', { code: 'TRIAL_GATE_FAILED', message: 'probe page' });
      const { devices: changed } = await planRollout(db, rollout, new Date());
      expect([...changed].sort()).toEqual([idle, trying]);
      expect(await getRollout(db, rollout)).toMatchObject({
        state: 'stopped',
        reason: expect.stringContaining('TRIAL_GATE_FAILED'),
        counts: { ROLLED_BACK: 1, CANCELED: 1, TRIAL: 1 },
      });
      for (const device of devices) expect((await desiredOf(db, device))?.assignment).toBeNull();
      expect(await rolloutsToPlan(db)).toContain(rollout);
      expect((await report(trying, 'COMMITTED')).kind).toBe('counted');
      expect(await rolloutsToPlan(db)).not.toContain(rollout);
    });

    test('what is late times out and stops the rollout', async () => {
      const { rollout, devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      const { actions } = await planRollout(db, rollout, new Date(Date.now() + 30 * 86_400_000));
      expect(actions.map(({ kind }) => kind)).toEqual(['timeOut', 'stop']);
      expect((await executionOn(device)).state).toBe('TIMED_OUT');
      expect((await getRollout(db, rollout)).reason).toContain('TIMED_OUT');
    });

    test('only published releases, only devices of the class, and one rollout at a time', async () => {
      const draft = await seedRelease(db, '2.0.0', bundle);
      await changeRelease(db, draft.id, ['published'], 'withdrawn');
      expect(await codeThrownBy(createRollout(db, noDevice(draft), new Date()))).toBe('CONFLICT');
      const { release, devices } = await start(1);
      expect(await codeThrownBy(createRollout(db, noDevice(release), new Date()))).toBe('CONFLICT');
      expect(await codeThrownBy(createRollout(db, { ...noDevice(release), devices }, new Date()))).toBe(
        'CONFLICT',
      );
    });

    test('a device that enrols anew begins anew', async () => {
      const { rollout, devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      await report(device, 'DOWNLOADING', { seq: 5 });
      const execution = (await executionOn(device)).id;
      await seedDevice(db, device);
      expect((await getExecution(db, execution)).state).toBe('CANCELED');
      expect((await desiredOf(db, device))?.assignment).toBeNull();
      expect((await getDevice(db, device)).online).toBe(false);
      expect(await report(device, 'FAILED', { seq: 5 })).toMatchObject({ kind: 'refused' });
      await planRollout(db, rollout, new Date());
      expect((await getRollout(db, rollout)).state).toBe('completed');
    });
  });
});
