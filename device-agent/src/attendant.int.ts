import { appendFile, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Birth,
  CHUNK_BYTES,
  CommandResult,
  LogPiece,
  MAX_LOG_BYTES,
  Telemetry,
  type CommandId,
} from '@slipway/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeAuthorities, type Authorities } from './fixture/authorities.ts';
import { startBroker, type Broker } from './fixture/broker.ts';
import { startCloud, type Cloud } from './fixture/cloud.ts';
import { bundleAgent, makeDevice, type AgentProgram, type DiskDevice } from './fixture/disk-device.ts';
import { changeChunks, makeRelease, randomRoot, type Release } from './fixture/release.ts';

let ground: string;
let agent: AgentProgram;
let authorities: Authorities;
let v1: Release;
const releases = new Map<string, Release>();

const make = async (input: Parameters<typeof makeRelease>[2]): Promise<Release> => {
  const release = await makeRelease(join(ground, 'releases'), authorities, input);
  releases.set(release.rootHash, release);
  return release;
};

beforeAll(async () => {
  ground = await mkdtemp(join(tmpdir(), 'slipway-attendant-'));
  agent = await bundleAgent(ground);
  authorities = await makeAuthorities();
  v1 = await make({ version: '1.0.0', counter: 10, root: randomRoot(8) });
});
afterAll(async () => {
  await rm(ground, { recursive: true, force: true });
});

let broker: Broker;
let cloud: Cloud;
let device: DiskDevice;

const MEMINFO = 'MemTotal:         261120 kB\nMemFree:  1 kB\nMemAvailable:     131072 kB\n';
const WIRED =
  'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n';
const CELLULAR = WIRED.replaceAll('eth0', 'wwan0');

beforeEach(async () => {
  const directory = await mkdtemp(join(ground, 'run-'));
  broker = await startBroker(directory, authorities);
  cloud = await startCloud(authorities, broker);
  device = await makeDevice(
    agent,
    join(directory, 'device'),
    authorities,
    cloud.enrolUrl,
    releases,
    v1,
    10 * CHUNK_BYTES,
  );
  device.files.set('proc/meminfo', MEMINFO);
  device.files.set('proc/loadavg', '0.25 0.1 0.1 1/100 1000\n');
  device.files.set('proc/stat', 'cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3 4\n');
  device.files.set('proc/net/route', WIRED);
  device.files.set('run/slipway/log/web.log', 'first line\nsecond line\n');
});
afterEach(async (context) => {
  await device.cutPower();
  if (context.task.result?.state === 'fail') console.error(device.output(), broker.output());
  await cloud.stop();
  await broker.stop();
});

const of = <T>(kind: string, schema: { parse: (body: unknown) => T }): readonly T[] =>
  cloud.seen.filter((message) => message.kind === kind).map(({ body }) => schema.parse(body));
const online = async (): Promise<void> => {
  await device.boot();
  await cloud.until('birth', () => of('birth', Birth).length > 0);
};
const resultsOf = (id: CommandId): readonly CommandResult[] =>
  of('result', CommandResult).filter((result) => result.id === id);
const answerTo = async (id: CommandId): Promise<CommandResult | undefined> => {
  await cloud.until(`the answer to ${id}`, () => resultsOf(id).length > 0);
  return resultsOf(id)[0];
};
const piecesOf = (id: CommandId): readonly LogPiece[] =>
  of('log', LogPiece).filter((piece) => piece.id === id);
const textOf = (id: CommandId, source: string): string =>
  piecesOf(id)
    .filter((piece) => piece.source === source)
    .map(({ text }) => text)
    .join('');

describe('reports', () => {
  test('a birth tells of the watchdog, telemetry of the machine and its link', async () => {
    device.files.set('dev/watchdog', '');
    device.files.set('sys/class/watchdog/watchdog0/identity', 'i6300ESB timer\n');
    device.files.set('sys/class/watchdog/watchdog0/timeout', '60\n');
    device.files.set('sys/class/watchdog/watchdog0/bootstatus', '32\n');
    device.files.set('sys/class/thermal/thermal_zone0/temp', '41500\n');
    device.files.set('sys/class/thermal/thermal_zone1/temp', '47250\n');
    await online();
    expect(of('birth', Birth)[0]).toMatchObject({
      bootReason: 'watchdog',
      watchdog: { identity: 'i6300ESB timer', timeout: 60, hasReset: true },
    });
    await cloud.until('telemetry', () => of('telemetry', Telemetry).some(({ health }) => health === 'ok'));
    expect(of('telemetry', Telemetry).at(-1)).toMatchObject({
      memoryAvailable: 128 * 1024 * 1024,
      memoryTotal: 255 * 1024 * 1024,
      load1: 0.25,
      temperature: 47.25,
      restarts: 0,
      failing: [],
      link: { kind: 'ethernet', interface: 'eth0', metered: false, reconnects: 0 },
    });
    expect(of('telemetry', Telemetry).at(-1)?.diskFree).toBeGreaterThan(0);
    expect(of('telemetry', Telemetry).at(-1)?.diskTotal).toBeGreaterThan(0);
    // Fed as a file would be: by single writes that never say V.
    expect(await readFile(device.path('dev/watchdog'), 'utf8')).toBe('.');
  });

  test('a device without a watchdog says so and goes on', async () => {
    await online();
    expect(of('birth', Birth)[0]?.watchdog).toBeNull();
    await expect(readFile(device.path('dev/watchdog'))).rejects.toThrow('ENOENT');
  });
});

describe('commands', () => {
  test('only a diagnostic that the image declares is run, and its end is told', async () => {
    device.settings['diagnostics'] = [
      { name: 'kernel', command: ['sh', '-c', 'echo here; echo there >&2'] },
      { name: 'broken', command: ['sh', '-c', 'echo lost; exit 3'] },
      { name: 'endless', command: ['sleep', '1000'], timeout: 1 },
      { name: 'talkative', command: ['sh', '-c', 'yes 0123456789 | head -c 50000'] },
    ];
    await online();
    const diagnose = async (diagnostic: string): Promise<CommandResult | undefined> =>
      answerTo(await cloud.command({ name: 'diagnose', diagnostic }));
    expect(await diagnose('kernel')).toMatchObject({ ok: true, output: 'here\nthere\n' });
    expect(await diagnose('broken')).toMatchObject({
      ok: false,
      code: 'COMMAND_FAILED',
      output: 'lost\n',
      message: expect.stringContaining('found 3'),
    });
    expect(await diagnose('endless')).toMatchObject({ ok: false, code: 'COMMAND_FAILED' });
    expect((await diagnose('talkative'))?.output).toHaveLength(8192);
    expect(await diagnose('rm -rf')).toMatchObject({ ok: false, code: 'NOT_FOUND' });
  });

  test('an id is done once, an expired one is refused, a retained one is ignored', async () => {
    device.settings['diagnostics'] = [
      { name: 'count', command: ['sh', '-c', `echo x >> ${device.path('count')}`] },
    ];
    const count = { name: 'diagnose', diagnostic: 'count' } as const;
    await cloud.command(count, { retain: true });
    await online();
    const id = await cloud.command(count);
    await answerTo(id);
    await cloud.command(count, { id });
    const late = await cloud.command(count, { expiresAt: 1000 });
    expect(await answerTo(late)).toMatchObject({ ok: false, code: 'COMMAND_EXPIRED' });
    // A rebirth comes after all of them, and is answered.
    expect(await answerTo(await cloud.command({ name: 'rebirth' }))).toMatchObject({ ok: true });
    expect(resultsOf(id)).toHaveLength(1);
    expect(await readFile(device.path('count'), 'utf8')).toBe('x\n');
  });

  test('a reboot is answered before the device goes down, and done once per id', async () => {
    await online();
    const id = await cloud.command({ name: 'reboot' });
    expect(await answerTo(id)).toMatchObject({ ok: true });
    const boots = () => new Set(of('birth', Birth).map(({ bootId }) => bootId)).size;
    await cloud.until('the second boot', () => boots() === 2);
    await cloud.command({ name: 'reboot' }, { id });
    expect(await answerTo(await cloud.command({ name: 'rebirth' }))).toMatchObject({ ok: true });
    expect(boots()).toBe(2);
    expect(resultsOf(id)).toHaveLength(1);
  });

  test('a rollback below the floor is refused unless the image allows it: commands are not signed', async () => {
    await online();
    const answer = await answerTo(await cloud.command({ name: 'rollback' }));
    expect(answer).toMatchObject({ ok: false, code: 'COMMAND_REFUSED' });
  });

  test('a rollback takes the device back to what it ran before, by way of a trial', async () => {
    device.settings['remoteRollback'] = true;
    const next = await make({ version: '8.0.0', counter: 80, root: changeChunks(v1.root, [5]) });
    cloud.publish(next);
    await online();
    const first = await answerTo(await cloud.command({ name: 'rollback' }));
    expect(first).toMatchObject({ ok: false, code: 'SLOT_NOT_GOOD' });
    await cloud.desire(1, next);
    expect(await cloud.outcome(1)).toMatchObject({ state: 'COMMITTED', slot: 'b' });
    await cloud.desire(0, null);
    expect(await answerTo(await cloud.command({ name: 'rollback' }))).toMatchObject({ ok: true });
    const last = () => of('birth', Birth).at(-1);
    await cloud.until('the old release, committed', () => {
      const { activeSlot, slots } = last() ?? {};
      return activeSlot === 'a' && slots?.a.state === 'GOOD' && slots.a.version === '1.0.0';
    });
    expect(device.boots.map(({ slot }) => slot)).toEqual(['a', 'b', 'a']);
    expect(of('birth', Birth).filter(({ bootReason }) => bootReason === 'trial').length).toBeGreaterThan(1);
  });

  test('identify says who it is and blinks the status LED, which is as it was afterwards', async () => {
    device.files.set('sys/class/leds/input0::capslock/trigger', '[none]\n');
    device.files.set('sys/class/leds/board:green:status/trigger', 'none [heartbeat] timer\n');
    device.files.set('sys/class/leds/board:green:status/brightness', '3\n');
    device.files.set('sys/class/leds/board:green:status/max_brightness', '255\n');
    await online();
    const result = await answerTo(await cloud.command({ name: 'identify', seconds: 1 }));
    expect(result).toMatchObject({ ok: true, message: expect.stringContaining('board:green:status') });
    expect(device.output()).toContain('identify: this is device-1');
    const led = async (name: string) =>
      readFile(device.path(`sys/class/leds/board:green:status/${name}`), 'utf8');
    expect([await led('trigger'), await led('brightness')]).toEqual(['heartbeat', '3']);
  });
});

describe('logs on demand', () => {
  test('come whole, in order, with an end, the agent among them', async () => {
    await online();
    const id = await cloud.command({ name: 'collect' });
    expect(await answerTo(id)).toMatchObject({ ok: true });
    const pieces = piecesOf(id);
    expect(pieces.map(({ seq }) => seq)).toEqual(pieces.map((_, at) => at));
    expect(pieces.at(-1)).toMatchObject({ end: true });
    expect(textOf(id, 'web')).toBe('first line\nsecond line\n');
    expect(textOf(id, 'agent')).toContain('connected');
  });

  test('go on for the time asked for, over the turn of the file', async () => {
    await online();
    const id = await cloud.command({ name: 'collect', services: ['web'], lines: 1, durationSeconds: 4 });
    await cloud.until('the first piece', () => piecesOf(id).length > 0);
    // As init does with a log that is full.
    const log = device.path('run/slipway/log/web.log');
    await appendFile(log, 'third line\n');
    await rename(log, `${log}.1`);
    await appendFile(log, 'fourth line\n');
    expect(await answerTo(id)).toMatchObject({ ok: true });
    expect(textOf(id, 'web')).toBe('second line\nthird line\nfourth line\n');
  });

  test('are bounded for each request and each day, and say so', async () => {
    const line = `${'x'.repeat(99)}\n`;
    device.files.set('run/slipway/log/web.log', line.repeat(1_000));
    device.files.set('run/slipway/log/web.log.1', line.repeat(2_600));
    device.settings['link'] = { logBudgetPerDay: MAX_LOG_BYTES + 10_000 };
    await online();
    const first = await cloud.command({ name: 'collect', services: ['web'] });
    await answerTo(first);
    expect(textOf(first, 'web')).toHaveLength(MAX_LOG_BYTES);
    expect(piecesOf(first).at(-1)).toMatchObject({ end: true, truncated: true });
    const second = await cloud.command({ name: 'collect', services: ['web'] });
    await answerTo(second);
    expect(textOf(second, 'web')).toHaveLength(10_000);
    expect(piecesOf(second).at(-1)).toMatchObject({ end: true, truncated: true });
  });

  test('two at once are one too many, and a name is no path', async () => {
    await online();
    const first = await cloud.command({ name: 'collect', durationSeconds: 3 });
    const second = await cloud.command({ name: 'collect' });
    expect(await answerTo(second)).toMatchObject({ ok: false, code: 'RATE_LIMITED' });
    expect(await answerTo(first)).toMatchObject({ ok: true });
    const third = await cloud.command({ name: 'collect', services: ['../../../etc/slipway/agent'] });
    expect(await answerTo(third)).toMatchObject({ ok: false, code: 'NOT_FOUND' });
  });
});

describe('gates', () => {
  const install = async (gates: Parameters<typeof makeRelease>[2]['gates']) => {
    const number = 20 + releases.size;
    const next = await make({
      version: `${number}.0.0`,
      counter: number,
      root: changeChunks(v1.root, [3]),
      ...(gates === undefined ? {} : { gates }),
    });
    cloud.publish(next);
    await online();
    await cloud.desire(1, next);
    return cloud.outcome(1);
  };

  test('a floor of memory that the new release does not keep takes the device back', async () => {
    expect(await install({ deadline: 5, resources: { memory: 129 * 1024 * 1024 } })).toMatchObject({
      state: 'ROLLED_BACK',
      code: 'TRIAL_GATE_FAILED',
      message: expect.stringContaining('resource:memory'),
    });
    const last = () => of('birth', Birth).at(-1);
    await cloud.until('the birth after it', () => last()?.slots.b.code === 'TRIAL_GATE_FAILED');
    expect(of('birth', Birth).map(({ bootReason }) => bootReason)).toContain('trial');
    expect(last()?.bootReason).toBe('ordinary');
  });

  test('floors that are kept, a probe that is forgiven once and the broker let it pass', async () => {
    let calls = 0;
    const server = createServer((_, response) => {
      calls++;
      response.writeHead(calls === 2 ? 500 : 200);
      response.end('page');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo; // eslint-disable-line typescript/no-unsafe-type-assertion -- listening on TCP
    try {
      expect(
        await install({
          deadline: 60,
          stable: 3,
          resources: { memory: 128 * 1024 * 1024, disk: 1024, load: 0.25, temperature: 80 },
          probes: [{ type: 'http', name: 'page', url: `http://127.0.0.1:${port}/`, status: 200, retries: 1 }],
        }),
      ).toMatchObject({ state: 'COMMITTED' });
      expect(calls).toBeGreaterThan(2);
    } finally {
      await new Promise((done) => server.close(done));
    }
  });

  test('a probe that never ends fails by its own time and takes the device back', async () => {
    expect(
      await install({
        deadline: 5,
        probes: [{ type: 'exec', name: 'stuck', command: ['sh', '-c', 'sleep 1000 & wait'], timeout: 1 }],
      }),
    ).toMatchObject({ state: 'ROLLED_BACK', message: expect.stringContaining('probe:stuck') });
  });
});

test('over a metered link a download comes in the small blocks of its rate', async () => {
  const next = await make({ version: '9.0.0', counter: 90, root: changeChunks(v1.root, [1]) });
  cloud.publish(next);
  device.files.set('proc/net/route', CELLULAR);
  device.settings['link'] = { maxRate: 128 * 1024 };
  await online();
  await cloud.desire(1, next);
  const { state, bytesReceived = 0 } = await cloud.outcome(1);
  expect(state).toBe('COMMITTED');
  // Half a second of the rate each, where at full speed twice as much would come at once.
  expect(cloud.served()).toBeGreaterThanOrEqual(bytesReceived / (64 * 1024));
  await cloud.until('telemetry', () => of('telemetry', Telemetry).length > 0);
  expect(of('telemetry', Telemetry)[0]?.link).toMatchObject({ kind: 'cellular', metered: true });
});
