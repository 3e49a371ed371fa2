import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

/** Starts a server in the foreground; what it printed is in the error if it does not become ready. */
export const spawnServer = async (
  command: string,
  args: readonly string[],
  ready: () => Promise<boolean>,
  options: SpawnOptions = {},
): Promise<{
  readonly pid: number;
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
  readonly kill: () => Promise<void>;
}> => {
  const child: ChildProcess = spawn(command, [...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit');
  let gone = false;
  exited.then(
    () => (gone = true),
    (error: unknown) => {
      gone = true;
      output += String(error);
    },
  );
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (gone) return;
    child.kill(signal);
    await exited;
  };
  while (!(await ready())) {
    if (gone) throw new Error(`${command} ended at once:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { pid: child.pid ?? 0, stop: (signal = 'SIGTERM') => end(signal), kill: () => end('SIGKILL') };
};
