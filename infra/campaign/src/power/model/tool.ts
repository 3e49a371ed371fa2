import { execFile } from 'node:child_process';
import { SlipwayError } from '@slipway/protocol';

const MAX_OUTPUT = 1024 * 1024;

/**
 * Runs a program of the host to its end.
 *
 * @returns its exit status and what it printed
 * @throws {SlipwayError} TOOL_MISSING
 */
export const runTool = async (
  program: string,
  args: readonly string[],
): Promise<{ readonly status: number; readonly stdout: string }> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
    const child = execFile(program, args, { env, maxBuffer: MAX_OUTPUT }, (error, stdout) => {
      if (error !== null && 'code' in error && error.code === 'ENOENT')
        reject(
          new SlipwayError('TOOL_MISSING', `expected the program ${program}, which is not installed`, {
            cause: error,
            details: { tool: program },
          }),
        );
      else resolve({ status: child.exitCode ?? 1, stdout });
    });
  });
