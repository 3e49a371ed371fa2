import {
  MAX_LOG_BYTES,
  MAX_LOG_PIECE_BYTES,
  SlipwayError,
  type Command,
  type LogPiece,
} from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import { tokenBucket } from '../link/token-bucket.ts';
import type { Runtime } from '../runtime/port.ts';
import type { DailyBudget } from './budget.ts';
import { readSince, readTail, type LogPlace } from './log-file.ts';
import { lastLines, splitPieces, textOf } from './pieces.ts';

export type CollectCommand = Extract<Command, { readonly name: 'collect' }>;

export type LogTools = {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  readonly budget: DailyBudget;
  /** bytes per second that logs may take */
  readonly rate: () => number;
  /** the agent's own lines */
  readonly agentLines: () => Uint8Array;
  /** whether it left the device */
  readonly send: (piece: LogPiece) => Promise<boolean>;
};

const FOLLOW_MS = 2_000;
const AGENT = 'agent';
const KERNEL = 'kernel';

/** Sends the pieces of one request, within its bounds: bytes in all, bytes a day, bytes a second. */
const pieceSender = (tools: LogTools, id: CollectCommand['id'], allowed: number) => {
  const { runtime, budget } = tools;
  const bucket = tokenBucket();
  let [seq, left, isTruncated] = [0, allowed, false];

  const push = async (piece: Omit<LogPiece, 'v' | 'id' | 'seq'>): Promise<void> => {
    if (!(await tools.send({ v: 1, id, seq: seq++, ...piece })))
      throw new SlipwayError('COMMAND_FAILED', 'The connection was lost while logs were sent.');
  };

  return {
    left: () => left,
    truncate: (): void => {
      isTruncated = true;
    },
    /** @returns bytes that are taken care of, sent or over the bounds */
    send: async (
      source: string,
      bytes: Uint8Array,
      hasMore: boolean,
      signal: AbortSignal,
    ): Promise<number> => {
      const { pieces, taken } = splitPieces(bytes, MAX_LOG_PIECE_BYTES, hasMore);
      for (const piece of pieces) {
        for (;;) {
          const wait = bucket.take(piece.length, tools.rate(), runtime.time.uptime());
          if (wait === 0) break;
          await runtime.time.sleep(Math.ceil(wait * 1000), signal);
          signal.throwIfAborted();
        }
        const granted = budget.take(Math.min(piece.length, left), runtime.time.uptime());
        left -= granted;
        if (granted < piece.length) isTruncated = true;
        if (granted > 0) await push({ source, text: textOf(piece.subarray(0, granted)) });
        if (granted < piece.length) {
          left = 0;
          return bytes.length;
        }
      }
      return taken;
    },
    end: async (): Promise<string> => {
      await push({ source: '', text: '', end: true, ...(isTruncated ? { truncated: true } : {}) });
      return `${allowed - left} bytes in ${seq - 1} pieces${isTruncated ? ', cut short' : ''}`;
    },
  };
};

/** @throws {SlipwayError} NOT_FOUND for a service that has no log */
const sourcesOf = async (tools: LogTools, command: CollectCommand): Promise<readonly string[]> => {
  const directory = `${tools.config.runDir}/log`;
  const known = (await tools.runtime.files.list(directory))
    .filter((name) => name.endsWith('.log'))
    .map((name) => name.slice(0, -'.log'.length))
    .sort();
  const kernel = command.kernel === true ? [KERNEL] : [];
  if (command.services === undefined) return kernel.length > 0 ? kernel : [AGENT, ...known];
  // Names come from outside: only those that were found are put into a path.
  const missing = command.services.find((name) => name !== AGENT && !known.includes(name));
  if (missing !== undefined) {
    throw new SlipwayError('NOT_FOUND', `No service ${missing}; there are ${[AGENT, ...known].join(', ')}.`);
  }
  return [...new Set(command.services), ...kernel];
};

/**
 * Sends logs as they are and, for the time asked for, as they grow.
 *
 * @returns what was sent, for the answer
 * @throws {SlipwayError} NOT_FOUND, COMMAND_FAILED
 */
export const collectLogs = async (
  tools: LogTools,
  command: CollectCommand,
  signal: AbortSignal,
): Promise<string> => {
  const { runtime, config } = tools;
  const sources = await sourcesOf(tools, command);
  const allowed = Math.min(command.bytes ?? MAX_LOG_BYTES, MAX_LOG_BYTES);
  const share = Math.max(1, Math.floor(allowed / Math.max(1, sources.length)));
  const sender = pieceSender(tools, command.id, allowed);
  const places = new Map<string, LogPlace>();

  const kernelLog = async (): Promise<Uint8Array> => {
    // The number is ours; the newest lines come last, and of an output only the first bytes are kept.
    const bytes = Math.min(share, 60 * 1024);
    const { stdout } = await runtime.processes.run(['sh', '-c', `dmesg | tail -c ${bytes}`], {
      timeoutMs: 10_000,
    });
    return new TextEncoder().encode(stdout);
  };

  for (const source of sources) {
    let bytes: Uint8Array;
    if (source === KERNEL) bytes = await kernelLog();
    else if (source === AGENT) bytes = tools.agentLines();
    else {
      const tail = await readTail(runtime, `${config.runDir}/log/${source}.log`, share);
      places.set(source, tail.next);
      if (!tail.isWhole && command.lines === undefined) sender.truncate();
      ({ bytes } = tail);
    }
    const wanted = bytes.length > share ? bytes.subarray(bytes.length - share) : bytes;
    await sender.send(
      source,
      command.lines === undefined ? wanted : lastLines(wanted, command.lines),
      false,
      signal,
    );
  }

  /** @param hasMore a line begun waits for its rest */
  const sendGrown = async (hasMore: boolean): Promise<void> => {
    for (const [source, place] of places) {
      const { bytes, next } = await readSince(runtime, place, sender.left());
      const taken = await sender.send(source, bytes, hasMore, signal);
      places.set(source, { ...next, offset: Math.max(0, next.offset - bytes.length + taken) });
    }
  };
  if (command.durationSeconds !== undefined) {
    const until = runtime.time.uptime() + command.durationSeconds;
    while (runtime.time.uptime() < until && sender.left() > 0 && !signal.aborted) {
      await runtime.time.sleep(FOLLOW_MS, signal);
      await sendGrown(true);
    }
    await sendGrown(false);
  }
  return sender.end();
};
