import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeRuntime } from '../runtime/node/index.ts';
import { checkFat, isSalvaged } from './check-fat.ts';

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
let folder: string;
let disk: string;
let lines: string[];

const check = async (path = PATH): Promise<void> => {
  const log = (line: string): void => {
    lines.push(line);
  };
  await checkFat(nodeRuntime({ searchPath: path, rebootCommand: null, log }), disk);
};
const faults = (): number => spawnSync('fsck.fat', ['-n', disk], { env: { PATH } }).status ?? -1;
const names = (): readonly string[] =>
  execFileSync('mdir', ['-b', '-i', disk, '::'], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.slice('::/'.length));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-fat-'));
  disk = join(folder, 'esp.img');
  lines = [];
  writeFileSync(disk, '');
  truncateSync(disk, 48 * 1024 * 1024);
  execFileSync('mkfs.vfat', ['-F', '32', '-s', '1', disk], { env: { PATH }, stdio: 'ignore' });
  const file = join(folder, 'file');
  writeFileSync(file, Buffer.alloc(64 * 512, 'a file of several clusters '));
  for (const name of ['kept.efi', 'cut.tmp']) execFileSync('mcopy', ['-i', disk, file, `::${name}`]);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Frees a cluster in the middle of the file that was written last, in both tables, as a cut in a removal can leave it. */
const breakChain = (): void => {
  const fd = openSync(disk, 'r+');
  const boot = Buffer.alloc(512);
  readSync(fd, boot, 0, 512, 0);
  const [reserved, sectors] = [boot.readUInt16LE(14), boot.readUInt32LE(36)];
  // Cluster 2 is the root directory, then 64 of the first file, then the second.
  for (const table of [0, 1])
    writeSync(fd, Buffer.alloc(4), 0, 4, (reserved + table * sectors) * 512 + 4 * 100);
  closeSync(fd);
};

test('a file system without faults is left as it is, and nothing is said', async () => {
  const before = readFileSync(disk);
  await check();
  expect(lines).toEqual([]);
  expect(readFileSync(disk).equals(before)).toBe(true);
});

test('a broken chain is mended and told, other files stay whole', async () => {
  breakChain();
  expect(faults()).not.toBe(0);
  await check();
  expect(faults()).toBe(0);
  expect(lines).toEqual([expect.stringMatching(/^ESP mended: /)]);
  const kept = execFileSync('mtype', ['-i', disk, '::kept.efi']);
  expect(kept.length).toBe(64 * 512);
  // What it salvaged has a name by which it is removed.
  expect(
    names()
      .filter((name) => !['kept.efi', 'cut.tmp'].includes(name))
      .every(isSalvaged),
  ).toBe(true);
  expect(names().some(isSalvaged)).toBe(true);
});

test('where nothing can check it, that is said and no error', async () => {
  await check(folder);
  expect(lines).toEqual([expect.stringMatching(/^ESP not checked: /)]);
});
