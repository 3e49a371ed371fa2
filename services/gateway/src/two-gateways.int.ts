import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import mqtt from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import {
  announceGateway,
  countDevices,
  createRollout,
  desiredOfAll,
  getRollout,
  goneGateways,
  listExecutions,
  openDatabase,
  redisOptions,
} from '@slipway/fleet';
import {
  seedDevice,
  seedRelease,
  startTestBroker,
  startTestPostgres,
  startTestRedis,
  until,
} from '@slipway/fleet/testing';
import {
  Desired,
  deviceTopic,
  ROLLOUT_QUEUE,
  ServerState,
  serverStateTopic,
  SHARES,
  TenantId,
  type RolloutJob,
} from '@slipway/protocol';
import { connectDevice } from './testing/scripted-device.ts';

const tenant = TenantId.parse('default');
const STATES = ['DOWNLOADING', 'INSTALLING', 'REBOOTING', 'TRIAL', 'COMMITTED'] as const;
const DEVICES = 50;
const postgres = await startTestPostgres();

test.skipIf(postgres === undefined)(
  'a gateway is killed in the middle of a rollout: the other one ends it, with every report counted once',
  async () => {
    if (postgres === undefined) return;
    const storeDir = await mkdtemp(join(tmpdir(), 'slipway-store-'));
    await mkdir(join(storeDir, 'bundles'));
    const [redis, broker] = await Promise.all([startTestRedis(), startTestBroker()]);
    const { db, close } = await openDatabase({ url: postgres.url });
    const start = (clientId: string) => {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: {
          ...process.env,
          SLIPWAY_GATEWAY_MQTT_URL: broker.url,
          SLIPWAY_GATEWAY_CLIENT_ID: clientId,
          SLIPWAY_STORE: storeDir,
          REDIS_URL: redis.url,
          DATABASE_URL: postgres.url,
          LOG_LEVEL: 'error',
        },
      });
      return { child, ended: once(child, 'exit') };
    };
    const [victim, heir] = [start('gateway-a'), start('gateway-b')];
    const queue = new Queue<RolloutJob>(ROLLOUT_QUEUE, { connection: redisOptions(redis.url) });
    onTestFinished(async () => {
      heir.child.kill();
      await heir.ended;
      await queue.close();
      await close();
      await Promise.all([redis.stop(), broker.stop(), postgres.stop()]);
      await rm(storeDir, { recursive: true, force: true });
    });

    const release = await seedRelease(db, '1.0.0', Buffer.from('a bundle'));
    await writeFile(join(storeDir, 'bundles', `${release.id}.tar`), 'a bundle');
    const names = Array.from({ length: DEVICES }, (_, at) => `pair-${at}`);
    for (const name of names) await seedDevice(db, name);
    const devices = await Promise.all(names.map((name) => connectDevice(broker.url, name)));
    onTestFinished(async () => {
      await Promise.all(devices.map((device) => device.leave()));
    });
    await Promise.all(devices.map((device) => device.bear()));
    await until('all to be online', async () => {
      if (heir.child.exitCode !== null) throw new Error('the gateway ended');
      return (await countDevices(db, '', new Date())).online === DEVICES ? true : undefined;
    });

    const rollout = await createRollout(
      db,
      { release: release.id, failureThreshold: 1, maxInFlight: DEVICES },
      new Date(),
    );
    await queue.add('plan', { v: 1, rolloutId: rollout.id });
    await Promise.all(devices.map((device) => device.assignment()));
    const half = Promise.withResolvers<void>();
    let reports = 0;
    const run = async (device: (typeof devices)[number]): Promise<void> => {
      const assignment = await device.assignment();
      for (const state of STATES) {
        await device.report(assignment, state);
        reports += 1;
        if (reports === DEVICES) half.resolve();
      }
      await device.released();
    };
    const runs = Promise.all(devices.map(run));
    await Promise.race([half.promise, runs]);
    victim.child.kill('SIGKILL');
    await victim.ended;
    // As if it had been silent for long.
    await announceGateway(db, tenant, 'gateway-a', null, new Date(Date.now() - 60_000));
    await runs;

    const over = await until('the end', async () => {
      const now = await getRollout(db, rollout.id);
      return now.state === 'running' ? undefined : now;
    });
    expect(over).toMatchObject({ state: 'completed', counts: { COMMITTED: DEVICES } });
    const executions = await listExecutions(db, { rollout: rollout.id, limit: DEVICES, offset: 0 });
    for (const { history } of executions)
      expect(history.map(({ state }) => state)).toEqual(['OFFERED', ...STATES]);
    for (const device of devices) {
      const seqs = device.seqs();
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    }
    await until('the dead one to be forgotten', async () =>
      (await goneGateways(db, tenant, 'gateway-b', new Date())).length === 0 ? true : undefined,
    );
    expect(await serverStates(broker.url)).toEqual(Array<string>(SHARES).fill('online'));
    const kept = await retained(broker.url);
    const asked = await desiredOfAll(
      db,
      devices.map(({ id }) => id),
    );
    expect(kept).toEqual(Object.fromEntries(asked));
  },
);

/** What devices are told of the server, by share. */
const serverStates = async (url: string): Promise<string[]> => {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5 });
  const found: string[] = [];
  client.on('message', (topic, payload) => {
    found[Number(topic.split('/').at(-1))] = ServerState.parse(JSON.parse(payload.toString())).state;
  });
  const topics = Array.from({ length: SHARES }, (_, share) => serverStateTopic(tenant, share));
  await client.subscribeAsync(topics, { qos: 1 });
  await until('what is kept', () => (Object.keys(found).length === SHARES ? true : undefined));
  await client.endAsync();
  return found;
};

/** What the broker gives to devices that come back. */
const retained = async (url: string): Promise<Record<string, Desired>> => {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5 });
  const found: Record<string, Desired> = {};
  client.on('message', (topic, payload) => {
    const device = topic.split('/').at(2) ?? '';
    found[device] = Desired.parse(JSON.parse(payload.toString()));
  });
  await client.subscribeAsync(deviceTopic(tenant, '+', 'desired'), { qos: 1 });
  await until('what is kept', () => (Object.keys(found).length === DEVICES ? true : undefined));
  await client.endAsync();
  return found;
};
