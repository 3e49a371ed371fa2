import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(4 << 20, 1);

/**
 * Writes and removes a file, so that the kernel has this much memory at hand for files. On a virtual machine the first
 * touch of memory costs several times as much as later ones; whichever run happened to meet it would look slow.
 */
export const touchMemory = async (folder: string, bytes: number): Promise<void> => {
  const path = join(folder, 'touched');
  const file = await open(path, 'w');
  try {
    for (let left = bytes; left > 0; left -= CHUNK.length)
      await file.write(CHUNK, 0, Math.min(left, CHUNK.length));
  } finally {
    await file.close();
    await rm(path);
  }
};
