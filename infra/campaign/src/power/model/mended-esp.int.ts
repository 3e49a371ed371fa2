import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BaseImage, OverlayDisk } from '../../block/overlay-disk.ts';
import { readFat } from '../../firmware/fat.ts';
import { areStagedOnly, mendedEsp } from './mended-esp.ts';

const MIB = 1024 * 1024;
const STAGED = 'EFI/Linux/slot-b.efi.tmp';
let folder: string;
let image: string;
const files = new Map([
  ['EFI/Linux/slot-a.efi', randomBytes(MIB + 7)],
  [STAGED, randomBytes(2 * MIB)],
]);
const env = {
  ...process.env,
  PATH: [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter),
  MTOOLS_SKIP_CHECK: '1',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-esp-'));
  image = join(folder, 'esp.img');
  await writeFile(image, '');
  await truncate(image, 48 * MIB);
  execFileSync('mkfs.vfat', ['-F', '32', '-s', '1', image], { env, stdio: 'ignore' });
  execFileSync('mmd', ['-i', image, '::/EFI', '::/EFI/Linux'], { env });
  for (const [name, input] of files) execFileSync('mcopy', ['-i', image, '-', `::/${name}`], { env, input });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The chain ends nowhere after as many clusters from the last one on. */
const cutOff = (clusters: number): OverlayDisk => {
  const base = new BaseImage(image);
  const boot = base.read(0, 512);
  const [at, bytes] = [boot.readUInt16LE(14) * 512, boot.readUInt32LE(36) * 512];
  const table = base.read(at, bytes);
  let last = 2;
  while (table.readUInt32LE((last + 1) * 4) !== 0) last++;
  table.writeUInt32LE(0, (last - clusters) * 4);
  const disk = new OverlayDisk(base);
  // Both tables, as a kernel writes them.
  for (const place of [at, at + bytes]) disk.write(place, Buffer.from(table));
  return disk;
};

test('a staged UKI on a broken chain is cut short, and everything else stays', async () => {
  const disk = cutOff(1000);
  const { faults } = readFat(disk);
  expect(faults.length).toBeGreaterThan(0);
  expect(areStagedOnly(faults)).toBe(true);
  const copy = join(folder, 'copy.img');
  const mended = await mendedEsp(disk, copy);
  expect(mended.faults).toEqual([]);
  expect(mended.files.get('EFI/Linux/slot-a.efi')).toEqual(files.get('EFI/Linux/slot-a.efi'));
  expect(mended.files.get(STAGED)?.length).toBeLessThan(2 * MIB);
  expect(existsSync(copy)).toBe(false);
});

test('a UKI that a loader looks at is another matter', () => {
  const { faults } = readFat(cutOff(5000));
  expect(faults.join()).toContain('EFI/Linux/slot-a.efi: ');
  expect(areStagedOnly(faults)).toBe(false);
});
