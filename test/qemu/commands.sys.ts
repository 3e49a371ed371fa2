import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Cleanup,
  type VirtualDevice,
  createCleanup,
  createReport,
  createVirtualDevice,
  openDemo,
} from '@slipway/demo';
import { Device, DeviceCommand, DeviceLogPiece, type DeviceId } from '@slipway/protocol';
import { readGpt } from '@slipway/vm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';

/** A device in QEMU, with the agent of its image, asked by the `slipway` command through broker and gateway. */
const cacheDir = join(import.meta.dirname, '..', '..', '.slipway', 'cache');
const launcher = fileURLToPath(new URL('../../packages/cli/bin/slipway', import.meta.url));
const BOOT_MS = 900_000;

let folder: string;
let cleanup: Cleanup;
let device: VirtualDevice;
let id: DeviceId;

type Ran = { readonly status: number; readonly out: string; readonly err: string };
const slipway = async (...words: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], SLIPWAY_DATA: join(folder, 'server') };
    execFile(launcher, words, { env, maxBuffer: 8 * 1024 * 1024 }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
const ask = async <S extends z.ZodType>(schema: S, ...words: string[]): Promise<z.infer<S>> => {
  const { status, out, err } = await slipway('devices', ...words, '--json');
  expect({ status, err }).toEqual({ status: 0, err: '' });
  return schema.parse(JSON.parse(out));
};
const Logs = z.object({ command: DeviceCommand, pieces: z.array(DeviceLogPiece) });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-commands-'));
  cleanup = createCleanup();
  const report = createReport((line) => console.log(line), performance.now());
  const demo = await openDemo({ folder, cacheDir, archs: ['amd64'], releases: 1, report, cleanup });
  const [made] = demo.classes;
  if (made === undefined) throw new Error('the demo has no class');
  const { build } = await made.builds.first;
  id = demo.deviceIdFor('amd64');
  const claim = await demo.pipeline.client.claims.create({ deviceClass: made.deviceClass, deviceId: id });
  device = await createVirtualDevice({
    id,
    arch: 'amd64',
    diskImage: join(demo.store, 'builds', build.id, 'disk.img'),
    folder: join(folder, 'device'),
    claimToken: claim.token ?? '',
    watchdog: true,
  });
  cleanup.add(() => device.dispose());
  await device.powerOn();
  await device.nextBoot(0, BOOT_MS);
  await vi.waitFor(
    async () => {
      const health = (await demo.pipeline.client.devices.get(id)).telemetry?.health;
      if (health !== 'ok') throw new Error(`expected health ok, found ${health ?? 'no telemetry'}`);
    },
    { timeout: BOOT_MS, interval: 1000 },
  );
});

afterAll(async () => {
  await cleanup.run();
  await rm(folder, { recursive: true, force: true });
});

test('telemetry tells of the machine, the console of the watchdog', async () => {
  const { telemetry } = await ask(Device, 'show', id);
  expect(telemetry).toMatchObject({
    failing: [],
    link: { kind: 'ethernet', interface: 'eth0', metered: false, reconnects: 0 },
  });
  expect(telemetry?.memoryTotal).toBeGreaterThan(500 * 1024 * 1024);
  expect(telemetry?.diskTotal).toBeGreaterThan(telemetry?.diskFree ?? 0);
  expect(telemetry?.bootTime).toBeGreaterThan(0);
  expect(device.console()).toContain('slipway-agent: watchdog: i6300ESB');
});

test('logs come from services, agent and kernel', async () => {
  const { pieces } = await ask(Logs, 'logs', id, '-s', 'dhcp', '-s', 'agent', '--kernel');
  expect(new Set(pieces.map(({ source }) => source))).toEqual(new Set(['dhcp', 'agent', 'kernel', '']));
  const textOf = (source: string): string =>
    pieces
      .filter((piece) => piece.source === source)
      .map(({ text }) => text)
      .join('');
  expect(textOf('agent')).toContain('connected');
  expect(textOf('kernel')).toContain('\n');
  expect(pieces.at(-1)?.end).toBe(true);
});

test('a declared diagnostic runs, another does not', async () => {
  expect((await slipway('devices', 'diagnose', id, 'disk')).out).toMatch(/\d+%? +\/data$/m);
  const other = await slipway('devices', 'diagnose', id, 'shell');
  expect(other).toMatchObject({ status: 66, err: expect.stringContaining('NOT_FOUND') });
});

test('slipway-agent on the device tells its state, and its doctor finds nothing to mend', async () => {
  const status = await slipway('devices', 'diagnose', id, 'status');
  expect(status).toMatchObject({ status: 0, out: expect.stringContaining('1.0.0') });
  const doctor = await slipway('devices', 'diagnose', id, 'doctor');
  expect(doctor.out).not.toMatch(/^✗/m);
  expect(doctor.status).toBe(0);
});

test('identify says on the console who it is', async () => {
  await ask(DeviceCommand, 'identify', id, '--seconds', '1');
  expect(device.console()).toContain(`identify: this is ${id}`);
});

test('a rollback of a device that never ran anything else is refused', async () => {
  expect((await slipway('devices', 'rollback', id)).status).not.toBe(0);
  expect(device.boots()).toHaveLength(1);
});

test('a reboot is answered, and done', async () => {
  const command = await ask(DeviceCommand, 'reboot', id);
  expect(command).toMatchObject({ state: 'succeeded', message: 'rebooting' });
  const boot = await device.nextBoot(1, BOOT_MS);
  expect(boot.slot).toBe('a');
});

test('a superblock that a cut has torn is repaired, and the device is who it was', async () => {
  await device.pullPlug();
  const data = (await readGpt(device.disk)).find(({ name }) => name === 'data');
  if (data === undefined) throw new Error('the disk has no data partition');
  {
    // The checksum, in the second of the two sectors of a superblock.
    await using file = await open(device.disk, 'r+');
    await file.write(Buffer.from([1, 2, 3, 4]), 0, 4, data.offset + 2 * 1024 - 4);
  }
  await device.powerOn();
  const boot = await device.nextBoot(2, BOOT_MS);
  await vi.waitFor(
    () => {
      const since = device.console().slice(device.console().indexOf(boot.id));
      expect(since).toContain('slipway: the data partition was repaired: ');
      expect(since).toContain('slipway-agent: connected');
      expect(since).not.toContain('enrol');
    },
    { timeout: BOOT_MS, interval: 500 },
  );
});
