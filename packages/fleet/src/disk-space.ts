import { statfs } from 'node:fs/promises';
import { SlipwayError } from '@slipway/protocol';

export type DiskSpace = { readonly freeBytes: number; readonly totalBytes: number };

/** Of the file system that a folder lies in; free is what is left for us, not for root alone. */
export const diskSpace = async (folder: string): Promise<DiskSpace> => {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
};

/** Room that builds leave to the database and to what goes on beside them. */
export const MIN_FREE_BYTES = 512 * 1024 ** 2;

const mib = (bytes: number): string => `${Math.floor(bytes / 1024 ** 2)} MiB`;

/**
 * Before a build is taken on: one that runs out of room halfway would take it from the database as well.
 *
 * @throws {SlipwayError} STORE_FULL
 */
export const requireRoom = async (storeDir: string, minFreeBytes = MIN_FREE_BYTES): Promise<void> => {
  const { freeBytes } = await diskSpace(storeDir);
  if (freeBytes >= minFreeBytes) return;
  throw new SlipwayError(
    'STORE_FULL',
    `Expected ${mib(minFreeBytes)} free for the artifact store in ${storeDir}, found ${mib(freeBytes)}; no build is begun. ` +
      'Free some space (slipway retention run removes what is past its time), enlarge the file system, or lower SLIPWAY_STORE_MIN_FREE. Rollouts go on.',
    { details: { storeDir, freeBytes, minFreeBytes } },
  );
};
