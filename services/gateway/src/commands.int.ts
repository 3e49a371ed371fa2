import mqtt, { type IPublishPacket } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createCommand,
  createFleetEvents,
  createRollout,
  getCommand,
  getDevice,
  listLogPieces,
  takeCommand,
} from '@slipway/fleet';
import { seedOnlineDevice, seedRelease, until } from '@slipway/fleet/testing';
import {
  COMMANDS,
  deviceTopic,
  RolloutCreate,
  TenantId,
  type CommandRequest,
  type DeviceId,
} from '@slipway/protocol';
import { pino } from 'pino';
import { createLiveChanges } from './live-changes.ts';
import { runGateway } from './testing/running-gateway.ts';

const tenant = TenantId.parse('default');

let server: Awaited<ReturnType<typeof runGateway>>;
beforeAll(async () => {
  server = await runGateway();
});
afterAll(() => server.close());

type Taken = { readonly topic: string; readonly body: unknown; readonly packet: IPublishPacket };

/** A device that hears commands and answers as the test says. */
const bring = async (name: string) => {
  const { id } = await seedOnlineDevice(server.db, name);
  const client = await mqtt.connectAsync(server.brokerUrl, { protocolVersion: 5, clientId: name });
  const taken: Taken[] = [];
  client.on('message', (topic: string, payload: Buffer, packet: IPublishPacket) =>
    taken.push({ topic, body: JSON.parse(payload.toString()), packet }),
  );
  await client.subscribeAsync(
    COMMANDS.map((command) => deviceTopic(tenant, id, `cmd/${command}`)),
    { qos: 1 },
  );
  return {
    id,
    taken,
    say: async (kind: 'result' | 'log' | 'telemetry', message: object) => {
      await client.publishAsync(deviceTopic(tenant, id, kind), JSON.stringify({ v: 1, ...message }), {
        qos: 1,
      });
    },
    leave: () => client.endAsync(),
  };
};

const ask = async (device: DeviceId, request: CommandRequest) => {
  const { id } = await createCommand(server.db, device, request, new Date());
  await server.sendCommand(id);
  return id;
};
const state = async (device: DeviceId, id: Awaited<ReturnType<typeof ask>>) =>
  (await getCommand(server.db, device, id, new Date())).state;

test('a command goes out once, never retained, with an end; its answer comes back', async () => {
  const device = await bring('asked');
  const id = await ask(device.id, { name: 'identify', seconds: 5 });
  const first = await until('the command', () => device.taken[0]);
  expect(first.topic).toBe(deviceTopic(tenant, device.id, 'cmd/identify'));
  expect(first.body).toMatchObject({ v: 1, id, seconds: 5, expiresAt: expect.any(Number) });
  expect(first.packet.retain).toBe(false);
  expect(first.packet.properties?.messageExpiryInterval).toBeGreaterThan(0);
  expect(first.packet.properties?.messageExpiryInterval).toBeLessThanOrEqual(60);
  expect(await state(device.id, id)).toBe('sent');

  await server.sendCommand(id);
  await device.say('result', { id, ok: true, message: 'blinked' });
  await until('the answer', async () => ((await state(device.id, id)) === 'succeeded' ? true : undefined));
  // Another command comes after what would have been the second.
  const next = await ask(device.id, { name: 'rebirth' });
  await until('the next', () => device.taken.find(({ body }) => JSON.stringify(body).includes(next)));
  expect(device.taken).toHaveLength(2);
  expect(server.events.filter((event) => event.kind === 'command').length).toBeGreaterThan(2);
  await device.leave();
});

test('logs are kept for whoever asked, and nobody else can add to them or answer', async () => {
  const [device, other] = [await bring('teller'), await bring('meddler')];
  const id = await ask(device.id, { name: 'collect' });
  await until('the command', () => device.taken[0]);
  await other.say('log', { id, seq: 0, source: 'web', text: 'forged' });
  await other.say('result', { id, ok: true });
  await device.say('log', { id, seq: 0, source: 'web', text: 'true\n' });
  await device.say('log', { id, seq: 1, source: '', text: '', end: true });
  await device.say('result', { id, ok: true });
  await until('the answer', async () => ((await state(device.id, id)) === 'succeeded' ? true : undefined));
  expect(await listLogPieces(server.db, device.id, id, -1, new Date())).toEqual([
    { seq: 0, source: 'web', text: 'true\n', end: false, truncated: false },
    { seq: 1, source: '', text: '', end: true, truncated: false },
  ]);
  const refused = () => server.logged.filter((line) => line.includes('meddler') && line.includes(id)).length;
  await until('both refusals', () => (refused() === 2 ? true : undefined));
  await Promise.all([device.leave(), other.leave()]);
});

test('a command that was taken by another gateway is not sent again', async () => {
  const device = await bring('shared');
  const { id } = await createCommand(server.db, device.id, { name: 'reboot' }, new Date());
  await takeCommand(server.db, id, new Date());
  await server.sendCommand(id);
  const next = await ask(device.id, { name: 'rebirth' });
  await until('the next', () => device.taken[0]);
  expect(device.taken.map(({ body }) => body)).toEqual([expect.objectContaining({ id: next })]);
  await device.leave();
});

test('what telemetry says is seen with the device, old agents say less', async () => {
  const device = await bring('gauged');
  const old = {
    bootId: 'b',
    uptime: 1,
    health: 'ok',
    services: [],
    memoryAvailable: 1,
    memoryTotal: 2,
    load1: 0,
  };
  await device.say('telemetry', old);
  await until('the old one', async () => (await getDevice(server.db, device.id)).telemetry);
  await device.say('telemetry', {
    ...old,
    temperature: 41.5,
    link: { kind: 'wifi', metered: false, reconnects: 2 },
  });
  const seen = await until('the new one', async () => {
    const { telemetry } = await getDevice(server.db, device.id);
    return telemetry?.link === undefined ? undefined : telemetry;
  });
  expect(seen).toMatchObject({ temperature: 41.5, link: { kind: 'wifi' } });
  await device.leave();
});

test('after a change that was none the next one is told', async () => {
  const { id } = await seedOnlineDevice(server.db, 'changing');
  const release = await seedRelease(server.db, '9.0.0', Buffer.from('changing'));
  const asked = RolloutCreate.parse({ release: release.id, devices: [id], approval: true });
  const rollout = await createRollout(server.db, asked, new Date());
  const events = createFleetEvents();
  const told: string[] = [];
  events.subscribe((event) => {
    if (event.kind === 'rollout') told.push(event.rollout.id);
  });
  const changes = createLiveChanges({ db: server.db, events, logger: pino({ level: 'silent' }) });
  changes.executions([]);
  changes.rollout(rollout.id);
  await until('the rollout to be told', () => told[0]);
  expect(told).toEqual([rollout.id]);
  await changes.close();
});
