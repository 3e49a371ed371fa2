import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readContent } from '@slipway/components';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { putHybridMbr } from '../../hybrid-mbr.ts';
import { runPieces } from '../../disk-runs.ts';
import { DATA_TYPE, ESP_TYPE, partitionDisk } from '../../partition-disk.ts';
import { writePieces } from '../write-file.ts';
import { growDisk } from './grow-disk.ts';
import { diskPieces, rangePieces, readSparseDisk } from './sparse-disk.ts';

const MIB = 1024 * 1024;
const SECTOR = 512;
/** of the grown disk, bytes */
const SIZE = 64 * MIB;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-grow-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const firstSector = (disk: Parameters<typeof rangePieces>[0]): Buffer =>
  Buffer.concat([...rangePieces(disk, 0, SECTOR)].map(readContent));

test.each([
  ['covers it whole', false],
  ['names its FAT partitions, as that of a Raspberry Pi', true],
])('a disk whose MBR %s is sound when it has grown', async (title, isHybrid) => {
  const { layout, size, start, end } = partitionDisk('edge', [
    { name: 'esp', size: 40 * MIB, type: ESP_TYPE },
    { name: 'boot-a', size: 8 * MIB, type: ESP_TYPE },
    { name: 'data', size: 8 * MIB, type: DATA_TYPE },
  ]);
  if (isHybrid) putHybridMbr(start.content, layout.slice(0, 2));
  const path = join(folder, title);
  await writePieces(path, runPieces([start, end], size), { sparse: true });
  const disk = await readSparseDisk(path);
  const grown = growDisk(disk, SIZE);
  const file = `${path}, grown`;
  await writePieces(file, diskPieces(grown), { sparse: true });
  const said = execFileSync('/usr/sbin/sgdisk', ['--verify', file], { encoding: 'utf8', stdio: 'pipe' });
  expect(said).toContain('No problems found');
  expect(said).not.toMatch(/overlap/i);
  const [before, after] = [firstSector(disk), firstSector(grown)];
  expect(after.equals(before)).toBe(isHybrid);
  expect(after.readUInt32LE(446 + 12)).toBe((isHybrid ? 40 * MIB : SIZE - SECTOR) / SECTOR);
});
