import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEsp } from '../boot/esp.ts';
import { agentConfig } from '../config.ts';
import { FAULT, withFaults } from '../fixture/faults.ts';
import { nodeRuntime } from '../runtime/node/index.ts';
import type { Runtime } from '../runtime/port.ts';
import { beginReset, finishReset, finishResetIfAsked } from './reset.ts';

let ground: string;
beforeAll(async () => {
  ground = await mkdtemp(join(tmpdir(), 'slipway-reset-'));
});
afterAll(async () => {
  await rm(ground, { recursive: true, force: true });
});

const OWN = ['identity/key.pem', 'identity/identity.json', 'state.a', 'state.b', 'install/journal.json'];
const FILES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(OWN.map((name) => [`data/slipway/${name}`, `secret of ${name}`])),
  'data/web/database': 'rows',
  'data/.hidden': 'dot',
  'esp/EFI/Linux/slot-a.efi': 'kernel',
  'esp/loader/loader.conf': 'default slot-a.efi',
  'esp/slipway/claim.json': 'the next claim',
  'dev/disk/by-partlabel/root-a': 'slot a',
};

let number = 0;
const machine = async () => {
  number += 1;
  const root = join(ground, `machine-${number}`);
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  const config = agentConfig(root);
  const runtime = nodeRuntime({
    searchPath: process.env['PATH'] ?? '',
    rebootCommand: null,
    log: () => undefined,
  });
  const where = (over: Runtime = runtime) => ({ runtime: over, config, esp: openEsp(over, config) });
  const left = async (): Promise<string[]> => {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort();
  };
  /** Init of an image that makes the data partition anew. */
  const init = async (): Promise<void> => {
    const markers = (await left()).filter((name) => /^esp\/slipway\/(?:wipe|reset)$/.test(name));
    if (markers.length === 0) return;
    await rm(join(root, 'data'), { recursive: true });
    await mkdir(join(root, 'data'));
    for (const name of markers) await rm(join(root, name));
  };
  /** Starts of the agent until none asks for another. */
  const start = async (withInit: boolean): Promise<number> => {
    for (let starts = 1; ; starts++) {
      if (withInit) await init();
      if ((await finishReset(where())).reset !== 'restart') return starts;
      if (starts > 3) throw new Error('it restarts for ever');
    }
  };
  return { root, runtime, where, left, start };
};

const others = (data: 'kept' | 'gone'): string[] =>
  Object.keys(FILES)
    .filter((name) => !name.startsWith('data/') || (data === 'kept' && !name.startsWith('data/slipway/')))
    .sort();

describe.each([
  ['the data of applications kept', false, 'kept'],
  ['everything', true, 'gone'],
] as const)('reset, %s', (_name, wipeData, data) => {
  test.each([
    ['with an init that makes the partition anew', true],
    ['with an init that does not', false],
  ])('%s', async (_how, withInit) => {
    const it = await machine();
    await beginReset(it.where(), wipeData);
    await it.start(withInit);
    expect(await it.left()).toEqual(others(data));
    expect(await it.start(withInit)).toBe(1);
  });

  test('cut anywhere it is finished at the next start, or had not begun', async () => {
    let cuts = 0;
    for (let at = 1; ; at++) {
      const it = await machine();
      const done = await beginReset(it.where(withFaults(it.runtime, at)), wipeData).then(
        () => true,
        (error: unknown) => {
          if (!String(error).includes(FAULT)) throw error;
          return false;
        },
      );
      if (!done) cuts += 1;
      // The start that finishes it is cut as well, a little later each time.
      await finishReset(it.where(withFaults(it.runtime, at))).catch(() => undefined);
      await it.start(false);
      const begun = at > 1;
      expect(await it.left()).toEqual(begun ? others(data) : Object.keys(FILES).sort());
      if (done) break;
    }
    expect(cuts).toBeGreaterThan(3);
  });
});

test('a file slipway/reset on the ESP asks for everything', async () => {
  for (const withInit of [true, false]) {
    const it = await machine();
    await writeFile(join(it.root, 'esp/slipway/reset'), '');
    expect(await it.start(withInit)).toBe(withInit ? 1 : 3);
    expect(await it.left()).toEqual(others('gone'));
  }
});

test('keys are overwritten before they are removed', async () => {
  const it = await machine();
  const seen: string[] = [];
  const watched: Runtime = {
    ...it.runtime,
    processes: {
      ...it.runtime.processes,
      run: async (command, options) => {
        if (command[0] === 'rm') {
          seen.push(
            await readFile(join(it.root, 'data/slipway/identity/key.pem'), 'utf8').catch(() => 'gone'),
          );
        }
        return it.runtime.processes.run(command, options);
      },
    },
  };
  await beginReset(it.where(watched), true);
  expect(seen[0]).toMatch(/^\0+$/);
});

test('a device whose ESP cannot be reached goes on as it is', async () => {
  const it = await machine();
  const broken = { ...it.where(), esp: { use: async () => Promise.reject(new Error('no such device')) } };
  expect(await finishResetIfAsked(broken)).toEqual({ reset: 'none', provisioned: true });
  expect(await it.left()).toEqual(Object.keys(FILES).sort());
});
