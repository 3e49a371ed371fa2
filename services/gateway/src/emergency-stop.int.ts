import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import mqtt from 'mqtt';
import {
  announceGateway,
  createRollout,
  forgetGateway,
  getDevice,
  getEmergencyStop,
  getRollout,
  haltOffers,
  liftStop,
  listExecutions,
  stopOffers,
} from '@slipway/fleet';
import { seedDevice, until } from '@slipway/fleet/testing';
import { Desired, DeviceId, deviceTopic, TenantId, type Release } from '@slipway/protocol';
import { connectDevice, type ScriptedDevice } from './testing/scripted-device.ts';
import { runGateway } from './testing/running-gateway.ts';

let server: Awaited<ReturnType<typeof runGateway>>;
beforeAll(async () => {
  server = await runGateway();
});
afterAll(() => server.close());

const tenant = TenantId.parse('default');
const bundle = randomBytes(1000);
const by = { actor: 'ann', reason: 'the release bricks pumps' };
let count = 0;

const bring = (names: readonly string[]): Promise<ScriptedDevice[]> =>
  Promise.all(
    names.map(async (name) => {
      await seedDevice(server.db, name);
      const device = await connectDevice(server.brokerUrl, name);
      onTestFinished(() => device.leave());
      await device.bear();
      await until(`${name} online`, async () =>
        (await getDevice(server.db, device.id)).online ? true : undefined,
      );
      return device;
    }),
  );

const rollOut = async (release: Release, names: readonly string[]) => {
  const rollout = await createRollout(
    server.db,
    {
      release: release.id,
      devices: names.map((name) => DeviceId.parse(name)),
      failureThreshold: 1,
      maxInFlight: 1000,
    },
    new Date(),
  );
  await server.wake(rollout.id);
  return rollout.id;
};

const newRelease = (): Promise<Release> => server.release(`1.0.${(count += 1)}`, bundle);
const stop = () => stopOffers(server.db, tenant, by, new Date());

/** What the broker would give to devices that come back now. */
const retained = async (names: readonly string[]): Promise<Map<string, Desired>> => {
  const client = await mqtt.connectAsync(server.brokerUrl, { protocolVersion: 5 });
  const found = new Map<string, Desired>();
  client.on('message', (topic, payload) => {
    for (const name of names)
      if (topic === deviceTopic(tenant, DeviceId.parse(name), 'desired'))
        found.set(name, Desired.parse(JSON.parse(payload.toString())));
  });
  await client.subscribeAsync(
    names.map((name) => deviceTopic(tenant, DeviceId.parse(name), 'desired')),
    { qos: 1 },
  );
  // Retained messages come right after the subscription, and before the echo of what is sent then.
  const echoed = Promise.withResolvers<void>();
  client.on('message', (topic) => topic === 'echo/of/test' && echoed.resolve());
  await client.subscribeAsync('echo/of/test', { qos: 1 });
  await client.publishAsync('echo/of/test', '1', { qos: 1 });
  await echoed.promise;
  await client.endAsync();
  return found;
};

const finish = async (device: ScriptedDevice): Promise<void> => {
  const assignment = await device.assignment();
  for (const state of ['INSTALLING', 'REBOOTING', 'TRIAL', 'COMMITTED'] as const)
    await device.report(assignment, state);
};

test('a stop takes every offer back at the broker, holds over a restart, and is lifted where it was', async () => {
  const names = Array.from({ length: 8 }, (_, at) => `stop-${at}`);
  const devices = await bring(names);
  const release = await newRelease();
  const rollout = await rollOut(release, [...names, ...(await seedAway('stop-away'))]);
  const assignments = await Promise.all(devices.map((device) => device.assignment()));
  const [trial, downloading, ...others] = devices;
  const [ofTrial, ofDownloading] = assignments;
  if (trial === undefined || downloading === undefined || ofTrial === undefined) throw new Error('none');
  if (ofDownloading === undefined) throw new Error('none');
  for (const state of ['INSTALLING', 'REBOOTING', 'TRIAL'] as const) await trial.report(ofTrial, state);
  await downloading.report(ofDownloading, 'DOWNLOADING');
  const get = { bundle: ofDownloading.bundle.digest, offset: 0, length: 10 };
  expect((await downloading.get({ ...get, id: 1 })).code).toBeUndefined();

  await stop();
  // Nobody but the gateway, and it only by looking.
  await Promise.all(devices.map((device) => device.released()));
  const over = await until('the gateway to say so', async () => {
    const now = await getEmergencyStop(server.db, tenant);
    return now.offersAtBroker === 0 ? now : undefined;
  });
  expect(over).toMatchObject({ stopped: true, gateways: 1 });
  expect(await downloading.get({ ...get, id: 2 })).toMatchObject({ code: 'FORBIDDEN' });
  expect(await getEmergencyStop(server.db, tenant)).toMatchObject({ ...by, offers: 0, trials: 1 });

  // What was enqueued, or comes now, waits as well: a device that comes online, a rollout that is made.
  const [newcomer] = await bring(['stop-new']);
  const second = await rollOut(await newRelease(), ['stop-new']);
  const away = await connectDevice(server.brokerUrl, 'stop-away');
  onTestFinished(() => away.leave());
  await away.bear();
  await server.wake(rollout);
  await until('the device that was away', async () =>
    (await getDevice(server.db, away.id)).online ? true : undefined,
  );
  // A trial that ends while the stop is in force ends as always, and has the planner look at the rollout.
  await trial.report(ofTrial, 'COMMITTED');

  await server.stopGateway();
  await server.startGateway();
  const kept = await retained([...names, 'stop-new', 'stop-away']);
  expect(kept.size).toBe(names.length);
  expect([...kept.values()].filter(({ assignment }) => assignment !== null)).toEqual([]);
  expect(await getRollout(server.db, rollout)).toMatchObject({
    state: 'running',
    counts: { COMMITTED: 1 },
    waiting: names.length,
  });
  expect((await getRollout(server.db, second)).counts).toEqual({});
  expect([...(newcomer?.seqs() ?? []), ...away.seqs()]).toEqual([]);

  await liftStop(server.db, tenant, 'ann');
  await Promise.all([...others, downloading, away].map(finish));
  if (newcomer !== undefined) await finish(newcomer);
  await Promise.all([...others, downloading].map((device) => device.released()));
  const ended = await until('the end', async () => {
    const now = await getRollout(server.db, rollout);
    return now.state === 'running' ? undefined : now;
  });
  expect(ended).toMatchObject({ state: 'completed', counts: { COMMITTED: names.length + 1 } });
  for (const device of devices) {
    const seqs = device.seqs();
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    // Offered and taken back; those that went on were offered again.
    expect(new Set(seqs).size).toBe(device === trial ? 2 : 4);
  }
});

const seedAway = async (name: string): Promise<[string]> => {
  await seedDevice(server.db, name);
  return [name];
};

test('a stop that is made while no gateway runs takes effect before the next one is seen', async () => {
  const [device] = await bring(['gone']);
  if (device === undefined) throw new Error('no device');
  const rollout = await rollOut(await newRelease(), ['gone']);
  const { bundle: wanted } = await device.assignment();
  await server.stopGateway();
  await stop();
  const halted = await haltOffers(server.db, tenant, new Date());
  expect(halted.devices).toEqual([device.id]);
  expect((await retained(['gone'])).get('gone')?.assignment).not.toBeNull();
  // The offer still lies there, so nothing else is claimed.
  expect(await getEmergencyStop(server.db, tenant)).toMatchObject({
    stopped: true,
    offers: 0,
    gateways: 0,
    offersAtBroker: 1,
  });
  await server.startGateway();
  await device.released();
  expect(await device.get({ bundle: wanted.digest, offset: 0, length: 10, id: 1 })).toMatchObject({
    code: 'FORBIDDEN',
  });
  await until('the gateway to say so', async () =>
    (await getEmergencyStop(server.db, tenant)).offersAtBroker === 0 ? true : undefined,
  );
  // It stays true when that gateway leaves; another one that lives has to say so for itself.
  await server.stopGateway();
  expect(await getEmergencyStop(server.db, tenant)).toMatchObject({ gateways: 0, offersAtBroker: 0 });
  await announceGateway(server.db, tenant, 'another', null, new Date());
  expect(await getEmergencyStop(server.db, tenant)).toMatchObject({ gateways: 1, offersAtBroker: 1 });
  await forgetGateway(server.db, tenant, 'another');
  await server.startGateway();
  await liftStop(server.db, tenant, 'ann');
  await finish(device);
  await until('the end', async () =>
    (await getRollout(server.db, rollout)).state === 'completed' ? true : undefined,
  );
});

test('a device that had armed its trial when the stop came goes on as the execution it was', async () => {
  const [device] = await bring(['armed']);
  if (device === undefined) throw new Error('no device');
  const rollout = await rollOut(await newRelease(), ['armed']);
  const assignment = await device.assignment();
  await device.report(assignment, 'INSTALLING');
  await stop();
  await device.released();
  await device.report(assignment, 'REBOOTING');
  await liftStop(server.db, tenant, 'ann');
  for (const state of ['TRIAL', 'COMMITTED'] as const) await device.report(assignment, state);
  await until('the end', async () =>
    (await getRollout(server.db, rollout)).state === 'completed' ? true : undefined,
  );
  const executions = await listExecutions(server.db, { device: device.id, limit: 10, offset: 0 });
  expect(executions.map(({ id, state }) => [id, state])).toEqual([[assignment.execution, 'COMMITTED']]);
});
