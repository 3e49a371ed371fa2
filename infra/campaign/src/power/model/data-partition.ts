import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk } from '../../block/overlay-disk.ts';
import { runTool } from './tool.ts';

const PIECE = 64 * 1024;

/** Writes a disk into a file, leaving holes where it is zero. */
export const writeSparse = async (path: string, disk: Disk): Promise<void> => {
  await writeFile(path, '');
  await truncate(path, disk.size);
  const zero = Buffer.alloc(PIECE);
  const file = openSync(path, 'r+');
  try {
    for (let at = 0; at < disk.size; at += PIECE) {
      const bytes = disk.read(at, Math.min(PIECE, disk.size - at));
      if (!bytes.equals(zero.subarray(0, bytes.length))) writeSync(file, bytes, 0, bytes.length, at);
    }
  } finally {
    closeSync(file);
  }
};

/** e2fsck has repaired what it found; from 4 on it has not. */
const NOT_REPAIRED = 4;

/**
 * Brings the agent's files out of a data partition, after the same check and repair that the guest does before it
 * mounts: the journal is played, and what was not committed is gone.
 *
 * @param folder made anew; holds the content of `/slipway`
 * @throws where the guest's check would not repair it
 */
export const extractData = async (partition: Disk, folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const image = `${folder}.img`;
  try {
    await writeSparse(image, partition);
    const preened = await runTool('e2fsck', ['-p', image]);
    if (preened.status >= NOT_REPAIRED) {
      const { status, stdout } = await runTool('e2fsck', ['-f', '-y', image]);
      if (status >= NOT_REPAIRED)
        throw new Error(`e2fsck -y ended with ${status}: ${stdout.trim().slice(-300)}`);
    }
    await runTool('debugfs', ['-R', `rdump /slipway ${folder}`, image]);
  } finally {
    await rm(image, { force: true });
  }
};

/** Nothing that decides: what a runtime compiled, and the log of a trial. */
const IGNORED = /^slipway\/(?:compile-cache|trial\/log)/;

/** A digest of all files and their names, equal where an agent would find the same. */
export const digestOfFolder = async (folder: string): Promise<string> => {
  const hash = createHash('sha256');
  const names = await readdir(folder, { recursive: true });
  for (const name of names.sort()) {
    if (IGNORED.test(name)) continue;
    const path = join(folder, name);
    if (!(await stat(path)).isFile()) continue;
    hash.update(`${name}\0`).update(
      createHash('sha256')
        .update(await readFile(path))
        .digest(),
    );
  }
  return hash.digest('hex');
};
