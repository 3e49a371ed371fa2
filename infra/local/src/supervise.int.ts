import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Supervised, supervise } from './supervise.ts';

let folder: string;
let running: Supervised | undefined;
const said: string[] = [];
let onSaid: () => void = () => undefined;
const say = (line: string): void => {
  said.push(line);
  onSaid();
};

const program = (script: string) => ({
  name: 'sample',
  command: ['/bin/sh', '-c', script],
  logFile: join(folder, 'sample.log'),
  ready: /serving/,
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-supervise-'));
  said.length = 0;
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const isAlive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('supervise', () => {
  test('returns once the program serves; its output is in the log', async () => {
    running = await supervise(program('echo starting; echo serving; exec sleep 1000'), say);
    expect(isAlive(running.pid())).toBe(true);
    // Closing it is what says that its log is written.
    await running.close();
    running = undefined;
    expect(readFileSync(join(folder, 'sample.log'), 'utf8')).toBe('starting\nserving\n');
  });

  test('close ends it and says nothing of a restart', async () => {
    const supervised = await supervise(program('echo serving; exec sleep 1000'), say);
    const pid = supervised.pid();
    await supervised.close();
    expect(isAlive(pid)).toBe(false);
    expect(said).toEqual([]);
  });

  test('a program that dies is started again', async () => {
    running = await supervise(program('echo serving; exec sleep 1000'), say);
    const first = running.pid();
    const restarted = new Promise<void>((resolve) => (onSaid = resolve));
    process.kill(first ?? 0, 'SIGKILL');
    await restarted;
    await expect.poll(() => isAlive(running?.pid()), { timeout: 60_000 }).toBe(true);
    expect(running.pid()).not.toBe(first);
    expect(said[0]).toMatch(/SIGKILL/);
  });

  test('close during the wait for a restart starts nothing', async () => {
    const supervised = await supervise(program('echo serving; sleep 0.2'), say);
    await new Promise<void>((resolve) => (onSaid = resolve));
    await supervised.close();
    expect(isAlive(supervised.pid())).toBe(false);
  });

  test('a program that ends before it serves: TOOL_FAILED, with what it said', async () => {
    await expect(supervise(program('echo the port is taken >&2; exit 3'), say)).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringMatching(/status 3.*the port is taken/),
    });
  });

  test('a program that is not installed: TOOL_MISSING', async () => {
    const missing = { ...program(''), command: ['slipway-no-such-program'] };
    await expect(supervise(missing, say)).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  });
});
