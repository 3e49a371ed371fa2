import { open } from 'node:fs/promises';

/**
 * Writes a file that is not there yet, onto the disk.
 *
 * @param mode that of the file before: what is executable stays so
 */
export const writeSynced = async (path: string, text: string, mode?: number): Promise<void> => {
  const file = await open(path, 'wx');
  try {
    if (mode !== undefined) await file.chmod(mode & 0o777);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** Has on the disk which names a folder holds. */
export const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};
