import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agentConfig } from '../config.ts';
import {
  BOOT_ID,
  makeDoctorDevice,
  slotContent,
  TIME_FLOOR,
  type DoctorDevice,
} from '../fixture/doctor-device.ts';
import { nodeRuntime } from '../runtime/node/index.ts';
import { runDoctor, showReport, type DoctorReport } from './doctor.ts';

let root: string;
let device: DoctorDevice;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-doctor-'));
  device = await makeDoctorDevice(root);
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const look = async (fix = false): Promise<DoctorReport> =>
  runDoctor(
    {
      runtime: nodeRuntime({ searchPath: '/usr/bin:/bin', rebootCommand: null, log: () => undefined }),
      config: agentConfig(root),
    },
    { fix },
  );

/** Checks that are not well, with their level. */
const troubles = ({ findings }: DoctorReport): Record<string, string> =>
  Object.fromEntries(
    findings.filter(({ level }) => level !== 'ok').map(({ check, level }) => [check, level]),
  );

/** All bytes of the active slot. */
const active = async (): Promise<string> =>
  Buffer.concat([
    await readFile(device.path('esp/EFI/Linux/slot-a.efi')),
    await readFile(device.path('dev/disk/by-partlabel/root-a')),
  ]).toString('hex');

test('a healthy device has nothing but a boot entry to add', async () => {
  const first = await look();
  expect(troubles(first)).toEqual({ 'boot-entry': 'warning' });
  expect(first.isWell).toBe(true);
  const fixed = await look(true);
  expect(fixed.findings.find(({ check }) => check === 'boot-entry')?.mended).toBe(
    'boot entry Boot1000 added',
  );
  const after = await look();
  expect(troubles(after)).toEqual({});
  expect(showReport(after)).toMatch(/^(?:✓ [a-z-]+: .*\n)+$/);
  expect(after.findings.map(({ check }) => check)).toEqual([
    'loader-default',
    'trial',
    'slot-record',
    'loader-conf',
    'boot-entry',
    'uki-a',
    'uki-b',
    'esp-left-over',
    'space-esp',
    'space-data',
    'state-a',
    'state-b',
    'floor',
    'clock',
    'certificate',
    'watchdog',
  ]);
});

type Case = {
  readonly name: string;
  readonly spoil: () => Promise<void>;
  readonly finds: Record<string, 'warning' | 'fault'>;
  /** checks that are still not well after `--fix` */
  readonly remains?: Record<string, 'warning' | 'fault'>;
};

const MENDED: readonly Case[] = [
  {
    name: 'a default that was lost from the variable and from loader.conf',
    spoil: async () => {
      await device.removeLoaderVariable('LoaderEntryDefault');
      await device.put('esp/loader/loader.conf', 'timeout 0\n');
    },
    finds: { 'loader-default': 'fault' },
  },
  {
    name: 'a loader.conf that names another slot than the variable',
    spoil: async () => device.put('esp/loader/loader.conf', 'timeout 0\ndefault slot-b.efi\n'),
    finds: { 'loader-conf': 'fault' },
  },
  {
    name: 'a one-shot that no trial asked for',
    spoil: async () => device.loaderVariable('LoaderEntryOneShot', 'slot-b.efi'),
    finds: { trial: 'warning' },
  },
  {
    name: 'files that a cut left on the ESP',
    spoil: async () => {
      await device.put('esp/EFI/Linux/slot-b.efi.tmp', 'half');
      await device.put('esp/loader/loader.conf.tmp', 'half');
    },
    finds: { 'esp-left-over': 'warning' },
  },
  {
    name: 'a UKI of the other slot whose root is not there',
    spoil: async () => device.put('esp/EFI/Linux/slot-b.efi', slotContent('3.0.0').uki),
    finds: { 'uki-b': 'fault' },
    remains: { 'uki-b': 'warning' },
  },
  {
    name: 'a UKI that leads to a slot that is being written',
    spoil: async () =>
      device.putState({
        slots: { a: { state: 'GOOD', ref: device.refOf(device.running) }, b: { state: 'EMPTY' } },
      }),
    finds: { 'uki-b': 'fault' },
  },
  {
    name: 'a UKI of the other slot that is no UKI',
    spoil: async () => device.put('esp/EFI/Linux/slot-b.efi', 'rubbish'),
    finds: { 'uki-b': 'fault' },
    remains: { 'uki-b': 'warning' },
  },
];

test.each(MENDED)('is found and mended: $name', async ({ spoil, finds, remains }) => {
  await look(true);
  await spoil();
  const before = await active();
  const found = await look();
  expect(troubles(found)).toEqual(finds);
  const fixed = await look(true);
  expect(fixed.isWell).toBe(true);
  expect(fixed.findings.filter(({ mended }) => mended !== undefined).map(({ check }) => check)).toEqual(
    Object.keys(finds),
  );
  expect(troubles(await look())).toEqual(remains ?? {});
  expect(await active()).toBe(before);
});

const TOLD: readonly (Case & { readonly isWell: boolean })[] = [
  {
    name: 'a UKI of the running slot that starts something else',
    spoil: async () => device.put('esp/EFI/Linux/slot-a.efi', device.before.uki),
    finds: { 'uki-a': 'fault' },
    isWell: false,
  },
  {
    name: 'a running slot whose tree is not what its UKI names',
    spoil: async () => device.put('dev/disk/by-partlabel/root-a', device.before.root),
    finds: { 'uki-a': 'fault' },
    isWell: false,
  },
  {
    name: 'a missing UKI of the running slot',
    spoil: async () => device.remove('esp/EFI/Linux/slot-a.efi'),
    finds: { 'uki-a': 'fault' },
    isWell: false,
  },
  {
    name: 'a slot that runs although the other is the default',
    spoil: async () => {
      await device.loaderVariable('LoaderEntryDefault', 'slot-b.efi');
      await device.put('esp/loader/loader.conf', 'default slot-b.efi\n');
    },
    finds: { 'loader-default': 'fault' },
    isWell: false,
  },
  {
    name: 'records of another release than the one that runs',
    spoil: async () =>
      device.putState({
        slots: { a: { state: 'GOOD', ref: device.refOf(device.before) }, b: { state: 'EMPTY' } },
        execution: null,
      }),
    finds: { 'slot-record': 'fault', 'uki-b': 'fault' },
    isWell: false,
  },
  {
    name: 'one copy of the state that is damaged',
    spoil: async () => device.put('data/slipway/state.b', 'torn'),
    finds: { 'state-b': 'warning' },
    isWell: true,
  },
  {
    name: 'two copies of the state that are damaged',
    spoil: async () => {
      await device.put('data/slipway/state.a', 'torn');
      await device.put('data/slipway/state.b', 'torn');
    },
    finds: { 'slot-record': 'warning', 'state-a': 'warning', 'state-b': 'warning' },
    isWell: true,
  },
  {
    name: 'a floor above what runs',
    spoil: async () => device.putState({ floor: { counter: 6, time: TIME_FLOOR } }),
    finds: { floor: 'warning' },
    isWell: true,
  },
  {
    name: 'a clock before the floor',
    spoil: async () => device.putState({ floor: { counter: 5, time: 9_999_999_999 } }),
    finds: { clock: 'fault' },
    isWell: false,
  },
  {
    name: 'a certificate that nobody renews',
    spoil: async () => device.putCertificate(3),
    finds: { certificate: 'warning' },
    isWell: true,
  },
  {
    name: 'a certificate that openssl cannot read',
    spoil: async () => device.putIdentity('rubbish'),
    finds: { certificate: 'fault' },
    isWell: false,
  },
  {
    name: 'a device without watchdog and without identity',
    spoil: async () => {
      await device.remove('dev/watchdog');
      await device.remove('data/slipway/identity/identity.json');
    },
    finds: { certificate: 'warning', watchdog: 'warning' },
    isWell: true,
  },
];

test.each(TOLD)('is told with what a person can do: $name', async ({ spoil, finds, isWell }) => {
  await look(true);
  await spoil();
  const before = await active().catch(() => 'gone');
  const found = await look();
  expect(troubles(found)).toEqual(finds);
  expect(found.isWell).toBe(isWell);
  for (const { level, advice } of found.findings) expect(level === 'ok' || advice !== undefined).toBe(true);
  await look(true);
  expect(await active().catch(() => 'gone')).toBe(before);
});

describe('an update under way', () => {
  const trial = (armedIn: string | null) => ({
    slots: {
      a: { state: 'GOOD', ref: device.refOf(device.running) },
      b: {
        state: 'TRIAL',
        ref: device.refOf(device.before),
        bundle: `sha256:${'1'.repeat(64)}`,
        attempt: 1,
        armedIn,
        boot: null,
      },
    },
  });

  test('is well while it is armed', async () => {
    await look(true);
    await device.putState(trial(BOOT_ID));
    await device.loaderVariable('LoaderEntryOneShot', 'slot-b.efi');
    const report = await look();
    expect(troubles(report)).toEqual({});
    expect(report.findings.find(({ check }) => check === 'trial')?.text).toBe(
      'slot b is armed: it gets the next boot',
    );
  });

  test('is not mended into', async () => {
    await look(true);
    await device.putState(trial(null));
    await device.loaderVariable('LoaderEntryOneShot', 'slot-b.efi');
    await device.put('esp/EFI/Linux/slot-b.efi.tmp', 'half');
    const report = await look(true);
    expect(troubles(report)).toEqual({ trial: 'warning', 'esp-left-over': 'warning' });
    expect(report.findings.every(({ mended }) => mended === undefined)).toBe(true);
    expect(await readdir(device.path('esp/EFI/Linux'))).toContain('slot-b.efi.tmp');
  });

  test('the trial itself runs in a slot that is not the default', async () => {
    await look(true);
    await device.put('run/slipway/slot', 'b\n');
    await device.put('proc/cmdline', `slipway.roothash=${device.before.rootHash}\n`);
    await device.putState(trial(BOOT_ID));
    expect(troubles(await look())).toEqual({});
  });
});

test('the UKI of the default is never removed, not even from a slot that should not run', async () => {
  await look(true);
  await device.loaderVariable('LoaderEntryDefault', 'slot-b.efi');
  await device.put('esp/EFI/Linux/slot-b.efi', 'not to be read');
  const report = await look(true);
  expect(troubles(report)).toMatchObject({ 'loader-default': 'fault', 'uki-b': 'fault' });
  expect(report.isWell).toBe(false);
  expect(await readdir(device.path('esp/EFI/Linux'))).toContain('slot-b.efi');
});

test('a device that is not one says so instead of failing', async () => {
  await device.remove('etc/slipway/agent.json');
  const report = await look();
  expect(report.isWell).toBe(false);
  expect(showReport(report)).toMatch(/^✗ device: .*agent\.json is missing/);
});

test('a check that breaks leaves the others', async () => {
  await rm(device.path('esp/loader/loader.conf'));
  await mkdir(device.path('esp/loader/loader.conf'));
  const report = await look();
  expect(report.findings.find(({ check }) => check === 'loader')?.text).toMatch(/could not be looked at/);
  expect(report.findings.some(({ check }) => check === 'watchdog')).toBe(true);
  expect(report.isWell).toBe(false);
});
