import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cancellationSignal } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';

/** The Debian package of each system program this package starts. */
const PACKAGES = {
  'mkfs.erofs': 'erofs-utils',
  'mkfs.ext4': 'e2fsprogs',
  mksquashfs: 'squashfs-tools',
  xorriso: 'xorriso',
  xz: 'xz-utils',
} as const;
export type Tool = keyof typeof PACKAGES;

export type ToolOptions = {
  /** written to its standard input; a source of chunks is written with back-pressure */
  readonly stdin?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly env?: Readonly<Record<string, string>>;
};

/** Debian keeps some of them where the PATH of an ordinary user does not look. */
const path = [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(delimiter);

/**
 * Runs a system program to its end.
 *
 * @param args may be in groups, for the eye
 * @returns its standard output
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED with the last lines it printed
 */
export const runTool = async (
  tool: Tool,
  args: readonly (string | readonly string[])[],
  options: ToolOptions = {},
) => {
  const cancelled = cancellationSignal();
  cancelled?.throwIfAborted();
  const child = spawn(tool, args.flat(), {
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { PATH: path, LC_ALL: 'C', TZ: 'UTC', ...options.env },
    ...(cancelled === undefined ? {} : { signal: cancelled, killSignal: 'SIGKILL' as const }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const ended = new Promise<number | string>((resolve, reject) => {
    child.on('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'ENOENT'
          ? new SlipwayError(
              'TOOL_MISSING',
              `expected the program ${tool}, which is not installed; install the Debian package ${PACKAGES[tool]}`,
              { cause, details: { tool, package: PACKAGES[tool] } },
            )
          : new SlipwayError('TOOL_FAILED', `${tool} could not be started: ${cause.message}`, { cause }),
      );
    });
    child.on('close', (code, signal) => {
      resolve(code ?? signal ?? 'no status');
    });
  });
  const input = options.stdin;
  // A program that ends early closes its input; its status tells more than the EPIPE that follows.
  const fed =
    child.stdin === null || input === undefined
      ? undefined
      : pipeline(Readable.from(input, { objectMode: true }), child.stdin).catch(() => {});
  const [status] = await Promise.all([ended, fed]).catch((error: unknown) => {
    cancelled?.throwIfAborted();
    throw error;
  });
  if (status !== 0) {
    const said = [...err, ...out].map(String).join('').trim().split('\n').slice(-8).join('\n');
    throw new SlipwayError('TOOL_FAILED', `${tool} ended with ${status}: ${said || 'it printed nothing'}`, {
      details: { tool, args, status },
    });
  }
  return Buffer.concat(out);
};
