import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Files, OpenFile } from '../port.ts';

/** What a person or a program names may be a pipe: to open one must not wait for who writes it. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // FAT and efivarfs know no fsync of a directory; `sync` at the end of their use covers it.
    if (!(error instanceof Error && 'code' in error && error.code === 'EINVAL')) throw error;
  } finally {
    await handle.close();
  }
};

const writeAll = async (handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
};

const openFile = (handle: FileHandle): OpenFile => ({
  read: async (offset, length) => {
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  },
  write: async (offset, bytes) => {
    await writeAll(handle, bytes, offset);
  },
  truncate: async (size) => {
    await handle.truncate(size);
  },
  sync: async () => {
    await handle.sync();
  },
  close: async () => {
    await handle.close();
  },
});

const DIGEST_BYTES = 1024 * 1024;

/** `sha256:…` of a range, as far as the file goes. */
const digestRange: Files['digest'] = async (path, offset, length) => {
  const handle = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    const bytes = Buffer.allocUnsafe(Math.min(length, DIGEST_BYTES));
    for (let done = 0; done < length;) {
      const wanted = Math.min(bytes.length, length - done);
      const { bytesRead } = await handle.read(bytes, 0, wanted, offset + done);
      if (bytesRead === 0) break;
      hash.update(bytes.subarray(0, bytesRead));
      done += bytesRead;
    }
    return `sha256:${hash.digest('hex')}`;
  } finally {
    await handle.close();
  }
};

export const nodeFiles: Files = {
  read: async (path) => {
    try {
      return await readFile(path, { flag: READ_FLAGS });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  replace: async (path, bytes, mode = 0o644) => {
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.tmp`;
    const handle = await open(temporary, 'w', mode);
    try {
      await writeAll(handle, typeof bytes === 'string' ? Buffer.from(bytes) : bytes, 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  },
  poke: async (path, bytes) => {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK } = constants;
    // Of a pipe: an error where nobody reads or it is full, instead of a wait without end.
    const handle = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0o644);
    try {
      await handle.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    } finally {
      await handle.close();
    }
  },
  remove: async (path) => {
    await rm(path, { force: true });
  },
  rename: async (from, to) => {
    await rename(from, to);
    await syncDirectory(dirname(to));
  },
  list: async (directory) => {
    try {
      return await readdir(directory);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  size: async (path) => {
    try {
      return (await stat(path)).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true });
  },
  digest: digestRange,
  free: async (path) => {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
  open: async (path, mode) => {
    if (mode === 'read') return openFile(await open(path, READ_FLAGS));
    return openFile(await open(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  },
};
