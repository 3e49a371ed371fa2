import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError, type ReleaseId } from '@slipway/protocol';

/** Open bundles, the ones read last. */
export type BundleFiles = {
  /** @throws {SlipwayError} NOT_FOUND where the bundle is not there in its full size */
  readonly read: (release: ReleaseId, size: number, offset: number, length: number) => Promise<Buffer>;
  readonly close: () => Promise<void>;
};

export const openBundleFiles = (storeDir: string, maxOpen = 32): BundleFiles => {
  // A Map keeps the order of insertion: the first entry is the one that was not read for longest.
  const files = new Map<ReleaseId, Promise<FileHandle>>();

  const openBundle = async (release: ReleaseId, size: number): Promise<FileHandle> => {
    const path = join(storeDir, 'bundles', `${release}.tar`);
    const file = await open(path, 'r').catch((cause: unknown) => {
      throw new SlipwayError('NOT_FOUND', `The bundle of ${release} is not in the artifact store.`, {
        cause,
      });
    });
    const found = (await file.stat()).size;
    if (found === size) return file;
    await file.close();
    throw new SlipwayError('NOT_FOUND', `The bundle of ${release} has ${found} bytes; expected ${size}.`);
  };

  const take = (release: ReleaseId, size: number): Promise<FileHandle> => {
    const known = files.get(release);
    files.delete(release);
    const file = known ?? openBundle(release, size);
    files.set(release, file);
    if (known === undefined) {
      file.catch(() => files.delete(release));
      const oldest = files.keys().next().value;
      if (files.size > maxOpen && oldest !== undefined) drop(oldest);
    }
    return file;
  };

  const drop = (release: ReleaseId): void => {
    const file = files.get(release);
    files.delete(release);
    // A read under way ends first: FileHandle.close waits for it.
    void file?.then((handle) => handle.close()).catch(() => undefined);
  };

  return {
    read: async (release, size, offset, length) => {
      const wanted = Math.min(length, size - offset);
      const buffer = Buffer.allocUnsafe(wanted);
      const { bytesRead } = await (await take(release, size)).read(buffer, 0, wanted, offset);
      return buffer.subarray(0, bytesRead);
    },
    close: async () => {
      const open = [...files.values()];
      files.clear();
      await Promise.allSettled(open.map(async (file) => (await file).close()));
    },
  };
};
