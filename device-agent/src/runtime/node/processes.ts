import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { HostOptions } from '../../main.ts';
import { MAX_OUTPUT_BYTES, NO_STATUS, type Processes, type RunOptions } from '../port.ts';
import { rebootBy } from '../reboot.ts';

/** The first bytes of an output; what comes after them is read and dropped. */
const bounded = (stream: Readable): (() => string) => {
  const parts: Buffer[] = [];
  let room = MAX_OUTPUT_BYTES;
  stream.on('data', (data: Buffer) => {
    const part = data.subarray(0, room);
    room -= part.length;
    if (part.length > 0) parts.push(part);
  });
  return () => Buffer.concat(parts).toString();
};

const runWith = async (
  searchPath: string,
  command: Parameters<Processes['run']>[0],
  options: RunOptions = {},
): ReturnType<Processes['run']> => {
  const [program = '', ...args] = command;
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Processes['run']>>>();
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    // No configuration of the machine may load an engine into openssl or loosen a rule.
    env: { PATH: searchPath, LC_ALL: 'C', OPENSSL_CONF: '/dev/null', ...options.environment },
  });
  const stdout = bounded(child.stdout);
  const stderr = bounded(child.stderr);
  const { timeoutMs } = options;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          child.kill('SIGKILL');
          // Its children may live on and hold the pipes.
          child.stdout.destroy();
          child.stderr.destroy();
        }, timeoutMs);
  child.on('error', (error) => {
    clearTimeout(timer);
    reject(error);
  });
  child.on('close', (status) => {
    clearTimeout(timer);
    resolve({ status: status ?? NO_STATUS, stdout: stdout(), stderr: stderr() });
  });
  // A program that ends without reading its input is judged by its status.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return promise;
};

export const nodeProcesses = ({
  searchPath,
  rebootCommand,
}: Pick<HostOptions, 'searchPath' | 'rebootCommand'>): Processes => {
  const run: Processes['run'] = async (command, options) => runWith(searchPath, command, options);
  return {
    run,
    reboot: async (argument) =>
      rebootBy(run, rebootCommand, argument, (status) => {
        process.exit(status);
      }),
  };
};
