import { SlipwayError } from '@slipway/protocol';
import { spawn } from 'node:child_process';
import { cancellationSignal } from './cancellation.ts';

const KEPT_ERROR_BYTES = 16 * 1024;

export type ToolOptions = {
  /** Debian package that brings the program, named when it is missing */
  readonly package: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly onErrorLine?: (line: string) => void;
};

/**
 * Runs a program to its end.
 *
 * @returns what it wrote to its standard output
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED with the end of its error output in the message
 */
export const runTool = async (
  command: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<Buffer> => {
  const cancelled = cancellationSignal();
  cancelled?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      ...(cancelled === undefined ? {} : { signal: cancelled, killSignal: 'SIGKILL' as const }),
    });
    const output: Buffer[] = [];
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      const text = chunk.toString();
      errors = (errors + text).slice(-KEPT_ERROR_BYTES);
      for (const line of text.split('\n')) if (line.trim() !== '') options.onErrorLine?.(line);
    });
    child.on('error', (error) => {
      if (cancelled?.aborted === true) {
        reject(cancelled.reason instanceof Error ? cancelled.reason : error);
        return;
      }
      reject(
        new SlipwayError(
          'TOOL_MISSING',
          `cannot run ${command}: ${error.message}; install ${options.package}`,
          {
            cause: error,
            details: { tool: command, package: options.package },
          },
        ),
      );
    });
    child.on('close', (status, signal) => {
      if (status === 0) resolve(Buffer.concat(output));
      else
        reject(
          new SlipwayError(
            'TOOL_FAILED',
            `${command} ${args.join(' ')} ended with ${signal ?? `status ${status}`}:\n${errors.trim()}`,
            { details: { tool: command, status, signal, output: errors } },
          ),
        );
    });
  });
};
