import type { Content, Tree, TreeEntry } from '@slipway/components';
import { readContent } from '@slipway/components';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from './testing/build.ts';
import { listingOf, textAt, treeOf } from './testing/listing.ts';
import { tarOf } from './testing/tar.ts';

const MODULES = tarOf('d 755 0:0 7 lib\nf 644 0:0 8 lib/a.ko "module a"');

const file = (path: string, content: Content): TreeEntry => ({
  path,
  type: 'file',
  content,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 5,
  source: 'image',
});
const kernelImage = (files: Readonly<Record<string, Content>>): Tree =>
  new Map(Object.entries(files).map(([path, content]) => [path, file(path, content)]));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const PLAIN = kernelImage({ kernel: text('k'), 'kernel.tar': MODULES });

const buildKernel = (keys: string, files: Tree, more: { readonly decompressKernel?: boolean } = {}) =>
  build(`kernel:\n  image: k/k\n${keys.replace(/^/gm, '  ')}`, { images: { 'k/k': { files } }, ...more });

type Row = readonly [keys: string, files: Tree, paths: readonly string[]];
const ROWS: readonly Row[] = [
  ['', PLAIN, ['boot/cmdline', 'boot/kernel', 'lib', 'lib/a.ko']],
  ['tar: none', PLAIN, ['boot/cmdline', 'boot/kernel']],
  ['tar: ""', PLAIN, ['boot/cmdline', 'boot/kernel']],
  ['tar: none', kernelImage({ kernel: text('k') }), ['boot/cmdline', 'boot/kernel']],
  [
    'tar: m.tar',
    kernelImage({ kernel: text('k'), 'm.tar': MODULES }),
    ['boot/cmdline', 'boot/kernel', 'lib', 'lib/a.ko'],
  ],
  ['binary: bzImage\ntar: none', kernelImage({ bzImage: text('k') }), ['boot/cmdline', 'boot/kernel']],
  [
    'binary: /boot/vmlinuz\ntar: none',
    kernelImage({ 'boot/vmlinuz': text('k') }),
    ['boot/cmdline', 'boot/kernel'],
  ],
  [
    'ucode: intel.cpio\ntar: none',
    kernelImage({ kernel: text('k'), 'intel.cpio': text('u') }),
    ['boot/cmdline', 'boot/kernel', 'boot/ucode.cpio'],
  ],
  // LinuxKit does not miss microcode that is not there.
  ['ucode: intel.cpio\ntar: none', PLAIN, ['boot/cmdline', 'boot/kernel']],
];

test.each(ROWS.map(([keys, files, paths]) => ({ keys, files, paths })))(
  'kernel: $keys gives $paths',
  async ({ keys, files, paths }) => {
    expect([...(await buildKernel(keys, files)).keys()].sort()).toEqual(['boot', ...paths].sort());
  },
);

test.each([
  ['', kernelImage({ 'kernel.tar': MODULES }), /expected the file kernel,.*kernel\.tar.*kernel\.binary/],
  ['binary: bzImage', PLAIN, /expected the file bzImage/],
  ['', kernelImage({ kernel: text('k') }), /expected the file kernel\.tar.*kernel\.tar/],
  ['tar: m.tar', PLAIN, /expected the file m\.tar/],
  ['', kernelImage({ kernel: text('k'), 'kernel.tar': text('no tar') }), /k\/k/],
])('refused: %s', async (keys, files, message) => {
  await expect(buildKernel(keys, files)).rejects.toMatchObject({
    code: 'COMPONENT_INVALID',
    message: expect.stringMatching(message),
  });
});

test('a tar that would leave the root is refused', async () => {
  const outside = tarOf('f 644 0:0 1 ../x "evil"');
  await expect(
    buildKernel('', kernelImage({ kernel: text('k'), 'kernel.tar': outside })),
  ).rejects.toMatchObject({
    code: 'LAYER_UNSAFE',
  });
});

test('the kernel may be another name of a file, or a symlink to one', async () => {
  const files = kernelImage({ 'bzImage-6': text('kernel'), 'kernel.tar': MODULES });
  files.set('kernel', { ...file('kernel', text('')), type: 'symlink', target: 'bzImage-6' });
  expect(textAt(await buildKernel('', files), 'boot/kernel')).toBe('kernel');
});

test('without kernel there is no boot', async () => {
  expect([...(await build('init: [a/b]')).keys()].filter((path) => path.startsWith('boot'))).toEqual([]);
});

test('a kernel of Debian packages brings its modules as files', async () => {
  const files = treeOf(`
    d 755 0:0 1 boot
    f 644 0:0 1 boot/vmlinuz-6.12 "debian"
    f 644 0:0 1 boot/config-6.12 "dropped"
    d 755 0:0 1 usr
    d 755 0:0 1 usr/lib
    d 755 0:0 1 usr/lib/modules
    f 644 0:0 1 usr/lib/modules/a.ko "m"
    f 644 0:0 1 usr/lib/libc.so "dropped"
  `);
  const tree = await build(
    'kernel: { image: "deb:kernel" }\npackages: { kernel: { install: [linux-image-amd64] } }',
    { images: { 'deb:kernel': { files } } },
  );
  expect(textAt(tree, 'boot/kernel')).toBe('debian');
  expect([...tree.keys()].sort()).toEqual([
    'boot',
    'boot/cmdline',
    'boot/kernel',
    'usr',
    'usr/lib',
    'usr/lib/modules',
    'usr/lib/modules/a.ko',
  ]);
});

describe('a tar that lies in a layer on disk', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-kernel-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is not taken into memory: its files are ranges of the same file', async () => {
    const layer = join(folder, 'layer.tar');
    const before = Buffer.alloc(700, 1);
    await writeFile(layer, Buffer.concat([before, MODULES, before]));
    const stored = { file: layer, offset: before.length, size: MODULES.length };
    const tree = await buildKernel('', kernelImage({ kernel: text('k'), 'kernel.tar': stored }));
    const module = tree.get('lib/a.ko');
    expect(module).toMatchObject({ content: { file: layer, size: 8 } });
    expect(textAt(tree, 'lib/a.ko')).toBe('module a');
    expect(listingOf(tree)).toContain('f 644 0:0 8 lib/a.ko 8');
  });
});

describe('unpacking the kernel', () => {
  const kernel = Buffer.from('vmlinux '.repeat(100));

  /** A bzImage as far as the boot protocol tells where its payload is. */
  const bzImage = (payload: Uint8Array): Uint8Array => {
    const setupSectors = 1;
    const inside = 16;
    const image = Buffer.alloc((setupSectors + 1) * 512 + inside + payload.length + 32);
    image.writeUInt8(setupSectors, 0x1f1);
    image.writeUInt16LE(0xaa55, 0x1fe);
    image.write('HdrS', 0x202);
    image.writeUInt32LE(inside, 0x248);
    image.writeUInt32LE(payload.length, 0x24c);
    image.set(payload, (setupSectors + 1) * 512 + inside);
    return new Uint8Array(image);
  };
  const unpacked = async (content: Uint8Array) => {
    const files = kernelImage({ kernel: content, 'kernel.tar': MODULES });
    const entry = (await buildKernel('', files, { decompressKernel: true })).get('boot/kernel');
    return entry?.type === 'file' ? Buffer.from(readContent(entry.content)) : undefined;
  };

  test('of plain gzip, as on arm64', async () => {
    expect(await unpacked(new Uint8Array(gzipSync(kernel)))).toEqual(kernel);
  });
  test('of a bzImage, as on amd64', async () => {
    expect(await unpacked(bzImage(new Uint8Array(gzipSync(kernel))))).toEqual(kernel);
  });
  test.each([
    ['something else', new Uint8Array(1000)],
    ['a bzImage of another compression', bzImage(new Uint8Array(100))],
    ['gzip that is cut off', new Uint8Array(gzipSync(kernel).subarray(0, 20))],
    ['nothing', new Uint8Array(0)],
  ])('%s is refused', async (_, content) => {
    await expect(unpacked(content)).rejects.toMatchObject({ code: 'COMPONENT_INVALID' });
  });
});
