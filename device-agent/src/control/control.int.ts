import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, SlipwayError } from '@slipway/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentConfig } from '../config.ts';
import { nodeRuntime } from '../runtime/node/index.ts';
import type { Runtime } from '../runtime/port.ts';
import { askAgent, isAgentAlive } from './ask.ts';
import { MAX_AGE_S, MAX_REQUEST_BYTES, requestsDir, type ControlCommand } from './message.ts';
import { serveControl, type ControlHandler } from './serve.ts';

let root: string;
let runtime: Runtime;
const config = () => agentConfig(root);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-control-'));
  runtime = nodeRuntime({
    searchPath: process.env['PATH'] ?? '',
    rebootCommand: null,
    log: () => undefined,
  });
});

/** A clock that moves as far as its user sleeps, and at once. */
const hurried = (begin: number): Runtime => {
  let uptime = begin;
  const time: Runtime['time'] = {
    ...runtime.time,
    uptime: () => uptime,
    sleep: async (ms, signal) => {
      uptime += ms / 1000;
      await runtime.time.sleep(1, signal);
    },
  };
  return { ...runtime, time };
};
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const serving = async (
  handle: ControlHandler,
  work: () => Promise<void>,
  machine: Runtime = runtime,
): Promise<void> => {
  const stop = new AbortController();
  const served = serveControl(machine, config(), handle, stop.signal);
  try {
    await work();
  } finally {
    stop.abort();
    await served;
  }
};
const alive = async (): Promise<void> => {
  while (!(await isAgentAlive(runtime, config()))) await runtime.time.sleep(5);
};
const isEmpty = async (): Promise<void> => {
  while ((await readdir(requestsDir(config()))).length > 0) await runtime.time.sleep(5);
};

test('a request is answered once, and nothing stays behind', async () => {
  const asked: ControlCommand[] = [];
  await serving(
    async (command) => {
      asked.push(command);
      return { told: command.kind };
    },
    async () => {
      await alive();
      expect(await askAgent(runtime, config(), { kind: 'status' })).toEqual({ told: 'status' });
      expect(asked).toEqual([{ kind: 'status' }]);
      expect(await readdir(requestsDir(config()))).toEqual([]);
    },
  );
});

test('what the agent refuses comes with its code', async () => {
  await serving(
    async () => {
      throw new SlipwayError('INSTALL_BUSY', 'wait');
    },
    async () => {
      await alive();
      await expect(askAgent(runtime, config(), { kind: 'status' })).rejects.toMatchObject({
        code: 'INSTALL_BUSY',
        message: 'wait',
      });
    },
  );
});

test('only root may enter the directory, also where it was there before', async () => {
  await mkdir(requestsDir(config()), { recursive: true });
  await chmod(requestsDir(config()), 0o777);
  await serving(async () => undefined, alive);
  expect((await stat(requestsDir(config()))).mode & 0o777).toBe(0o700);
});

test('without an agent the command says so, at once, and takes its request back', async () => {
  const code = await askAgent(runtime, config(), { kind: 'status' }).catch(codeOf);
  expect(code).toBe('AGENT_NOT_RUNNING');
  // One that died a moment ago: its heartbeat is fresh, its answer never comes.
  await serving(async () => undefined, alive);
  expect(await askAgent(runtime, config(), { kind: 'status' }, 300).catch(codeOf)).toBe('AGENT_NOT_RUNNING');
  expect(await readdir(requestsDir(config()))).toEqual([]);
});

test('requests that are stale, from another boot, too large or malformed do nothing and go', async () => {
  const directory = requestsDir(config());
  await mkdir(directory, { recursive: true });
  const uptime = 1000;
  const put = async (name: string, value: unknown): Promise<void> => {
    await writeFile(join(directory, name), typeof value === 'string' ? value : JSON.stringify(value));
  };
  const command = { kind: 'reset', wipeData: true };
  await put('stale00000000000.json', { v: 1, at: uptime - MAX_AGE_S - 1, command });
  await put('future0000000000.json', { v: 1, at: uptime + 1000, command });
  await put('unknown000000000.json', { v: 1, at: uptime, command: { kind: 'explode' } });
  await put('large00000000000.json', `{"v":1,"at":${uptime},"x":"${'x'.repeat(MAX_REQUEST_BYTES)}"}`);
  await put('words00000000000.json', 'not json');
  await put('unread0000000000.result.json', { v: 1, ok: true, value: null });
  const done: unknown[] = [];
  await serving(async (asked) => done.push(asked), isEmpty, hurried(uptime));
  expect(done).toEqual([]);
});
