import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';

/** A program as a process of its own, to be killed and started again. */
export type ServerProcess = {
  readonly name: string;
  readonly start: () => Promise<void>;
  /** SIGKILL: it has no say */
  readonly kill: () => Promise<void>;
  /** whether it ended although nobody killed it; absent: it cannot be told */
  readonly hasEnded?: () => boolean;
};

/**
 * @param ready a line of its output by which it is up
 * @param logsDir where all of its output goes, over all its lives
 */
export const commandProcess = (
  name: string,
  [command, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  ready: string,
  logsDir: string,
): ServerProcess => {
  let child: ChildProcess | undefined;
  let isWanted = false;
  const isOver = (): boolean => child === undefined || child.exitCode !== null || child.signalCode !== null;
  return {
    name,
    start: async () => {
      const started = spawn(command, args, {
        env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, LOG_LEVEL: 'info', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      const up = Promise.withResolvers<void>();
      let output = '';
      const read = (chunk: Buffer): void => {
        output = (output + chunk.toString()).slice(-20_000);
        if (output.includes(ready)) up.resolve();
      };
      started.stdout.on('data', read);
      started.stderr.on('data', read);
      const log = createWriteStream(join(logsDir, `${name}.log`), { flags: 'a' });
      started.stdout.pipe(log, { end: false });
      started.stderr.pipe(log, { end: false });
      started.once('close', () => log.end());
      started.once('error', up.reject);
      started.once('exit', () => up.reject(new Error(`${name} ended at once:\n${output}`)));
      await up.promise;
      isWanted = true;
    },
    kill: async () => {
      isWanted = false;
      if (child === undefined || isOver()) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    hasEnded: () => isWanted && isOver(),
  };
};

/** A program of ours. */
export const serverProcess = (
  name: string,
  program: string,
  env: Readonly<Record<string, string>>,
  ready: string,
  logsDir: string,
): ServerProcess => commandProcess(name, [process.execPath, program], env, ready, logsDir);
