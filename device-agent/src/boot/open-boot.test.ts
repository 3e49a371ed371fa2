import { BootLoader } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { ESP, memoryEsp, RUN } from '../fixture/loaders/loader-model.ts';
import { memoryFiles, type MemoryDisk } from '../fixture/loaders/memory-disk.ts';
import type { BootControl } from './boot-control.ts';
import { encodeEfiString } from './efi-variables.ts';
import { openBoot, prepareBoot } from './open-boot.ts';

const VARIABLES = '/sys/firmware/efi/efivars';
const LOADER = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
const FIRMWARE = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
const ATTRIBUTES = [7, 0, 0, 0];
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

const open = (disk: MemoryDisk, bootControl?: BootLoader, isReadOnly = false) => {
  const { files } = memoryFiles(disk, isReadOnly ? { isReadOnly: () => true } : {});
  const processes = {
    run: async () => ({ status: 0, stdout: '', stderr: '' }),
    reboot: async () => new Promise<never>(() => undefined),
  };
  const config = { efivarsDir: VARIABLES, sysDir: '/sys', runDir: RUN };
  const boot: BootControl = openBoot(
    { files, processes },
    config,
    bootControl === undefined ? {} : { bootControl },
    memoryEsp,
  );
  const lines: string[] = [];
  const prepare = async (): Promise<readonly string[]> => {
    await prepareBoot({ files, log: (line) => lines.push(line) }, memoryEsp, boot);
    return lines;
  };
  return { boot, prepare };
};

/** What firmware and systemd-boot say of where they started from. */
const firmware = (): MemoryDisk =>
  new Map([
    [`${ESP}/loader/loader.conf`, text('default slot-a.efi\n')],
    [
      `${VARIABLES}/LoaderDevicePartUUID-${LOADER}`,
      Uint8Array.of(...ATTRIBUTES, ...encodeEfiString('01234567-89AB-CDEF-0123-456789ABCDEF')),
    ],
    [
      `${VARIABLES}/LoaderImageIdentifier-${LOADER}`,
      Uint8Array.of(...ATTRIBUTES, ...encodeEfiString(String.raw`\EFI\BOOT\BOOTX64.EFI`)),
    ],
    [`${VARIABLES}/BootCurrent-${FIRMWARE}`, Uint8Array.of(6, 0, 0, 0, 3, 0)],
    [`${VARIABLES}/BootOrder-${FIRMWARE}`, Uint8Array.of(...ATTRIBUTES, 3, 0, 1, 0)],
    ['/sys/class/block/vda/uevent', text('DEVNAME=vda\n')],
    ['/sys/class/block/vda1/uevent', text('PARTN=1\nPARTNAME=esp\n')],
    ['/sys/class/block/vda1/partition', text('1\n')],
    ['/sys/class/block/vda1/start', text('2048\n')],
    ['/sys/class/block/vda1/size', text('81920\n')],
    ['/sys/class/block/vda1/../queue/logical_block_size', text('4096\n')],
  ]);

test.each(BootLoader.options)('agent.json chooses %s', (loader) => {
  expect(open(new Map(), loader).boot.loader).toBe(loader);
});

test('without a word in agent.json it is systemd-boot', () => {
  expect(open(new Map()).boot.loader).toBe('systemd-boot');
});

test('scripts of the image find the default where no EFI variable tells it', async () => {
  const disk: MemoryDisk = new Map();
  await open(disk, 'grub').boot.setDefault('b');
  expect(new TextDecoder().decode(disk.get(`${RUN}/confirmed`))).toBe('b\n');
  const uefi = firmware();
  await open(uefi).boot.setDefault('b');
  expect(uefi.has(`${RUN}/confirmed`)).toBe(false);
});

test('at its start the agent removes what a cut left on the ESP and adds its boot entry, once', async () => {
  const disk = firmware();
  disk.set(`${ESP}/EFI/Linux/slot-b.efi.tmp`, text('half'));
  disk.set(`${ESP}/loader/LOADER~1.TMP`, text('half'));
  disk.set(`${ESP}/EFI/Linux/slot-a.efi`, text('whole'));
  expect(await open(disk).prepare()).toEqual([
    'EFI/Linux/slot-b.efi.tmp was left by a cut; removed',
    'loader/LOADER~1.TMP was left by a cut; removed',
    'boot entry Boot1000 added',
  ]);
  expect(disk.has(`${ESP}/EFI/Linux/slot-a.efi`)).toBe(true);
  expect(disk.get(`${VARIABLES}/BootOrder-${FIRMWARE}`)).toEqual(
    Uint8Array.of(...ATTRIBUTES, 3, 0, 0, 0x10, 1, 0),
  );
  // Numbers of a disk whose blocks are 4 KiB: description of 8 characters, then the hard drive.
  const view = new DataView(disk.get(`${VARIABLES}/Boot1000-${FIRMWARE}`)?.buffer ?? new ArrayBuffer(0));
  const hardDrive = 4 + 6 + 16;
  expect(view.getBigUint64(hardDrive + 8, true)).toBe(256n);
  expect(view.getBigUint64(hardDrive + 16, true)).toBe(10_240n);
  expect(await open(disk).prepare()).toEqual([]);
});

test('an entry that has the number already is left alone, one out of the order is put back', async () => {
  const disk = firmware();
  const foreign = Uint8Array.of(...ATTRIBUTES, 1, 0, 0, 0, 4, 0, 88, 0, 0, 0, 0x7f, 0xff, 4, 0);
  disk.set(`${VARIABLES}/Boot1000-${FIRMWARE}`, foreign);
  expect(await open(disk).prepare()).toEqual(['boot entry Boot1001 added']);
  expect(disk.get(`${VARIABLES}/Boot1000-${FIRMWARE}`)).toBe(foreign);
  disk.set(`${VARIABLES}/BootOrder-${FIRMWARE}`, Uint8Array.of(...ATTRIBUTES, 7, 0));
  expect(await open(disk).prepare()).toEqual(['boot entry Boot1001 added']);
  // Where the present entry is not in the order, ours comes first.
  expect(disk.get(`${VARIABLES}/BootOrder-${FIRMWARE}`)).toEqual(Uint8Array.of(...ATTRIBUTES, 1, 0x10, 7, 0));
});

test('storage that refuses is said and keeps nobody from running', async () => {
  const [line, ...others] = await open(firmware(), undefined, true).prepare();
  expect(line).toMatch(/^boot control: .*read-only/);
  expect(others).toEqual([]);
});

test('entries are compared without regard to case, as systemd-boot does', async () => {
  const disk = firmware();
  disk.set(
    `${VARIABLES}/LoaderEntryDefault-${LOADER}`,
    Uint8Array.of(...ATTRIBUTES, ...encodeEfiString('SLOT-B.EFI')),
  );
  expect(await open(disk).boot.readDefault()).toBe('b');
  disk.set(
    `${VARIABLES}/LoaderEntryDefault-${LOADER}`,
    Uint8Array.of(...ATTRIBUTES, ...encodeEfiString('debian.conf')),
  );
  expect(await open(disk).boot.readDefault()).toBeNull();
});
