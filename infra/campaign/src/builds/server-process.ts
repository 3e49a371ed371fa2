import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A program of ours as a process of its own, to be killed and started again. */
export type ServerProcess = {
  readonly name: string;
  readonly start: () => Promise<void>;
  /** SIGKILL: it has no say */
  readonly kill: () => Promise<void>;
};

/** @param ready a line of its log by which it is up */
export const serverProcess = (
  name: string,
  program: string,
  env: Readonly<Record<string, string>>,
  ready: string,
): ServerProcess => {
  let child: ChildProcess | undefined;
  return {
    name,
    start: async () => {
      const started = spawn(process.execPath, [program], {
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
      started.once('exit', () => up.reject(new Error(`${name} ended at once:\n${output}`)));
      await up.promise;
    },
    kill: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
};
