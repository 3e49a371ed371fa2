import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '@slipway/protocol';

/** A program with everything it starts. */
export type Session = {
  readonly pid: number;
  /** @throws {SlipwayError} TOOL_FAILED where it ends, or does not say so in time */
  readonly says: (pattern: RegExp, timeoutMs: number) => Promise<void>;
  readonly stop: () => Promise<void>;
};

const LOOK_MS = 20;

export const startSession = (command: readonly string[]): Session => {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  }
  const ended = Promise.withResolvers<undefined>();
  child.once('error', (error) => {
    output += error.message;
    ended.resolve(undefined);
  });
  child.once('close', () => {
    ended.resolve(undefined);
  });
  return {
    pid: child.pid ?? 0,
    says: async (pattern, timeoutMs) => {
      const end = performance.now() + timeoutMs;
      while (!pattern.test(output)) {
        if (child.exitCode !== null || performance.now() > end) {
          throw new SlipwayError(
            'TOOL_FAILED',
            `${command.slice(-4).join(' ')}: expected it to say ${pattern}, found:\n${output.slice(-2000)}`,
          );
        }
        await delay(LOOK_MS);
      }
    },
    stop: async () => {
      child.kill('SIGKILL');
      await ended.promise;
    },
  };
};
