import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, type Arch } from '@slipway/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { elfNeeds } from './elf.ts';
import { standInLibrary } from './stand-in-library.ts';

const HOST: Arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const IMPORTS = [
  { name: 'sd_notify', version: 'LIBSYSTEMD_209' },
  { name: 'sd_bus_call', version: 'LIBSYSTEMD_221' },
  { name: 'sd_bus_wait', version: 'LIBSYSTEMD_221' },
];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-library-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What the loader of this machine says; Node wants more of a library than that it can be loaded. */
const load = async (bytes: Uint8Array): Promise<string> => {
  const path = join(folder, `library-${bytes.length}.node`);
  await writeFile(path, bytes);
  try {
    process.dlopen({ exports: {} }, path);
    return 'an addon';
  } catch (error) {
    return messageOf(error);
  }
};

test('the loader takes it, and refuses it cut short', async () => {
  const library = standInLibrary(HOST, 'libsystemd.so.0', IMPORTS);
  expect(await load(library)).toMatch(/did not self-register/);
  expect(await load(library.subarray(0, 200))).not.toMatch(/did not self-register/);
});

test('it needs nothing itself and is made the same each time', () => {
  const library = standInLibrary('arm64', 'libsystemd.so.0', IMPORTS);
  expect(elfNeeds(library)).toEqual({ libraries: [] });
  expect(library.equals(standInLibrary('arm64', 'libsystemd.so.0', IMPORTS))).toBe(true);
  expect(library.length).toBeLessThan(4096);
});
