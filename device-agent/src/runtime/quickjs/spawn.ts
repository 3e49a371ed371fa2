import { NO_STATUS } from '../port.ts';
import { ENOENT, O_CLOEXEC, os, SystemError } from './machine.ts';

/** Where a program lies, as the C library would look for it. */
const find = (program: string, searchPath: string): string => {
  const places = program.includes('/')
    ? [program]
    : searchPath.split(':').map((folder) => `${folder}/${program}`);
  for (const path of places) {
    const [status] = os.stat(path);
    if (status !== null && (status.mode & os.S_IFMT) !== os.S_IFDIR && (status.mode & 0o111) !== 0)
      return path;
  }
  throw new SystemError(program, ENOENT);
};

export type Pipes = {
  readonly pid: number;
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
};

/** Ends of pipes and descriptors that must not stay open where something fails between them. */
const openPipe = (): readonly [number, number] => {
  const pipe = os.pipe();
  if (pipe === null) throw new Error('no pipe could be made: too many open files');
  return pipe;
};

export type Program = {
  readonly searchPath: string;
  readonly environment?: Readonly<Record<string, string>>;
};

/** What every program gets: no configuration of the machine may load an engine into openssl or loosen a rule. */
const environmentOf = ({ searchPath, environment }: Program): Readonly<Record<string, string>> => ({
  PATH: searchPath,
  LC_ALL: 'C',
  OPENSSL_CONF: '/dev/null',
  ...environment,
});

const exec = (
  command: readonly string[],
  program: Program,
  stdio: { readonly stdin: number; readonly stdout: number; readonly stderr: number },
): number => {
  const path = find(command[0] ?? '', program.searchPath);
  return os.exec([path, ...command.slice(1)], {
    block: false,
    usePath: false,
    env: environmentOf(program),
    ...stdio,
  });
};

/** Starts a program with three pipes; they are the caller's to close. */
export const spawn = (command: readonly string[], program: Program): Pipes => {
  const [theirIn, stdin] = openPipe();
  const [stdout, theirOut] = openPipe();
  const [stderr, theirErr] = openPipe();
  try {
    const pid = exec(command, program, { stdin: theirIn, stdout: theirOut, stderr: theirErr });
    return { pid, stdin, stdout, stderr };
  } catch (error) {
    for (const fd of [stdin, stdout, stderr]) os.close(fd);
    throw error;
  } finally {
    for (const fd of [theirIn, theirOut, theirErr]) os.close(fd);
  }
};

/** Starts two programs, the output of the first being the input of the second. */
export const spawnPiped = (
  from: readonly string[],
  to: readonly string[],
  program: Program,
): { readonly first: number; readonly second: number; readonly stdout: number } => {
  const nothing = os.open('/dev/null', os.O_RDWR | O_CLOEXEC);
  const [theirIn, between] = openPipe();
  const [stdout, theirOut] = openPipe();
  try {
    const first = exec(from, program, { stdin: nothing, stdout: between, stderr: nothing });
    const second = exec(to, program, { stdin: theirIn, stdout: theirOut, stderr: nothing });
    return { first, second, stdout };
  } catch (error) {
    os.close(stdout);
    throw error;
  } finally {
    for (const fd of [nothing, theirIn, between, theirOut]) os.close(fd);
  }
};

/** Doubles from one wait to the next. */
const MAX_WAIT_MS = 64;

/**
 * Waits for the end of a program. QuickJS tells of no end, so it is looked for; where the pipes of a program have
 * closed, the first or second look finds it.
 *
 * @returns its exit status, `NO_STATUS` where a signal ended it
 */
export const reap = async (pid: number): Promise<number> => {
  for (let waitMs = 1; ; waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) {
    const [ended, status] = os.waitpid(pid, os.WNOHANG);
    if (ended === pid) return (status & 0x7f) === 0 ? (status >> 8) & 0xff : NO_STATUS;
    if (ended < 0) throw new SystemError('waitpid', -ended);
    await new Promise<void>((resolve) => {
      os.setTimeout(resolve, waitMs);
    });
  }
};
