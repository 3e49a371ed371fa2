import { spawn } from 'node:child_process';
import { SlipwayError } from '@slipway/protocol';
import { findPartition } from './gpt.ts';

/** Runs a program of mtools; it asks nothing and takes no configuration of the user. */
const mtools = async (
  program: string,
  args: readonly string[],
  input?: Uint8Array,
  seconds?: number,
): Promise<Buffer> => {
  const time = seconds === undefined ? {} : { SOURCE_DATE_EPOCH: String(seconds), TZ: 'UTC' };
  const child = spawn(program, args, {
    env: { ...process.env, ...time, MTOOLSRC: '/dev/null', MTOOLS_SKIP_CHECK: '1', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'ENOENT'
          ? new SlipwayError(
              'TOOL_MISSING',
              `expected the program ${program}, which is not installed; install the Debian package mtools`,
              { cause, details: { tool: program, package: 'mtools' } },
            )
          : cause,
      );
    });
    child.on('close', resolve);
  });
  if (status !== 0)
    throw new SlipwayError(
      'TOOL_FAILED',
      `${program} ended with ${status}: ${Buffer.concat(err).toString().trim()}`,
    );
  return Buffer.concat(out);
};

const drive = async (disk: string) => `${disk}@@${(await findPartition(disk, 'esp')).offset}`;

/**
 * Paths of the files on the EFI system partition of a disk image, sorted. The machine must not be running.
 *
 * @throws {SlipwayError} VM_FAILED, TOOL_MISSING, TOOL_FAILED
 */
export const espList = async (disk: string): Promise<string[]> => {
  const listing = await mtools('mdir', ['-i', await drive(disk), '-/', '-b', '-a', '::/']);
  return listing
    .toString()
    .split('\n')
    .map((line) => line.trim().replace(/^::\/?/, ''))
    .filter((path) => path !== '' && !path.endsWith('/'))
    .sort();
};

/** @throws {SlipwayError} VM_FAILED, TOOL_MISSING, TOOL_FAILED if there is no such file */
export const espRead = async (disk: string, path: string): Promise<Buffer> =>
  await mtools('mcopy', ['-i', await drive(disk), '-n', `::/${path}`, '-']);

/**
 * Writes a file, with the directories above it. The machine must not be running.
 *
 * @param seconds since 1970, the time of what is written; absent: it is that of this machine
 * @throws {SlipwayError} VM_FAILED, TOOL_MISSING, TOOL_FAILED
 */
export const espWrite = async (
  disk: string,
  path: string,
  content: Uint8Array,
  seconds?: number,
): Promise<void> => {
  const target = await drive(disk);
  const folders = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= folders.length; depth++) {
    const folder = `::/${folders.slice(0, depth).join('/')}`;
    const there = await mtools('mdir', ['-i', target, '-b', folder]).then(
      () => true,
      () => false,
    );
    if (!there) await mtools('mmd', ['-i', target, folder], undefined, seconds);
  }
  await mtools('mcopy', ['-i', target, '-o', '-', `::/${path}`], content, seconds);
};
