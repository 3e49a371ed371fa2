import { NO_STATUS, type Processes, type RunOptions } from '../port.ts';
import { collect } from './collect.ts';
import { writePipe } from './descriptors.ts';
import { os, SIGKILL } from './machine.ts';
import { reap, spawn } from './spawn.ts';

const bytesOf = (input: Uint8Array | string): Uint8Array =>
  typeof input === 'string' ? new TextEncoder().encode(input) : input;

export const runWith = async (
  searchPath: string,
  command: readonly string[],
  options: RunOptions = {},
): ReturnType<Processes['run']> => {
  const { pid, stdin, stdout, stderr } = spawn(command, { searchPath, ...options });
  const writer = writePipe(stdin);
  // A program that ends without reading its input is judged by its status.
  writer.write(bytesOf(options.input ?? '')).catch(() => undefined);
  writer.end();
  const outputs = [collect(stdout), collect(stderr)] as const;
  const stop = (): void => {
    for (const output of outputs) output.stop();
  };
  let isLate = false;
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : os.setTimeout(() => {
          isLate = true;
          os.kill(pid, SIGKILL);
          // Its children may live on and hold the pipes.
          stop();
        }, options.timeoutMs);
  await Promise.all(outputs.map(async ({ ended }) => ended));
  const status = await reap(pid);
  if (timer !== undefined) os.clearTimeout(timer);
  writer.stop();
  return { status: isLate ? NO_STATUS : status, stdout: outputs[0].text(), stderr: outputs[1].text() };
};
