import { spawn } from 'node:child_process';
import type { Processes } from '../port.ts';

const MAX_OUTPUT = 64 * 1024;
/** Not an exit status of any program. */
const NO_STATUS = -1;

const runWith = async (
  searchPath: string,
  command: Parameters<Processes['run']>[0],
  options: NonNullable<Parameters<Processes['run']>[1]> = {},
): ReturnType<Processes['run']> => {
  const [program = '', ...args] = command;
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Processes['run']>>>();
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    // No configuration of the machine may load an engine into openssl or loosen a rule.
    env: { PATH: searchPath, LC_ALL: 'C', OPENSSL_CONF: '/dev/null' },
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => {
    if (stdout.length < MAX_OUTPUT) stdout += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    if (stderr.length < MAX_OUTPUT) stderr += data.toString();
  });
  child.on('error', reject);
  child.on('close', (status) => {
    resolve({ status: status ?? NO_STATUS, stdout, stderr });
  });
  // A program that ends without reading its input is judged by its status.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return promise;
};

export type ProcessOptions = {
  /** `PATH` of every child; they inherit nothing else */
  readonly searchPath: string;
  /** null: end the process instead, with a status that tells a test why */
  readonly rebootCommand: readonly string[] | null;
};

export const REBOOT_STATUS = 75;

export const nodeProcesses = ({ searchPath, rebootCommand }: ProcessOptions): Processes => {
  const run: Processes['run'] = async (command, options) => runWith(searchPath, command, options);
  return {
    run,
    reboot: async () => {
      if (rebootCommand === null) process.exit(REBOOT_STATUS);
      await run(['sync']);
      await run(rebootCommand);
      // The kernel ends this process; until then nothing may go on.
      return new Promise<never>(() => undefined);
    },
  };
};
