import { systemError, type Digest } from '@slipway/protocol';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredBlob } from '../blobs.ts';
import { digestOf, hexOf } from '../digest.ts';

/**
 * Blobs by their digest in `<cacheDir>/blobs/sha256`. Any number of processes share it without locks: a blob gets its
 * name when it is whole and checked, and two that write the same one write the same bytes.
 */
export type BlobStore = {
  readonly find: (digest: Digest) => Promise<StoredBlob | undefined>;
  readonly put: (bytes: Uint8Array) => Promise<Digest>;
  /**
   * A blob that arrives in a file.
   *
   * @param write fills the file, which does not exist yet, and throws unless it has checked every byte
   */
  readonly receive: (digest: Digest, write: (file: string) => Promise<void>) => Promise<void>;
  /** for a blob that turned out to be damaged */
  readonly forget: (digest: Digest) => void;
};

export const blobFolder = (cacheDir: string): string => join(cacheDir, 'blobs', 'sha256');

export const createBlobStore = (cacheDir: string): BlobStore => {
  const folder = blobFolder(cacheDir);
  const pathOf = (digest: Digest): string => join(folder, hexOf(digest));
  const receive: BlobStore['receive'] = async (digest, write) => {
    await mkdir(folder, { recursive: true });
    const temporary = `${pathOf(digest)}.${process.pid}.${randomUUID()}.tmp`;
    try {
      await write(temporary);
      await rename(temporary, pathOf(digest));
    } finally {
      await rm(temporary, { force: true });
    }
  };
  return {
    find: async (digest) => {
      const file = pathOf(digest);
      const info = await stat(file).catch(() => undefined);
      if (info === undefined) return undefined;
      // Pruning goes by the time of last use; what it has taken away meanwhile is not there.
      const now = new Date();
      const marked = await utimes(file, now, now).catch((error: unknown) => error);
      if (systemError(marked, ['ENOENT']) !== undefined) return undefined;
      return { file, offset: 0, size: info.size };
    },
    put: async (bytes) => {
      const digest = digestOf(bytes);
      await receive(digest, async (file) => writeFile(file, bytes, { flag: 'wx' }));
      return digest;
    },
    receive,
    forget: (digest) => rmSync(pathOf(digest), { force: true }),
  };
};
