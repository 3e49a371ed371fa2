import { execFileSync, spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** The script of the guest with the host's e2fsck, on file systems as `disk.ts` makes them. */
const SCRIPT = fileURLToPath(new URL('../guest/check-data.sh', import.meta.url));
const SUPERBLOCK = 1024;
const SECTOR = 512;
const env = { ...process.env, PATH: [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter) };

let folder: string;
let good: string;
let image: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-check-data-'));
  good = join(folder, 'good.img');
  image = join(folder, 'data.img');
  await writeFile(good, '');
  await truncate(good, 96 * 1024 * 1024);
  await writeFile(join(folder, 'state'), 'what the agent knows');
  execFileSync('mkfs.ext4', ['-q', '-F', '-L', 'data', '-m', '0', good], { env });
  debugfs('write', join(folder, 'state'), 'state.a');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const debugfs = (...words: readonly string[]): string =>
  execFileSync('debugfs', ['-w', '-R', words.join(' '), words[0] === 'write' ? good : image], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
const check = () => {
  const log = join(folder, 'fsck.log');
  const { status, stdout } = spawnSync('sh', [SCRIPT, image, log], { env, encoding: 'utf8' });
  return { status, said: stdout };
};
const overwrite = async (offset: number, bytes: Uint8Array): Promise<void> => {
  await using file = await open(image, 'r+');
  await file.write(bytes, 0, bytes.length, offset);
};

test('a good file system: nothing is said', async () => {
  await copyFile(good, image);
  expect(check()).toEqual({ status: 0, said: '' });
});

test('a superblock of which the second sector is an older one is repaired, and nothing is lost', async () => {
  await copyFile(good, image);
  const older = (await readFile(image)).subarray(SUPERBLOCK + SECTOR, SUPERBLOCK + 2 * SECTOR);
  // Times and counts lie in the first sector, the checksum over both at the end of the second.
  execFileSync('tune2fs', ['-c', '20', '-L', 'other', image], { env, stdio: 'ignore' });
  await overwrite(SUPERBLOCK + SECTOR, older);
  expect(spawnSync('e2fsck', ['-p', image], { env }).status).toBeGreaterThanOrEqual(4);
  const { status, said } = check();
  expect(status).toBe(0);
  expect(said).toMatch(/^the data partition was repaired: .*superblock/i);
  expect(debugfs('cat', 'state.a')).toBe('what the agent knows');
  expect(check()).toEqual({ status: 0, said: '' });
});

test('what is no file system at all is said to stay so', async () => {
  await writeFile(image, Buffer.alloc(1024 * 1024, 7));
  const { status, said } = check();
  expect(status).toBe(1);
  expect(said).toContain('faults that stay');
});
