import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gptOf, SECTOR } from './gpt.ts';

const MIB = 1024 * 1024;
const DISK = '6f2a1d0c-9b3e-4c5d-8e7f-102132435465';
const PARTITIONS = [
  {
    name: 'esp',
    type: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
    id: '01234567-89ab-4cde-8f01-23456789abcd',
    offset: MIB,
    size: 40 * MIB,
  },
  {
    name: 'root-a',
    type: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
    id: 'fedcba98-7654-4321-8fed-cba987654321',
    offset: 41 * MIB,
    size: 16 * MIB,
    isReadOnly: true,
  },
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-gpt-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.each([64 * MIB, 600 * MIB, 8 * 1024 ** 3, 3 * 1024 ** 4])(
  'a disk of %d bytes has the table that sgdisk writes',
  async (size) => {
    const theirs = join(folder, `theirs-${size}`);
    await writeFile(theirs, '');
    await truncate(theirs, size);
    execFileSync('/usr/sbin/sgdisk', [
      '--clear',
      `--disk-guid=${DISK}`,
      ...PARTITIONS.flatMap(({ name, type, id, offset, size: bytes, isReadOnly }, index) => [
        `--new=${index + 1}:${offset / SECTOR}:${(offset + bytes) / SECTOR - 1}`,
        `--typecode=${index + 1}:${type}`,
        `--change-name=${index + 1}:${name}`,
        `--partition-guid=${index + 1}:${id}`,
        ...(isReadOnly === true ? [`--attributes=${index + 1}:set:60`] : []),
      ]),
      theirs,
    ]);
    const { start, end } = gptOf(DISK, size, PARTITIONS);
    await using file = await open(theirs);
    const read = async (at: number, length: number): Promise<Buffer> =>
      (await file.read(Buffer.alloc(length), 0, length, at)).buffer;
    expect(start.equals(await read(0, start.length))).toBe(true);
    expect(end.equals(await read(size - end.length, end.length))).toBe(true);
  },
);

test('a table with a byte changed is not sound', async () => {
  const disk = join(folder, 'damaged');
  const { start, end } = gptOf(DISK, 64 * MIB, PARTITIONS);
  await writeFile(disk, Buffer.concat([start, Buffer.alloc(64 * MIB - start.length - end.length), end]));
  const verify = (): string => execFileSync('/usr/sbin/sgdisk', ['--verify', disk], { encoding: 'utf8' });
  expect(verify()).toContain('No problems found');
  const bytes = await readFile(disk);
  bytes.writeUInt8(bytes.readUInt8(2 * SECTOR + 40) ^ 1, 2 * SECTOR + 40);
  await writeFile(disk, bytes);
  expect(verify()).not.toContain('No problems found');
});
