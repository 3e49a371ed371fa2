import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { espList, espRead, espWrite } from './esp.ts';
import { readGpt } from './gpt.ts';
import { hashPartition } from './hash-partition.ts';

const MIB = 1024 * 1024;
const env = { ...process.env, PATH: [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter) };
const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });

let folder: string;
let disk: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-disk-'));
  disk = join(folder, 'disk.img');
  await writeFile(disk, '');
  await truncate(disk, 48 * MIB);
  run(
    'sgdisk',
    '--new=1:2048:+36M',
    '--change-name=1:esp',
    '--typecode=1:c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
    '--new=2:0:+4M',
    '--change-name=2:root-a',
    '--partition-guid=2:01234567-89ab-cdef-0123-456789abcdef',
    disk,
  );
  run('mkfs.vfat', '-F', '32', '-s', '1', '--offset=2048', disk, String(36 * 1024));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('the table that sgdisk wrote is read with names, places and identifiers', async () => {
  expect(await readGpt(disk)).toEqual([
    expect.objectContaining({
      name: 'esp',
      offset: MIB,
      size: 36 * MIB,
      type: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
    }),
    expect.objectContaining({
      name: 'root-a',
      offset: 37 * MIB,
      size: 4 * MIB,
      guid: '01234567-89ab-cdef-0123-456789abcdef',
    }),
  ]);
});

test('a damaged table and a file without one are refused', async () => {
  const damaged = join(folder, 'damaged.img');
  run('cp', '--sparse=always', disk, damaged);
  await using file = await open(damaged, 'r+');
  await file.write(Buffer.from('X'), 0, 1, 1024 + 60);
  await expect(readGpt(damaged)).rejects.toThrow(/wrong checksum/);
  const empty = join(folder, 'empty.img');
  await writeFile(empty, Buffer.alloc(4096));
  await expect(readGpt(empty)).rejects.toThrow(/no signature/);
});

test('the digest of the first bytes of a partition is that of the bytes in the file', async () => {
  const content = Buffer.alloc(100_000, 'slipway');
  await using file = await open(disk, 'r+');
  await file.write(content, 0, content.length, 37 * MIB);
  const expected = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  expect(await hashPartition(disk, 'root-a', content.length)).toBe(expected);
  await expect(hashPartition(disk, 'root-a', 5 * MIB)).rejects.toThrow(/has 4194304 bytes/);
  await expect(hashPartition(disk, 'root-b')).rejects.toThrow(/found esp, root-a/);
});

test('what is written to the ESP is listed and read back, and written again', async () => {
  await espWrite(disk, 'slipway/claim.json', Buffer.from('one'));
  await espWrite(disk, 'slipway/claim.json', Buffer.from('two'));
  await espWrite(disk, 'EFI/Linux/slot-a.efi', Buffer.alloc(70_000, 7));
  expect(await espList(disk)).toEqual(['EFI/Linux/slot-a.efi', 'slipway/claim.json']);
  expect((await espRead(disk, 'slipway/claim.json')).toString()).toBe('two');
  expect(await espRead(disk, 'EFI/Linux/slot-a.efi')).toEqual(Buffer.alloc(70_000, 7));
  await expect(espRead(disk, 'missing')).rejects.toMatchObject({ code: 'TOOL_FAILED' });
});
