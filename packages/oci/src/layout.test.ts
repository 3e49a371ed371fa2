import type { Arch } from '@slipway/protocol';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from './digest.ts';
import type { OciImage } from './image.ts';
import { Index, type Descriptor } from './oci-schema.ts';
import { openImage } from './open-image.ts';
import { makeLayout, TWO_PLATFORMS, type TestLayout } from './testing/images.ts';
import { codeFrom, layersRead } from './testing/read.ts';

let folder: string;
let layout: TestLayout;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-layout-'));
  layout = await makeLayout(join(folder, 'web'), TWO_PLATFORMS);
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const open = async (arch: Arch = 'amd64', tag?: string, path = 'web'): Promise<OciImage> =>
  openImage(
    { type: 'oci', path, tag, digest: undefined },
    { arch, baseDir: folder, cacheDir: join(folder, 'cache') },
  );
const read = async (...args: Parameters<typeof open>): Promise<Buffer[]> => layersRead(await open(...args));
const setIndex = async (value: unknown): Promise<void> =>
  writeFile(join(layout.path, 'index.json'), typeof value === 'string' ? value : JSON.stringify(value));
const indexOf = async (...manifests: readonly unknown[]): Promise<void> =>
  setIndex({ schemaVersion: 2, manifests });
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const blobPaths = async (): Promise<string[]> => {
  const blobs = join(layout.path, 'blobs', 'sha256');
  return (await readdir(blobs)).map((name) => join(blobs, name));
};

describe('bytes that differ', () => {
  test.each<[string, (bytes: Buffer) => Buffer]>([
    [
      'one flipped',
      (bytes) => Buffer.from(bytes.with(bytes.length >> 1, bytes.readUInt8(bytes.length >> 1) ^ 1)),
    ],
    ['one missing', (bytes) => bytes.subarray(1)],
    ['one more', (bytes) => Buffer.concat([bytes, Buffer.from('x')])],
  ])('%s in any blob', async (_what, change) => {
    for (const path of await blobPaths()) {
      const bytes = await readFile(path);
      await writeFile(path, change(bytes));
      const codes = await Promise.all([codeFrom(read('amd64')), codeFrom(read('arm64'))]);
      expect(codes).toContain('COMPONENT_DIGEST_MISMATCH');
      expect(codes.every((code) => code === 'none' || code === 'COMPONENT_DIGEST_MISMATCH')).toBe(true);
      await writeFile(path, bytes);
    }
  });
  test('any blob missing', async () => {
    for (const path of await blobPaths()) {
      const bytes = await readFile(path);
      await rm(path);
      expect(await Promise.all([codeFrom(read('amd64')), codeFrom(read('arm64'))])).toContain(
        'COMPONENT_NOT_FOUND',
      );
      await writeFile(path, bytes);
    }
  });
});

describe('which image', () => {
  test('a tag', async () => {
    expect(await codeFrom(read('amd64', '1.0'))).toBe('none');
    await expect(open('amd64', '2.0')).rejects.toMatchObject({
      code: 'COMPONENT_NOT_FOUND',
      details: { tags: ['1.0'] },
    });
  });
  test('a tag of several, by short name or long', async () => {
    const [entry] = Index.parse(
      JSON.parse(await readFile(join(layout.path, 'index.json'), 'utf8')),
    ).manifests;
    const named = (name: string) => ({
      ...entry,
      annotations: { 'org.opencontainers.image.ref.name': name },
    });
    await indexOf(named('docker.io/acme/web:1'), named('docker.io/acme/web:2'));
    expect((await open('amd64', '2')).indexDigest).toBe(layout.digest);
    expect(await codeFrom(open('amd64'))).toBe('COMPONENT_NOT_FOUND');
    await indexOf(named('1'), named('latest'));
    expect((await open('amd64')).indexDigest).toBe(layout.digest);
  });
  test('manifests beside one another, without an index or platforms', async () => {
    const bytes = await Promise.all(
      layout.manifests.map(async (digest) => readFile(join(layout.path, 'blobs', 'sha256', digest.slice(7)))),
    );
    await indexOf(
      ...layout.manifests.map((digest, at) => ({ mediaType: MANIFEST, digest, size: bytes[at]?.length })),
    );
    expect((await open('arm64')).digest).toBe(layout.manifests[1]);
    expect((await open('amd64')).digest).toBe(layout.manifests[0]);
  });
  test('attestations are no images', async () => {
    const attestation = {
      ...(await layout.put(MANIFEST, '{"not":"read"}')),
      platform: { os: 'unknown', architecture: 'unknown' },
    };
    await indexOf(await layout.put(INDEX, JSON.stringify({ schemaVersion: 2, manifests: [attestation] })));
    await expect(open()).rejects.toMatchObject({ code: 'COMPONENT_NOT_FOUND', details: { platforms: [] } });
  });
  test('none for the architecture', async () => {
    await makeLayout(join(folder, 'one'), TWO_PLATFORMS.slice(0, 1));
    await expect(open('arm64', undefined, 'one')).rejects.toMatchObject({
      code: 'COMPONENT_NOT_FOUND',
      details: { platforms: ['linux/amd64'] },
    });
  });
  test('no layout', async () => {
    expect(await codeFrom(open('amd64', undefined, 'nowhere'))).toBe('COMPONENT_NOT_FOUND');
  });
});

describe('documents in no known form', () => {
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(''), size: 0 };
  const put = async (value: unknown, type = MANIFEST): Promise<void> =>
    indexOf(await layout.put(type, JSON.stringify(value)));

  test('no JSON', async () => {
    await setIndex('{');
    expect(await codeFrom(open())).toBe('COMPONENT_INVALID');
  });
  test('an index and a manifest at once', async () => {
    await put({ schemaVersion: 2, manifests: [], config, layers: [] });
    await expect(open()).rejects.toMatchObject({
      code: 'COMPONENT_INVALID',
      message: expect.stringContaining('at once'),
    });
  });
  test('a type that does not fit the content', async () => {
    await put({ schemaVersion: 2, mediaType: INDEX, config, layers: [] });
    expect(await codeFrom(open())).toBe('COMPONENT_INVALID');
  });
  test('schema 1', async () => {
    await put({ schemaVersion: 1, fsLayers: [] });
    await expect(open()).rejects.toMatchObject({ message: expect.stringContaining('schema 1') });
  });
  test('an artifact that is no image', async () => {
    await put({
      schemaVersion: 2,
      config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' },
      layers: [],
    });
    await expect(open()).rejects.toMatchObject({
      code: 'COMPONENT_INVALID',
      message: expect.stringContaining('helm'),
    });
  });
  test('indexes in indexes without an end', async () => {
    let inner = await layout.put(INDEX, JSON.stringify({ schemaVersion: 2, manifests: [] }));
    for (let depth = 0; depth < 8; depth++)
      inner = await layout.put(INDEX, JSON.stringify({ schemaVersion: 2, manifests: [inner] }));
    await indexOf(inner);
    expect(await codeFrom(open())).toBe('COMPONENT_INVALID');
  });
  const single = async (layers: readonly Descriptor[], diffIds: readonly string[]): Promise<void> =>
    put({
      schemaVersion: 2,
      config: await layout.put(
        config.mediaType,
        JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } }),
      ),
      layers,
    });
  test('layers of an unknown type, or in another number than the config says', async () => {
    const foreign = await layout.put('application/vnd.oci.image.layer.nondistributable.v1.tar', 'x');
    await single([foreign], [digestOf('x')]);
    expect(await codeFrom(open())).toBe('COMPONENT_INVALID');
    await single([], [digestOf('x')]);
    expect(await codeFrom(open())).toBe('COMPONENT_INVALID');
  });
  test('a document that is too large', async () => {
    const big = await layout.put(MANIFEST, Buffer.alloc(4 * 1024 * 1024 + 1, 0x20));
    await indexOf(big);
    expect(await codeFrom(open())).toBe('COMPONENT_INVALID');
  });
});
