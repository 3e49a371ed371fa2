import type { Arch, Digest } from '@slipway/protocol';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenOptions } from './image.ts';
import type { ImageLocation } from './location.ts';
import { openImage } from './open-image.ts';
import { resolveImage } from './resolve-image.ts';
import { layerTar, makeLayout, TWO_PLATFORMS, type TestLayout } from './testing/images.ts';
import { codeFrom, layersRead } from './testing/read.ts';
import { copy, run } from './testing/run.ts';

let folder: string;
let layout: TestLayout;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-formats-'));
  layout = await makeLayout(join(folder, 'layout'), TWO_PLATFORMS);
  const of = (arch: string) => ['--override-arch', arch, '--override-os', 'linux'];
  await copy(`oci:${layout.path}:1.0`, `oci:${join(folder, 'copied')}:1.0`, '--all', '--preserve-digests');
  await copy(`oci:${layout.path}:1.0`, `oci-archive:${join(folder, 'all.tar')}:1.0`, '--all');
  await copy(
    `oci:${layout.path}:1.0`,
    `docker-archive:${join(folder, 'saved.tar')}:name/of:1.0`,
    ...of('arm64'),
  );
  await writeFile(join(folder, 'saved.tar.gz'), gzipSync(await readFile(join(folder, 'saved.tar'))));
  await run('tar', '-C', layout.path, '-cf', join(folder, 'gnu.tar'), '.');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const options = (arch: Arch = 'amd64', more: Partial<OpenOptions> = {}): OpenOptions => ({
  arch,
  baseDir: folder,
  cacheDir: join(folder, 'cache'),
  offline: true,
  ...more,
});
const at = (type: 'oci' | 'oci-archive', path: string, tag?: string, digest?: Digest): ImageLocation => ({
  type,
  path,
  tag,
  digest,
});
const texts = (arch: string): string[] =>
  TWO_PLATFORMS.find(({ architecture }) => architecture === arch)?.layers.map(({ text }) => text) ?? [];

describe('what skopeo and tar write has the digests that were put in', () => {
  test.each([
    at('oci', 'layout'),
    at('oci', 'copied', '1.0'),
    at('oci-archive', 'all.tar'),
    at('oci-archive', 'gnu.tar', '1.0'),
  ])('$type:$path', async (location) => {
    for (const [index, arch] of (['amd64', 'arm64'] as const).entries()) {
      const image = await openImage(location, options(arch));
      expect(image.digest).toBe(layout.manifests[index]);
      expect(image.indexDigest).toBe(layout.digest);
      expect(image.annotations).toEqual({ of: arch });
      expect(image.config.config?.Labels).toEqual({ for: arch });
      expect(image.layers.map(({ digest }) => digest)).toEqual(
        layout.layers[index]?.map(({ digest }) => digest),
      );
      const tars = (await layersRead(image)).map((bytes) => gunzipSync(bytes));
      expect(tars).toEqual(texts(arch).map(layerTar));
    }
    const [amd64, arm64] = layout.manifests;
    expect(await resolveImage(location, options())).toEqual({
      digest: layout.digest,
      platforms: { amd64, arm64 },
    });
  });

  test('docker save: known by the digest of the config that skopeo names', async () => {
    const inspected: unknown = JSON.parse(
      await run('skopeo', 'inspect', '--raw', `docker-archive:${join(folder, 'saved.tar')}`),
    );
    for (const path of ['saved.tar', 'saved.tar.gz']) {
      const image = await openImage({ type: 'docker-archive', path, tag: 'name/of:1.0' }, options('arm64'));
      expect(inspected).toMatchObject({
        config: { digest: image.digest },
        layers: image.layers.map(({ digest, size }) => ({ digest, size })),
      });
      expect(await layersRead(image)).toEqual(texts('arm64').map(layerTar));
      expect(image.layers.map(({ digest, diffId }) => digest === diffId)).toEqual([true, true]);
    }
  });
});

describe('pinned by a digest', () => {
  test('of the manifest or of the index, in the reference', async () => {
    for (const digest of [layout.digest, layout.manifests[1]]) {
      const image = await openImage(at('oci-archive', 'all.tar', undefined, digest), options('arm64'));
      expect(image.digest).toBe(layout.manifests[1]);
    }
  });
  test('of the lock: that one and no other', async () => {
    const [amd64, arm64] = layout.manifests;
    expect((await openImage(at('oci', 'layout'), options('amd64', { digest: amd64 }))).digest).toBe(amd64);
    expect(await codeFrom(openImage(at('oci', 'layout'), options('amd64', { digest: arm64 })))).toBe(
      'COMPONENT_NOT_FOUND',
    );
    expect(await codeFrom(openImage(at('oci', 'layout'), options('amd64', { digest: layout.digest })))).toBe(
      'COMPONENT_DIGEST_MISMATCH',
    );
    expect(
      await codeFrom(
        openImage(
          { type: 'docker-archive', path: 'saved.tar', tag: undefined },
          options('arm64', { digest: arm64 }),
        ),
      ),
    ).toBe('COMPONENT_DIGEST_MISMATCH');
  });
});

describe('the wrong kind of archive', () => {
  test('says which one it is', async () => {
    await expect(openImage(at('oci-archive', 'saved.tar'), options())).rejects.toMatchObject({
      code: 'COMPONENT_INVALID',
      message: expect.stringContaining('use docker-archive:PATH'),
    });
    await expect(
      openImage({ type: 'docker-archive', path: 'all.tar', tag: undefined }, options()),
    ).rejects.toMatchObject({ message: expect.stringContaining('use oci-archive:PATH') });
    expect(await codeFrom(openImage(at('oci', 'all.tar'), options()))).toBe('COMPONENT_NOT_FOUND');
  });
  test('that has no such image lists what there is', async () => {
    await expect(
      openImage({ type: 'docker-archive', path: 'saved.tar', tag: 'other:1' }, options()),
    ).rejects.toMatchObject({ code: 'COMPONENT_NOT_FOUND', details: { tags: ['docker.io/name/of:1.0'] } });
    await expect(
      openImage({ type: 'docker-archive', path: 'saved.tar', tag: undefined }, options('amd64')),
    ).rejects.toMatchObject({ code: 'COMPONENT_NOT_FOUND', details: { platforms: ['linux/arm64/v8'] } });
  });
});
