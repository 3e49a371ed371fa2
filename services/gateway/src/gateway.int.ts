import { randomBytes } from 'node:crypto';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { abortRollout, createRollout, getDevice, getRollout, listExecutions } from '@slipway/fleet';
import { birthOf, seedDevice, until } from '@slipway/fleet/testing';
import {
  Command,
  deviceTopic,
  serverStateTopic,
  TenantId,
  type Device,
  type Release,
} from '@slipway/protocol';
import { connectDevice, type ScriptedDevice } from './testing/scripted-device.ts';
import { runGateway } from './testing/running-gateway.ts';

let server: Awaited<ReturnType<typeof runGateway>>;
beforeAll(async () => {
  server = await runGateway({
    deadlines: { ACCEPTED: 1, DOWNLOADING: 60_000, OFFERED: 60_000, TRIAL: 60_000 },
  });
});
afterAll(() => server.close());

const bundle = randomBytes(300_000);
let count = 0;

const online = (id: Device['id'], expected: boolean) =>
  until(`${id} ${expected ? 'online' : 'offline'}`, async () => {
    const device = await getDevice(server.db, id);
    return device.online === expected ? device : undefined;
  });

const bring = async (names: readonly string[]): Promise<ScriptedDevice[]> =>
  Promise.all(
    names.map(async (name) => {
      await seedDevice(server.db, name);
      const device = await connectDevice(server.brokerUrl, name);
      onTestFinished(() => device.leave());
      await device.bear();
      await online(device.id, true);
      return device;
    }),
  );

const rollOut = async (release: Release, devices: readonly ScriptedDevice[], failureThreshold = 1) => {
  const rollout = await createRollout(
    server.db,
    { release: release.id, devices: devices.map(({ id }) => id), failureThreshold, maxInFlight: 100 },
    new Date(),
  );
  onTestFinished(async () => {
    await abortRollout(server.db, rollout.id, 'the test ended', new Date()).catch(() => undefined);
  });
  await server.wake(rollout.id);
  return rollout.id;
};

const newRelease = (): Promise<Release> => {
  count += 1;
  return server.release(`1.0.${count}`, bundle);
};

const executionOf = async (device: ScriptedDevice) => {
  const [execution] = await listExecutions(server.db, { device: device.id, limit: 1, offset: 0 });
  return execution;
};
const one = (devices: readonly ScriptedDevice[]): ScriptedDevice => {
  const [device] = devices;
  if (device === undefined) throw new Error('no device');
  return device;
};
const refusals = (device: string): number =>
  server.logged.filter((line) => line.includes('MESSAGE_INVALID') && line.includes(device)).length;

describe('a rollout', () => {
  test('takes a device from offer to commit, with every byte over the channel', async () => {
    const device = one(await bring(['happy']));
    const rollout = await rollOut(await newRelease(), [device]);
    const assignment = await device.assignment();
    await device.report(assignment, 'DOWNLOADING');

    const parts: Buffer[] = [];
    for (let offset = 0, id = 0; offset < assignment.bundle.size; id += 1) {
      const block = await device.get({ id, bundle: assignment.bundle.digest, offset, length: 131_072 });
      expect(block.code).toBeUndefined();
      parts.push(block.payload);
      offset += block.payload.length;
    }
    expect(Buffer.concat(parts).equals(bundle)).toBe(true);

    await device.send('progress', {
      v: 1,
      execution: assignment.execution,
      phase: 'DOWNLOADING',
      bytesDone: 300_000,
      bytesTotal: 300_000,
      bytesReceived: 300_000,
      bytesReused: 0,
    });
    await until('the progress', async () =>
      (await executionOf(device))?.bytesDone === 300_000 ? true : undefined,
    );
    for (const state of ['VERIFIED', 'INSTALLING', 'REBOOTING'] as const)
      await device.report(assignment, state);
    await device.report(assignment, 'TRIAL', { bootId: 'boot-2', slot: 'b' });
    await device.report(assignment, 'COMMITTED', { bootId: 'boot-2', slot: 'b', bytesReceived: 300_000 });

    await device.released();
    const ended = await until('the end', async () => {
      const now = await getRollout(server.db, rollout);
      return now.state === 'running' ? undefined : now;
    });
    expect(ended).toMatchObject({ state: 'completed', counts: { COMMITTED: 1 } });
    expect(await executionOf(device)).toMatchObject({ state: 'COMMITTED', bytesReceived: 300_000 });
    expect(device.seqs()).toEqual([1, 2]);
    const told = await until('the last event', () =>
      server.events.find((event) => event.kind === 'rollout' && event.rollout.state === 'completed'),
    );
    expect(told.kind).toBe('rollout');
  });

  test('stops at a failure and takes the release back from devices under way', async () => {
    const [bad, other] = await bring(['bad', 'other']);
    if (bad === undefined || other === undefined) throw new Error('no device');
    const rollout = await rollOut(await newRelease(), [bad, other]);
    await other.report(await other.assignment(), 'DOWNLOADING');
    const assignment = await bad.assignment();
    for (const state of ['INSTALLING', 'REBOOTING', 'TRIAL'] as const) await bad.report(assignment, state);
    await bad.report(assignment, 'ROLLED_BACK', {
      code: 'TRIAL_GATE_FAILED',
      message: 'probe page: status 500',
    });
    await Promise.all([bad.released(), other.released()]);
    expect(await getRollout(server.db, rollout)).toMatchObject({
      state: 'stopped',
      reason: expect.stringContaining('TRIAL_GATE_FAILED: bad'),
      counts: { ROLLED_BACK: 1, CANCELED: 1 },
    });
    expect(await executionOf(bad)).toMatchObject({
      code: 'TRIAL_GATE_FAILED',
      message: 'probe page: status 500',
    });
  });

  test('that is aborted takes the release back', async () => {
    const device = one(await bring(['aborted']));
    const rollout = await rollOut(await newRelease(), [device]);
    await device.report(await device.assignment(), 'DOWNLOADING');
    await abortRollout(server.db, rollout, 'by the test', new Date());
    await server.wake(rollout);
    await device.released();
    expect((await executionOf(device))?.state).toBe('CANCELED');
  });

  test('reaches a device when it comes online', async () => {
    const device = one(await bring(['absent']));
    await device.leave();
    const gone = await connectDevice(server.brokerUrl, 'absent', { connection: 2 });
    onTestFinished(() => gone.leave());
    await gone.send('death', { v: 1, connection: 1, reason: 'shutdown' }, true);
    await online(device.id, false);
    const rollout = await rollOut(await newRelease(), [device]);
    await until('the planner', async () =>
      (await getRollout(server.db, rollout)).waiting === 1 ? true : undefined,
    );
    await gone.bear();
    expect((await gone.assignment()).rollout).toBe(rollout);
  });

  test('times out a device that says nothing more', async () => {
    const device = one(await bring(['silent']));
    const rollout = await rollOut(await newRelease(), [device]);
    await device.report(await device.assignment(), 'ACCEPTED');
    await device.released();
    expect(await getRollout(server.db, rollout)).toMatchObject({
      state: 'stopped',
      counts: { TIMED_OUT: 1 },
    });
  });

  test('goes on after the gateway was away', async () => {
    const device = one(await bring(['patient']));
    const rollout = await rollOut(await newRelease(), [device]);
    const assignment = await device.assignment();
    await server.stopGateway();
    const unheard = device.report(assignment, 'DOWNLOADING');
    await server.startGateway();
    await unheard;
    expect((await executionOf(device))?.state).toBe('DOWNLOADING');
    await abortRollout(server.db, rollout, 'by the test', new Date());
    await server.wake(rollout);
    await device.released();
  });
});

describe('reports', () => {
  test('count once however often they come, and are acknowledged each time', async () => {
    const device = one(await bring(['twice']));
    await rollOut(await newRelease(), [device]);
    const assignment = await device.assignment();
    await device.report(assignment, 'DOWNLOADING', { seq: 41 });
    await device.report(assignment, 'DOWNLOADING', { seq: 41 });
    expect(device.acks).toEqual([41, 41]);
    expect((await executionOf(device))?.history.map(({ state }) => state)).toEqual([
      'OFFERED',
      'DOWNLOADING',
    ]);
  });

  test('that overtake one another, by way of several gateways, count in the order of their numbers', async () => {
    const device = one(await bring(['overtaken']));
    await rollOut(await newRelease(), [device]);
    const assignment = await device.assignment();
    await device.report(assignment, 'INSTALLING', { seq: 1 });
    const trial = device.report(assignment, 'TRIAL', { seq: 3 });
    await device.report(assignment, 'REBOOTING', { seq: 2 });
    await trial;
    expect(device.acks).toEqual([1, 2, 3]);
    expect((await executionOf(device))?.history.map(({ state }) => state)).toEqual([
      'OFFERED',
      'INSTALLING',
      'REBOOTING',
      'TRIAL',
    ]);
  });

  test('of a finished execution change nothing but are acknowledged', async () => {
    const device = one(await bring(['finished']));
    await rollOut(await newRelease(), [device]);
    const assignment = await device.assignment();
    await device.report(assignment, 'FAILED', { code: 'DOWNLOAD_FAILED' });
    await device.report(assignment, 'DOWNLOADING');
    expect((await executionOf(device))?.state).toBe('FAILED');
  });

  test('with texts that no database takes, or that a terminal obeys, count as well', async () => {
    const device = one(await bring(['garbled']));
    await rollOut(await newRelease(), [device]);
    const message = 'cut in a face \ud83d, nul \0, \u001b[2Jgone\r\nnext\tline';
    await device.report(await device.assignment(), 'FAILED', { code: 'TOOL_FAILED', message });
    const execution = await executionOf(device);
    expect(execution?.state).toBe('FAILED');
    expect(execution?.message).toBe('cut in a face \ufffd, nul \ufffd, \ufffd[2Jgone\nnext\tline');
  });

  test("on another device's execution change nothing", async () => {
    const [victim, forger] = await bring(['victim', 'forger']);
    if (victim === undefined || forger === undefined) throw new Error('no device');
    await rollOut(await newRelease(), [victim]);
    await forger.report(await victim.assignment(), 'FAILED', { code: 'INTERNAL' });
    expect((await executionOf(victim))?.state).toBe('OFFERED');
  });
});

describe('messages that are not of the protocol', () => {
  /** What the broker keeps is read by a subscription of its own for a while, by which a live one comes once more. */
  const mostRefusals = (kind: string): number => (kind === 'birth' || kind === 'death' ? 2 : 1);

  test.each([
    ['birth', 'not json'],
    ['birth', { v: 1 }],
    ['status', { v: 2, seq: 1 }],
    ['status', '[]'],
    ['progress', { v: 1, execution: '../../etc/passwd' }],
    ['telemetry', 'null'],
    ['stream/get', { v: 1, id: 1, bundle: 'sha256:00', offset: -1, length: 1 }],
    ['death', { v: 1, connection: 'one', reason: 'lost' }],
  ] as const)('%s %j is logged and nothing else', async (kind, message) => {
    const device = one(await bring([`odd-${kind.replace('/', '-')}-${refusals('odd')}`]));
    await device.send(kind, message);
    await until('the refusal', () => (refusals(device.id) >= 1 ? true : undefined));
    expect((await getDevice(server.db, device.id)).online).toBe(true);
    expect(refusals(device.id)).toBeLessThanOrEqual(mostRefusals(kind));
  });

  test('a birth that names another device is refused', async () => {
    const [liar, victim] = await bring(['liar', 'lied-about']);
    if (liar === undefined || victim === undefined) throw new Error('no device');
    await liar.send('birth', birthOf('lied-about', { health: 'failed', bootId: 'forged' }));
    await until('the refusal', () => (refusals('liar') >= 1 ? true : undefined));
    expect(refusals('liar')).toBeLessThanOrEqual(mostRefusals('birth'));
    expect(await getDevice(server.db, victim.id)).toMatchObject({ health: 'ok', bootId: 'boot-1' });
  });
});

describe('presence', () => {
  test('a late Will of an earlier connection leaves the device online', async () => {
    const device = one(await bring(['flapping']));
    await device.bear({ connection: 2 });
    await until('the second birth', () =>
      server.events.filter((event) => event.kind === 'device' && event.device.id === 'flapping').length >= 2
        ? true
        : undefined,
    );
    await device.send('death', { v: 1, connection: 1, reason: 'lost' }, true);
    // Messages of one device are taken in order: once this one is seen, the Will was.
    await device.send('telemetry', {
      v: 1,
      bootId: 'boot-2',
      uptime: 1,
      health: 'ok',
      services: [],
      memoryAvailable: 1,
      memoryTotal: 2,
      load1: 0,
    });
    await until('the telemetry', async () => (await getDevice(server.db, device.id)).telemetry);
    const states = server.events.flatMap((event) =>
      event.kind === 'device' && event.device.id === 'flapping' ? [event.device.online] : [],
    );
    expect(states.slice(1)).not.toContain(false);
  });

  test('a device whose birth of this boot was lost is asked for it', async () => {
    const device = one(await bring(['unborn']));
    const asked = await mqtt.connectAsync(server.brokerUrl, { protocolVersion: 5 });
    onTestFinished(() => asked.endAsync());
    const commands: string[] = [];
    asked.on('message', (_topic, payload) => commands.push(payload.toString()));
    await asked.subscribeAsync(deviceTopic(TenantId.parse('default'), device.id, 'cmd/rebirth'), { qos: 1 });
    const said = {
      v: 1,
      uptime: 1,
      health: 'ok',
      services: [],
      memoryAvailable: 1,
      memoryTotal: 2,
      load1: 0,
    };
    await device.send('telemetry', { ...said, bootId: 'boot-1' });
    await device.send('telemetry', { ...said, bootId: 'boot-9' });
    const command = Command.parse({
      ...JSON.parse(await until('the command', () => commands[0])),
      name: 'rebirth',
    });
    // Nobody waits for the answer, and it is no offence.
    await device.send('result', { v: 1, id: command.id, ok: true });
    await device.bear({ bootId: 'boot-9', connection: 1 });
    await until('the birth', async () =>
      (await getDevice(server.db, device.id)).bootId === 'boot-9' ? true : undefined,
    );
    expect([commands.length, refusals(device.id)]).toEqual([1, 0]);
  });

  test('a cut connection shows by its Will', async () => {
    const device = one(await bring(['cut']));
    device.drop();
    expect((await online(device.id, false)).online).toBe(false);
  });

  test('devices see the server come and go', async () => {
    const watcher = await mqtt.connectAsync(server.brokerUrl, { protocolVersion: 5 });
    onTestFinished(() => watcher.endAsync());
    const states: string[] = [];
    watcher.on('message', (_topic, payload) => states.push(payload.toString()));
    await watcher.subscribeAsync(serverStateTopic(TenantId.parse('default'), 3), { qos: 1 });
    await until('the retained state', () => states[0]);
    await server.stopGateway();
    await server.startGateway();
    await until('the gateway again', () => (states.length >= 3 ? true : undefined));
    expect(states.map((state) => (/online|offline/.exec(state) ?? [])[0])).toEqual([
      'online',
      'offline',
      'online',
    ]);
  });
});

describe('the block stream', () => {
  test('serves what an execution of the device asks for, and nothing else', async () => {
    const [device, other] = await bring(['reader', 'stranger']);
    if (device === undefined || other === undefined) throw new Error('no device');
    const rollout = await rollOut(await newRelease(), [device]);
    const { bundle: wanted } = await device.assignment();
    const last = await device.get({ id: 7, bundle: wanted.digest, offset: bundle.length - 10, length: 4096 });
    expect(last.payload.equals(bundle.subarray(-10))).toBe(true);
    const get = { bundle: wanted.digest, offset: 0, length: 10 };
    expect(await device.get({ ...get, id: 8, offset: bundle.length })).toMatchObject({
      code: 'REQUEST_INVALID',
    });
    expect(await other.get({ ...get, id: 1 })).toMatchObject({ code: 'FORBIDDEN', payload: Buffer.alloc(0) });
    await abortRollout(server.db, rollout, 'by the test', new Date());
    await server.wake(rollout);
    await device.released();
    expect(await device.get({ ...get, id: 9 })).toMatchObject({ code: 'FORBIDDEN' });
  });
});
