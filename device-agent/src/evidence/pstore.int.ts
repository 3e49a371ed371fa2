import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeRuntime } from '../runtime/node/index.ts';
import { readPanic } from './pstore.ts';

let sysDir: string;
beforeEach(async () => {
  sysDir = await mkdtemp(join(tmpdir(), 'slipway-pstore-'));
  await mkdir(join(sysDir, 'fs', 'pstore'), { recursive: true });
});
afterEach(async () => {
  await rm(sysDir, { recursive: true, force: true });
});

const record = async (seconds: number, part: number, text: string): Promise<void> => {
  const name = `dmesg-efi_pstore-${seconds}${String(part).padStart(2, '0')}001`;
  await writeFile(join(sysDir, 'fs', 'pstore', name), `Panic#1 Part${part}\n${text}\n`);
};
const read = () =>
  readPanic(nodeRuntime({ searchPath: '', rebootCommand: null, log: () => undefined }), { sysDir });

test('a panic whose parts took more than a second to write is one', async () => {
  await record(1_795_558_604, 1, 'third');
  await record(1_795_558_604, 2, 'second');
  await record(1_795_558_605, 3, 'first');
  expect(await read()).toBe('first\nsecond\nthird\n');
});

test('of two panics it is the later one, whatever their parts took', async () => {
  await record(1_795_558_604, 1, 'old end');
  await record(1_795_558_605, 2, 'old beginning');
  await record(1_795_558_605, 12, 'older still');
  await record(1_795_558_700, 1, 'new end');
  await record(1_795_558_701, 2, 'new beginning');
  expect(await read()).toBe('new beginning\nnew end\n');
});

test('where the last words themselves are lost, the rest is told', async () => {
  await record(1_795_558_604, 2, 'second');
  await record(1_795_558_604, 3, 'first');
  expect(await read()).toBe('first\nsecond\n');
});
