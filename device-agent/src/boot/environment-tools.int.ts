import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from '../runtime/node/files.ts';
import type { BootControl } from './boot-control.ts';
import { grub } from './grub.ts';
import { encodeEnvironment } from './u-boot-environment.ts';
import { uBoot } from './u-boot.ts';

const run = async (program: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)(program, args)).stdout;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-environment-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const esp = { use: async <T>(work: (directory: string) => Promise<T>): Promise<T> => work(folder) };

test("U-Boot's redundant environment: fw_printenv reads what the agent wrote and the other way round, over a wrap of the counter", async () => {
  const size = 0x1000;
  const device = join(folder, 'env.img');
  const config = join(folder, 'fw_env.config');
  const offsets = [0, 0x4000] as const;
  await writeFile(
    config,
    offsets.map((offset) => `${device} 0x${offset.toString(16)} 0x${size.toString(16)}\n`).join(''),
  );
  const first = new Map([
    ['bootcmd', 'run distro_bootcmd'],
    ['slot_default', 'a'],
  ]);
  const image = Buffer.alloc(0x8000);
  image.set(encodeEnvironment({ variables: first, flags: 250 }, { size, hasFlags: true }), offsets[0]);
  image.set(encodeEnvironment({ variables: first, flags: 251 }, { size, hasFlags: true }), offsets[1]);
  await writeFile(device, image);
  const copies = offsets.map((offset) => ({ path: device, offset }));
  const control: BootControl = uBoot(nodeFiles, esp, { size, copies });
  const print = async (): Promise<string[]> =>
    (await run('fw_printenv', '-c', config)).trim().split('\n').sort();
  const counters = async (): Promise<(number | undefined)[]> => {
    const bytes = await readFile(device);
    return offsets.map((offset) => bytes[offset + 4]);
  };

  for (let round = 0; round < 4; round++) {
    await control.arm('b');
    expect(await print()).toEqual([
      'bootcmd=run distro_bootcmd',
      'slot_default=a',
      'slot_try=b',
      'try_armed=1',
    ]);
    await run('fw_setenv', '-c', config, 'try_armed', '0');
    expect(await control.describe()).toMatchObject({ default: 'a', armed: null, tried: 'b' });
    await control.setDefault('a');
    expect(await print()).toEqual(['bootcmd=run distro_bootcmd', 'slot_default=a', 'try_armed=0']);
  }
  expect(Math.max(...(await counters()).map(Number))).toBeLessThan(250);
});

test("GRUB's environment block: grub-editenv reads what the agent wrote and the other way round", async () => {
  const control = grub(nodeFiles, esp);
  const block = join(folder, 'slipway', 'grubenv');
  await control.setDefault('a');
  await run('grub-editenv', block, 'set', 'theirs=kept \\ as it is');
  await control.arm('b');
  const list = async (): Promise<string[]> =>
    (await run('grub-editenv', block, 'list')).trim().split('\n').sort();
  expect(await list()).toEqual(['slot_default=a', 'slot_tried=', 'slot_try=b', 'theirs=kept \\ as it is']);
  await run('grub-editenv', block, 'set', 'slot_try=', 'slot_tried=b');
  expect(await control.describe()).toMatchObject({ default: 'a', armed: null, tried: 'b' });
  await control.setDefault('b');
  expect(await list()).toEqual(['slot_default=b', 'slot_tried=', 'slot_try=', 'theirs=kept \\ as it is']);
  // Ours are in the first sector, which is written as one.
  const bytes = await readFile(block);
  expect(bytes.subarray(0, 512).toString()).toMatch(/slot_default=b\nslot_try=\nslot_tried=\n/);
});
