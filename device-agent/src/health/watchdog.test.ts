import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { clockedRuntime } from '../fixture/clocked-runtime.ts';
import { openWatchdog } from './watchdog.ts';

let root: string;
let controller: AbortController;
let running: Promise<void>;
const config = () => ({ devDir: join(root, 'dev'), sysDir: join(root, 'sys') });
const node = (): string => join(root, 'dev', 'watchdog');

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-watchdog-'));
  await mkdir(join(root, 'dev'));
  controller = new AbortController();
  running = Promise.resolve();
});
afterEach(async () => {
  controller.abort();
  await running;
  await rm(root, { recursive: true, force: true });
});

/** Feeds by the word of the test; a file stands for the device, emptied by the test after each look. */
const feed = async (mayFeed: () => boolean) => {
  const clock = clockedRuntime();
  const watchdog = await openWatchdog(clock.runtime, config());
  running = watchdog.run(mayFeed, controller.signal);
  const asleep = async (): Promise<void> => {
    await vi.waitFor(() => {
      expect(clock.sleeping()).toBe(1);
    });
  };
  await asleep();
  return {
    clock,
    lines: clock.lines,
    fed: async (): Promise<boolean> => {
      const found = await readFile(node(), 'utf8');
      await writeFile(node(), '');
      return found !== '';
    },
    tenSecondsLater: async (): Promise<void> => {
      clock.forward(10);
      await asleep();
    },
  };
};

describe('a watchdog', () => {
  test('is fed every 10 s while it may be, and no longer', async () => {
    await writeFile(node(), '');
    let isWell = true;
    const { fed, tenSecondsLater, lines } = await feed(() => isWell);
    expect(await fed()).toBe(true);
    await tenSecondsLater();
    expect(await fed()).toBe(true);
    isWell = false;
    for (let at = 0; at < 3; at++) {
      await tenSecondsLater();
      expect(await fed()).toBe(false);
    }
    expect(lines.filter((line) => line.includes('not fed'))).toHaveLength(1);
    isWell = true;
    await tenSecondsLater();
    expect(await fed()).toBe(true);
  });

  test('that cannot be written is told once, and tried again', async () => {
    await writeFile(node(), '');
    const { fed, tenSecondsLater, lines } = await feed(() => true);
    await rm(node());
    await mkdir(node());
    await tenSecondsLater();
    await tenSecondsLater();
    expect(lines.filter((line) => line.startsWith('watchdog: not fed'))).toHaveLength(1);
    await rm(node(), { recursive: true });
    await writeFile(node(), '');
    await tenSecondsLater();
    expect(await fed()).toBe(true);
  });

  test('that is not there is told of, and no file is made in its place', async () => {
    const { runtime, lines } = clockedRuntime();
    const watchdog = await openWatchdog(runtime, config());
    expect(watchdog.report()).toBeNull();
    expect(lines).toEqual([expect.stringContaining('no watchdog')]);
    await watchdog.run(() => true, controller.signal);
    await expect(readFile(node())).rejects.toThrow('ENOENT');
  });
});
