import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureInputs, type Inputs } from './inputs.ts';

const OPTIONS = { scale: 0.02, versions: 2, arch: 'amd64' } as const;
let folder: string;
let inputs: Inputs;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  inputs = await ensureInputs(join(folder, 'a'), OPTIONS);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const blobsOf = (name: string): string[] =>
  readdirSync(join(folder, 'a', 'layouts', name, 'blobs', 'sha256')).sort();
const isLayer = (path: string): boolean =>
  readFileSync(path)
    .subarray(0, 2)
    .equals(Buffer.from([0x1f, 0x8b]));
const layersOf = (name: string): string[] =>
  blobsOf(name)
    .map((blob) => join(folder, 'a', 'layouts', name, 'blobs', 'sha256', blob))
    .filter(isLayer);

test('eleven images of the size that was asked for, which compress as real ones do', () => {
  expect(inputs.images).toBe(11);
  expect(inputs.layerBytes / (400e6 * OPTIONS.scale)).toBeGreaterThan(0.9);
  expect(inputs.layerBytes / (400e6 * OPTIONS.scale)).toBeLessThan(1.2);
  const ratio = inputs.layerBytes / inputs.compressedBytes;
  expect(ratio).toBeGreaterThan(2);
  expect(ratio).toBeLessThan(3);
});

test('services share a base, and their next version changes only what is above it', () => {
  const shared = blobsOf('sshd').filter((blob) => blobsOf('database').includes(blob));
  expect(shared).toHaveLength(1);
  expect(blobsOf('web-1').filter((blob) => blobsOf('web-2').includes(blob))).toEqual(shared);
});

test('GNU tar reads every layer: files, directories, symlinks and hard links', () => {
  const kinds = layersOf('agent').flatMap((layer) =>
    execFileSync('tar', ['-tv'], { input: gunzipSync(readFileSync(layer)), encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line[0]),
  );
  expect(new Set(kinds)).toEqual(new Set(['d', '-', 'l', 'h']));
  const [kernel = ''] = layersOf('kernel');
  const modules = execFileSync('tar', ['-xOf', '-', 'kernel.tar'], {
    input: gunzipSync(readFileSync(kernel)),
  });
  expect(execFileSync('tar', ['-t'], { input: modules, encoding: 'utf8' })).toMatch(
    /^lib\/modules\/.*\.ko$/m,
  );
});

test('the same options give the same bytes, and are not made twice', async () => {
  await ensureInputs(join(folder, 'b'), OPTIONS);
  const layouts = readdirSync(join(folder, 'a', 'layouts'));
  for (const name of layouts) {
    const index = (side: string): string =>
      readFileSync(join(folder, side, 'layouts', name, 'index.json'), 'utf8');
    expect(index('b')).toBe(index('a'));
  }
  const stamp = join(folder, 'a', 'inputs.json');
  const before = statSync(stamp).mtimeMs;
  expect(await ensureInputs(join(folder, 'a'), { ...OPTIONS, versions: 1 })).toEqual(inputs);
  expect(statSync(stamp).mtimeMs).toBe(before);
});
