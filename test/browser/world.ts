import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchChromium, startInstance, visit, type Instance, type Visit } from '@slipway/browser';
import type { FleetSim } from '@slipway/fleet-sim';
import type { BrowserContextOptions } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** Downloads are shared with the demo and with earlier runs; nothing else is. */
const cacheDir = join(import.meta.dirname, '..', '..', '.slipway', 'cache');
/** What a test that failed saw at its end. */
const lastSeenDir = join(import.meta.dirname, '..', '..', '.slipway', 'browser');

/** Classes of the instance, each with an image file of its own name. */
export const CLASSES = [{ name: 'edge' }, { name: 'kiosk' }] as const;

export const PASSWORD = 'a sentence nobody guesses';

/** One server and one browser for all scenarios, which come one after the other as a day of work would. */
export type World = {
  readonly instance: Instance;
  /** somebody new, who leaves with the test */
  readonly visit: (options?: BrowserContextOptions) => Promise<Visit>;
  /** logged in at the address */
  readonly visitAs: (name: string, path?: string, options?: BrowserContextOptions) => Promise<Visit>;
  /** devices that leave with the world */
  readonly add: (devices: FleetSim) => void;
  readonly close: () => Promise<void>;
};

export const openWorld = async (): Promise<World> => {
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'slipway-web-'));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const instance = await startInstance({ folder, cacheDir, classes: CLASSES });
  undo.defer(() => instance.close());
  const browser = await launchChromium();
  undo.defer(() => browser.close());
  const opened = undo.move();
  const open: World['visit'] = async (options) => {
    const visitor = await visit(browser, instance.url, options);
    onTestFinished(async ({ task }) => {
      if (task.result?.state === 'fail') {
        const path = join(lastSeenDir, `${task.name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)}.png`);
        await visitor.page.screenshot({ path });
        console.error(`seen at the end: ${path}; faults: ${visitor.faults().join('; ') || 'none'}`);
      }
      await visitor.close();
    });
    return visitor;
  };
  return {
    instance,
    visit: open,
    visitAs: async (name, path = '/', options = {}) => {
      const visitor = await open(options);
      await visitor.page.goto(path);
      await visitor.logIn(name, PASSWORD);
      return visitor;
    },
    add: (devices) => opened.defer(() => devices.close()),
    close: () => opened.disposeAsync(),
  };
};
