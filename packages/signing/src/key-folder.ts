import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';

/**
 * Puts a folder of keys back where the one that was to take its place has not come: between the two a power cut leaves none,
 * and who finds none would make other keys.
 */
export const putBack = async (folder: string): Promise<void> => {
  const gone = `${folder}.old`;
  if (!existsSync(folder) && existsSync(gone)) await rename(gone, folder);
};

/** Puts a folder of keys in the place of another one, of which `putBack` knows until it is done. */
export const takePlace = async (next: string, folder: string): Promise<void> => {
  await putBack(folder);
  const gone = `${folder}.old`;
  await rm(gone, { recursive: true, force: true });
  if (existsSync(folder)) await rename(folder, gone);
  await rename(next, folder);
  await rm(gone, { recursive: true, force: true });
};
