import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChannelName, Version, type DeviceId, type ServiceReport } from '@slipway/protocol';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { deviceDeltas, devices } from '../schema.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { birthOf, seedDevice, TEST_CLASS } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { changeDevice } from './change-device.ts';
import { changeChannel, followChannel } from './channels.ts';
import { countDevices } from './count-devices.ts';
import { fleetTallies } from './count-fleet.ts';
import { decommissionDevice, revokeDevice } from './device-lifecycle.ts';
import { foldDeltas } from './device-tallies.ts';
import { queryFields } from './query-fields.ts';
import { recordBirth, recordDeath, recordTelemetry } from './record-presence.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const EVERY = sql`true`;
const now = new Date();
const later = new Date(now.getTime() + 2 * 86_400_000);
const service = (name: string, state: ServiceReport['state']): ServiceReport => ({ name, state, starts: 1 });

describe.each(engines)('counts of devices on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    ({ db } = database);
  });
  afterAll(() => database.close());

  /** What was counted as devices changed is what a look at each of them finds. */
  const expectRight = async (): Promise<void> => {
    for (const at of [now, later]) {
      const counted = await countDevices(db, '', at);
      expect(counted).toEqual(await countDevices(db, '', at, EVERY));
    }
    expect(await queryFields(db, 'fleet', undefined)).toEqual(await queryFields(db, 'fleet', EVERY));
  };

  const seed = async (prefix: string, many: number): Promise<DeviceId[]> => {
    const ids: DeviceId[] = [];
    for (let n = 0; n < many; n += 1) ids.push((await seedDevice(db, `${prefix}-${n}`)).id);
    return ids;
  };

  /** What may happen to a device, in this order. */
  const live = async (id: DeviceId, n: number): Promise<void> => {
    const born = (connection: number, version: string) =>
      recordBirth(
        db,
        birthOf(id, {
          connection,
          bootId: `boot-${connection}`,
          agentVersion: Version.parse(`0.${n % 3}.0`),
          timeZone: n % 2 === 0 ? 'Europe/Vienna' : undefined,
          slots: {
            a: { state: 'GOOD', version: Version.parse(version) },
            b: { state: n % 4 === 0 ? 'FAILED' : 'EMPTY' },
          },
          services: [
            service('web', 'running'),
            service(`only-${n % 2}`, n % 3 === 0 ? 'stopped' : 'running'),
          ],
        }),
        false,
        now,
      );
    await born(1, '1.0.0');
    await changeDevice(db, id, { addTags: [`t${n % 3}`, 'all'] }, 'me');
    await changeDevice(db, id, { attributes: { site: `s${n % 2}`, one: n } }, 'me');
    await recordTelemetry(
      db,
      id,
      {
        v: 1,
        bootId: 'boot-1',
        uptime: 1,
        health: n % 2 === 0 ? 'failed' : 'ok',
        services: [service('web', n % 2 === 0 ? 'restarting' : 'running')],
        memoryAvailable: 1,
        memoryTotal: 2,
        load1: 0,
        temperature: n % 2 === 0 ? 90 : 20,
      },
      now,
    );
    await recordDeath(db, id, 1);
    if (n % 3 !== 0) await born(2, n % 2 === 0 ? '2.0.0' : '1.0.0');
    if (n % 4 === 0) await followChannel(db, id, ChannelName.parse('beta'));
    await changeDevice(db, id, { removeTags: ['all'] }, 'me');
    await changeDevice(db, id, { attributes: { one: null } }, 'me');
    if (n % 7 === 1) await revokeDevice(db, id, 'me', now);
    if (n % 7 === 2) await decommissionDevice(db, id, 'me', now);
  };

  test('are right whatever happens to many at once, while differences are summed up', async () => {
    await changeChannel(db, { deviceClass: TEST_CLASS, name: ChannelName.parse('beta') }, {}, now);
    const ids = await seed('many', 14);
    await expectRight();
    let isOver = false;
    const folding = (async () => {
      for (;;) {
        await foldDeltas(db);
        if (isOver) return;
      }
    })();
    await Promise.all(ids.map(live)).finally(() => {
      isOver = true;
    });
    await folding;
    await expectRight();
    await foldDeltas(db);
    expect(await db.$count(deviceDeltas)).toBe(0);
    await expectRight();
    const { online, byAlarm, byVersion } = await countDevices(db, '', now);
    expect(online).toBeGreaterThan(0);
    expect(byVersion.length).toBeGreaterThan(1);
    expect(byAlarm.filter(({ count }) => count > 0).map(({ value }) => value)).toEqual(
      expect.arrayContaining(['unhealthy', 'degraded', 'hot', 'service_restarting']),
    );
  });

  test('of what was undone stay as they were; devices that go count no more', async () => {
    const [id] = await seed('undone', 1);
    if (id === undefined) throw new Error('there is none');
    const before = await countDevices(db, '', now);
    await expect(
      db.transaction(async (tx) => {
        await changeDevice(tx, id, { tags: ['undone'] }, 'me');
        await tx.update(devices).set({ online: true, version: '9.9.9' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await countDevices(db, '', now)).toEqual(before);
    await expectRight();
  });

  test('are found anew where devices were written past the triggers', async () => {
    const sorted = async () => (await fleetTallies(db)).map((row) => JSON.stringify(row)).sort();
    const before = await sorted();
    await db.execute(sql`select count_all_devices()`);
    expect(await sorted()).toEqual(before);
    await expectRight();
  });
});
