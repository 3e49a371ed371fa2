import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestFile } from '../../digest-file.ts';
import { createStaging } from '../staging.ts';
import type { DiskFormat } from '../format-names.ts';
import { writeDiskArtifacts } from './disk-artifacts.ts';
import { writeDiskFormat } from './disk-formats.ts';
import { readSparseDisk, type SparseDisk } from './sparse-disk.ts';

const MIB = 1024 * 1024;
/** Larger than what one table of a qcow2 or VMDK covers, and no whole number of GiB. */
const SIZE = 520 * MIB;
/** MiB: at the start of a partition, across blocks and tables, text that compresses, before the end. */
const PLACES = [1, 37.5, 300, 511.99, 517.7];

let folder: string;
let raw: string;
let disk: SparseDisk;
const noise = (seed: number, length: number): Buffer => {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
    createHash('sha256').update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-disk-'));
  raw = join(folder, 'disk');
  await using file = await open(raw, 'w');
  await file.truncate(SIZE);
  execFileSync('/usr/sbin/sgdisk', ['--clear', '--new=1:2048:+200M', '--new=2:0:+317M', raw]);
  for (const [index, at] of PLACES.entries()) {
    const bytes = index === 2 ? Buffer.alloc(3 * MIB, 'text ') : noise(index, 200_001);
    await file.write(bytes, 0, bytes.length, Math.floor(at * MIB));
  }
  disk = await readSparseDisk(raw);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const write = async (
  format: DiskFormat,
  out: string,
): Promise<{ file: string; digest: string; size: number }> => {
  await mkdir(join(folder, out), { recursive: true });
  const staging = await createStaging(join(folder, out));
  const path = join(staging.folder, 'raw');
  try {
    if (format === 'raw-efi') execFileSync('cp', ['--sparse=always', raw, path]);
    const { name, size, digest } = await writeDiskFormat(format, { staging, name: 'edge', path, disk });
    await staging.commit();
    const file = join(folder, out, name);
    return { file, digest: String(digest), size };
  } finally {
    await staging.discard();
  }
};
type Written = Awaited<ReturnType<typeof write>>;
/** It is what its record says, and the same again elsewhere. */
const expectTrue = async (format: DiskFormat, { file, digest, size }: Written): Promise<void> => {
  expect({ size, digest }).toEqual({ size: (await stat(file)).size, digest: await digestFile(file) });
  expect((await write(format, `${format}-again`)).digest).toBe(digest);
};
const qemuImg = (...args: string[]): string => execFileSync('qemu-img', args, { encoding: 'utf8' });

describe.each<[DiskFormat, string, string, number]>([
  ['raw-efi', 'edge-efi.img', 'raw', SIZE],
  ['qcow2-efi', 'edge-efi.qcow2', 'qcow2', SIZE],
  ['vmdk', 'edge.vmdk', 'vmdk', SIZE],
  ['vhd', 'edge.vhd', 'vpc', SIZE],
  ['dynamic-vhd', 'edge-dynamic.vhd', 'vpc', SIZE],
])('%s', (format, name, driver, size) => {
  test('is the same disk to QEMU, and twice the same bytes', async () => {
    const written = await write(format, format);
    const { file } = written;
    expect(file).toBe(join(folder, format, name));
    const info: unknown = JSON.parse(qemuImg('info', '--output=json', '-f', driver, file));
    expect(info).toMatchObject({ format: driver, 'virtual-size': size });
    if (driver === 'qcow2' || driver === 'vmdk') qemuImg('check', '-f', driver, file);
    expect(qemuImg('compare', '-f', 'raw', '-F', driver, raw, file)).toContain('identical');
    await expectTrue(format, written);
    // What is zero takes no room.
    expect((await stat(file)).blocks * 512).toBeLessThan(40 * MIB);
  });
});

test('what is the same content takes its room once', async () => {
  const out = join(folder, 'once');
  const whole = join(folder, 'whole');
  await mkdir(out);
  execFileSync('truncate', ['-s', '1G', whole]);
  const written = await writeDiskArtifacts({
    disk: whole,
    digest: await digestFile(whole),
    formats: ['disk', 'raw-efi', 'aws', 'bundle'],
    deviceClass: 'edge',
    pathOf: (name) => join(out, name),
    progress: () => undefined,
  });
  expect(written.map(({ name }) => name)).toEqual(['disk.raw']);
  expect((await stat(join(out, 'disk.raw'))).ino).toBe((await stat(whole)).ino);
});

describe('to a reader that knows nothing of QEMU', () => {
  test.each<[DiskFormat, string]>([
    ['qcow2-efi', 'QCOW'],
    ['vmdk', 'VMDK'],
    ['vhd', 'VHD'],
    ['dynamic-vhd', 'VHD'],
  ])('%s is the same disk', async (format, type) => {
    const { file } = await write(format, `${format}-7z`);
    const script = '7z x -bd -so "-t$1" "$2" | cmp - "$3"';
    const words = ['-o', 'pipefail', '-c', script, 'compare', type, file, raw];
    expect(spawnSync('bash', words, { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' });
  });
});

describe('what Azure and Hyper-V read of a VHD', () => {
  /** The ones' complement of the sum of all bytes but those of the sum itself. */
  const sumOf = (bytes: Buffer, at: number): number =>
    ~bytes.reduce((sum, byte, index) => (index >= at && index < at + 4 ? sum : sum + byte), 0) >>> 0;
  const expectFooter = (footer: Buffer, type: number): void => {
    expect(footer.toString('latin1', 0, 8)).toBe('conectix');
    expect(footer.readUInt32BE(60)).toBe(type);
    expect(footer.readUInt32BE(64)).toBe(sumOf(footer, 64));
    for (const at of [40, 48]) expect(Number(footer.readBigUInt64BE(at))).toBe(SIZE);
  };

  test('vhd: the disk itself, in whole MiB, and a footer', async () => {
    const bytes = await readFile((await write('vhd', 'azure')).file);
    expect(bytes.length).toBe(SIZE + 512);
    expectFooter(bytes.subarray(SIZE), 2);
    expect(bytes.readBigUInt64BE(SIZE + 16)).toBe(2n ** 64n - 1n);
  });

  test('dynamic-vhd: the same footer at both ends, and tables that lead to whole blocks', async () => {
    const bytes = await readFile((await write('dynamic-vhd', 'hyper-v')).file);
    expectFooter(bytes.subarray(0, 512), 3);
    expect(bytes.subarray(-512).equals(bytes.subarray(0, 512))).toBe(true);
    const header = bytes.subarray(Number(bytes.readBigUInt64BE(16))).subarray(0, 1024);
    expect(header.toString('latin1', 0, 8)).toBe('cxsparse');
    expect(header.readUInt32BE(36)).toBe(sumOf(header, 36));
    const [entries, block] = [header.readUInt32BE(28), header.readUInt32BE(32)];
    expect(entries * block).toBe(SIZE);
    const table = bytes.subarray(Number(header.readBigUInt64BE(16)));
    const places = Array.from({ length: entries }, (_, entry) => table.readUInt32BE(entry * 4));
    const used = places.filter((place) => place !== 0xffff_ffff);
    expect(used.map((place) => place * 512)).toEqual(
      used.map((_, index) => bytes.length - 512 - (used.length - index) * (512 + block)),
    );
  });
});

describe('a disk of whole GiB', () => {
  /** Partitions as they were, and both tables where they belong. */
  const verify = (file: string): void => {
    expect(execFileSync('/usr/sbin/sgdisk', ['--verify', file], { encoding: 'utf8' })).toContain(
      'No problems found',
    );
    const list = (disk: string): string =>
      execFileSync('/usr/sbin/sgdisk', ['--info=1', '--info=2', disk], { encoding: 'utf8' });
    expect(list(file)).toBe(list(raw));
    for (const at of PLACES)
      execFileSync('cmp', ['-i', String(Math.floor(at * MIB)), '-n', String(MIB), raw, file]);
  };

  test('aws', async () => {
    const written = await write('aws', 'aws');
    const { file } = written;
    expect((await stat(file)).size).toBe(1024 * MIB);
    verify(file);
    await expectTrue('aws', written);
  });

  test('gcp: GNU tar unpacks it', async () => {
    const written = await write('gcp', 'gcp');
    const { file } = written;
    execFileSync('gzip', ['-t', file]);
    const listing = execFileSync('tar', ['-tvzf', file], { encoding: 'utf8' });
    expect(listing.trim()).toMatch(/^-rw-r--r-- root\/root +1073741824 1970-01-01 \d\d:\d\d disk\.raw$/);
    const unpacked = join(folder, 'unpacked');
    await mkdir(unpacked);
    execFileSync('tar', ['-xSzf', file, '-C', unpacked]);
    verify(join(unpacked, 'disk.raw'));
    await expectTrue('gcp', written);
    // As GNU tar itself writes it, but for its blocking.
    const header = execFileSync('bash', ['-c', `gzip -dc ${file} | head -c 512`]);
    const theirs = execFileSync(
      'bash',
      [
        '-c',
        'tar --format=oldgnu -S --mtime=@0 --owner=root:0 --group=root:0 --mode=644 -c disk.raw | head -c 512',
      ],
      { cwd: unpacked },
    );
    expect(header.subarray(100, 124)).toEqual(theirs.subarray(100, 124));
    expect(header.subarray(156, 345)).toEqual(theirs.subarray(156, 345));
    expect(header.subarray(483, 495)).toEqual(theirs.subarray(483, 495));
  });
});
