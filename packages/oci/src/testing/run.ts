import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** A program to its end; its output is in the error if it fails. */
export const run = async (command: string, ...args: readonly string[]): Promise<string> =>
  (await exec(command, args, { env: { ...process.env, LC_ALL: 'C' }, maxBuffer: 64 * 1024 * 1024 })).stdout;

/** skopeo, an implementation that is not ours. */
export const copy = async (from: string, to: string, ...options: readonly string[]): Promise<void> => {
  await run('skopeo', 'copy', '--insecure-policy', '--quiet', ...options, from, to);
};
