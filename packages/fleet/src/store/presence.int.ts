import { DEFAULT_TENANT, DeviceId, type Birth, type Telemetry } from '@slipway/protocol';
import { and, eq, gt } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database, OpenDatabase } from '../database.ts';
import { deviceMetrics, deviceRuns, devices } from '../schema.ts';
import { testEngines } from '../testing/engines.ts';
import { birthOf, seedDevice, seedOnlineDevice, seedRelease } from '../testing/seed.ts';
import { condenseMetrics } from './condense-metrics.ts';
import { countDevices } from './count-devices.ts';
import { getDeviceMetrics } from './device-metrics.ts';
import { getDevice } from './devices.ts';
import { getOverview } from './overview/overview.ts';
import { recordMetrics } from './record-metrics.ts';
import { recordBirth, recordDeath, recordPresence, type Said } from './record-presence.ts';
import { takeSnapshot, versionHistory } from './snapshots.ts';
import { versionTimeline } from './version-timeline.ts';

describe.each(await testEngines())('on %s', (_engine, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
  });
  afterAll(() => database.close());

  describe('history', () => {
    const hours = (at: string, n: number): Date => new Date(Date.parse(at) + n * 3_600_000);
    const said = (load1: number): Telemetry => ({
      v: 1,
      bootId: 'b',
      uptime: 60,
      health: 'ok',
      services: [],
      memoryAvailable: 25,
      memoryTotal: 100,
      load1,
    });

    test('metrics are kept by the hour, and after two days a point of each hour is left', async () => {
      const [device, other] = [DeviceId.parse('metrics-1'), DeviceId.parse('metrics-2')];
      const since = new Date('2026-03-01T22:00:00Z');
      const point = (of: DeviceId, n: number, load: number) => ({
        device: of,
        telemetry: said(load),
        at: hours(since.toISOString(), n),
      });
      // Also two of one hour at once.
      await recordMetrics(db, [point(device, 0, 1), point(other, 0, 9), point(device, 0.5, 3)]);
      await recordMetrics(db, [point(device, 1, 5), point(device, 2, 7)]);
      const until = hours(since.toISOString(), 3);
      const seen = async (stepS: number) => {
        const { metrics } = await getDeviceMetrics(db, device, since, until, stepS);
        return Object.fromEntries(metrics.map(({ name, values }) => [name, values]));
      };
      const hourly = { load: [2, 5, 7], memory_used: [75, 75, 75], cpu_temp: [null, null, null] };
      expect(await seen(3600)).toMatchObject(hourly);
      expect((await seen(1800))['load']).toEqual([1, 3, 5, null, 7, null]);

      const later = hours(since.toISOString(), 49);
      expect(await condenseMetrics(db, 1, later)).toBe(1);
      while ((await condenseMetrics(db, 1, later)) > 0);
      expect(await seen(3600)).toMatchObject(hourly);
      // The hour that is not two days old yet stays as it is.
      expect((await seen(1800))['load']).toEqual([2, null, 5, null, 7, null]);
      const rows = await db.select().from(deviceMetrics);
      expect(rows.map(({ step }) => step).sort((a, b) => a - b)).toEqual([300, 300, 3600, 3600]);
    });

    test('a snapshot is kept once in ten minutes, and what runs now ends the line', async () => {
      const { id } = await seedOnlineDevice(db, 'snapshot-1');
      const now = new Date();
      await takeSnapshot(db, now);
      await takeSnapshot(db, now);
      const { times, series } = await versionHistory(db, hours(now.toISOString(), -1), now);
      expect(times).toHaveLength(2);
      const { version } = await getDevice(db, id);
      expect(series.find((one) => one.version === version)?.counts.at(-1)).toBeGreaterThan(0);
    });

    test('of some devices the history is what they say and what is on record of their updates', async () => {
      const { id } = await seedOnlineDevice(db, 'timeline-1');
      const now = new Date(Date.now() + 1000);
      const { times, total, series } = await versionTimeline(
        db,
        eq(devices.id, id),
        hours(now.toISOString(), -1),
        now,
      );
      expect([times.length, total[0], total.at(-1)]).toEqual([7, 0, 1]);
      const { version } = await getDevice(db, id);
      expect(series.map((one) => [one.version, one.counts.at(-1)])).toEqual([[version, 1]]);
    });

    test('a device that changed ran before what it ran before, each version for its time', async () => {
      const { id } = await seedOnlineDevice(db, 'timeline-2');
      const now = new Date();
      await db
        .update(devices)
        .set({ enrolledAt: hours(now.toISOString(), -3.5) })
        .where(eq(devices.id, id));
      for (const [connection, version, ago] of [
        [2, '1.0.0', 3],
        [3, '2.0.0', 2],
        [4, '1.0.0', 1],
      ] as const) {
        const slots = { a: { state: 'GOOD' as const, version }, b: { state: 'EMPTY' as const } };
        await recordBirth(db, birthOf(id, { slots, connection, bootId: `b-${connection}` }), false, now);
        await db
          .update(deviceRuns)
          .set({ at: hours(now.toISOString(), -ago) })
          .where(and(eq(deviceRuns.device, id), gt(deviceRuns.at, hours(now.toISOString(), -0.5))));
      }
      const { series, total } = await versionTimeline(
        db,
        eq(devices.id, id),
        hours(now.toISOString(), -4),
        now,
      );
      const hourly = (line: readonly number[] = []): number[] => line.filter((_, at) => at % 6 === 0);
      expect(hourly(total)).toEqual([0, 1, 1, 1, 1]);
      // Nothing that it first said is a change.
      expect(series.map((one) => [one.version, hourly(one.counts)])).toEqual([
        ['2.0.0', [0, 0, 1, 0, 0]],
        ['1.0.0', [0, 1, 0, 1, 1]],
      ]);
    });

    test('the overview has what needs somebody', async () => {
      await seedRelease(db, '999.0.0', Buffer.from('newest'));
      const { id } = await seedOnlineDevice(db, 'behind-1');
      const slots = { a: { state: 'GOOD' as const, version: '1.0.0' }, b: { state: 'EMPTY' as const } };
      await recordBirth(db, birthOf(id, { activeSlot: 'a', slots, connection: 2 }), false, new Date());
      const server = { storeIsFull: true, workers: 0, builds: 1 };
      const overview = await getOverview(db, DEFAULT_TENANT, 'fleet', server, new Date());
      const codes = overview.attention.map(({ code }) => code);
      expect(codes).toEqual(expect.arrayContaining(['STORE_FULL', 'NO_GATEWAY', 'NO_BUILD_WORKER']));
      const behind = overview.attention.find(({ code }) => code === 'DEVICES_BEHIND');
      const query = behind?.target.kind === 'devices' ? behind.target.query : '';
      expect((await countDevices(db, query, new Date())).total).toBe(behind?.count);
      expect(overview.activity).toContainEqual(
        expect.objectContaining({ kind: 'release', version: '999.0.0' }),
      );
      expect((await getOverview(db, DEFAULT_TENANT, [], server, new Date())).counts.total).toBe(0);
    });
  });

  describe('presence', () => {
    test('the time zone of a device is what its last birth said', async () => {
      const { id } = await seedOnlineDevice(db, 'zone-1');
      expect(await getDevice(db, id)).toMatchObject({ timeZone: null, utcOffset: null });
      const vienna = { timeZone: 'Europe/Vienna', utcOffset: 3600 };
      await recordBirth(db, birthOf(id, { connection: 2, ...vienna }), false, new Date());
      expect(await getDevice(db, id)).toMatchObject(vienna);
      await recordBirth(db, birthOf(id, { connection: 3, utcOffset: -12_600 }), false, new Date());
      expect(await getDevice(db, id)).toMatchObject({ timeZone: null, utcOffset: -12_600 });
    });

    test('a death counts for the connection it names', async () => {
      const { id } = await seedOnlineDevice(db, 'presence-1');
      await recordBirth(db, birthOf(id, { connection: 2 }), false, new Date());
      expect(await recordDeath(db, id, 1)).toBeUndefined();
      expect((await getDevice(db, id)).online).toBe(true);
      expect((await recordDeath(db, id, 2))?.online).toBe(false);
    });

    test('retained messages give the same in either order', async () => {
      const { id } = await seedDevice(db, 'presence-2');
      await recordDeath(db, id, 7);
      expect((await recordBirth(db, birthOf(id, { connection: 7 }), true, new Date()))?.online).toBe(false);
      expect((await recordBirth(db, birthOf(id, { connection: 8 }), true, new Date()))?.online).toBe(true);
    });

    test('many say many things at once: each what it would alone, those of one device in order', async () => {
      const [a, b, c] = await Promise.all(
        ['presence-4', 'presence-5', 'presence-6'].map(async (name) => (await seedDevice(db, name)).id),
      );
      if (a === undefined || b === undefined || c === undefined) throw new Error('three devices');
      const birth = (device: DeviceId, over: Partial<Birth> = {}, retained = false): Said => ({
        kind: 'birth',
        device,
        birth: birthOf(device, over),
        retained,
      });
      const death = (device: DeviceId, connection: number): Said => ({
        kind: 'death',
        device,
        death: { v: 1, connection, reason: 'lost' },
      });
      const telemetry = (device: DeviceId, bootId: string, uptime: number): Said => ({
        kind: 'telemetry',
        device,
        telemetry: {
          v: 1,
          bootId,
          uptime,
          health: 'ok',
          services: [],
          memoryAvailable: 1,
          memoryTotal: 2,
          load1: 0,
        },
      });
      const said = [
        birth(a, { connection: 3 }),
        birth(b, { connection: 5 }),
        death(a, 3),
        // of an earlier connection of the same boot, by another way
        birth(b, { connection: 4 }),
        telemetry(c, 'boot-1', 1),
        birth(a, { connection: 4 }),
        telemetry(c, 'boot-1', 2),
        // counts anew: it has booted
        birth(b, { connection: 1, bootId: 'boot-2' }),
        birth(DeviceId.parse('nobody')),
        death(a, 3),
        telemetry(b, 'boot-2', 1),
      ];
      const outcomes = await recordPresence(db, said, new Date());
      expect(outcomes.map(({ kind }) => kind)).toEqual([
        'recorded',
        'recorded',
        'recorded',
        'late',
        'recorded',
        'recorded',
        'recorded',
        'recorded',
        'refused',
        'late',
        'recorded',
      ]);
      expect(outcomes.map((outcome) => outcome.kind === 'recorded' && outcome.isKnown)).toEqual([
        true,
        true,
        true,
        false,
        false,
        true,
        false,
        true,
        false,
        false,
        true,
      ]);
      expect(outcomes.map((outcome) => outcome.kind === 'recorded' && outcome.device.online)).toEqual([
        true,
        true,
        false,
        false,
        true,
        true,
        true,
        true,
        false,
        false,
        true,
      ]);
      expect((await getDevice(db, b)).bootId).toBe('boot-2');
      expect((await getDevice(db, c)).telemetry?.uptime).toBe(2);
    });

    test('a birth for another class or architecture changes nothing', async () => {
      const { id } = await seedDevice(db, 'presence-3');
      expect(await recordBirth(db, birthOf(id, { arch: 'arm64' }), false, new Date())).toBeUndefined();
      expect(await recordBirth(db, birthOf('nobody'), false, new Date())).toBeUndefined();
    });
  });
});
