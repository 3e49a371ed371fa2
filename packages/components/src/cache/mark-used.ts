import { utimes } from 'node:fs/promises';
import { systemError } from '@slipway/protocol';

/**
 * Writes into a file of the cache that it is used now, by which pruning goes.
 *
 * @returns whether it is still there: who was about to use it finds it missing otherwise
 */
export const markUsed = async (path: string): Promise<boolean> => {
  const now = new Date();
  try {
    await utimes(path, now, now);
    return true;
  } catch (error) {
    // A cache that may only be read is not pruned.
    return systemError(error, ['ENOENT']) === undefined;
  }
};
