import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { Tree, TreeEntry } from '@slipway/components';
import { codeOf } from '@slipway/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kernelModuleFile } from '../fixture/kernel-module.ts';
import { writeFormat } from './formats.ts';
import { createStaging } from './staging.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-kernel-root-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const meta = { uid: 0, gid: 0, mtime: 1_000_000_000, source: 'oci:test' };
const file = (path: string, content: string | Uint8Array, more: object = {}): TreeEntry => ({
  ...meta,
  path,
  type: 'file',
  mode: 0o644,
  content: Buffer.from(content),
  ...more,
});
const directory = (path: string): TreeEntry => ({ ...meta, path, type: 'directory', mode: 0o755 });
const CAPABILITY = Uint8Array.of(1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

const treeOf = (...more: TreeEntry[]): Tree =>
  new Map(
    [
      directory('bin'),
      directory('boot'),
      file('boot/kernel', 'the kernel'),
      file('boot/cmdline', 'console=ttyS0'),
      file('bin/su', 'x'.repeat(200_000), { mode: 0o4711, uid: 7, gid: 8 }),
      { ...meta, path: 'bin/twin', type: 'hardlink' as const, mode: 0o4711, target: 'bin/su' },
      { ...meta, path: 'bin/link', type: 'symlink' as const, mode: 0o777, target: 'su' },
      { ...meta, path: 'null', type: 'char' as const, mode: 0o666, major: 1, minor: 3 },
      file('bin/ping', 'ping', { mode: 0o755, xattrs: new Map([['security.capability', CAPABILITY]]) }),
      ...more,
    ].map((entry) => [entry.path, entry]),
  );

type Kind = 'squashfs' | 'erofs';

const write = async (kind: Kind, tree = treeOf(), out = 'out'): Promise<string[]> => {
  const staging = await createStaging(join(folder, out));
  try {
    const cacheDir = join(folder, 'cache');
    const files = await writeFormat(`kernel+${kind}`, {
      tree,
      arch: 'amd64',
      name: 'image',
      cacheDir,
      staging,
      efiPrograms: () => Promise.resolve(new Map()),
    });
    await staging.commit();
    return files.map(({ name }) => name);
  } finally {
    await staging.discard();
  }
};
const out = (name: string): string => join(folder, 'out', name);
const asRoot = (program: string, ...args: string[]): string =>
  process.getuid?.() === 0
    ? execFileSync(program, args, { encoding: 'utf8' })
    : execFileSync('sudo', ['-n', program, ...args], { encoding: 'utf8' });

describe.each<Kind>(['squashfs', 'erofs'])('kernel+%s', (kind) => {
  test('the kernel sees everything of the tree but boot/ in the image', async () => {
    expect(await write(kind)).toEqual(['image-kernel', `image-${kind}.img`, 'image-cmdline']);
    expect(await readFile(out('image-kernel'), 'utf8')).toBe('the kernel');
    expect(await readFile(out('image-cmdline'), 'utf8')).toBe('console=ttyS0');
    const at = join(folder, 'mnt');
    await mkdir(at);
    asRoot('mount', '-t', kind, '-o', 'loop,ro', out(`image-${kind}.img`), at);
    try {
      const stat = (path: string, format: string): string =>
        asRoot('stat', '-c', format, join(at, path)).trim();
      expect(stat('.', '%F %a %u %g %Y')).toBe('directory 755 0 0 1492533000');
      expect(stat('bin/su', '%a %u %g %Y %s %h')).toBe('4711 7 8 1000000000 200000 2');
      expect(stat('bin/twin', '%i')).toBe(stat('bin/su', '%i'));
      expect(stat('bin/link', '%N')).toMatch(/link' -> 'su'$/);
      expect(stat('null', '%F %a %t,%T')).toBe('character special file 666 1,3');
      expect(asRoot('/usr/sbin/getcap', join(at, 'bin/ping'))).toMatch(/cap_net_raw[=+]e?p/);
      expect(await readdir(join(at, 'boot'))).toEqual([]);
    } finally {
      asRoot('umount', at);
    }
  });

  test('the same tree gives the same bytes, whoever builds and whenever', async () => {
    await write(kind);
    const umask = process.umask(0o077);
    try {
      await write(kind, treeOf(), 'again');
    } finally {
      process.umask(umask);
    }
    const again = await readFile(join(folder, 'again', `image-${kind}.img`));
    expect(again.equals(await readFile(out(`image-${kind}.img`)))).toBe(true);
  });

  test('a kernel with modules gets an initrd that loads those of disks and file system', async () => {
    const module = (name: string, depends = ''): TreeEntry =>
      file(`lib/modules/6.1.0/${name}.ko`, kernelModuleFile({ name, depends }));
    const tree = treeOf(
      module('virtio_blk'),
      module('usb_storage'),
      module('crc'),
      module(kind, 'crc'),
      module('dm_verity'),
    );
    expect(await write(kind, tree)).toContain(`image-${kind}-initrd.img`);
    await writeFile(
      join(folder, 'initrd.cpio'),
      zstdDecompressSync(await readFile(out(`image-${kind}-initrd.img`))),
    );
    const cpio = (...args: string[]): string =>
      execFileSync('cpio', ['--quiet', '-F', join(folder, 'initrd.cpio'), ...args], { encoding: 'utf8' });
    expect(cpio('-it').trim().split('\n')).not.toContain('modules/dm_verity.ko');
    expect(cpio('-i', '--to-stdout', 'modules/first')).toBe(`virtio_blk\ncrc\n${kind}\n`);
    expect(cpio('-i', '--to-stdout', 'modules/disks')).toBe('usb_storage\n');
    expect(cpio('-i', '--to-stdout', 'root-type')).toBe(kind);
  });

  test('an image without a kernel is refused, and nothing is left', async () => {
    const tree = treeOf();
    tree.delete('boot/kernel');
    expect(await write(kind, tree).catch(codeOf)).toBe('OUTPUT_UNSUPPORTED');
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });
});
