import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { cancellationSignal } from '../cancellation.ts';

/** Longer lines are cut. */
const MAX_LINE = 4096;

/**
 * Runs an engine to its end, its output line by line. The kernel ends it when this process ends, even by SIGKILL.
 *
 * @returns its exit status
 */
export const runEngine = async (
  command: string,
  args: readonly string[],
  onLine: (line: string) => void,
  given: AbortSignal | undefined,
): Promise<number> => {
  const signals = [given, cancellationSignal()].filter((signal) => signal !== undefined);
  const signal = AbortSignal.any(signals);
  signal.throwIfAborted();
  // One pipe for both outputs keeps their order.
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', '--', 'sh', '-c', 'exec "$@" 2>&1', 'sh', command, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'], signal, killSignal: 'SIGKILL' },
  );
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  const lines = createInterface({ input: child.stdout, crlfDelay: Infinity });
  lines.on('line', (line) => onLine(line.slice(0, MAX_LINE)));
  try {
    return await ended;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};
