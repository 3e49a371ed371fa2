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

const FREE_SOME: Readonly<Record<'artifact store' | 'build cache', string>> = {
  'artifact store': 'slipway retention run removes what is past its time',
  'build cache': 'slipway cache prune removes what builds have not used for a while',
};

/**
 * Before a build is taken on: one that runs out of room halfway would take it from the database as well.
 *
 * @throws {SlipwayError} STORE_FULL; DISK_FULL for the cache, which each worker has for itself
 */
export const requireRoom = async (
  folder: string,
  minFreeBytes = MIN_FREE_BYTES,
  what: keyof typeof FREE_SOME = 'artifact store',
): Promise<void> => {
  const { freeBytes } = await diskSpace(folder);
  if (freeBytes >= minFreeBytes) return;
  throw new SlipwayError(
    what === 'artifact store' ? 'STORE_FULL' : 'DISK_FULL',
    `Expected ${mib(minFreeBytes)} free for the ${what} in ${folder}, found ${mib(freeBytes)}; no build is begun. ` +
      `Free some space (${FREE_SOME[what]}), enlarge the file system, or lower SLIPWAY_STORE_MIN_FREE. Rollouts go on.`,
    { details: { folder, freeBytes, minFreeBytes } },
  );
};
