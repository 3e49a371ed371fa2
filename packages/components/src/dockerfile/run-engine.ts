import { spawn } from 'node:child_process';
import { cancellationSignal } from '../cancellation.ts';
import { lineSplitter } from './line-splitter.ts';

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
  const lines = lineSplitter(onLine);
  child.stdout.on('data', lines.push);
  child.stdout.once('end', lines.end);
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    // Not before everything that it started has let go of the pipe, and so of its work folder.
    child.once('close', (status) => {
      if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      else if (failure === undefined) resolve(status ?? 1);
      else reject(failure);
    });
  });
};
