import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import {
  accessTopic,
  brokerAccess,
  SESSION_EXPIRY_S,
  DeviceId,
  deviceTopic,
  DOWN,
  serverStateTopic,
  TenantId,
  UP,
} from '@slipway/protocol';
import {
  type Identity,
  makeDeviceAuthority,
  makeLeaf,
  makeServerAuthority,
  makeServerIdentity,
  makeServiceIdentity,
  validFor,
} from '@slipway/signing';
import { freePort } from '@slipway/vm';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { brokerConfig, deviceAccessRules, gatewayAccessRules } from './index.ts';

const tenant = TenantId.parse('default');
const A = DeviceId.parse('device-a');
const B = DeviceId.parse('device-b');

let folder: string;
let broker: ChildProcess;
let log = '';
let serverCa: Identity;
let deviceCa: Identity;
let devicePort: number;
let gatewayPort: number;
let simulatedPort: number;
let gateway: MqttClient;
const identities = new Map<string, Identity>();
const open = new Set<MqttClient>();

const device = async (name: string, ca = deviceCa): Promise<Identity> =>
  makeLeaf({ commonName: name, usage: 'clientAuth', validity: validFor(90) }, 'p-256', ca);

const connect = async (
  port: number,
  identity: Identity,
  options: IClientOptions = {},
): Promise<MqttClient> => {
  const client = await connectAsync(`mqtts://127.0.0.1:${port}`, {
    protocolVersion: 5,
    reconnectPeriod: 0,
    ca: serverCa.certificatePem,
    cert: identity.certificatePem,
    key: identity.keyPem,
    ...options,
  });
  client.on('error', () => undefined);
  open.add(client);
  return client;
};

const asDevice = async (name: DeviceId, options: IClientOptions = {}) => {
  const identity = identities.get(name) ?? (await device(name));
  identities.set(name, identity);
  return connect(devicePort, identity, { clientId: name, ...options });
};

/** Topics that a client has received, once it has also received `last`. */
const receivedUntil = (client: MqttClient, last: string): Promise<string[]> =>
  new Promise((resolve) => {
    const topics: string[] = [];
    client.on('message', (topic) => {
      topics.push(topic);
      if (topic === last) resolve(topics);
    });
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-mosquitto-'));
  [serverCa, deviceCa] = await Promise.all([makeServerAuthority('test'), makeDeviceAuthority('test')]);
  [devicePort, gatewayPort, simulatedPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const server = await makeServerIdentity(serverCa, 'localhost', ['localhost', '127.0.0.1']);
  const files = {
    'server.pem': server.certificatePem,
    'server.key': server.keyPem,
    'device-ca.pem': deviceCa.certificatePem,
    'server-ca.pem': serverCa.certificatePem,
    'device.acl': deviceAccessRules(tenant),
    'gateway.acl': gatewayAccessRules(tenant, 'gateway'),
    'simulated.acl': deviceAccessRules(tenant, '%c'),
    'mosquitto.conf': brokerConfig({
      devices: {
        host: '127.0.0.1',
        port: devicePort,
        clientCaFile: join(folder, 'device-ca.pem'),
        accessFile: join(folder, 'device.acl'),
      },
      gateway: {
        host: '127.0.0.1',
        port: gatewayPort,
        clientCaFile: join(folder, 'server-ca.pem'),
        accessFile: join(folder, 'gateway.acl'),
      },
      simulated: { host: '127.0.0.1', port: simulatedPort, accessFile: join(folder, 'simulated.acl') },
      certFile: join(folder, 'server.pem'),
      keyFile: join(folder, 'server.key'),
      persistenceDir: folder,
      user: userInfo().username,
    }),
  };
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text, { mode: 0o600 })),
  );
  broker = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    broker.on('error', reject);
    broker.on('exit', () => reject(new Error(`mosquitto ended: ${log}`)));
    broker.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes(' running')) resolve();
    });
  });
  gateway = await connect(gatewayPort, await makeServiceIdentity(serverCa, 'gateway'), {
    clientId: 'gateway',
  });
});

afterAll(async () => {
  for (const client of open) client.end(true);
  if (broker.exitCode === null) {
    broker.kill();
    await once(broker, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  // Every test starts with what would be worth stealing: a retained assignment of B.
  await gateway.publishAsync(deviceTopic(tenant, B, 'desired'), 'secret', { qos: 1, retain: true });
});

/** A topic of a row, where a filter of it is one. */
const topicOf = (row: ReturnType<typeof brokerAccess>[number], name: DeviceId): string =>
  accessTopic(row, tenant, name).replace('cmd/+', 'cmd/reboot').replace('state/+', 'state/3');
const rowsOf = (who: 'device' | 'gateway', does: 'publishes' | 'subscribes') =>
  brokerAccess().filter((row) => row.who === who && row.does === does);

describe('every row of the table of access', () => {
  test.each(rowsOf('device', 'publishes'))(
    'a device publishes $topic, and not that of another',
    async (row) => {
      const client = await asDevice(A);
      await client.publishAsync(topicOf(row, A), 'x', { qos: row.qos, retain: row.retain });
      await expect(client.publishAsync(topicOf(row, B), 'x', { qos: 1 })).rejects.toThrow(/Not authorized/i);
      await gateway.publishAsync(topicOf(row, A), '', { qos: 1, retain: true }).catch(() => undefined);
      await client.endAsync();
    },
  );

  test.each(rowsOf('device', 'subscribes'))('a device reads $topic, and not that of another', async (row) => {
    const client = await asDevice(A);
    const last = deviceTopic(tenant, A, 'ack');
    await client.subscribeAsync([accessTopic(row, tenant, A), accessTopic(row, tenant, B), last], { qos: 1 });
    const received = receivedUntil(client, last);
    await gateway.publishAsync(topicOf(row, B), 'x', { qos: 1 });
    if (topicOf(row, A) !== last) await gateway.publishAsync(topicOf(row, A), 'x', { qos: 1 });
    await gateway.publishAsync(last, 'x', { qos: 1 });
    const isOfAll = topicOf(row, A) === topicOf(row, B);
    const topics = await received;
    expect(new Set(topics)).toEqual(new Set([topicOf(row, A), last]));
    expect(topics.includes(topicOf(row, B))).toBe(isOfAll);
    await client.endAsync();
  });

  test.each(rowsOf('gateway', 'publishes'))('a gateway publishes $topic', async (row) => {
    const options = { qos: row.qos, retain: row.retain };
    const outcome = await gateway.publishAsync(topicOf(row, A), '', options).then(() => 'taken', String);
    expect(outcome).toBe('taken');
  });

  test.each(rowsOf('gateway', 'subscribes'))('a gateway reads $topic', async (row) => {
    const client = await asDevice(A);
    const filter = accessTopic(row, tenant, '+');
    await gateway.subscribeAsync(filter, { qos: 1 });
    const received = receivedUntil(gateway, topicOf(row, A));
    const says = row.topic.includes('{device}') ? client : gateway;
    await says.publishAsync(topicOf(row, A), 'x', { qos: 1 });
    expect(await received).toContain(topicOf(row, A));
    await gateway.unsubscribeAsync(filter);
    await client.endAsync();
  });

  test('a gateway says nothing in the name of a device but to empty what is kept', async () => {
    for (const kind of UP) {
      if (kind === 'birth' || kind === 'death') continue;
      await expect(gateway.publishAsync(deviceTopic(tenant, A, kind), 'x', { qos: 1 })).rejects.toThrow(
        /Not authorized/i,
      );
    }
  });
});

describe('what a device may do', () => {
  test('it reads its own topics and the state of the server', async () => {
    const client = await asDevice(A);
    const last = serverStateTopic(tenant, 3);
    const expected = [...DOWN.map((kind) => deviceTopic(tenant, A, kind)), last];
    await client.subscribeAsync(expected, { qos: 1 });
    const received = receivedUntil(client, last);
    for (const topic of expected) await gateway.publishAsync(topic, 'x', { qos: 1 });
    expect(await received).toEqual(expected);
    await client.endAsync();
  });

  test('it writes its own topics, which the gateway gets by a shared subscription', async () => {
    const client = await asDevice(A);
    await gateway.subscribeAsync(`$share/gateway/${deviceTopic(tenant, '+', 'status')}`, { qos: 1 });
    await gateway.subscribeAsync(deviceTopic(tenant, '+', 'birth'), { qos: 1 });
    const received = receivedUntil(gateway, deviceTopic(tenant, A, 'birth'));
    await client.publishAsync(deviceTopic(tenant, A, 'status'), 'x', { qos: 1 });
    await client.publishAsync(deviceTopic(tenant, A, 'birth'), 'x', { qos: 1 });
    expect(await received).toContain(deviceTopic(tenant, A, 'status'));
    await gateway.unsubscribeAsync(`$share/gateway/${deviceTopic(tenant, '+', 'status')}`);
    await client.endAsync();
  });
});

/** What a device says, said by itself. */
const publishFor = async (name: DeviceId, kind: (typeof UP)[number]): Promise<void> => {
  const client = await asDevice(name);
  await client.publishAsync(deviceTopic(tenant, name, kind), 'x', { qos: 1 });
  await client.endAsync();
};

describe('what a device may not do', () => {
  test.each([
    '#',
    '+/+/+/desired',
    `slip/default/${B}/desired`,
    `slip/default/${B}/#`,
    'slip/default/+/desired',
    '$share/x/#',
    `$share/x/slip/default/${B}/desired`,
    'slip/#',
    '$SYS/#',
    'slip/other/device-a/#',
  ])('read %s: nothing of others arrives, retained or live', async (filter) => {
    const client = await asDevice(A);
    const last = deviceTopic(tenant, A, 'ack');
    const received = receivedUntil(client, last);
    await client.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
    await client.subscribeAsync(last, { qos: 1 });
    for (const kind of UP) await publishFor(B, kind);
    for (const kind of DOWN) await gateway.publishAsync(deviceTopic(tenant, B, kind), 'x', { qos: 1 });
    await gateway.publishAsync(last, 'x', { qos: 1 });
    const topics = await received;
    expect(topics.filter((topic) => !topic.startsWith(`slip/default/${A}/`))).toEqual([]);
    await client.endAsync();
  });

  test.each([
    deviceTopic(tenant, B, 'status'),
    deviceTopic(tenant, A, 'desired'),
    deviceTopic(tenant, B, 'desired'),
    serverStateTopic(tenant, 3),
    `slip/default/${A}`,
    `slip/default/${A}/status/more`,
    `slip/default/${A}/${'x/'.repeat(150)}status`,
    `slip/default/${A}/${'x'.repeat(60_000)}`,
    'slip/other/device-a/status',
  ])('write to %.80s', async (topic) => {
    const client = await asDevice(A);
    await expect(client.publishAsync(topic, 'x', { qos: 1 })).rejects.toThrow(/Not authorized/i);
    await client.endAsync();
  });

  // mosquitto 2.0 lets anybody join a group, and what it hands to a member without rights is lost to the others.
  // So the group of a gateway needs a name that no device can guess.
  test('draw reports of others away from the gateway by shared subscriptions of other groups', async () => {
    const filter = deviceTopic(tenant, '+', 'status');
    const thief = await asDevice(A);
    const victim = await asDevice(B);
    await thief.subscribeAsync(`$share/guessed/${filter}`, { qos: 1 }).catch(() => undefined);
    await gateway.subscribeAsync([`$share/secret/${filter}`, deviceTopic(tenant, '+', 'birth')], { qos: 1 });
    const received = receivedUntil(gateway, deviceTopic(tenant, B, 'birth'));
    for (let at = 0; at < 8; at += 1) {
      await victim.publishAsync(deviceTopic(tenant, B, 'status'), 'x', { qos: 1 });
    }
    await victim.publishAsync(deviceTopic(tenant, B, 'birth'), 'x', { qos: 1 });
    const topics = await received;
    expect(topics.filter((topic) => topic === deviceTopic(tenant, B, 'status'))).toHaveLength(8);
    await Promise.all([thief.endAsync(), victim.endAsync()]);
  });

  test('be taken for another by its client id', async () => {
    const b = await asDevice(B);
    const closed = new Promise<string>((resolve) => b.once('close', () => resolve('closed')));
    const impostor = await asDevice(A, { clientId: B });
    await expect(impostor.publishAsync(deviceTopic(tenant, B, 'status'), 'x', { qos: 1 })).rejects.toThrow(
      /Not authorized/i,
    );
    // B's session was not taken over: it still answers.
    await b.subscribeAsync(deviceTopic(tenant, B, 'ack'), { qos: 1 });
    const received = receivedUntil(b, deviceTopic(tenant, B, 'ack')).then(() => 'alive');
    await gateway.publishAsync(deviceTopic(tenant, B, 'ack'), 'x', { qos: 1 });
    expect(await Promise.race([closed, received])).toBe('alive');
    await Promise.all([impostor.endAsync(), b.endAsync()]);
  });

  test('become the gateway by its name', async () => {
    const client = await connect(devicePort, await device('gateway-2'), { clientId: 'gateway' });
    await expect(client.publishAsync(deviceTopic(tenant, B, 'desired'), 'x', { qos: 1 })).rejects.toThrow(
      /Not authorized/i,
    );
    await client.endAsync();
  });

  test('send more than a block in one message', async () => {
    const client = await asDevice(A);
    const ended = new Promise<string>((resolve) => client.once('close', () => resolve('closed')));
    client.publish(deviceTopic(tenant, A, 'status'), Buffer.alloc(200 * 1024), { qos: 1 }, () => undefined);
    expect(await ended).toBe('closed');
  });
});

/** However the TLS alert reaches the client. */
const REFUSED = /alert|ECONNRESET|EPIPE|connection closed|socket hang up|certificate/i;

describe('who does not get in', () => {
  test('a certificate of another authority', async () => {
    const other = await makeDeviceAuthority('test');
    await expect(
      connect(devicePort, await device('device-a', other), { clientId: 'device-a' }),
    ).rejects.toThrow(REFUSED);
  });

  test('a client without a certificate', async () => {
    await expect(
      connectAsync(`mqtts://127.0.0.1:${devicePort}`, { reconnectPeriod: 0, ca: serverCa.certificatePem }),
    ).rejects.toThrow(REFUSED);
  });

  test('a device at the door of the gateway, even under its name', async () => {
    await expect(connect(gatewayPort, await device('gateway'), { clientId: 'gateway' })).rejects.toThrow(
      REFUSED,
    );
  });

  test('an expired certificate', async () => {
    const leaf = await makeLeaf(
      {
        commonName: 'device-a',
        usage: 'clientAuth',
        validity: { notBefore: new Date(0), notAfter: new Date('2020-01-01') },
      },
      'p-256',
      deviceCa,
    );
    await expect(connect(devicePort, leaf, { clientId: 'device-a' })).rejects.toThrow(REFUSED);
  });
});

describe('when it reads its files anew', () => {
  /** Its log tells what it makes of sessions. */
  const said = (): string => log;
  const reload = async (): Promise<void> => {
    const before = said().split('Reloading config').length;
    broker.kill('SIGHUP');
    await vi.waitFor(() => expect(said().split('Reloading config').length).toBeGreaterThan(before));
  };

  test('devices that were away come back, and stay', async () => {
    const names = Array.from({ length: 6 }, (_, at) => DeviceId.parse(`away-${at}`));
    const come = () =>
      Promise.all(
        names.map((name) =>
          asDevice(name, { clean: false, properties: { sessionExpiryInterval: SESSION_EXPIRY_S } }),
        ),
      );
    const go = (clients: readonly MqttClient[]) => Promise.all(clients.map((client) => client.endAsync()));
    await go(await come());
    for (let time = 0; time < 3; time++) {
      await reload();
      await go(await come());
    }
    const clients = await come();
    const closed: string[] = [];
    for (const client of clients) client.on('close', () => closed.push(String(client.options.clientId)));
    // It looks for sessions to end once a second.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(closed).toEqual([]);
    expect(said()).not.toContain('Expiring client');
    await go(clients);
  });
});

describe('the listener for simulated devices', () => {
  const bare = async (clientId: string): Promise<MqttClient> => {
    const client = await connectAsync(`mqtt://127.0.0.1:${simulatedPort}`, {
      protocolVersion: 5,
      reconnectPeriod: 0,
      clientId,
    });
    client.on('error', () => undefined);
    open.add(client);
    return client;
  };

  test.each(rowsOf('device', 'publishes'))(
    'a client id publishes $topic, and not that of another',
    async (row) => {
      const client = await bare(A);
      await client.publishAsync(topicOf(row, A), '', { qos: row.qos, retain: row.retain });
      await expect(client.publishAsync(topicOf(row, B), 'x', { qos: 1 })).rejects.toThrow(/Not authorized/i);
      await client.endAsync();
    },
  );

  test('nobody is the gateway there, or everybody', async () => {
    for (const name of ['gateway', '+', '#']) {
      const client = await bare(name);
      const desired = deviceTopic(tenant, B, 'desired');
      await expect(client.publishAsync(desired, 'x', { qos: 1 })).rejects.toThrow(/Not authorized/i);
      const state = serverStateTopic(tenant, 3);
      await client.subscribeAsync([desired, state], { qos: 1 }).catch(() => undefined);
      await expect(client.publishAsync(state, 'x', { qos: 1 })).rejects.toThrow(/Not authorized/i);
      await client.endAsync();
    }
  });
});
