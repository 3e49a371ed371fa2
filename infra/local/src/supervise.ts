import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { SlipwayError } from '@slipway/protocol';

/** A program that runs as long as we do. */
export type Program = {
  readonly name: string;
  /** program and arguments */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** its output is appended here */
  readonly logFile: string;
  /** what it prints once it serves */
  readonly ready: RegExp;
  /** the process to signal is not the one started but named on descriptor 3 (bubblewrap's `--info-fd`) */
  readonly inner?: boolean;
};

export type Supervised = { readonly pid: () => number | undefined; readonly close: () => Promise<void> };

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;
const STABLE_MS = 30_000;
const STOP_MS = 15_000;
const START_MS = 180_000;
const TAIL_CHARACTERS = 2000;

type Running = {
  readonly child: ChildProcess;
  /** status or signal */
  readonly ended: Promise<string>;
  readonly ready: Promise<void>;
  readonly tail: () => string;
  readonly signalPid: () => number | undefined;
};

const readInfo = (child: ChildProcess, onPid: (pid: number) => void): void => {
  let text = '';
  const stream = child.stdio[3];
  stream?.on('error', () => undefined);
  stream?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const pid = /"child-pid"\s*:\s*(\d+)/.exec(text)?.[1];
    if (pid !== undefined) onPid(Number(pid));
  });
};

const start = (program: Program, log: WriteStream): Running => {
  const [file = '', ...args] = program.command;
  const child = spawn(file, args, {
    // A group of its own: Ctrl-C in the terminal is for us, and we say when and in which order the others end.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(program.inner === true ? (['pipe'] as const) : [])],
    ...(program.env === undefined ? {} : { env: program.env }),
  });
  let tail = '';
  let pid: number | undefined;
  if (program.inner === true) readInfo(child, (inner) => (pid = inner));
  const ready = new Promise<void>((resolve) => {
    const listen = (stream: Readable | null): void => {
      stream?.on('data', (chunk: Buffer) => {
        log.write(chunk);
        tail = (tail + chunk.toString()).slice(-TAIL_CHARACTERS);
        if (program.ready.test(tail)) resolve();
      });
    };
    listen(child.stdout);
    listen(child.stderr);
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === null ? String(signal) : `status ${code}`));
  });
  return {
    child,
    ended,
    ready,
    tail: () => tail.trim(),
    signalPid: () => (program.inner === true ? pid : child.pid),
  };
};

const signal = (pid: number | undefined, name: NodeJS.Signals): void => {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has ended already.
  }
};

const stop = async (running: Running): Promise<void> => {
  const patience = new AbortController();
  signal(running.signalPid() ?? running.child.pid, 'SIGTERM');
  const kill = sleep(STOP_MS, undefined, { signal: patience.signal }).then(
    () => signal(running.child.pid, 'SIGKILL'),
    () => undefined,
  );
  await running.ended;
  patience.abort();
  await kill;
};

/**
 * Starts a program, waits until it serves, and starts it again, with growing delays, whenever it ends by itself.
 *
 * @throws {SlipwayError} TOOL_FAILED, TOOL_MISSING where it does not come up the first time; quotes what it printed
 */
export const supervise = async (program: Program, say: (line: string) => void): Promise<Supervised> => {
  const log = createWriteStream(program.logFile, { flags: 'a' });
  await once(log, 'open');
  const closing = new AbortController();
  let running = start(program, log);

  const late = sleep(START_MS, 'late' as const, { ref: false, signal: closing.signal }).catch(
    () => 'late' as const,
  );
  const outcome = await Promise.race([running.ready.then(() => 'ready' as const), running.ended, late]);
  if (outcome !== 'ready') {
    if (outcome === 'late') await stop(running);
    log.end();
    throw new SlipwayError(
      running.child.pid === undefined ? 'TOOL_MISSING' : 'TOOL_FAILED',
      `${program.name} did not come up (${outcome === 'late' ? `not ready after ${START_MS / 1000} s` : outcome}): ` +
        `${running.tail() || 'it printed nothing'}. See ${program.logFile}.`,
    );
  }

  const watch = async (): Promise<void> => {
    let delay = FIRST_DELAY_MS;
    while (!closing.signal.aborted) {
      const since = performance.now();
      const how = await running.ended;
      if (closing.signal.aborted) return;
      if (performance.now() - since > STABLE_MS) delay = FIRST_DELAY_MS;
      say(
        `${program.name} ended by itself (${how}); starting it again in ${delay} ms. See ${program.logFile}.`,
      );
      await sleep(delay, undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted) return;
      delay = Math.min(delay * 2, MAX_DELAY_MS);
      running = start(program, log);
    }
  };
  const watching = watch();
  return {
    pid: () => running.signalPid(),
    close: async () => {
      closing.abort();
      await stop(running);
      await watching;
      log.end();
      await once(log, 'close');
    },
  };
};
