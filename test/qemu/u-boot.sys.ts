import { copyFile, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentConfig, nodeRuntime, openBoot, type BootControl } from '@slipway/device-agent';
import { uBootScript } from '@slipway/image';
import { espRead, espWrite } from '@slipway/vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { espOfDisk, makeLoaderDisk } from './loader/disk.ts';
import { loggedDrive, materialise, readWrites, sectorsOf } from './loader/logged-writes.ts';
import { bootUntil, type LoaderBoots } from './loader/machine.ts';

/** Debian's U-Boot for QEMU's arm64 board, as it is. */
const U_BOOT = '/usr/lib/u-boot/qemu_arm64/u-boot.bin';
const FLASH_BYTES = 64 * 1024 * 1024;
const ENVIRONMENT_BYTES = 0x40000;

let folder: string;
let disk: string;
let flash: string;
const newMachine = async (): Promise<void> => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-u-boot-'));
  disk = join(folder, 'disk.img');
  flash = join(folder, 'flash.img');
  await writeFile(flash, '');
  await truncate(flash, FLASH_BYTES);
};
beforeEach(newMachine);
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const boots = async (count: number, readOnly = false, drive?: readonly string[]): Promise<LoaderBoots> =>
  bootUntil(
    'qemu-system-aarch64',
    [
      ['-M', 'virt', '-cpu', 'cortex-a72', '-m', '256', '-bios', U_BOOT],
      ['-drive', `if=pflash,unit=1,format=raw,file=${flash}`],
      drive ?? ['-drive', `if=none,id=disk,format=raw,file=${disk}${readOnly ? ',readonly=on' : ''}`],
      ['-device', 'virtio-blk-pci,drive=disk'],
    ].flat(),
    count,
  );
const slots = async (count: number): Promise<string> => (await boots(count)).slots.join(' ');

const boot = (environment?: 'flash'): BootControl =>
  openBoot(
    nodeRuntime({ searchPath: '/usr/bin:/bin', rebootCommand: null, log: () => undefined }),
    agentConfig(folder),
    {
      bootControl: 'u-boot',
      ...(environment === undefined
        ? {}
        : { uBootEnvironment: { size: ENVIRONMENT_BYTES, copies: [{ path: flash, offset: 0 }] } }),
    },
    espOfDisk(disk),
  );

describe('U-Boot with its variables on the ESP', () => {
  /** U-Boot's own environment, saved by itself, without the seconds that it would wait for a key */
  let prompt: { readonly folder: string; readonly flash: string };
  beforeAll(async () => {
    await newMachine();
    prompt = { folder, flash };
    const script = uBootScript('arm64', 'own', 'setenv bootdelay 0\nsaveenv\n');
    await makeLoaderDisk(disk, 'arm64', { 'boot.scr': script });
    await boots(1);
  });
  afterAll(async () => {
    await rm(prompt.folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await copyFile(prompt.flash, flash);
    await makeLoaderDisk(disk, 'arm64', { 'boot.scr': uBootScript('arm64') });
  });

  test('boots the default, an armed slot once, a committed slot from then on', async () => {
    const control = boot();
    expect(await control.readDefault()).toBeNull();
    expect(await slots(1)).toBe('a');
    await control.setDefault('a');
    await control.arm('b');
    expect(await control.describe()).toMatchObject({ default: 'a', armed: 'b', tried: null });
    expect(await slots(3)).toBe('b a a');
    // What U-Boot wrote is what the agent reads.
    expect(await control.describe()).toMatchObject({ default: 'a', armed: null, tried: 'b' });
    expect((await control.inspect()).map(({ level }) => level)).toEqual(['ok', 'ok']);
    await control.setDefault('b');
    expect(await slots(2)).toBe('b b');
    await control.arm('a');
    expect(await slots(2)).toBe('a b');
  });

  test('a disk that cannot be written tries nothing, and tries once when it can be again', async () => {
    const control = boot();
    await control.setDefault('a');
    await control.arm('b');
    const unwritable = await boots(2, true);
    expect(unwritable.slots.join(' ')).toBe('a a');
    expect(unwritable.console).toContain('the environment cannot be saved, so slot b is not tried');
    expect(await control.describe()).toMatchObject({ default: 'a', armed: 'b' });
    expect(await slots(3)).toBe('b a a');
  });

  test('a UKI that cannot be started costs one reset', async () => {
    const control = boot();
    await control.setDefault('a');
    await espWrite(disk, 'EFI/Linux/slot-b.efi', Buffer.alloc(70_000, 7));
    await control.arm('b');
    const { slots: started, console } = await boots(2);
    expect(started.join(' ')).toBe('a a');
    expect(console).toContain('slot b could not be started');
    expect(await control.describe()).toMatchObject({ default: 'a', armed: null, tried: 'b' });
  });

  test('a cut after any sector that U-Boot writes for a trial leaves the default or the trial, once', async () => {
    const control = boot();
    await control.setDefault('a');
    await control.arm('b');
    const [before, log] = [join(folder, 'before.img'), join(folder, 'writes.log')];
    await copyFile(disk, before);
    await writeFile(log, '');
    expect((await boots(1, false, loggedDrive(disk, log))).slots).toEqual(['b']);
    const sectors = sectorsOf(await readWrites(log));
    expect(sectors.length).toBeGreaterThan(5);
    for (let cut = 0; cut <= sectors.length; cut++) {
      await materialise(before, sectors.slice(0, cut), disk);
      const started = await slots(1);
      // After the last write the trial had started; before it, it had not.
      expect(cut < sectors.length ? ['a', 'b'] : ['a']).toContain(started);
      expect(await control.describe()).toMatchObject({ default: 'a', armed: null, tried: 'b' });
    }
  });

  test('one damaged copy of the environment is as good as none, and with both the UKIs decide', async () => {
    const control = boot();
    await control.setDefault('b');
    const [first, second] = ['slipway/uboot.0', 'slipway/uboot.1'] as const;
    const damaged = Buffer.from(await espRead(disk, second));
    damaged.writeUInt8(damaged.readUInt8(40) ^ 1, 40);
    await espWrite(disk, second, damaged);
    expect(await control.readDefault()).toBe('b');
    expect(await slots(1)).toBe('b');
    await espWrite(disk, first, Buffer.alloc(512));
    expect(await control.readDefault()).toBeNull();
    // Slot a is being written: its UKI is gone.
    await makeLoaderDisk(disk, 'arm64', {
      'boot.scr': uBootScript('arm64'),
      [first]: Buffer.alloc(512),
      [second]: damaged,
      'EFI/Linux/slot-a.efi': Buffer.alloc(0),
    });
    expect(await slots(1)).toBe('b');
  });
});

test("U-Boot's own environment in flash: the agent's bytes are read by U-Boot, its other variables stay", async () => {
  const script = uBootScript('arm64', 'own');
  await makeLoaderDisk(disk, 'arm64', { 'boot.scr': script });
  const control = boot('flash');
  // An environment that cannot be read is not made up: U-Boot would lose its own variables.
  await expect(control.setDefault('a')).rejects.toMatchObject({ code: 'BOOT_CONTROL_FAILED' });
  await makeLoaderDisk(disk, 'arm64', { 'boot.scr': uBootScript('arm64', 'own', 'saveenv\n') });
  expect(await slots(1)).toBe('a');
  await makeLoaderDisk(disk, 'arm64', { 'boot.scr': script });
  await control.setDefault('a');
  await control.arm('b');
  expect(await slots(3)).toBe('b a a');
  expect(await control.describe()).toMatchObject({ default: 'a', armed: null, tried: 'b' });
  await control.setDefault('b');
  const { slots: started, console } = await boots(1);
  expect(started).toEqual(['b']);
  expect(console).not.toContain('bad CRC');
  await using file = await open(flash, 'r');
  const { buffer } = await file.read(Buffer.alloc(ENVIRONMENT_BYTES), 0, ENVIRONMENT_BYTES, 0);
  expect(buffer.toString('latin1')).toMatch(/\0bootcmd=bootflow scan/);
});
