import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathWithCrypto } from '@slipway/device-crypto';
import { CHUNK_BYTES, type ExecutionState } from '@slipway/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DeviceStatus } from './control/device-status.ts';
import { makeAuthorities, type Authorities } from './fixture/authorities.ts';
import { startBroker, type Broker } from './fixture/broker.ts';
import { CLAIM_TOKEN, startCloud, type Cloud } from './fixture/cloud.ts';
import {
  bundleAgent,
  commandOf,
  makeDevice,
  type AgentProgram,
  type DiskDevice,
} from './fixture/disk-device.ts';
import { changeChunks, makeRelease, randomRoot, type Release } from './fixture/release.ts';

/** The whole agent without a server: a person at the device, with `slipway-agent` and a bundle on a stick. */
const CHUNKS = 24;
const LARGE_CHUNKS = 200;
const LOOK_MS = 250;
const POLL = { timeout: 180_000, interval: 10 };
let ground: string;
let agent: AgentProgram;
let authorities: Authorities;
let v1: Release;
let v2: Release;
let v0: Release;
let large: Release;
const releases = new Map<string, Release>();
const make = async (input: Parameters<typeof makeRelease>[2]): Promise<Release> => {
  const release = await makeRelease(join(ground, 'releases'), authorities, input);
  releases.set(release.rootHash, release);
  return release;
};

beforeAll(async () => {
  ground = await mkdtemp(join(tmpdir(), 'slipway-offline-'));
  agent = await bundleAgent(ground);
  authorities = await makeAuthorities();
  const root = randomRoot(CHUNKS);
  v0 = await make({ version: '0.9.0', counter: 9, root });
  v1 = await make({ version: '1.0.0', counter: 10, root: changeChunks(root, [1]) });
  large = await make({ version: '3.0.0', counter: 30, root: randomRoot(LARGE_CHUNKS) });
  v2 = await make({ version: '2.0.0', counter: 20, root: changeChunks(root, [2, 3, 5, 8, 13, 21]) });
});
afterAll(async () => {
  await rm(ground, { recursive: true, force: true });
});

let directory: string;
let broker: Broker;
let cloud: Cloud;
let device: DiskDevice;
const stick = (): string => join(directory, 'stick.tar');
beforeEach(async () => {
  directory = await mkdtemp(join(ground, 'run-'));
  broker = await startBroker(directory, authorities);
  cloud = await startCloud(authorities, broker);
  device = await makeDevice(
    agent,
    join(directory, 'device'),
    authorities,
    cloud.enrolUrl,
    releases,
    v1,
    26 * CHUNK_BYTES,
  );
  await rm(device.path('esp/slipway/claim.json'));
  await writeFile(stick(), v2.bytes);
});
afterEach(async (context) => {
  await device.cutPower();
  if (context.task.result?.state === 'fail') console.error(device.output(), broker.output());
  await cloud.stop();
  await broker.stop();
});

type Ran = { readonly status: number; readonly out: string; readonly err: string };
/** `slipway-agent` in a shell of the device. */
const agentCommand = async (...args: readonly string[]): Promise<Ran> => {
  const [program, ...before] = commandOf(agent);
  const { promise, resolve } = Promise.withResolvers<Ran>();
  execFile(
    program,
    [...before, ...args],
    {
      env: { PATH: pathWithCrypto(), SLIPWAY_AGENT_ROOT: device.path('').replace(/\/$/, '') },
      cwd: directory,
    },
    (error, out, err) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, out, err });
    },
  );
  return promise;
};
const json = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse((await agentCommand('--json', ...args)).out);
const status = async (): Promise<DeviceStatus> => DeviceStatus.parse(await json('status'));
const until = async (what: string, holds: (now: DeviceStatus) => boolean): Promise<DeviceStatus> => {
  const timeout = AbortSignal.timeout(300_000);
  let last: DeviceStatus | undefined;
  while (!timeout.aborted) {
    const now = await status().catch(() => undefined);
    if (now?.running === true && holds(now)) return now;
    last = now ?? last;
    // Each look is a program of its own; the agent needs the processor too.
    await setTimeout(LOOK_MS);
  }
  throw new Error(`waited in vain for ${what}; ${JSON.stringify(last)}`);
};
const isUp = (): Promise<DeviceStatus> => until('the agent', () => true);
const comeOnline = async (): Promise<void> => {
  await writeFile(device.path('esp/slipway/claim.json'), JSON.stringify({ v: 1, token: CLAIM_TOKEN }));
  await device.restartAgent();
};
const reported = (state: ExecutionState) => () =>
  cloud.statuses.some((known) => known.state === state && known.local === true);

describe('a device that has never seen a server', () => {
  test('runs, tells what it is, and installs from a stick; later the server hears of it', async () => {
    await device.boot();
    const before = await isUp();
    expect(before).toMatchObject({
      device: { id: null, deviceClass: 'edge-x86' },
      release: { version: '1.0.0' },
      slot: 'a',
      connection: { connected: false },
      certificate: null,
      execution: null,
      slots: { a: { state: 'GOOD' }, b: { state: 'EMPTY' } },
    });

    const install = await agentCommand('install', 'stick.tar');
    // The machine goes down under the command, or it is told that it will.
    expect(install.out).toContain('installing 2.0.0 from');
    const after = await until(
      'the commit',
      ({ release, outcome }) => release.version === '2.0.0' && outcome !== null,
    );
    expect(after).toMatchObject({
      slot: 'b',
      loaderDefault: 'b',
      trial: false,
      outcome: { state: 'COMMITTED', code: null },
    });
    expect((await device.slotBytes('b')).subarray(0, v2.root.length).equals(v2.root)).toBe(true);
    expect(after.outbox).toBeGreaterThan(0);

    await comeOnline();
    await cloud.until('the report', reported('COMMITTED'));
    const told = cloud.statuses.map(({ state, local }) => [state, local]);
    expect(told.at(-1)).toEqual(['COMMITTED', true]);
    await until('the outbox emptied', ({ outbox, connection }) => outbox === 0 && connection.connected);
  });

  test('goes back from a release that crashes, and the server hears why', async () => {
    device.behaviours.set('2.0.0', 'crashes');
    await device.boot();
    await isUp();
    await agentCommand('install', stick());
    const after = await until('the rollback', ({ outcome }) => outcome !== null);
    expect(after).toMatchObject({
      slot: 'a',
      outcome: { state: 'ROLLED_BACK', code: 'TRIAL_GATE_FAILED' },
      slots: { b: { state: 'FAILED', code: 'TRIAL_GATE_FAILED' } },
    });
    await comeOnline();
    await cloud.until('the report', reported('ROLLED_BACK'));
    expect(cloud.statuses.at(-1)).toMatchObject({ code: 'TRIAL_GATE_FAILED', local: true });
  });

  test('with --no-reboot the trial waits until the same command is given without it', async () => {
    await device.boot();
    await isUp();
    const held = await agentCommand('install', '--no-reboot', '--json', stick());
    expect([held.status, JSON.parse(held.out)]).toMatchObject([0, { state: 'DEFERRED', version: '2.0.0' }]);
    expect(device.boots).toHaveLength(1);
    expect((await status()).slots.b.state).toBe('VERIFIED');
    await agentCommand('install', stick());
    await until('the commit', ({ outcome }) => outcome?.state === 'COMMITTED');
    expect(device.boots.map(({ version }) => version)).toEqual(['1.0.0', '2.0.0']);
  });

  describe('the power goes in the middle', () => {
    /** Large enough that the cut comes before the end. */
    const cutInTheMiddle = async (): Promise<void> => {
      device = await makeDevice(
        agent,
        device.path('../large'),
        authorities,
        cloud.enrolUrl,
        releases,
        v1,
        (LARGE_CHUNKS + 2) * CHUNK_BYTES,
      );
      await rm(device.path('esp/slipway/claim.json'));
      await writeFile(stick(), large.bytes);
      await device.boot();
      await isUp();
      const installing = agentCommand('install', stick());
      await expect.poll(() => device.output(), POLL).toContain('accepted release 3.0.0');
      await device.cutPower();
      await installing;
      expect(device.output()).not.toContain('verified release');
    };

    test('it goes on with the file that is still there', async () => {
      await cutInTheMiddle();
      await device.boot();
      await until('the commit', ({ outcome }) => outcome?.state === 'COMMITTED');
      expect((await device.slotBytes('b')).subarray(0, large.root.length).equals(large.root)).toBe(true);
    });

    test('with the stick gone as well, the old slot stays and says so', async () => {
      await cutInTheMiddle();
      await rm(stick());
      await device.boot();
      const after = await until('the outcome', ({ outcome }) => outcome !== null);
      expect(after.outcome?.code).toBe('INSTALL_SOURCE_GONE');
      expect(after).toMatchObject({ slot: 'a', release: { version: '1.0.0' }, execution: null });
    });
  });
});

describe('what slipway-agent says', () => {
  const Failure = z.object({ code: z.string(), message: z.string(), mend: z.string() });
  const failure = async (...args: readonly string[]) => {
    const ran = await agentCommand(...args, '--json');
    return [ran.status, Failure.parse(JSON.parse(ran.out)).code];
  };

  test('bundles that must not be installed are refused at once, with the exit status of their code', async () => {
    await device.boot();
    await isUp();
    const old = join(directory, 'old.tar');
    await writeFile(old, v0.bytes);
    expect(await failure('install', old)).toEqual([65, 'BUNDLE_COUNTER_TOO_LOW']);
    const forged = Buffer.from(v2.bytes);
    forged.writeUInt8(forged.readUInt8(600) ^ 1, 600);
    await writeFile(old, forged);
    expect(await failure('install', old)).toEqual([65, 'BUNDLE_SIGNATURE_INVALID']);
    expect(await failure('install', 'nowhere.tar')).toEqual([66, 'NOT_FOUND']);
    expect(await failure('install')).toEqual([64, 'USAGE']);
    expect(await failure('logs', '../../etc/shadow')).toEqual([66, 'NOT_FOUND']);
    expect((await status()).execution).toBeNull();
    // For people the same, on standard error, with what to do about it.
    const told = await agentCommand('install', 'nowhere.tar');
    expect([told.status, told.out]).toEqual([66, '']);
    expect(told.err).toMatch(/^slipway-agent: NOT_FOUND: .*nowhere\.tar.*\n  \S/);
  });

  test('status and doctor work while no agent runs, and write nothing', async () => {
    await device.boot();
    await isUp();
    await device.cutPower();
    await rm(device.path('run/slipway/agent-alive'));
    const copy = join(directory, 'copy');
    await cp(device.path('data'), copy, { recursive: true });
    expect(await status()).toMatchObject({ running: false, slot: 'a', slots: { a: { state: 'GOOD' } } });
    expect((await agentCommand('status')).out).toContain('not running');
    const report = z
      .object({ isWell: z.boolean(), findings: z.array(z.object({ check: z.string() })) })
      .parse(await json('doctor'));
    expect(report.findings.length).toBeGreaterThan(0);
    expect(await failure('install', stick())).toEqual([69, 'AGENT_NOT_RUNNING']);
    const compare = await new Promise<string>((done) => {
      execFile('diff', ['-r', copy, device.path('data')], (_error, out) => {
        done(out);
      });
    });
    expect(compare).toBe('');
  });

  test('logs and version', async () => {
    await device.boot();
    await isUp();
    const log = device.path('run/slipway/log/web.log');
    await mkdir(device.path('run/slipway/log'), { recursive: true });
    await writeFile(`${log}.1`, 'first\n');
    await writeFile(log, 'second\n');
    expect(await json('logs')).toEqual({ services: ['web'] });
    expect((await agentCommand('logs', 'web')).out).toBe('first\nsecond\n');
    expect(await json('version')).toMatchObject({ release: { version: '1.0.0', counter: 10 } });
  });
});

test('consent: the release waits, over a restart, until somebody at the device accepts it', async () => {
  await writeFile(device.path('esp/slipway/claim.json'), JSON.stringify({ v: 1, token: CLAIM_TOKEN }));
  cloud.publish(v2);
  await device.boot();
  await cloud.desire(1, v2, { policy: { mode: 'download', consent: true } });
  const asking = await until('the question', ({ execution }) => execution?.waits != null);
  expect(asking.execution).toMatchObject({
    asks: true,
    waits: { code: 'INSTALL_AWAITS_CONSENT', until: null },
  });
  expect((await agentCommand('status')).out).toContain('Answer: slipway-agent accept');

  expect((await agentCommand('defer', '4h')).out).toContain('2.0.0: deferred. Release 2.0.0 lies verified');
  await cloud.until('the report', () => cloud.statuses.at(-1)?.code === 'INSTALL_DEFERRED');
  await device.cutPower();
  await device.boot();
  const after = await until('the agent', ({ execution }) => execution?.waits != null);
  expect(after.execution?.waits).toMatchObject({ code: 'INSTALL_DEFERRED', until: expect.any(Number) });
  expect(await json('accept', 'exe_0000000000000077')).toMatchObject({ code: 'CONSENT_NOT_ASKED' });

  // The machine goes down under the command, or it is told that it will.
  await agentCommand('accept', after.execution?.id ?? '');
  expect((await cloud.outcome(1)).state).toBe('COMMITTED');
  expect(device.boots.map(({ version }) => version)).toEqual(['1.0.0', '1.0.0', '2.0.0']);
});

test('reset: the device forgets who it is and keeps running, then enrols anew', async () => {
  await writeFile(device.path('esp/slipway/claim.json'), JSON.stringify({ v: 1, token: CLAIM_TOKEN }));
  await device.boot();
  const first = await until('the connection', ({ connection }) => connection.connected);
  expect(first.device.id).not.toBeNull();
  await writeFile(device.path('data/rows'), 'of an application');
  expect((await agentCommand('reset')).status).toBe(64);
  expect((await agentCommand('reset', '--yes')).status).toBe(0);
  const after = await until('the restart', ({ bootId }) => bootId !== first.bootId);
  expect(after).toMatchObject({ slot: 'a', device: { id: null }, slots: { a: { state: 'GOOD' } } });
  await expect(cp(device.path('data/rows'), join(directory, 'rows'))).resolves.toBeUndefined();
  await comeOnline();
  const again = await until('the new identity', ({ connection }) => connection.connected);
  expect(again.device.id).not.toBeNull();
  expect(cloud.enrolments).toHaveLength(2);
  expect(cloud.enrolments[0]?.csr).not.toBe(cloud.enrolments[1]?.csr);

  expect((await agentCommand('reset', '--wipe-data', '--yes')).status).toBe(0);
  await until('the wipe', ({ device: { id }, bootId }) => id === null && bootId !== again.bootId);
  await expect(cp(device.path('data/rows'), join(directory, 'gone'))).rejects.toThrow('ENOENT');
});
