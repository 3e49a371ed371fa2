/**
 * What QuickJS gives beyond the language; `qjs --std` makes it global. Calls return `-errno` where they fail. Only what is
 * used here is declared.
 */
type Os = {
  readonly O_RDONLY: number;
  readonly O_WRONLY: number;
  readonly O_RDWR: number;
  readonly O_CREAT: number;
  readonly O_EXCL: number;
  readonly O_TRUNC: number;
  readonly S_IFMT: number;
  readonly S_IFDIR: number;
  readonly SIGINT: number;
  readonly SIGTERM: number;
  readonly SIGPIPE: number;
  readonly WNOHANG: number;
  readonly open: (path: string, flags: number, mode?: number) => number;
  readonly close: (fd: number) => number;
  readonly seek: (fd: number, offset: number, whence: number) => number;
  readonly read: (fd: number, buffer: ArrayBufferLike, offset: number, length: number) => number;
  readonly write: (fd: number, buffer: ArrayBufferLike, offset: number, length: number) => number;
  readonly remove: (path: string) => number;
  readonly rename: (from: string, to: string) => number;
  readonly mkdir: (path: string, mode?: number) => number;
  readonly readdir: (path: string) => readonly [readonly string[], number];
  readonly stat: (path: string) => readonly [{ readonly mode: number; readonly size: number } | null, number];
  readonly pipe: () => readonly [number, number] | null;
  readonly exec: (
    command: readonly string[],
    options: {
      readonly block: false;
      readonly usePath: false;
      readonly stdin: number;
      readonly stdout: number;
      readonly stderr: number;
      readonly env: Readonly<Record<string, string>>;
    },
  ) => number;
  readonly waitpid: (pid: number, options: number) => readonly [number, number];
  readonly kill: (pid: number, signal: number) => number;
  readonly getpid: () => number;
  /** ms since some time; goes on evenly */
  readonly now: () => number;
  readonly signal: (signal: number, handler: (() => void) | null) => void;
  /** Of a handler that is set again the turn comes last. */
  readonly setReadHandler: (fd: number, handler: (() => void) | null) => void;
  readonly setWriteHandler: (fd: number, handler: (() => void) | null) => void;
  readonly setTimeout: (handler: () => void, ms: number) => number;
  readonly clearTimeout: (timer: number) => void;
};

type Std = {
  readonly SEEK_SET: number;
  readonly exit: (status: number) => never;
  readonly getenv: (name: string) => string | undefined;
  readonly strerror: (errno: number) => string;
  readonly out: { readonly puts: (text: string) => void; readonly flush: () => void };
  readonly err: Std['out'];
};

// eslint-disable-next-line typescript/no-unsafe-type-assertion -- the program runs nowhere else
const { os, std, scriptArgs } = globalThis as unknown as {
  readonly os: Os;
  readonly std: Std;
  /** the file of the program first */
  readonly scriptArgs: readonly string[];
};
export { os, scriptArgs, std };

/** Flags, signals and errors of Linux that QuickJS has no names for; the same on amd64 and arm64. */
export const O_SYNC = 0o4010000;
export const O_CLOEXEC = 0o2000000;
export const O_NONBLOCK = 0o4000;
export const SIGKILL = 9;
export const ENOENT = 2;
export const EINTR = 4;
export const EBADF = 9;
export const EAGAIN = 11;
export const EEXIST = 17;
export const ENOTDIR = 20;

/** Names of the errors that code above the port tells apart. */
const ERROR_NAMES: Readonly<Record<number, string>> = { 28: 'ENOSPC', 30: 'EROFS', 122: 'EDQUOT' };

/** A call of the system failed. */
export class SystemError extends Error {
  readonly errno: number;
  /** as Node names it, where anybody asks */
  readonly code: string | undefined;
  constructor(call: string, errno: number) {
    super(`${call}: ${std.strerror(errno)}`);
    this.name = 'SystemError';
    this.errno = errno;
    this.code = ERROR_NAMES[errno];
  }
}

/** @param call what is said of a failure @returns `result`, if it is none */
export const check = (result: number, call: string): number => {
  if (result < 0) throw new SystemError(call, -result);
  return result;
};
