import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeviceId } from '@slipway/protocol';
import {
  makeServerAuthority,
  makeServerIdentity,
  makeServiceIdentity,
  signDeviceCsr,
} from '@slipway/signing';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AGENT_RUNTIMES } from '@slipway/protocol';
import { freePort } from '@slipway/vm';
import { makeAuthorities, type Authorities } from '../../fixture/authorities.ts';
import { startBroker, type Broker } from '../../fixture/broker.ts';
import { startSubject, type Subject } from './subjects.ts';

const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const UP = 'slip/t/device-1/status';
const DOWN = 'slip/t/device-1/stream/blk';
const DEATH = 'slip/t/device-1/death';
const MIB = 1024 * 1024;

type Message = { readonly topic: string; readonly text: string; readonly retained: boolean };

/** Another client of the broker, that sees what the device publishes. */
const startGateway = async (url: string, authorities: Authorities) => {
  const client: MqttClient = await connectAsync(url, {
    protocolVersion: 5,
    clientId: 'gateway',
    key: authorities.gateway.keyPem,
    cert: authorities.gateway.certificatePem,
    ca: authorities.servers.certificatePem,
    reconnectPeriod: 0,
  });
  const messages: Message[] = [];
  const readers: (() => void)[] = [];
  client.on('message', (topic, payload, { retain }) => {
    messages.push({ topic, text: payload.toString(), retained: retain });
    for (const wake of readers.splice(0)) wake();
  });
  await client.subscribeAsync('slip/t/device-1/#', { qos: 1, rap: true });
  const next = async (): Promise<Message> => {
    for (;;) {
      const message = messages.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => readers.push(resolve));
    }
  };
  return { client, next, stop: async () => client.endAsync(true) };
};

describe.each(AGENT_RUNTIMES)('MQTT on %s', (runtime) => {
  let ground: string;
  let subject: Subject;
  let authorities: Authorities;
  let key: string;
  let certificate: string;
  let broker: Broker;
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  let number = 0;

  const optionsOf = (url = broker.url) => ({
    url,
    clientId: 'device-1',
    key,
    certificate,
    ca: authorities.servers.certificatePem,
    will: { topic: DEATH, payload: '{"reason":"lost"}', delaySeconds: 0 },
    sessionExpirySeconds: 60,
  });
  type Options = Parameters<Subject['calls']['connect']>[1];
  const connect = async (more: Partial<Options> = {}): Promise<number> => {
    number += 1;
    await subject.calls.connect(number, { ...optionsOf(), ...more });
    return number;
  };
  const restartBroker = async (): Promise<void> => {
    broker = await startBroker(await mkdtemp(join(ground, 'broker-')), authorities, broker.port);
  };

  beforeAll(async () => {
    ground = await mkdtemp(join(tmpdir(), 'slipway-mqtt-'));
    [authorities, subject] = await Promise.all([makeAuthorities(), startSubject(runtime, ground)]);
    key = await subject.calls.newKey();
    await subject.calls.replace(join(ground, 'key.pem'), key, 0o600);
    const csrPem = await subject.calls.newRequest(join(ground, 'key.pem'), 'device');
    const deviceId = DeviceId.parse('device-1');
    const signed = await signDeviceCsr({ csrPem, deviceId, ca: authorities.devices });
    certificate = signed.certificatePem;
  });
  afterAll(async () => {
    await subject.stop();
    await rm(ground, { recursive: true, force: true });
  });
  beforeEach(async () => {
    const directory = await mkdtemp(join(ground, 'broker-'));
    broker = await startBroker(directory, authorities);
    gateway = await startGateway(broker.url, authorities);
  });
  afterEach(async () => {
    broker.thaw();
    await gateway.stop();
    await broker.stop();
  });

  test('a server below either authority of a file of two is believed, as in a rotation', async () => {
    const { certificatePem: next } = await makeServerAuthority('next');
    const ours = authorities.servers.certificatePem;
    for (const ca of [`${ours}${next}`, `${next}${ours}`]) await subject.calls.end(await connect({ ca }));
    await expect(connect({ ca: next })).rejects.toThrow(/./);
  });

  test('what is published arrives, with its quality, its flags and its properties', async () => {
    const device = await connect();
    await subject.calls.publish(device, UP, 'zero', { qos: 0 });
    await subject.calls.publish(device, UP, 'one, ünd more', { qos: 1, retain: true, expirySeconds: 60 });
    expect(await gateway.next()).toEqual({ topic: UP, text: 'zero', retained: false });
    expect(await gateway.next()).toEqual({ topic: UP, text: 'one, ünd more', retained: true });
    await subject.calls.end(device);
  });

  test('what is subscribed to arrives, with correlation data and code', async () => {
    const device = await connect();
    await subject.calls.subscribe(device, [
      { topic: DOWN, qos: 0 },
      { topic: 'slip/t/device-1/ack', qos: 1 },
    ]);
    const properties = {
      correlationData: Buffer.from('17'),
      userProperties: { code: 'NOT_FOUND', other: 'x' },
    };
    await gateway.client.publishAsync(DOWN, Buffer.from([0, 255, 7]), { qos: 0, properties });
    expect(await subject.calls.nextMessage(device)).toMatchObject({
      topic: DOWN,
      length: 3,
      retained: false,
      correlation: '17',
      code: 'NOT_FOUND',
    });
    await gateway.client.publishAsync('slip/t/device-1/ack', '', { qos: 1 });
    const empty = await subject.calls.nextMessage(device);
    expect(empty).toMatchObject({ topic: 'slip/t/device-1/ack', text: '' });
    expect([empty.correlation, empty.code]).toEqual([undefined, undefined]);
    await subject.calls.end(device);
  });

  test('retained messages say so, and a session that lasts keeps what came meanwhile', async () => {
    await gateway.client.publishAsync('slip/t/device-1/desired', 'kept', { qos: 1, retain: true });
    const first = await connect();
    await subject.calls.subscribe(first, [{ topic: 'slip/t/device-1/desired', qos: 1 }]);
    expect(await subject.calls.nextMessage(first)).toMatchObject({ text: 'kept', retained: true });
    await subject.calls.end(first);
    await gateway.client.publishAsync('slip/t/device-1/desired', 'meanwhile', { qos: 1 });
    const second = await connect();
    expect(await subject.calls.nextMessage(second)).toMatchObject({ text: 'meanwhile', retained: false });
    await subject.calls.end(second);
  });

  test('a mebibyte goes both ways', async () => {
    const device = await connect();
    await subject.calls.publishLong(device, UP, 'u', MIB);
    expect(sha256((await gateway.next()).text)).toBe(sha256('u'.repeat(MIB)));
    await subject.calls.subscribe(device, [{ topic: DOWN, qos: 0 }]);
    await gateway.client.publishAsync(DOWN, 'd'.repeat(MIB));
    expect(await subject.calls.nextMessage(device)).toMatchObject({
      length: MIB,
      digest: sha256('d'.repeat(MIB)),
    });
    await subject.calls.end(device);
  });

  test('while the broker takes nothing, publications wait and none is lost', async () => {
    const device = await connect();
    broker.freeze();
    const publications = Array.from({ length: 40 }, async (_, at) =>
      subject.calls.publishLong(device, UP, String.fromCharCode(65 + at), 200_000),
    );
    // The device is not held up by it.
    expect(await subject.calls.digest(new Uint8Array())).toBe(sha256(''));
    broker.thaw();
    await Promise.all(publications);
    const seen: string[] = [];
    while (seen.length < 40) seen.push((await gateway.next()).text);
    expect(seen.map((text) => [text[0], text.length])).toEqual(
      Array.from({ length: 40 }, (_, at) => [String.fromCharCode(65 + at), 200_000]),
    );
    await subject.calls.end(device);
  });

  test('leaving sends no Will', async () => {
    const device = await connect();
    await subject.calls.end(device);
    await subject.calls.closed(device);
    await gateway.client.publishAsync('slip/t/device-1/ack', 'after it');
    expect((await gateway.next()).text).toBe('after it');
  });

  test('a broker that is restarted ends the connection; the next one works', async () => {
    const device = await connect();
    await gateway.stop();
    await broker.stop();
    expect(await subject.calls.closed(device)).not.toBe('');
    await expect(subject.calls.publish(device, UP, 'x', { qos: 1 })).rejects.toThrow(/./);
    await expect(subject.calls.publish(device, UP, 'x', { qos: 0 })).rejects.toThrow(/./);
    await expect(connect()).rejects.toThrow(/refused/i);
    await restartBroker();
    gateway = await startGateway(broker.url, authorities);
    const next = await connect();
    await subject.calls.publish(next, UP, 'back', { qos: 1 });
    expect((await gateway.next()).text).toBe('back');
    await subject.calls.end(next);
  });

  test('a publication that is not acknowledged fails with the connection', async () => {
    const device = await connect();
    broker.freeze();
    const publication = subject.calls.publish(device, UP, 'x', { qos: 1 });
    const outcome = publication.catch((error: unknown) => error);
    const stopped = broker.stop();
    broker.thaw();
    await stopped;
    await subject.calls.closed(device);
    // It may have been taken before the end; what must not be is that it waits for ever.
    expect(['undefined', 'object']).toContain(typeof (await outcome));
    await restartBroker();
    gateway = await startGateway(broker.url, authorities);
  });

  test('a broker that says nothing any more is given up', async () => {
    const device = await connect({ keepaliveSeconds: 2 });
    broker.freeze();
    expect(await subject.calls.closed(device)).toMatch(/keepalive|not answered/i);
    broker.thaw();
  });

  test('a connection that is idle is kept', async () => {
    const device = await connect({ keepaliveSeconds: 1 });
    // Longer than the broker waits: one and a half times the keepalive.
    await subject.calls.sleep(3000);
    await subject.calls.publish(device, UP, 'still here', { qos: 1 });
    expect((await gateway.next()).text).toBe('still here');
    await subject.calls.end(device);
  });

  test('a connection of the same device takes over, and the first says why', async () => {
    const first = await connect();
    const second = await connect();
    expect(await subject.calls.closed(first)).toContain('142');
    await subject.calls.publish(second, UP, 'second', { qos: 1 });
    await subject.calls.end(second);
  });

  describe('refused', () => {
    test('a broker whose certificate another authority gave', async () => {
      const other = await makeServerAuthority('another');
      await expect(connect({ ca: other.certificatePem })).rejects.toThrow(/certificate/i);
    });

    test('a broker of another name or address', async () => {
      const server = await makeServerIdentity(authorities.servers, 'elsewhere', [
        'elsewhere.example',
        '10.9.8.7',
      ]);
      const directory = join(ground, `elsewhere-${number}`);
      await mkdir(directory);
      const elsewhere = await startBroker(directory, { ...authorities, server });
      await expect(connect({ url: elsewhere.url })).rejects.toThrow(/IP/);
      await expect(connect({ url: `mqtts://localhost:${elsewhere.port}` })).rejects.toThrow(/host/i);
      await elsewhere.stop();
    });

    test('by name as well as by address the right one is taken', async () => {
      const device = await connect({ url: `mqtts://localhost:${broker.port}` });
      await subject.calls.publish(device, UP, 'by name', { qos: 1 });
      expect((await gateway.next()).text).toBe('by name');
      await subject.calls.end(device);
    });

    test('a device that another authority vouches for', async () => {
      const stranger = await makeServiceIdentity(await makeServerAuthority('stranger'), 'device-1');
      const identity = { key: stranger.keyPem, certificate: stranger.certificatePem };
      await expect(connect(identity)).rejects.toThrow(/./);
    });

    test('where nobody listens', async () => {
      await expect(connect({ url: `mqtts://127.0.0.1:${await freePort()}` })).rejects.toThrow(/refused/i);
      await expect(connect({ url: 'mqtts://no-such-host.invalid' })).rejects.toThrow(/no-such-host/);
    });
  });

  test('what a device has no right to is refused and told', async () => {
    const device = await connect();
    await expect(subject.calls.publish(device, 'slip/t/device-2/status', 'x', { qos: 1 })).rejects.toThrow(
      /./,
    );
    await subject.calls.end(device);
  });
});

describe('the helper of QuickJS', () => {
  let ground: string;
  let subject: Subject;
  let authorities: Authorities;
  const childrenOf = async (pid: number | undefined): Promise<readonly string[]> =>
    (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter((one) => one !== '');
  const optionsOf = (url: string) => ({
    url,
    clientId: 'gateway',
    key: authorities.gateway.keyPem,
    certificate: authorities.gateway.certificatePem,
    ca: authorities.servers.certificatePem,
    will: { topic: DEATH, payload: 'gone', delaySeconds: 0 },
    sessionExpirySeconds: 60,
  });

  beforeAll(async () => {
    ground = await mkdtemp(join(tmpdir(), 'slipway-helper-'));
    [authorities, subject] = await Promise.all([makeAuthorities(), startSubject('quickjs', ground)]);
  });
  afterAll(async () => {
    await subject.stop();
    await rm(ground, { recursive: true, force: true });
  });

  test('shows no secret in arguments or environment; files with keys are the owner’s, and go', async () => {
    const connected = Promise.withResolvers<undefined>();
    const silent = createServer(() => {
      connected.resolve(undefined);
    });
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    const { port } = silent.address() as AddressInfo; // eslint-disable-line typescript/no-unsafe-type-assertion -- listening on TCP
    const attempt = subject.calls
      .connect(1, optionsOf(`mqtts://127.0.0.1:${port}`))
      .catch((error: unknown) => error);
    await connected.promise;
    const [helper = ''] = await childrenOf(subject.pid);
    const shown = await Promise.all(
      ['cmdline', 'environ'].map(async (name) => readFile(`/proc/${helper}/${name}`, 'utf8')),
    );
    expect(shown.join()).toContain('connect');
    expect(shown.join()).not.toContain('PRIVATE KEY');
    const files = await readdir(subject.privateDir);
    expect(files.some((name) => name.endsWith('key.pem'))).toBe(true);
    expect((await stat(subject.privateDir)).mode & 0o777).toBe(0o700);
    for (const name of files) expect((await stat(join(subject.privateDir, name))).mode & 0o777).toBe(0o600);
    process.kill(Number(helper), 'SIGKILL');
    expect(await attempt).toBeInstanceOf(Error);
    expect(await readdir(subject.privateDir)).toEqual([]);
    expect(await childrenOf(subject.pid)).toEqual([]);
    silent.close();
  });

  test('killed while connected: the connection ends, the Will is sent, nothing is left', async () => {
    const directory = join(ground, 'broker');
    await mkdir(directory);
    const broker = await startBroker(directory, authorities);
    const watcher = await startSubject('node', ground);
    await watcher.calls.connect(1, { ...optionsOf(broker.url), clientId: 'watcher' });
    await watcher.calls.subscribe(1, [{ topic: DEATH, qos: 1 }]);
    await subject.calls.connect(2, optionsOf(broker.url));
    expect(await readdir(subject.privateDir)).toEqual([]);
    const [helper = ''] = await childrenOf(subject.pid);
    process.kill(Number(helper), 'SIGKILL');
    await subject.calls.closed(2);
    expect(await watcher.calls.nextMessage(1)).toMatchObject({ topic: DEATH, text: 'gone' });
    expect(await childrenOf(subject.pid)).toEqual([]);
    await watcher.calls.end(1);
    await broker.stop();
  });
});
