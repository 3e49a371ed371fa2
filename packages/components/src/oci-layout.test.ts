import { codeOf, type Arch } from '@slipway/protocol';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from './digest.ts';
import { readContent } from './content.ts';
import { readOciComponent } from './oci-component.ts';
import { writeOciLayout } from './oci-writer.ts';
import { ORIGINS_LABEL } from './origin.ts';
import { encodeTar } from './tar-writer.ts';
import type { Tree, TreeEntry } from './tree.ts';

let folder: string;
let cache: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-oci-'));
  cache = await mkdtemp(join(tmpdir(), 'slipway-oci-cache-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(cache, { recursive: true, force: true });
});

const file = (path: string, text: string): TreeEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  source: 's',
  content: new TextEncoder().encode(text),
});
const treeOf = (...entries: TreeEntry[]): Tree => new Map(entries.map((entry) => [entry.path, entry]));

const write = async (name = 'web'): Promise<string> => {
  const layout = join(folder, name);
  await writeOciLayout(layout, {
    tag: '1.0',
    platforms: (['amd64', 'arm64'] as const).map((arch) => ({
      arch,
      layers: [treeOf(file('a', 'lower'), file('b', arch)), treeOf(file('.wh.a', ''))],
      config: { Entrypoint: ['/b'], Labels: { x: 'y' } },
    })),
  });
  return layout;
};
/** With a cache of its own each time: a layer that is there is not read again. */
const read = async (arch: Arch = 'amd64', tag?: string, path = 'web') =>
  readOciComponent(
    { type: 'oci', path, tag, digest: undefined },
    { arch, baseDir: folder, cacheDir: await mkdtemp(join(cache, 'c')), spec: { packages: {} } },
  );
const codeOfRead = async (...args: Parameters<typeof read>): Promise<string> => {
  try {
    await read(...args);
  } catch (error) {
    return codeOf(error);
  }
  return 'none';
};
const blobs = async (layout: string): Promise<string[]> =>
  (await readdir(join(layout, 'blobs', 'sha256'))).map((name) => join(layout, 'blobs', 'sha256', name));

describe('a layout that was written', () => {
  test.each(['amd64', 'arm64'] as const)('reads back for %s', async (arch) => {
    await write();
    const component = await read(arch);
    expect([...component.tree.keys()]).toEqual(['b']);
    const b = component.tree.get('b');
    expect(b).toMatchObject({ type: 'file', source: 'oci:web' });
    expect(b?.type === 'file' ? Buffer.from(readContent(b.content)).toString() : '').toBe(arch);
    expect(component.config).toMatchObject({ Entrypoint: ['/b'], Labels: { x: 'y' } });
    expect(component.origins.map(({ name }) => name)).toEqual(['web', 'web/layer-0', 'web/layer-1']);
  });

  test('has the same bytes every time', async () => {
    const [one, two] = [await write('one'), await write('two')];
    expect((await readdir(join(one, 'blobs', 'sha256'))).sort()).toEqual(
      (await readdir(join(two, 'blobs', 'sha256'))).sort(),
    );
    expect(await readFile(join(one, 'index.json'))).toEqual(await readFile(join(two, 'index.json')));
  });

  test('replaces the one before and leaves nothing beside it', async () => {
    await write();
    await write();
    expect(await readdir(folder)).toEqual(['web']);
  });
});

describe('what does not fit is refused by its code', () => {
  test('any byte of any blob flipped', async () => {
    for (const path of await blobs(await write())) {
      const bytes = await readFile(path);
      const bad = Buffer.from(bytes);
      bad[bytes.length >> 1] = (bad[bytes.length >> 1] ?? 0) ^ 1;
      await writeFile(path, bad);
      const codes = await Promise.all([codeOfRead('amd64'), codeOfRead('arm64')]);
      expect(codes).toContain('COMPONENT_DIGEST_MISMATCH');
      expect(codes.every((code) => code === 'none' || code === 'COMPONENT_DIGEST_MISMATCH')).toBe(true);
      await writeFile(path, bytes);
    }
  });
  test('any blob cut short', async () => {
    for (const path of await blobs(await write())) {
      const bytes = await readFile(path);
      await writeFile(path, bytes.subarray(1));
      expect(await Promise.all([codeOfRead('amd64'), codeOfRead('arm64')])).toContain(
        'COMPONENT_DIGEST_MISMATCH',
      );
      await writeFile(path, bytes);
    }
  });
  test('any blob missing', async () => {
    for (const path of await blobs(await write())) {
      const bytes = await readFile(path);
      await rm(path);
      expect(await Promise.all([codeOfRead('amd64'), codeOfRead('arm64')])).toContain('COMPONENT_NOT_FOUND');
      await writeFile(path, bytes);
    }
  });
  test('no layout', async () => {
    expect(await codeOfRead('amd64', undefined, 'nowhere')).toBe('COMPONENT_NOT_FOUND');
  });
  test('no such tag', async () => {
    await write();
    expect(await codeOfRead('amd64', '1.0')).toBe('none');
    expect(await codeOfRead('amd64', '2.0')).toBe('COMPONENT_NOT_FOUND');
  });
  test('an index that is not JSON', async () => {
    await writeFile(join(await write(), 'index.json'), '{');
    expect(await codeOfRead()).toBe('COMPONENT_INVALID');
  });
  test('no image for the architecture', async () => {
    await writeOciLayout(join(folder, 'web'), {
      tag: 'x',
      platforms: [{ arch: 'amd64', layers: [], config: {} }],
    });
    expect(await codeOfRead('arm64')).toBe('COMPONENT_NOT_FOUND');
  });
});

/** A layout by hand: one image, one layer, no index between. */
const single = async (layer: Uint8Array, mediaType: string, diffId: string, labels = {}): Promise<void> => {
  const layout = join(folder, 'web');
  await write();
  const put = async (bytes: Uint8Array | string, type: string) => {
    const digest = digestOf(bytes);
    await writeFile(join(layout, 'blobs', 'sha256', digest.slice(7)), bytes);
    return { mediaType: type, digest, size: Buffer.byteLength(bytes) };
  };
  const config = await put(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: null, Labels: labels },
      rootfs: { type: 'layers', diff_ids: [diffId] },
    }),
    'application/vnd.oci.image.config.v1+json',
  );
  const manifest = await put(
    JSON.stringify({ schemaVersion: 2, config, layers: [await put(layer, mediaType)] }),
    'application/vnd.docker.distribution.manifest.v2+json',
  );
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
};
const tarOf = (tree: Tree): Buffer => Buffer.concat([...encodeTar(tree)]);

describe('layers', () => {
  const layerType = 'application/vnd.oci.image.layer.v1.tar';

  test.each(['none', 'zstd'])('of compression %s are read', async (compression) => {
    const tar = tarOf(treeOf(file('f', 'x')));
    await single(
      compression === 'zstd' ? zstdCompressSync(tar) : tar,
      compression === 'zstd' ? `${layerType}+zstd` : layerType,
      digestOf(tar),
    );
    expect([...(await read()).tree.keys()]).toEqual(['f']);
  });
  test('whose unpacked bytes differ from the config are refused', async () => {
    await single(tarOf(treeOf(file('f', 'x'))), layerType, digestOf('other'));
    expect(await codeOfRead()).toBe('COMPONENT_DIGEST_MISMATCH');
  });
  test('that are not what their type says are refused', async () => {
    const tar = tarOf(treeOf(file('f', 'x')));
    await single(tar, `${layerType}+gzip`, digestOf(tar));
    expect(await codeOfRead()).toBe('COMPONENT_INVALID');
  });
  test('of a type that is not known are refused', async () => {
    const tar = tarOf(treeOf(file('f', 'x')));
    await single(tar, 'application/vnd.oci.image.layer.nondistributable.v1.tar', digestOf(tar));
    expect(await codeOfRead()).toBe('COMPONENT_INVALID');
  });
  test('tell what packages they hold by a label', async () => {
    const tar = tarOf(treeOf(file('f', 'x')));
    const origin = {
      type: 'deb',
      name: 'a',
      version: '1',
      purl: 'pkg:deb/debian/a@1',
      digest: digestOf('a'),
    };
    await single(tar, layerType, digestOf(tar), { [ORIGINS_LABEL]: JSON.stringify([origin]) });
    expect((await read()).origins.at(-1)).toEqual(origin);
    await single(tar, layerType, digestOf(tar), { [ORIGINS_LABEL]: '[{"type":"deb"}]' });
    expect(await codeOfRead()).toBe('COMPONENT_INVALID');
  });
});
