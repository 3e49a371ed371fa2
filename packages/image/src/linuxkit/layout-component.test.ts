import { contentSize, readContent, writeOciLayout, type Component } from '@slipway/components';
import type { Volume } from '@slipway/image-spec';
import { openImage } from '@slipway/oci';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { layoutComponent } from './layout-component.ts';
import { treeOf } from './testing/listing.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-layout-'));
  const layer = (text: string) => treeOf(`f 644 0:0 1 file "${text}"`);
  await writeOciLayout(join(folder, 'images', 'web'), {
    tag: '1',
    platforms: [
      { arch: 'amd64', layers: [layer('base'), layer('amd64')], config: {} },
      { arch: 'arm64', layers: [layer('base'), layer('arm64')], config: {} },
    ],
  });
});
afterAll(() => rm(folder, { recursive: true }));

const layoutOf = (more: Partial<Volume> = {}): Promise<Component> =>
  layoutComponent(
    { name: 'web', image: 'oci:images/web:1', format: 'oci', ...more },
    {
      arch: 'amd64',
      baseDir: folder,
      cacheDir: join(folder, 'cache'),
      offline: true,
      spec: { packages: {} },
    },
  );

/** Writes a layout out and opens it again, as a device would. */
const reopened = async ({ tree }: Component, arch: 'amd64' | 'arm64') => {
  const copy = await mkdtemp(join(folder, 'copy-'));
  for (const entry of tree.values()) {
    if (entry.type !== 'file') continue;
    const file = join(copy, entry.path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, readContent(entry.content));
  }
  return openImage(
    { type: 'oci', path: copy, tag: undefined, digest: undefined },
    { arch, baseDir: folder, cacheDir: folder, offline: true },
  );
};

test('the layout is an image again, with the digests that it had', async () => {
  const component = await layoutOf();
  const again = await reopened(component, 'amd64');
  expect(again.indexDigest).toBe(component.digest);
  expect(again.layers.length).toBe(2);
  for (const { path, ...entry } of component.tree.values()) {
    if (entry.type !== 'file' || !path.startsWith('blobs/')) continue;
    const digest = createHash('sha256').update(readContent(entry.content)).digest('hex');
    expect(path).toBe(`blobs/sha256/${digest}`);
  }
});

test('blobs stay where they lie', async () => {
  const { tree } = await layoutOf();
  const blobs = [...tree.values()].filter(({ path }) => path.startsWith('blobs/sha256/'));
  // index, manifest, config and two layers
  expect(blobs.length).toBe(5);
  for (const entry of blobs)
    expect(entry).toMatchObject({
      content: { file: join(folder, 'images', 'web', entry.path), offset: 0, size: expect.any(Number) },
    });
});

test('platforms that are named come along, what they share once', async () => {
  const { tree } = await layoutOf({ platforms: ['linux/amd64', 'linux/arm64'] });
  expect([...tree.keys()].filter((path) => path.startsWith('blobs/sha256/')).length).toBe(8);
  expect((await reopened(await layoutOf({ platforms: ['linux/arm64'] }), 'arm64')).layers.length).toBe(2);
});

test('the same volume is the same layout', async () => {
  const sizes = async () =>
    [...(await layoutOf()).tree.values()].map((entry) => [
      entry.path,
      entry.type === 'file' ? contentSize(entry.content) : 0,
    ]);
  expect(await sizes()).toEqual(await sizes());
});

test.each([
  [{ platforms: ['windows/amd64'] }, 'SPEC_INVALID'],
  [{ platforms: ['linux/mips64le'] }, 'SPEC_INVALID'],
  [{ image: 'docker-archive:saved.tar' }, 'SPEC_INVALID'],
  [{ image: 'deb:base' }, 'SPEC_INVALID'],
  [{ image: 'oci:images/none' }, 'COMPONENT_NOT_FOUND'],
  [{ image: 'oci:images/web:2' }, 'COMPONENT_NOT_FOUND'],
])('%o is refused with %s', async (more, code) => {
  await expect(layoutOf(more)).rejects.toMatchObject({ code });
});
