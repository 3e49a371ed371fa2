import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentConfig, nodeRuntime, openBoot, type BootControl } from '@slipway/device-agent';
import { GRUB_CONFIG_PATH, grubConfig } from '@slipway/image';
import { espRead, espWrite } from '@slipway/vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { espOfDisk, makeLoaderDisk } from './loader/disk.ts';
import { loggedDrive, materialise, readWrites, sectorsOf } from './loader/logged-writes.ts';
import { bootUntil, type LoaderBoots } from './loader/machine.ts';

const CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
/** Debian's GRUB with its modules in it, as it is. */
const GRUB = '/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi';
const VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd';
let folder: string;
let disk: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-grub-'));
  disk = join(folder, 'disk.img');
  await copyFile(VARS, join(folder, 'vars.fd'));
  await makeLoaderDisk(disk, 'amd64', {
    'EFI/BOOT/BOOTX64.EFI': await readFile(GRUB),
    [GRUB_CONFIG_PATH]: Buffer.from(grubConfig()),
  });
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const boots = async (count: number, readOnly = false, drive?: readonly string[]): Promise<LoaderBoots> =>
  bootUntil(
    'qemu-system-x86_64',
    [
      ['-M', 'q35', '-cpu', 'max', '-m', '256'],
      ['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${CODE}`],
      ['-drive', `if=pflash,unit=1,format=raw,file=${join(folder, 'vars.fd')}`],
      drive ?? ['-drive', `if=none,id=disk,format=raw,file=${disk}${readOnly ? ',readonly=on' : ''}`],
      ['-device', 'virtio-blk-pci,drive=disk,bootindex=0'],
    ].flat(),
    count,
  );
/** Boots as often as slots are named; where others start, the console tells what the loader said. */
const expectSlots = async (...expected: readonly string[]): Promise<void> => {
  const { slots, console } = await boots(expected.length);
  const wanted = expected.join(' ');
  expect(slots.join(' ') === wanted ? wanted : console).toBe(wanted);
};

const boot = (): BootControl =>
  openBoot(
    nodeRuntime({ searchPath: '/usr/bin:/bin', rebootCommand: null, log: () => undefined }),
    agentConfig(folder),
    { bootControl: 'grub' },
    espOfDisk(disk),
  );

test('boots the default, an armed slot once, a committed slot from then on', async () => {
  const control = boot();
  expect(await control.readDefault()).toBeNull();
  await expectSlots('a');
  await control.setDefault('a');
  await control.arm('b');
  expect(await control.describe()).toMatchObject({ default: 'a', armed: 'b', tried: null });
  await expectSlots('b', 'a', 'a');
  // What GRUB wrote is what the agent reads.
  expect(await control.describe()).toMatchObject({ default: 'a', armed: null, tried: 'b' });
  expect((await control.inspect()).map(({ level }) => level)).toEqual(['ok', 'ok']);
  await control.setDefault('b');
  await expectSlots('b', 'b');
  await control.arm('a');
  await expectSlots('a', 'b');
});

test('a disk that cannot be written tries nothing, and tries once when it can be again', async () => {
  const control = boot();
  await control.setDefault('a');
  await control.arm('b');
  const unwritable = await boots(2, true);
  expect(unwritable.slots.join(' ')).toBe('a a');
  expect(unwritable.console).toContain('the environment cannot be saved, so slot b is not tried');
  expect(await control.describe()).toMatchObject({ default: 'a', armed: 'b' });
  await expectSlots('b', 'a', 'a');
});

test('a UKI that cannot be started costs one reset', async () => {
  const control = boot();
  await control.setDefault('a');
  await espWrite(disk, 'EFI/Linux/slot-b.efi', Buffer.alloc(70_000, 7));
  await control.arm('b');
  const { slots: started, console } = await boots(2);
  expect(started.join(' ')).toBe('a a');
  expect(console).toContain('slot b could not be started');
});

test('a cut after any sector that GRUB writes for a trial leaves the default or the trial, once', async () => {
  const control = boot();
  await control.setDefault('a');
  await control.arm('b');
  const [before, log] = [join(folder, 'before.img'), join(folder, 'writes.log')];
  await copyFile(disk, before);
  await writeFile(log, '');
  expect((await boots(1, false, loggedDrive(disk, log))).slots).toEqual(['b']);
  const sectors = sectorsOf(await readWrites(log));
  expect(sectors.length).toBeGreaterThan(0);
  for (let cut = 0; cut <= sectors.length; cut++) {
    await materialise(before, sectors.slice(0, cut), disk);
    const [started] = (await boots(1)).slots;
    // After the last write the trial had started; before it, it had not.
    expect(cut < sectors.length ? ['a', 'b'] : ['a']).toContain(started);
    expect(await control.describe()).toMatchObject({ default: 'a', armed: null, tried: 'b' });
  }
});

test('a damaged environment block leaves the default of the second, and both damaged the UKIs', async () => {
  const control = boot();
  await control.setDefault('b');
  await espWrite(disk, 'slipway/grubenv', Buffer.alloc(1024));
  expect(await control.readDefault()).toBe('b');
  await expectSlots('b');
  expect((await control.inspect()).map(({ level }) => level)).toEqual(['warning', 'ok']);
  for (const finding of await control.inspect()) await finding.mend?.();
  expect((await espRead(disk, 'slipway/grubenv')).toString()).toContain('slot_default=b\n');
  await espWrite(disk, 'slipway/grubenv', Buffer.alloc(1024));
  await espWrite(disk, 'slipway/grubenv.1', Buffer.alloc(1024));
  // Slot a is being written: there is no UKI that starts.
  await espWrite(disk, 'EFI/Linux/slot-a.efi', Buffer.alloc(0));
  await expectSlots('b');
});
