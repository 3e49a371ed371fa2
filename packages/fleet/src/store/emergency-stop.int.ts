import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExecutionId, TenantId, type DeviceId } from '@slipway/protocol';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { seedOnlineDevice, seedRelease } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { planRollout } from './apply-plan.ts';
import { listAudit } from './audit.ts';
import { desiredOf } from './devices.ts';
import { getEmergencyStop, haltOffers, liftStop, stopInForce, stopOffers } from './emergency-stop.ts';
import { listExecutions } from './executions.ts';
import { recordStatus } from './record-status.ts';
import { createRollout } from './rollouts.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const tenant = TenantId.parse('default');
const page = { limit: 100, offset: 0 };
const by = { actor: 'ann', reason: 'smoke' };

describe.each(engines)('on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  let count = 0;
  beforeAll(async () => {
    database = await open();
    ({ db } = database);
  });
  afterAll(() => database.close());

  const begin = async (names: readonly string[]) => {
    const devices: DeviceId[] = [];
    for (const name of names) devices.push((await seedOnlineDevice(db, name)).id);
    const release = await seedRelease(db, `1.0.${(count += 1)}`, Buffer.from(`bundle ${count}`));
    const limits = { failureThreshold: 1, maxInFlight: 100 };
    const { id } = await createRollout(db, { release: release.id, devices, ...limits }, new Date());
    return { id, devices, release: release.id };
  };
  const offered = async (devices: readonly DeviceId[]): Promise<number> => {
    const desired = await Promise.all(devices.map((device) => desiredOf(db, device)));
    return desired.filter((one) => one !== undefined && one.assignment !== null).length;
  };

  test('whatever planners do at the same moment, nothing is offered after a stop', async () => {
    const rollouts = [];
    for (const at of [1, 2, 3, 4, 5]) rollouts.push(await begin([`race-${at}-a`, `race-${at}-b`]));
    const planning = rollouts.map(({ id }) => planRollout(db, id, new Date()));
    await stopOffers(db, tenant, by, new Date());
    await haltOffers(db, tenant, new Date());
    const devices = rollouts.flatMap((rollout) => rollout.devices);
    await Promise.all(planning);
    await Promise.all(rollouts.map(({ id }) => planRollout(db, id, new Date())));
    expect(await offered(devices)).toBe(0);
    expect(await getEmergencyStop(db, tenant)).toMatchObject({ stopped: true, ...by, offers: 0 });

    await liftStop(db, tenant, 'ann');
    for (const { id } of rollouts) await planRollout(db, id, new Date());
    expect(await offered(devices)).toBe(devices.length);
    expect(await getEmergencyStop(db, tenant)).toMatchObject({ stopped: false, offers: devices.length });
  });

  test('the first of two stops stays, each is in the audit log, lifting twice does nothing', async () => {
    const before = (await listAudit(db, page)).map(({ sequence }) => sequence);
    await stopOffers(db, tenant, by, new Date());
    await stopOffers(db, tenant, { actor: 'bob', reason: 'fire' }, new Date());
    expect(await stopInForce(db, tenant)).toMatchObject(by);
    await liftStop(db, tenant, 'cleo');
    await liftStop(db, tenant, 'cleo');
    expect(await stopInForce(db, tenant)).toBeUndefined();
    const audit = (await listAudit(db, page)).filter(({ sequence }) => !before.includes(sequence));
    expect(audit.map(({ actor, action }) => [actor, action])).toEqual([
      ['cleo', 'fleet.resume'],
      ['bob', 'fleet.stop'],
      ['ann', 'fleet.stop'],
    ]);
    expect(audit[0]?.details).toMatchObject({ reason: 'smoke', stoppedBy: 'ann' });
  });

  test('reports of devices and a stop at the same moment leave each execution in one state', async () => {
    const { id, devices, release } = await begin(Array.from({ length: 10 }, (_, at) => `busy-${at}`));
    await planRollout(db, id, new Date());
    const executions = await listExecutions(db, { rollout: id, ...page });
    const reports = executions.map(({ id: execution, device }, at) =>
      recordStatus(
        db,
        device,
        {
          v: 1,
          seq: 1,
          execution,
          release,
          state: at % 2 ? 'FAILED' : 'DOWNLOADING',
          bootId: 'b',
          slot: 'a',
        },
        new Date(),
      ),
    );
    await stopOffers(db, tenant, by, new Date());
    await Promise.all([...reports, haltOffers(db, tenant, new Date()), haltOffers(db, tenant, new Date())]);
    expect(await offered(devices)).toBe(0);
    const after = await listExecutions(db, { rollout: id, ...page });
    expect(after.filter(({ state }) => state !== 'CANCELED' && state !== 'FAILED')).toEqual([]);
    await liftStop(db, tenant, 'ann');
  });

  test('a trial that was armed unseen counts again; another report of a halted execution does not', async () => {
    const { id, devices, release } = await begin(['late-1', 'late-2']);
    await planRollout(db, id, new Date());
    const executions = await listExecutions(db, { rollout: id, ...page });
    await stopOffers(db, tenant, by, new Date());
    await haltOffers(db, tenant, new Date());
    const [first, second] = devices.map((device) => executions.find((one) => one.device === device));
    const report = (of: typeof first, seq: number, state: 'TRIAL' | 'DOWNLOADING') =>
      recordStatus(
        db,
        of?.device ?? devices[0]!,
        { v: 1, seq, execution: of?.id ?? ExecutionId.parse(''), release, state, bootId: 'b', slot: 'b' },
        new Date(),
      );
    expect(await report(first, 1, 'TRIAL')).toMatchObject({ kind: 'counted' });
    expect(await report(second, 1, 'DOWNLOADING')).toMatchObject({ kind: 'refused' });
    await liftStop(db, tenant, 'ann');
    const { actions } = await planRollout(db, id, new Date());
    expect(actions).toMatchObject([{ kind: 'offer', device: devices[1] }]);
    // Now the device is at another execution, and what was halted stays so.
    expect(await report(second, 2, 'TRIAL')).toMatchObject({ kind: 'refused' });
  });
});
