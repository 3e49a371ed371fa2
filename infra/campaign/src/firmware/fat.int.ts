import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BaseImage, OverlayDisk } from '../block/overlay-disk.ts';
import { fileAt, readFat } from './fat.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
let folder: string;
let image: string;
const files = new Map([
  ['EFI/Linux/slot-a.efi', randomBytes(3 * MIB + 7)],
  ['EFI/Linux/slot-b.efi.tmp', randomBytes(100_000)],
  ['EFI/BOOT/BOOTX64.EFI', randomBytes(512)],
  ['loader/a name of more than thirteen characters.conf', Buffer.from('default slot-a.efi\n')],
  ['loader/empty', Buffer.alloc(0)],
]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-fat-'));
  image = join(folder, 'esp.img');
  await writeFile(image, '');
  await truncate(image, 48 * MIB);
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, MTOOLS_SKIP_CHECK: '1' };
  await run('mkfs.vfat', ['-F', '32', '-s', '1', image], { env });
  await run('mmd', ['-i', image, '::/EFI', '::/EFI/Linux', '::/EFI/BOOT', '::/loader'], { env });
  for (const [name, bytes] of files) {
    const source = join(folder, 'source');
    await writeFile(source, bytes);
    await run('mcopy', ['-i', image, source, `::/${name}`], { env });
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('what mtools wrote is read, to the byte', () => {
  const content = readFat(new BaseImage(image));
  expect(content.faults).toEqual([]);
  expect([...content.files.keys()].sort()).toEqual([...files.keys()].sort());
  for (const [name, bytes] of files) expect(fileAt(content, name.toUpperCase())?.equals(bytes)).toBe(true);
});

const damaged = (edit: (table: Buffer) => void): readonly string[] => {
  const base = new BaseImage(image);
  const boot = base.read(0, 512);
  const at = boot.readUInt16LE(14) * 512;
  const table = base.read(at, boot.readUInt32LE(36) * 512);
  edit(table);
  const disk = new OverlayDisk(base);
  disk.write(at, table);
  return readFat(disk).faults;
};

test('a chain that ends early, runs into a free cluster or into another file is a fault', () => {
  const END = 0x0fff_ffff;
  // The last clusters that are used belong to the files written last; a chain of 6,000 is that of slot-a.efi.
  const middle = 3000;
  expect(damaged((table) => table.writeUInt32LE(END, middle * 4)).join()).toMatch(
    /slot-a\.efi: \d+ bytes, its chain holds/,
  );
  expect(damaged((table) => table.writeUInt32LE(0, middle * 4)).join()).toMatch(
    /slot-a\.efi: its chain leads to cluster 0/,
  );
  expect(damaged((table) => table.writeUInt32LE(2, middle * 4)).join()).toMatch(
    /cluster 2 belongs to two files/,
  );
});

test('something else than FAT32 is refused', () => {
  expect(() => readFat({ size: MIB, read: (_, length) => Buffer.alloc(length) })).toThrow(
    'expected a FAT32 file system',
  );
});
