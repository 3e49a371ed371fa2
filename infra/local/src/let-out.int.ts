import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import {
  createClaim,
  createFleetEvents,
  decommissionDevice,
  listKeys,
  redeemClaim,
  refreshRevocationList,
  revokeDevice,
  type OpenDatabase,
} from '@slipway/fleet';
import { openTestDatabase, startTestRedis, TEST_CLASS, until } from '@slipway/fleet/testing';
import { startGateway } from '@slipway/gateway';
import { DeviceId, deviceTopic, SESSION_EXPIRY_S, TenantId } from '@slipway/protocol';
import {
  keySha256Of,
  makeDeviceAuthority,
  makeLeaf,
  signRevocationLists,
  validFor,
  type Identity,
} from '@slipway/signing';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker } from './broker.ts';
import { layoutOf, makeFolders } from './layout.ts';
import { makeKeys } from './pki.ts';
import { choosePorts } from './ports.ts';

const tenant = TenantId.parse('default');
const undo: (() => Promise<unknown>)[] = [];
let database: OpenDatabase;
let deviceCa: Identity;
let formerCa: Identity;
let serverCa: string;
let gatewayIdentity: Identity;
let ports: Awaited<ReturnType<typeof choosePorts>>;
const clients = new Set<MqttClient>();

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-let-out-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const layout = layoutOf(folder);
  await makeFolders(layout);
  ports = await choosePorts(layout.portsFile, {});
  await makeKeys(layout, '127.0.0.1');
  const read = (file: string) => readFile(file, 'utf8');
  // As in the middle of a rotation: devices are certified by the first authority, and the one before is trusted.
  formerCa = { certificatePem: await read(layout.deviceCaCert), keyPem: await read(layout.deviceCaKey) };
  deviceCa = await makeDeviceAuthority('next');
  for (const file of [layout.deviceCaCert, layout.deviceCaKey, layout.revocationFile]) await rm(file);
  await writeFile(layout.deviceCaCert, `${deviceCa.certificatePem}${formerCa.certificatePem}`);
  await writeFile(layout.deviceCaKey, `${deviceCa.keyPem}${formerCa.keyPem}`);
  await makeKeys(layout, '127.0.0.1');
  serverCa = await read(layout.serverCaCert);
  gatewayIdentity = {
    certificatePem: await read(layout.gatewayCert),
    keyPem: await read(layout.gatewayKey),
  };
  const broker = await startBroker(layout, ports, () => undefined);
  undo.push(() => broker.close());
  database = await openTestDatabase();
  undo.push(() => database.close());
  const redis = await startTestRedis();
  undo.push(() => redis.stop());
  const gateway = await startGateway({
    db: database.db,
    events: createFleetEvents(),
    logger: pino({ level: 'silent' }),
    config: {
      mqttUrl: `mqtts://127.0.0.1:${ports.mqttGateway}`,
      clientId: 'gateway',
      tls: { caFile: layout.serverCaCert, certFile: layout.gatewayCert, keyFile: layout.gatewayKey },
      tenant,
      storeDir: layout.storeDir,
      redisUrl: redis.url,
      broker: {
        kind: 'mosquitto',
        revocationFile: layout.revocationFile,
        reload: () => {
          process.kill(broker.pid() ?? 0, 'SIGHUP');
        },
      },
    },
  });
  undo.push(() => gateway.close());
});
afterAll(async () => {
  for (const client of clients) client.end(true);
  for (const end of undo.reverse()) await end();
});

const connect = async (port: number, identity: Identity, clientId: string): Promise<MqttClient> => {
  const client = await connectAsync(`mqtts://127.0.0.1:${port}`, {
    protocolVersion: 5,
    clientId,
    reconnectPeriod: 0,
    clean: false,
    properties: { sessionExpiryInterval: SESSION_EXPIRY_S },
    ca: serverCa,
    cert: identity.certificatePem,
    key: identity.keyPem,
    will: {
      topic: deviceTopic(tenant, DeviceId.parse(clientId), 'death'),
      payload: Buffer.from('{"v":1,"connection":1,"reason":"lost"}'),
      qos: 1,
      retain: true,
      properties: { willDelayInterval: 30 },
    },
  });
  client.on('error', () => undefined);
  clients.add(client);
  return client;
};
const asDevice = (identity: Identity, id: string) => connect(ports.mqtt, identity, id);
const asServer = (clientId: string) => connect(ports.mqttGateway, gatewayIdentity, clientId);

/** A device with a certificate of its own, as the database knows it. */
const enrolled = async (name: string, ca = deviceCa): Promise<Identity> => {
  const leaf = await makeLeaf({ commonName: name, usage: 'clientAuth', validity: validFor(90) }, 'p-256', ca);
  const certificate = new X509Certificate(leaf.certificatePem);
  const keySha256 = keySha256Of(certificate.publicKey);
  const claim = await createClaim(
    database.db,
    { deviceClass: TEST_CLASS, deviceId: DeviceId.parse(name), ttl: 60, arch: 'amd64' },
    new Date(),
  );
  await redeemClaim(
    database.db,
    { token: claim.token, keySha256, deviceClass: TEST_CLASS, arch: 'amd64' },
    async () => ({
      certificatePem: leaf.certificatePem,
      serial: certificate.serialNumber,
      keySha256,
      expiresAt: certificate.validToDate,
    }),
    new Date(),
  );
  return leaf;
};
test('the certificates of gateway and broker are on record', async () => {
  const read = async () => {
    const keys = await listKeys(database.db, tenant, { limit: 10, offset: 0, state: 'current' }, new Date());
    return keys.length === 2 ? keys : undefined;
  };
  const [broker, gateway] = await until('both', read);
  expect(broker).toMatchObject({ purpose: 'broker-server', subject: 'CN=slipway' });
  expect(gateway).toMatchObject({ purpose: 'gateway-client', subject: 'CN=gateway' });
  expect(gateway?.certificate.trim()).toBe(gatewayIdentity.certificatePem.trim());
});

/** As the API does after a change. */
const refresh = () =>
  refreshRevocationList(
    database.db,
    (revoked, number, madeAt) => signRevocationLists(revoked, number, [deviceCa, formerCa], madeAt),
    new Date(),
  );
const closed = (client: MqttClient): Promise<number> => {
  const since = performance.now();
  return new Promise((resolve) => client.once('close', () => resolve(performance.now() - since)));
};
const isRefused = (identity: Identity, id: string): Promise<boolean> =>
  asDevice(identity, id).then(
    (client) => {
      client.end(true);
      return false;
    },
    (error: unknown) => /revoked|ECONNRESET|EPIPE|connection closed|socket hang up/i.test(String(error)),
  );

describe('a device that is let out', () => {
  test('is dropped and gets in no more, one after the other, while others go on without a gap', async () => {
    const stays = await asDevice(await enrolled('stays'), 'stays');
    let isGone = false;
    stays.once('close', () => (isGone = true));
    const received: number[] = [];
    stays.on('message', (_topic, payload: Buffer) => received.push(Number(payload.toString())));
    const topic = deviceTopic(tenant, DeviceId.parse('stays'), 'ack');
    await stays.subscribeAsync(topic, { qos: 1 });
    const server = await asServer('publisher');
    let sent = 0;
    const feed = { isRunning: true };
    const stream = (async () => {
      while (feed.isRunning) await server.publishAsync(topic, String((sent += 1)), { qos: 1 });
    })();

    // Twice: the second list must count beside the first, which the broker has read before.
    for (const name of ['goes-first', 'goes-second']) {
      const identity = await enrolled(name);
      const client = await asDevice(identity, name);
      const end = closed(client);
      await revokeDevice(database.db, DeviceId.parse(name), 'admin', new Date());
      await refresh();
      const ms = await end;
      console.log(`${name} was dropped after ${Math.round(ms)} ms`);
      await until(`${name} being refused`, async () =>
        (await isRefused(identity, name)) ? true : undefined,
      );
      expect(await isRefused(identity, name)).toBe(true);
    }

    feed.isRunning = false;
    await stream;
    await until('the last message', () => (received.length >= sent ? true : undefined));
    expect(received).toEqual(Array.from({ length: sent }, (_, n) => n + 1));
    expect(isGone).toBe(false);
  });

  test('whose certificate is by the authority before comes in until it is let out', async () => {
    const identity = await enrolled('by-the-former', formerCa);
    const client = await asDevice(identity, 'by-the-former');
    const end = closed(client);
    await revokeDevice(database.db, DeviceId.parse('by-the-former'), 'admin', new Date());
    await refresh();
    await end;
    await until('the refusal', async () => ((await isRefused(identity, 'by-the-former')) ? true : undefined));
    const other = await asDevice(await enrolled('another', formerCa), 'another');
    expect(other.connected).toBe(true);
  });

  test('for good leaves nothing with the broker', async () => {
    const id = DeviceId.parse('leaves');
    const identity = await enrolled(id);
    const client = await asDevice(identity, id);
    await client.publishAsync(deviceTopic(tenant, id, 'birth'), '{"v":1}', { qos: 1, retain: true });
    const server = await asServer('observer');
    await server.publishAsync(deviceTopic(tenant, id, 'desired'), '{"v":1}', { qos: 1, retain: true });
    const end = closed(client);
    await decommissionDevice(database.db, id, 'admin', new Date());
    await refresh();
    await end;
    const isEmpty = await until('an empty broker', async () => {
      const reader = await asServer(`reader-${Math.random().toString(36).slice(2)}`);
      const kept: string[] = [];
      const last = deviceTopic(tenant, DeviceId.parse('mark'), 'birth');
      const done = new Promise<void>((resolve) =>
        reader.on('message', (topic, payload: Buffer) => {
          if (topic === last) resolve();
          else if (payload.length > 0) kept.push(topic);
        }),
      );
      await server.publishAsync(last, 'x', { qos: 1, retain: true });
      for (const kind of ['birth', 'death', 'desired'] as const)
        await reader.subscribeAsync(deviceTopic(tenant, id, kind), { qos: 1 });
      await reader.subscribeAsync(last, { qos: 1 });
      await done;
      reader.end(true);
      return kept.length === 0 ? true : undefined;
    });
    expect(isEmpty).toBe(true);
  });

  test('comes back by a claim for its id, with a new key; the old certificate stays out', async () => {
    const before = await enrolled('comes-back');
    await revokeDevice(database.db, DeviceId.parse('comes-back'), 'admin', new Date());
    await refresh();
    await until('the refusal', async () => ((await isRefused(before, 'comes-back')) ? true : undefined));
    const after = await enrolled('comes-back');
    await refresh();
    const client = await asDevice(after, 'comes-back');
    expect(client.connected).toBe(true);
    expect(await isRefused(before, 'comes-back')).toBe(true);
  });
});
