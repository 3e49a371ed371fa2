import type { Files, OpenFile, Processes } from '../port.ts';
import { collect } from './collect.ts';
import { join } from './join.ts';
import {
  check,
  EBADF,
  EEXIST,
  EINTR,
  ENOENT,
  ENOTDIR,
  O_CLOEXEC,
  O_NONBLOCK,
  O_SYNC,
  os,
  std,
  SystemError,
} from './machine.ts';
import { reap, spawnPiped } from './spawn.ts';

const scratch = new Uint8Array(64 * 1024);

/** What a person or a program names may be a pipe: to open one must not wait for who writes it, the whole agent would. */
const READ_FLAGS = os.O_RDONLY | O_NONBLOCK | O_CLOEXEC;

/** Offsets in bytes, blocks of 256 KiB. */
const DD_BYTES = ['bs=262144', 'iflag=skip_bytes,count_bytes', 'status=none'];

const isMissing = (errno: number): boolean => errno === ENOENT || errno === ENOTDIR;

const bytesOf = (source: Uint8Array | string): Uint8Array =>
  typeof source === 'string' ? new TextEncoder().encode(source) : source;

const seek = (fd: number, offset: number, path: string): void => {
  check(os.seek(fd, offset, std.SEEK_SET), path);
};

const readSome = (fd: number, bytes: Uint8Array, at: number, path: string): number => {
  for (;;) {
    const count = os.read(fd, bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    if (count !== -EINTR) return check(count, path);
  }
};

const writeSome = (fd: number, bytes: Uint8Array, at: number, path: string): number => {
  for (;;) {
    const count = os.write(fd, bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    if (count !== -EINTR) return check(count, path);
  }
};

const writeAll = (fd: number, bytes: Uint8Array, path: string): void => {
  for (let at = 0; at < bytes.length;) at += writeSome(fd, bytes, at, path);
};

const readWhole = (fd: number, path: string): Uint8Array => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const count = readSome(fd, scratch, 0, path);
    if (count === 0) return join(parts, size);
    parts.push(scratch.slice(0, count));
    size += count;
  }
};

/** Runs `work` on a file and closes it. */
const withFile = <T>(path: string, flags: number, mode: number, work: (fd: number) => T): T => {
  const fd = check(os.open(path, flags | O_CLOEXEC, mode), path);
  try {
    return work(fd);
  } finally {
    os.close(fd);
  }
};

const makeDirectory = (path: string): void => {
  const made = os.mkdir(path, 0o777);
  if (made === 0) return;
  if (-made === ENOENT && path.includes('/')) {
    makeDirectory(path.slice(0, path.lastIndexOf('/')));
    check(os.mkdir(path, 0o777), path);
    return;
  }
  const [status] = os.stat(path);
  const isThere = -made === EEXIST && status !== null && (status.mode & os.S_IFMT) === os.S_IFDIR;
  if (!isThere) throw new SystemError(path, -made);
};

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** QuickJS has calls for what happens often; for the rest there is busybox, run once for each. */
export const quickjsFiles = (searchPath: string, run: Processes['run']): Files => {
  const busybox = async (...command: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(['busybox', ...command]);
    if (status === 0) return stdout;
    throw new Error(`${command.join(' ')}: status ${status}: ${stderr.trim().slice(-500)}`);
  };

  const syncDirectory = async (path: string): Promise<void> => {
    const { status, stderr } = await run(['busybox', 'sync', path]);
    // FAT and efivarfs know no fsync of a directory; `sync` at the end of their use covers it.
    if (status === 0 || stderr.includes('Invalid argument')) return;
    throw new Error(`sync ${path}: status ${status}: ${stderr.trim().slice(-500)}`);
  };

  const openFile = (fd: number, path: string): OpenFile => {
    /** the file that is open, for other programs, whatever its path has become */
    const link = `/proc/${os.getpid()}/fd/${fd}`;
    let isOpen = true;
    /** The next file that is opened gets the number of a closed one. */
    const mustBeOpen = (): void => {
      if (!isOpen) throw new SystemError(path, EBADF);
    };
    return {
      read: async (offset, length) => {
        mustBeOpen();
        const bytes = new Uint8Array(length);
        seek(fd, offset, path);
        let done = 0;
        while (done < length) {
          const count = readSome(fd, bytes, done, path);
          if (count === 0) break;
          done += count;
        }
        return bytes.subarray(0, done);
      },
      write: async (offset, bytes) => {
        mustBeOpen();
        seek(fd, offset, path);
        writeAll(fd, bytes, path);
      },
      truncate: async (size) => {
        mustBeOpen();
        await busybox('truncate', '-s', `${size}`, link);
      },
      sync: async () => {
        mustBeOpen();
        await busybox('sync', link);
      },
      close: async () => {
        if (isOpen) os.close(fd);
        isOpen = false;
      },
    };
  };

  return {
    read: async (path) => {
      const fd = os.open(path, READ_FLAGS);
      if (isMissing(-fd)) return undefined;
      check(fd, path);
      try {
        return readWhole(fd, path);
      } finally {
        os.close(fd);
      }
    },
    replace: async (path, bytes, mode = 0o644) => {
      const folder = folderOf(path);
      makeDirectory(folder);
      const temporary = `${path}.tmp`;
      withFile(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | O_SYNC, mode, (fd) => {
        writeAll(fd, bytesOf(bytes), temporary);
      });
      check(os.rename(temporary, path), path);
      await syncDirectory(folder);
    },
    poke: async (path, bytes) => {
      // Of a pipe: an error where nobody reads or it is full, instead of a wait in which the whole agent stands still.
      withFile(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | O_NONBLOCK, 0o644, (fd) => {
        writeSome(fd, bytesOf(bytes), 0, path);
      });
    },
    remove: async (path) => {
      const result = os.remove(path);
      if (!isMissing(-result)) check(result, path);
    },
    rename: async (from, to) => {
      check(os.rename(from, to), from);
      await syncDirectory(folderOf(to));
    },
    list: async (directory) => {
      const [names, errno] = os.readdir(directory);
      if (errno !== 0 && !isMissing(errno)) throw new SystemError(directory, errno);
      return names.filter((name) => name !== '.' && name !== '..');
    },
    size: async (path) => {
      const [status, errno] = os.stat(path);
      if (status !== null) return status.size;
      if (isMissing(errno)) return undefined;
      throw new SystemError(path, errno);
    },
    makeDirectory: async (path) => {
      makeDirectory(path);
    },
    digest: async (path, offset, length) => {
      withFile(path, READ_FLAGS, 0, () => undefined); // a file that cannot be read is no empty one
      const { first, second, stdout } = spawnPiped(
        ['busybox', 'dd', `if=${path}`, `skip=${offset}`, `count=${length}`, ...DD_BYTES],
        ['busybox', 'sha256sum'],
        { searchPath },
      );
      const output = collect(stdout);
      await output.ended;
      const [read, hashed] = await Promise.all([reap(first), reap(second)]);
      if (read !== 0) throw new Error(`${path}: could not be read at ${offset}: dd, status ${read}`);
      return digestIn(output.text(), hashed);
    },
    free: async (path) => {
      const [blocks, size] = (await busybox('stat', '-f', '-c', '%a %s', path)).split(' ').map(Number);
      return (blocks ?? Number.NaN) * (size ?? Number.NaN);
    },
    open: async (path, mode) => {
      const flags = mode === 'read' ? READ_FLAGS : os.O_RDWR | os.O_CREAT | O_CLOEXEC;
      return openFile(check(os.open(path, flags, 0o600), path), path);
    },
  };
};

/** `sha256:…` from what `sha256sum` wrote. */
export const digestIn = (output: string, status: number): string => {
  const hex = /^[0-9a-f]{64}/.exec(output)?.[0];
  if (status !== 0 || hex === undefined) throw new Error(`sha256sum: status ${status}: ${output}`);
  return `sha256:${hex}`;
};
