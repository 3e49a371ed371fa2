import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findImage } from './find-image.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-image-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const put = async (name: string, offset: number, text: string): Promise<void> => {
  const bytes = Buffer.alloc(2048);
  bytes.write(text, offset, 'latin1');
  await writeFile(at(name), bytes);
};
const kernel = async (name = 'edge-kernel'): Promise<void> => put(name, 0x202, 'HdrS');
const commandLine = async (text: string): Promise<void> => writeFile(at('edge-cmdline'), text);

describe('a kernel is found with what belongs to it', () => {
  test.each([['edge'], ['edge-kernel'], ['edge-initrd.img']])('by %s', async (name) => {
    await kernel();
    await put('edge-initrd.img', 0, '070701');
    await put('edge-squashfs.img', 0, 'hsqs');
    await commandLine('console=ttyS0\n');
    expect(await findImage(at(name))).toEqual({
      type: 'kernel',
      arch: 'amd64',
      kernel: at('edge-kernel'),
      initrd: at('edge-initrd.img'),
      commandLine: 'console=ttyS0',
    });
  });

  test('with a root that is named rather than the initrd', async () => {
    await kernel();
    await put('edge-initrd.img', 0, '070701');
    await put('edge-erofs.img', 1024, '\u00e2\u00e1\u00f5\u00e0');
    await put('edge-erofs-initrd.img', 0, '070701');
    await commandLine('quiet');
    expect(await findImage(at('edge-erofs.img'))).toEqual({
      type: 'kernel',
      arch: 'amd64',
      kernel: at('edge-kernel'),
      initrd: at('edge-erofs-initrd.img'),
      root: at('edge-erofs.img'),
      commandLine: 'quiet root=/dev/vda',
    });
  });

  test('with a root by the name of the build, its own root= kept', async () => {
    await kernel();
    await put('edge-squashfs.img', 0, 'hsqs');
    await commandLine('root=/dev/sda');
    expect(await findImage(at('edge'))).toMatchObject({
      root: at('edge-squashfs.img'),
      initrd: undefined,
      commandLine: 'root=/dev/sda',
    });
  });

  test('alone', async () => {
    await kernel('vmlinuz');
    expect(await findImage(at('vmlinuz'))).toEqual({
      type: 'kernel',
      arch: 'amd64',
      kernel: at('vmlinuz'),
      commandLine: '',
    });
  });
});

test.each([
  ['bundle', ['manifest.json', 'manifest.p7s', 'uki.efi', 'root.img']],
  ['bundle', ['manifest.json', 'manifest.p7s']],
  ['oci-archive', ['blobs/sha256/aa', 'index.json', 'oci-layout']],
  ['oci-archive', ['blobs/sha256/aa', 'index.json', 'manifest.json', 'oci-layout']],
  ['docker-archive', ['aa.tar', 'bb.json', 'aa/VERSION', 'manifest.json']],
  ['docker-archive', ['aa/VERSION', 'aa/json', 'aa/layer.tar', 'bb.json', 'manifest.json']],
  ['docker-archive', ['manifest.json', 'bb.json', 'aa.tar']],
  ['tar', ['bin/sh', 'manifest.json']],
  ['tar', ['aa.tar', 'etc/os-release']],
])('a %s may be a tar of %j', async (of, names) => {
  await mkdir(at('files'));
  for (const name of names) {
    await mkdir(dirname(at(`files/${name}`)), { recursive: true });
    await writeFile(at(`files/${name}`), name);
  }
  for (const [name, ...options] of [['x.tar'], ['x.tar.gz', '--gzip']] as const) {
    execFileSync('tar', ['-cf', at(name), ...options, '-C', at('files'), ...names]);
    expect(await findImage(at(name))).toEqual({ type: 'other', path: at(name), of });
  }
});

test('a tar that ends too early is what its names say', async () => {
  const bytes = Buffer.alloc(700);
  bytes.write('bin/');
  bytes.write('ustar', 257);
  await writeFile(at('x.tar'), bytes);
  expect(await findImage(at('x.tar'))).toEqual({ type: 'other', path: at('x.tar'), of: 'tar' });
});

describe('refused is', () => {
  test('a root or an initrd without a kernel', async () => {
    await put('edge-squashfs.img', 0, 'hsqs');
    await expect(findImage(at('edge-squashfs.img'))).rejects.toMatchObject({ code: 'USAGE' });
    await put('edge-initrd.img', 0, '070701');
    await expect(findImage(at('edge-initrd.img'))).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('a text, a folder, and what is not there', async () => {
    await writeFile(at('text'), 'text');
    await mkdir(at('folder'));
    await expect(findImage(at('text'))).rejects.toMatchObject({ code: 'USAGE' });
    await expect(findImage(at('folder'))).rejects.toMatchObject({ code: 'USAGE' });
    await expect(findImage(at('nowhere'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
