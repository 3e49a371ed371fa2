import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import { watchMemory } from './process-tree.ts';

/** One run of a command. */
export type Run = {
  readonly wallSeconds: number;
  /** user and system, of the command and everything it started and waited for */
  readonly cpuSeconds: number;
  /** of all its processes together */
  readonly peakRssBytes: number;
};

const LOOK_MS = 20;

/**
 * The shell's `time` gives milliseconds and counts what short-lived children used; GNU time gives the most memory that
 * one of the processes held, which looking from outside may miss.
 */
const WRAPPER = `
figures=$1; shift
TIMEFORMAT='%3R %3U %3S'
{ time /usr/bin/time --quiet -f %M -o "$figures.rss" -- "$@" 2>&3; } 3>&2 2>"$figures.times"
`;

/** @throws {SlipwayError} TOOL_FAILED with what the command said */
export const runMeasured = async (
  command: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Run> => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  const figures = join(folder, 'run');
  try {
    const child = spawn('/bin/bash', ['-c', WRAPPER, 'bench', figures, ...command], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'ignore', 'pipe'],
      // In a session of its own, by which its processes are known.
      detached: true,
    });
    const ended = Promise.withResolvers<number>();
    child.on('error', ended.reject);
    child.on('close', (status, signal) => ended.resolve(status ?? (signal === null ? 1 : 128)));
    const said: string[] = [];
    child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
    const stop = watchMemory(child.pid ?? 0, LOOK_MS);
    const status = await ended.promise;
    const seen = stop();
    if (status !== 0) {
      throw new SlipwayError(
        'TOOL_FAILED',
        `${command.join(' ')} ended with ${status}:\n${said.join('').slice(-4000)}`,
      );
    }
    const [wall = 0, user = 0, system = 0] = (await readFile(`${figures}.times`, 'utf8'))
      .trim()
      .split(' ')
      .map(Number);
    const largest = Number((await readFile(`${figures}.rss`, 'utf8')).trim()) * 1024;
    return {
      wallSeconds: wall,
      cpuSeconds: Math.round((user + system) * 1000) / 1000,
      peakRssBytes: Math.max(seen, largest),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
