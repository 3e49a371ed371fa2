import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CHUNK_BYTES, codeOf, type SlotName } from '@slipway/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '@slipway/vm';
import { runAgent } from './agent.ts';
import { agentConfig } from './config.ts';
import { askAgent, isAgentAlive } from './control/ask.ts';
import { DeviceStatus } from './control/device-status.ts';
import { makeAuthorities, type Authorities } from './fixture/authorities.ts';
import { TIME_FLOOR } from './fixture/install-rig.ts';
import { makeRelease, randomRoot, type Release } from './fixture/release.ts';
import { nodeRuntime } from './runtime/node/index.ts';
import type { OpenFile, Runtime } from './runtime/port.ts';

/**
 * The whole agent in this process, on storage that is full and with a clock that stands at 1970; there is no server at
 * all. It runs on, says what is wrong, and goes on by itself once it can.
 */
const POLL = { timeout: 180_000, interval: 50 };
let ground: string;
let authorities: Authorities;
let v1: Release;
let v2: Release;
let config: ReturnType<typeof agentConfig>;
let lines: string[];
/** what lies below it cannot be written */
let fullBelow: string | undefined;
let isRebooted: boolean;
let stop: AbortController;
let running: Promise<string>;

beforeAll(async () => {
  ground = await mkdtemp(join(tmpdir(), 'slipway-degraded-'));
  authorities = await makeAuthorities();
  v1 = await makeRelease(join(ground, 'releases'), authorities, {
    version: '1.0.0',
    counter: 10,
    root: randomRoot(4),
  });
  v2 = await makeRelease(join(ground, 'releases'), authorities, {
    version: '2.0.0',
    counter: 20,
    root: randomRoot(4),
  });
});
afterAll(async () => {
  await rm(ground, { recursive: true, force: true });
});
beforeEach(async () => {
  config = agentConfig(await mkdtemp(join(ground, 'device-')));
  lines = [];
  fullBelow = undefined;
  isRebooted = false;
  stop = new AbortController();
});
afterEach(async (context) => {
  stop.abort(new Error('the test is over'));
  await running;
  if (context.task.result?.state === 'fail') console.error(lines.join('\n'));
});

const full = (path: string): void => {
  if (fullBelow === undefined || !path.startsWith(fullBelow)) return;
  throw Object.assign(new Error(`ENOSPC: no space left on device, open '${path}'`), { code: 'ENOSPC' });
};

const machine = (now?: () => number): Runtime => {
  const real = nodeRuntime({
    searchPath: process.env['PATH'] ?? '',
    rebootCommand: null,
    log: (line) => lines.push(line),
  });
  const { files } = real;
  return {
    ...real,
    time: { ...real.time, ...(now === undefined ? {} : { now }) },
    processes: {
      ...real.processes,
      reboot: async () => {
        isRebooted = true;
        return new Promise<never>(() => undefined);
      },
    },
    files: {
      ...files,
      replace: async (path, ...rest) => {
        full(path);
        await files.replace(path, ...rest);
      },
      open: async (path, mode) => {
        if (mode === 'write') full(path);
        const file = await files.open(path, mode);
        const write: OpenFile['write'] = async (offset, bytes) => {
          full(path);
          await file.write(offset, bytes);
        };
        return { ...file, write };
      },
    },
  };
};

/** A machine on which time passes faster. */
const hastened = (times: number, runtime: Runtime): Runtime => ({
  ...runtime,
  time: {
    ...runtime.time,
    uptime: () => runtime.time.uptime() * times,
    sleep: async (ms, signal) => runtime.time.sleep(ms / times, signal),
  },
});

/** Boots version 1.0.0 out of a slot; slot a is the default. */
const boot = async (slot: SlotName, runtime: Runtime): Promise<void> => {
  const put = async (path: string, value: unknown): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  };
  await put(`${config.procDir}/cmdline`, `slipway.roothash=${v1.rootHash}`);
  await put(`${config.procDir}/sys/kernel/random/boot_id`, 'boot-1');
  await put(`${config.runDir}/slot`, slot);
  await put(`${config.etcDir}/agent.json`, { v: 1, enrolUrl: `https://127.0.0.1:${await freePort()}` });
  const { release, version, counter } = v1;
  const facts = {
    v: 1,
    release,
    version,
    counter,
    deviceClass: 'edge-x86',
    arch: 'amd64',
    timeFloor: TIME_FLOOR,
  };
  await put(`${config.etcDir}/release.json`, facts);
  await put(`${config.etcDir}/health.json`, { ...v1.gates, services: [] });
  await put(`${config.etcDir}/trust/server-ca.pem`, authorities.servers.certificatePem);
  await put(`${config.etcDir}/trust/release-root.pem`, authorities.release.root.certificatePem);
  await put(`${config.esp.directory}/loader/loader.conf`, 'default slot-a.efi\n');
  await put(`${config.esp.directory}/slipway/claim.json`, { v: 1, token: 'a token for nobody' });
  await put(`${config.esp.directory}/EFI/Linux/slot-a.efi`, v1.uki.toString('latin1'));
  await mkdir(config.efivarsDir, { recursive: true });
  await mkdir(config.dataDir, { recursive: true });
  for (const name of ['a', 'b'] as const) {
    await put(config.slots[name], '');
    await truncate(config.slots[name], 6 * CHUNK_BYTES);
  }
  running = runAgent(runtime, config, stop.signal).then(
    () => 'ended',
    (error: unknown) => codeOf(error),
  );
  await expect.poll(async () => isAgentAlive(runtime, config), POLL).toBe(true);
};
const status = async (runtime: Runtime): Promise<DeviceStatus> =>
  DeviceStatus.parse(await askAgent(runtime, config, { kind: 'status' }));

test('/data full from the first boot: the agent stays up, says so, and goes on once there is room', async () => {
  fullBelow = config.dataDir;
  const runtime = machine();
  await boot('a', runtime);
  await expect.poll(() => lines.join('\n'), POLL).toMatch(/state not saved: DISK_FULL: ENOSPC/);
  expect(await status(runtime)).toMatchObject({ running: true, slots: { a: { state: 'EMPTY' } } });
  expect(lines.filter((line) => line.includes('state not saved'))).toHaveLength(1);
  fullBelow = undefined;
  await expect.poll(async () => (await status(runtime)).slots.a.state, POLL).toBe('GOOD');
  expect(lines.join('\n')).toContain('the state is saved again');
  expect(isRebooted).toBe(false);
});

describe('/data full for longer than an agent may take to start: the watchdog', () => {
  /** @returns what the pipe of the watchdog stands for here, empty; from now on only what is written to it is in it */
  const waitLong = async (slot: SlotName): Promise<{ watchdog: string; runtime: Runtime }> => {
    fullBelow = config.dataDir;
    const runtime = hastened(10, machine());
    const watchdog = `${config.devDir}/watchdog`;
    await mkdir(config.devDir, { recursive: true });
    await writeFile(watchdog, '');
    await boot(slot, runtime);
    await expect.poll(() => lines.join('\n'), POLL).toContain('state not saved');
    await expect.poll(async () => readFile(watchdog, 'utf8'), POLL).toBe('.');
    const begun = runtime.time.uptime();
    await expect.poll(() => runtime.time.uptime() - begun, POLL).toBeGreaterThan(80);
    await writeFile(watchdog, '');
    return { watchdog, runtime };
  };

  test('goes on being fed in the default slot', async () => {
    const { watchdog } = await waitLong('a');
    await expect.poll(async () => readFile(watchdog, 'utf8'), POLL).toBe('.');
    expect(isRebooted).toBe(false);
  });

  test('is not fed any more in another', async () => {
    const { watchdog } = await waitLong('b');
    await expect.poll(() => lines.join('\n'), POLL).toContain('watchdog: not fed');
    expect(await readFile(watchdog, 'utf8')).toBe('');
  });
});

test('no room on /data for an install: it fails by its code, the slot is not touched, and it may be asked again', async () => {
  const runtime = machine();
  await boot('a', runtime);
  await expect.poll(async () => (await status(runtime)).slots.a.state, POLL).toBe('GOOD');
  const path = join(ground, 'stick.tar');
  await writeFile(path, v2.bytes);
  const install = async () => askAgent(runtime, config, { kind: 'install', path, reboot: false }, 60_000);
  fullBelow = `${config.dataDir}/install`;
  await install();
  await expect
    .poll(async () => (await status(runtime)).outcome, POLL)
    .toMatchObject({
      state: 'FAILED',
      code: 'DISK_FULL',
    });
  expect((await status(runtime)).slots.b.state).toBe('EMPTY');
  fullBelow = undefined;
  await install();
  await expect.poll(async () => (await status(runtime)).execution?.state, POLL).toBe('DEFERRED');
  expect((await status(runtime)).slots.b.state).toBe('VERIFIED');
  expect(isRebooted).toBe(false);
});

test('a trial that cannot save its state goes back by itself', async () => {
  fullBelow = config.dataDir;
  await boot('b', machine());
  await expect.poll(() => isRebooted, POLL).toBe(true);
  expect(lines.join('\n')).toContain('a trial that cannot save its state goes back');
});

test('the clock at 1970 and no server ever: it runs, and installs what is signed', async () => {
  const begun = Date.now();
  const runtime = machine(() => Math.floor((Date.now() - begun) / 1000));
  await boot('a', runtime);
  await expect.poll(async () => (await status(runtime)).slots.a.state, POLL).toBe('GOOD');
  expect(await status(runtime)).toMatchObject({ connection: { connected: false }, device: { id: null } });
  const path = join(ground, 'stick.tar');
  await writeFile(path, v2.bytes);
  await askAgent(runtime, config, { kind: 'install', path, reboot: false }, 60_000);
  await expect.poll(async () => (await status(runtime)).slots.b.state, POLL).toBe('VERIFIED');
  expect(lines.join('\n')).toMatch(/enrolment failed/);
  expect(isRebooted).toBe(false);
});
