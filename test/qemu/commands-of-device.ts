import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { VirtualDevice } from '@slipway/demo';
import { Device, DeviceCommand, DeviceLogPiece } from '@slipway/protocol';
import { readGpt } from '@slipway/vm';
import { beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';

const launcher = fileURLToPath(new URL('../../packages/cli/bin/slipway', import.meta.url));
const BOOT_MS = 900_000;
const Logs = z.object({ command: DeviceCommand, pieces: z.array(DeviceLogPiece) });

/** A device in QEMU, with the agent of its image, and the data directory of the server that it belongs to. */
export type Subject = { readonly device: VirtualDevice; readonly dataDir: string };

/** What the `slipway` command asks of a device by broker and gateway; it is healthy, and its other slot is not good. */
export const testCommands = (subjectOf: () => Subject): void => {
  let device: VirtualDevice;
  let id: VirtualDevice['id'];
  let booted: number;
  let slot: string | undefined;

  type Ran = { readonly status: number; readonly out: string; readonly err: string };
  const slipway = async (...words: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      const env = { PATH: process.env['PATH'], SLIPWAY_DATA: subjectOf().dataDir };
      execFile(launcher, words, { env, maxBuffer: 8 * 1024 * 1024 }, (error, out, err) => {
        resolve({ status: error === null ? 0 : Number(error.code), out, err });
      });
    });
  const ask = async <S extends z.ZodType>(schema: S, ...words: string[]): Promise<z.infer<S>> => {
    const { status, out, err } = await slipway('devices', ...words, '--json');
    expect({ status, err }).toEqual({ status: 0, err: '' });
    return schema.parse(JSON.parse(out));
  };

  beforeAll(async () => {
    ({ device } = subjectOf());
    ({ id } = device);
    booted = device.boots().length;
    slot = device.boots().at(-1)?.slot;
    await vi.waitFor(
      async () => {
        const { telemetry } = await ask(Device, 'show', id);
        if (telemetry?.health !== 'ok')
          throw new Error(`expected health ok, found ${telemetry?.health ?? 'none'}`);
      },
      { timeout: BOOT_MS, interval: 1000 },
    );
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
    expect(status).toMatchObject({ status: 0, out: expect.stringContaining('2.0.0') });
    const doctor = await slipway('devices', 'diagnose', id, 'doctor');
    expect(doctor.out).not.toMatch(/^✗/m);
    expect(doctor.status).toBe(0);
  });

  test('identify says on the console who it is', async () => {
    await ask(DeviceCommand, 'identify', id, '--seconds', '1');
    expect(device.console()).toContain(`identify: this is ${id}`);
  });

  test('a rollback to a slot that is not good is refused', async () => {
    expect((await slipway('devices', 'rollback', id)).status).not.toBe(0);
    expect(device.boots()).toHaveLength(booted);
  });

  test('a reboot is answered, and done', async () => {
    const command = await ask(DeviceCommand, 'reboot', id);
    expect(command).toMatchObject({ state: 'succeeded', message: 'rebooting' });
    const boot = await device.nextBoot(booted, BOOT_MS);
    expect(boot.slot).toBe(slot);
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
    const boot = await device.nextBoot(booted + 1, BOOT_MS);
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
};
