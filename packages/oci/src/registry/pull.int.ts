import type { Arch, Digest } from '@slipway/protocol';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { blobFolder } from '../cache/blob-store.ts';
import { digestOf, hexOf } from '../digest.ts';
import type { OpenOptions } from '../image.ts';
import type { ImageLocation } from '../location.ts';
import { openImage } from '../open-image.ts';
import { loadRegistries, type Registries } from '../registries.ts';
import { resolveImage } from '../resolve-image.ts';
import { startBadProxy, type BadProxy } from '../testing/bad-proxy.ts';
import { makeLayout, TWO_PLATFORMS, type TestLayout } from '../testing/images.ts';
import { codeFrom, layersRead } from '../testing/read.ts';
import { startRegistry, type TestRegistry } from '../testing/registry.ts';
import { copy, run } from '../testing/run.ts';

let folder: string;
let registry: TestRegistry;
let proxy: BadProxy;
let [first, second]: TestLayout[] = [];
let cacheDir: string;
let registries: Registries;
/** milliseconds that were waited between tries; nobody really waits */
let waits: number[];

const push = async (layout: TestLayout, tag: string): Promise<void> =>
  copy(
    `oci:${layout.path}:1.0`,
    `docker://${registry.host}/team/app:${tag}`,
    '--all',
    '--preserve-digests',
    '--dest-tls-verify=false',
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-pull-'));
  registry = await startRegistry(folder);
  proxy = await startBadProxy(registry.host);
  first = await makeLayout(join(folder, 'first'), TWO_PLATFORMS);
  second = await makeLayout(
    join(folder, 'second'),
    TWO_PLATFORMS.map((image) => ({
      ...image,
      layers: [...image.layers, { text: 'more', compression: 'gzip' }],
    })),
  );
  await push(first, '1.0');
  await push(second, 'next');
});
afterAll(async () => {
  await proxy.stop();
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});
const begin = async (): Promise<Registries> =>
  loadRegistries({
    environment: {},
    home: folder,
    retry: {
      wait: async (ms) => {
        waits.push(ms);
      },
    },
  });
beforeEach(async () => {
  cacheDir = await mkdtemp(join(folder, 'cache-'));
  proxy.seen.length = 0;
  proxy.fault = () => undefined;
  waits = [];
  registries = await begin();
});

const image = (tag?: string, digest?: Digest, repository = 'team/app'): ImageLocation => ({
  type: 'registry',
  registry: proxy.host,
  repository,
  tag,
  digest,
});
const options = (arch: Arch = 'amd64', more: Partial<OpenOptions> = {}): OpenOptions => ({
  arch,
  baseDir: folder,
  cacheDir,
  registries,
  ...more,
});
const isBlob = (path: string): boolean => path.includes('/blobs/');
const layerOf = (layout: TestLayout | undefined, index: number) => {
  const layer = layout?.layers[0]?.[index];
  if (layer === undefined) throw new Error('no such layer');
  return layer;
};
const cached = async (): Promise<string[]> => readdir(blobFolder(cacheDir)).catch(() => []);

describe('from a real registry', () => {
  test('an image of each architecture, by tag, by digest and by both', async () => {
    for (const [index, arch] of (['amd64', 'arm64'] as const).entries())
      for (const location of [image('1.0'), image(undefined, first?.digest), image('gone', first?.digest)]) {
        const opened = await openImage(location, options(arch));
        expect(opened.digest).toBe(first?.manifests[index]);
        expect(opened.indexDigest).toBe(first?.digest);
        await layersRead(opened);
        expect(opened.layers.map(({ digest }) => digest)).toEqual(
          first?.layers[index]?.map(({ digest }) => digest),
        );
      }
  });

  test('an image in the form of Docker, with the digests that skopeo sees', async () => {
    const to = `docker://${registry.host}/team/docker:1.0`;
    await copy(`oci:${first?.path}:1.0`, to, '--all', '--format', 'v2s2', '--dest-tls-verify=false');
    const raw = await run('skopeo', 'inspect', '--raw', '--tls-verify=false', to);
    expect(JSON.parse(raw)).toMatchObject({
      mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json',
    });
    const opened = await openImage(image('1.0', undefined, 'team/docker'), options());
    expect(opened.indexDigest).toBe(digestOf(raw));
    expect(opened.layers.map(({ mediaType }) => mediaType)).toEqual(
      opened.layers.map(() => 'application/vnd.docker.image.rootfs.diff.tar.gzip'),
    );
    await layersRead(opened);
  });

  test('by several builds at once into one cache', async () => {
    const builds = await Promise.all(
      [1, 2, 3].map(async () => openImage(image('1.0'), options('amd64', { registries: await begin() }))),
    );
    await Promise.all(builds.map(layersRead));
    expect((await cached()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('layers come when they are opened, once, and then from the cache', async () => {
    const opened = await openImage(image('1.0'), options());
    expect(proxy.seen.filter(({ path }) => isBlob(path))).toHaveLength(1); // the config
    await Promise.all([layersRead(opened), layersRead(await openImage(image('1.0'), options()))]);
    expect(proxy.seen.filter(({ path }) => isBlob(path))).toHaveLength(3);
    expect((await cached()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('offline says what is missing, and works without a socket once it was there', async () => {
    const offline = { offline: true };
    await expect(openImage(image('1.0'), options('amd64', offline))).rejects.toMatchObject({
      code: 'COMPONENT_OFFLINE',
      message: expect.stringContaining('tag 1.0'),
    });
    await openImage(image('1.0'), options());
    proxy.seen.length = 0;
    const opened = await openImage(image('1.0'), options('amd64', offline));
    await expect(opened.layers[0]?.open()).rejects.toMatchObject({
      code: 'COMPONENT_OFFLINE',
      details: { digest: layerOf(first, 0).digest },
    });
    expect(await codeFrom(openImage(image('1.0'), options('arm64', offline)))).toBe('COMPONENT_OFFLINE');
    expect(proxy.seen).toEqual([]);
  });

  test('a tag is asked for once, or always', async () => {
    await push(first ?? fail(), 'moving');
    await openImage(image('moving'), options());
    await push(second ?? fail(), 'moving');
    proxy.seen.length = 0;
    expect((await openImage(image('moving'), options())).indexDigest).toBe(first?.digest);
    expect(proxy.seen).toEqual([]);
    expect((await openImage(image('moving'), options('amd64', { pull: 'always' }))).indexDigest).toBe(
      second?.digest,
    );
    expect((await openImage(image('moving'), options())).indexDigest).toBe(second?.digest);
    proxy.seen.length = 0;
    await openImage(image('moving'), options('amd64', { pull: 'always' }));
    expect(proxy.seen.map(({ method }) => method)).toEqual(['HEAD']);
  });

  test('a lock needs no tag', async () => {
    const [, arm64] = first?.manifests ?? [];
    const opened = await openImage(image('not-there'), options('arm64', { digest: arm64 }));
    expect(opened.digest).toBe(arm64);
    expect(await codeFrom(openImage(image('1.0'), options('amd64', { digest: arm64 })))).toBe(
      'COMPONENT_NOT_FOUND',
    );
  });

  test('resolves for a lock file', async () => {
    const [amd64, arm64] = first?.manifests ?? [];
    const { arch: _arch, ...resolve } = options();
    expect(await resolveImage(image('1.0'), resolve)).toEqual({
      digest: first?.digest,
      platforms: { amd64, arm64 },
    });
  });

  test('what is not there', async () => {
    expect(await codeFrom(openImage(image('9.9'), options()))).toBe('COMPONENT_NOT_FOUND');
    expect(await codeFrom(openImage(image('1.0', undefined, 'no/such'), options()))).toBe(
      'COMPONENT_NOT_FOUND',
    );
    expect(waits).toEqual([]);
  });
});

const fail = (): never => {
  throw new Error('no such layout');
};

describe('what breaks is taken up again', () => {
  test('a blob goes on where the connection broke', async () => {
    const layer = layerOf(first, 1);
    let cuts = 0;
    proxy.fault = ({ path }) =>
      path.endsWith(layer.digest) && cuts++ < 7 ? { type: 'cut', after: 10 } : undefined;
    await layersRead(await openImage(image('1.0'), options()));
    const asked = proxy.seen.filter(({ path }) => path.endsWith(layer.digest));
    expect(asked.map(({ headers }) => headers.range)).toEqual([
      undefined,
      ...[10, 20, 30, 40, 50, 60, 70].map((at) => `bytes=${at}-`),
    ]);
  });

  test('a server that does not know ranges starts again', async () => {
    const layer = layerOf(first, 1);
    let cuts = 0;
    proxy.fault = ({ path, headers }) => {
      if (!path.endsWith(layer.digest)) return undefined;
      delete headers.range;
      return cuts++ < 2 ? { type: 'cut', after: 10 } : undefined;
    };
    await layersRead(await openImage(image('1.0'), options()));
    expect(cuts).toBe(3);
  });

  test('busy servers are given the time they ask for', async () => {
    const answers = [
      { type: 'answer', status: 503 },
      { type: 'answer', status: 429, headers: { 'retry-after': '7' } },
      { type: 'answer', status: 502 },
    ] as const;
    let count = 0;
    proxy.fault = ({ path }) => (path.includes('/manifests/') ? answers[count++] : undefined);
    await openImage(image('1.0'), options());
    expect(waits).toHaveLength(3);
    expect(waits[1]).toBe(7000);
  });

  test('but not for hours', async () => {
    proxy.fault = () => ({ type: 'answer', status: 429, headers: { 'retry-after': '3600' } });
    expect(await codeFrom(openImage(image('1.0'), options()))).toBe('REGISTRY_RATE_LIMITED');
    expect(waits).toEqual([]);
  });

  test('and not for ever', async () => {
    proxy.fault = ({ path }) => (path.includes('/manifests/') ? { type: 'cut', after: 0 } : undefined);
    expect(await codeFrom(openImage(image('1.0'), options()))).toBe('REGISTRY_UNREACHABLE');
    expect(waits).toHaveLength(4);
  });

  test('a build that is stopped stops at once', async () => {
    const layer = layerOf(first, 1);
    const controller = new AbortController();
    proxy.fault = ({ path }) =>
      path.endsWith(layer.digest)
        ? { type: 'hang', hanging: () => controller.abort(new Error('enough')) }
        : undefined;
    const opened = await openImage(image('1.0'), options('amd64', { signal: controller.signal }));
    await expect(layersRead(opened)).rejects.toThrow('enough');
    expect((await cached()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('what differs is refused, and the cache has none of it', () => {
  const codeOfRefusal = async (): Promise<string> => {
    const layer = layerOf(first, 1);
    const opened = await openImage(image('1.0'), options());
    const code = await codeFrom(layersRead(opened));
    expect((await cached()).filter((name) => name.startsWith(hexOf(layer.digest)))).toEqual([]);
    return code;
  };
  const onLayer =
    (fault: ReturnType<BadProxy['fault']>): BadProxy['fault'] =>
    ({ path }) =>
      path.endsWith(layerOf(first, 1).digest) ? fault : undefined;

  test('a byte of a layer', async () => {
    proxy.fault = onLayer({ type: 'change', change: (body) => body.fill(body.readUInt8(20) ^ 1, 20, 21) });
    expect(await codeOfRefusal()).toBe('COMPONENT_DIGEST_MISMATCH');
  });
  test('another size than the manifest says', async () => {
    proxy.fault = onLayer({ type: 'answer', status: 200, headers: { 'content-length': '3' }, body: 'abc' });
    expect(await codeOfRefusal()).toBe('COMPONENT_DIGEST_MISMATCH');
  });
  test('a layer that ends early, whatever is tried', async () => {
    proxy.fault = onLayer({
      type: 'answer',
      status: 200,
      headers: { 'transfer-encoding': 'chunked' },
      body: 'abc',
    });
    expect(await codeOfRefusal()).toBe('REGISTRY_UNREACHABLE');
  });
  test('data without an end', async () => {
    const sent = Promise.withResolvers<number>();
    proxy.fault = onLayer({ type: 'endless', sent: sent.resolve });
    expect(await codeOfRefusal()).toBe('COMPONENT_DIGEST_MISMATCH');
    // What the buffers of two sockets hold, not the gibibyte that was offered.
    expect(await sent.promise).toBeLessThan(64 * 1024 ** 2);
  });
  test('a manifest, by tag or by digest', async () => {
    proxy.fault = ({ path }) =>
      path.includes('/manifests/') ? { type: 'change', change: (body) => body.fill(32, 1, 2) } : undefined;
    expect(await codeFrom(openImage(image('1.0'), options()))).toBe('COMPONENT_DIGEST_MISMATCH');
    expect(await codeFrom(openImage(image(undefined, first?.digest), options()))).toBe(
      'COMPONENT_DIGEST_MISMATCH',
    );
    expect(await cached()).toEqual([]);
  });
  test('a manifest of schema 1', async () => {
    proxy.fault = ({ path }) =>
      path.includes('/manifests/')
        ? {
            type: 'answer',
            status: 200,
            headers: { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
            body: '{"schemaVersion":1}',
          }
        : undefined;
    await expect(openImage(image('1.0'), options())).rejects.toMatchObject({
      code: 'COMPONENT_INVALID',
      message: expect.stringContaining('schema 1'),
    });
  });
  test('a blob that was damaged in the cache is dropped, and fetched the next time', async () => {
    await layersRead(await openImage(image('1.0'), options()));
    const [bad, other] = [layerOf(first, 0), layerOf(first, 1)];
    const path = (digest: Digest): string => join(blobFolder(cacheDir), hexOf(digest));
    await copyFile(path(other.digest), path(bad.digest));
    expect(await codeFrom(openImage(image('1.0'), options()).then(layersRead))).toBe(
      'COMPONENT_DIGEST_MISMATCH',
    );
    await layersRead(await openImage(image('1.0'), options()));
    await writeFile(path(first?.digest ?? fail()), '{}');
    expect((await openImage(image('1.0'), options())).indexDigest).toBe(first?.digest);
  });
});

describe('redirects', () => {
  test('to plain http elsewhere are not followed', async () => {
    proxy.fault = ({ path }) =>
      isBlob(path)
        ? { type: 'answer', status: 307, headers: { location: 'http://storage.invalid/blob' } }
        : undefined;
    expect(await codeFrom(openImage(image('1.0'), options()))).toBe('REGISTRY_INSECURE');
  });
  test('to other storage are, and endless ones end', async () => {
    proxy.fault = ({ path }) =>
      isBlob(path)
        ? { type: 'answer', status: 307, headers: { location: `http://${registry.host}${path}` } }
        : undefined;
    await layersRead(await openImage(image('1.0'), options()));
    cacheDir = await mkdtemp(join(folder, 'cache-'));
    proxy.fault = ({ path }) =>
      isBlob(path) ? { type: 'answer', status: 302, headers: { location: path } } : undefined;
    expect(await codeFrom(openImage(image('1.0'), options()))).toBe('REGISTRY_UNREACHABLE');
  });
  test('a registry that is not on loopback is never asked without TLS', async () => {
    // Nothing listens at this name, and nothing is told to it in the clear.
    expect(
      await codeFrom(
        openImage(
          {
            type: 'registry',
            registry: 'registry.invalid',
            repository: 'a',
            tag: undefined,
            digest: undefined,
          },
          options(),
        ),
      ),
    ).toBe('REGISTRY_UNREACHABLE');
  });
});
