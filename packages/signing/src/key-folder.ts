import { existsSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const flush = async (path: string): Promise<void> => {
  await using file = await open(path);
  await file.sync();
};

/** Has a folder and all in it on the disk. */
const flushTree = async (folder: string): Promise<void> => {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await flushTree(path);
    else if (entry.isFile()) await flush(path);
  }
  await flush(folder);
};

/**
 * Puts a folder of keys back where the one that was to take its place has not come: between the two a power cut leaves none,
 * and who finds none would make other keys.
 */
export const putBack = async (folder: string): Promise<void> => {
  const gone = `${folder}.old`;
  if (!existsSync(folder) && existsSync(gone)) await rename(gone, folder);
};

/**
 * Puts a folder of keys in the place of another one, of which `putBack` knows until it is done. The one before goes when
 * everything in the next one is on the disk, also what was copied into it.
 */
export const takePlace = async (next: string, folder: string): Promise<void> => {
  await putBack(folder);
  const gone = `${folder}.old`;
  await rm(gone, { recursive: true, force: true });
  await flushTree(next);
  if (existsSync(folder)) await rename(folder, gone);
  await rename(next, folder);
  await flush(dirname(folder));
  await rm(gone, { recursive: true, force: true });
};
