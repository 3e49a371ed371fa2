import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { pathWithCrypto } from '@slipway/device-crypto';
import { AGENT_COMMANDS, type AgentRuntime } from '@slipway/protocol';
import { AGENT_BUILDS } from '../../build-options.ts';
import { nodeRuntime } from '../node/index.ts';
import { callsOf, type Calls } from './calls.ts';
import { decodeLine, encodeLine, splitLines, type Response } from './wire.ts';

/** A runtime under test. */
export type Subject = {
  readonly calls: Calls;
  /** of the process that the calls are made in, where it is one of its own */
  readonly pid: number | undefined;
  readonly privateDir: string;
  readonly stop: () => Promise<void>;
};

const searchPath = process.env['PATH'] ?? '';

const onNode = async (privateDir: string): Promise<Subject> => ({
  calls: callsOf(nodeRuntime({ searchPath, rebootCommand: null, log: () => undefined })),
  pid: undefined,
  privateDir,
  stop: async () => undefined,
});

const onQuickjs = async (directory: string, privateDir: string): Promise<Subject> => {
  const driver = join(directory, 'driver.mjs');
  const entry = fileURLToPath(new URL('driver.ts', import.meta.url));
  await build({ ...AGENT_BUILDS.quickjs, entryPoints: [entry], outfile: driver, minify: false });
  const [program, ...args] = AGENT_COMMANDS.quickjs;
  const child = spawn(program, [...args, driver, privateDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PATH: pathWithCrypto() },
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const take = splitLines((line) => {
    const { id, result, error } = decodeLine(line) as Response; // eslint-disable-line typescript/no-unsafe-type-assertion -- the driver sent it
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve(result);
    else one?.reject(new Error(error));
  });
  child.stdout.setEncoding('utf8').on('data', take);
  let nextId = 0;
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    child.once('close', (status, signal) => {
      hasEnded = true;
      for (const one of waiting.values()) one.reject(new Error(`qjs ended: ${status ?? signal}`));
      resolve();
    });
  });
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- made by the driver
  const calls = new Proxy(
    {},
    {
      get:
        (_, call: string) =>
        async (...args: readonly unknown[]) => {
          if (hasEnded) throw new Error('qjs has ended');
          const one = Promise.withResolvers<unknown>();
          waiting.set(++nextId, one);
          child.stdin.write(encodeLine({ id: nextId, call, args }));
          return one.promise;
        },
    },
  ) as Calls;
  return {
    calls,
    pid: child.pid,
    privateDir,
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
};

export const startSubject = async (runtime: AgentRuntime, ground: string): Promise<Subject> => {
  const directory = await mkdtemp(join(ground, `${runtime}-`));
  const privateDir = join(directory, 'private');
  return runtime === 'node' ? onNode(privateDir) : onQuickjs(directory, privateDir);
};
