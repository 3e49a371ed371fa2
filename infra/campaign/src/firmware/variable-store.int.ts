import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BaseImage, OverlayDisk } from '../block/overlay-disk.ts';
import { readVariables } from './variable-store.ts';

const LOADER = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
const NAME = `LoaderEntryOneShot-${LOADER}`;
const VALUE = Buffer.from('slot-b.efi\0', 'utf16le');
let folder: string;
let flash: string;

/** Made by the tool of virt-firmware, which knows the format by itself. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-variables-'));
  flash = join(folder, 'vars.fd');
  const json = join(folder, 'variables.json');
  const variables = [{ name: 'LoaderEntryOneShot', guid: LOADER, attr: 7, data: VALUE.toString('hex') }];
  await writeFile(json, JSON.stringify({ version: 2, variables }));
  await promisify(execFile)('virt-fw-vars', [
    '--input',
    '/usr/share/OVMF/OVMF_VARS_4M.fd',
    '--set-json',
    json,
    '--set-boot-uri',
    'http://127.0.0.1/',
    '--output',
    flash,
  ]);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const whole = () => new BaseImage(flash);
/** Where the header of the variable begins, found by its name. */
const headerAt = (): number => {
  const disk = whole();
  return disk.read(0, disk.size).indexOf(Buffer.from('LoaderEntryOneShot\0', 'utf16le')) - 60;
};
const withState = (state: number) => {
  const disk = new OverlayDisk(whole());
  disk.write(headerAt() + 2, Buffer.from([state]));
  return readVariables(disk);
};

test('reads the variables that virt-fw-vars wrote', () => {
  const variables = readVariables(whole());
  expect(variables.get(NAME)).toEqual({ attributes: 7, value: VALUE });
  expect([...variables.keys()].some((name) => name.startsWith('Boot'))).toBe(true);
});

test.each([
  ['its header is written and its data is not', 0x7f, false],
  ['it is being replaced, and the new one is not there', 0x3e, true],
  ['it was deleted', 0x3d, false],
  ['it was deleted after a replacement', 0x3c, false],
])('a variable counts as the firmware counts it where %s', (_, state, isThere) => {
  expect(withState(state).has(NAME)).toBe(isThere);
});

test('a flash whose store is not healthy is refused', () => {
  const disk = new OverlayDisk(whole());
  disk.write(72 + 21, Buffer.from([0xfc]));
  expect(() => readVariables(disk)).toThrow('no healthy variable store');
  expect(() => readVariables({ size: 1024, read: (_, length) => Buffer.alloc(length) })).toThrow(
    'no firmware volume',
  );
});
