import type { Tree } from '@slipway/components';
import { expect, test } from 'vitest';
import { kernelModuleFile } from './fixture/kernel-module.ts';
import { kernelModules } from './kernel-modules.ts';
import { putFile } from './tree-edit.ts';

const kernel = (
  modules: Readonly<Record<string, Readonly<Record<string, string>>>>,
  release = '6.1.0',
): Tree => {
  const tree: Tree = new Map();
  for (const [name, info] of Object.entries(modules))
    putFile(tree, `usr/lib/modules/${release}/kernel/fs/${name}.ko`, kernelModuleFile(info));
  return tree;
};

const names = async (tree: Tree, wanted: string[]) =>
  (await kernelModules(tree).closure(wanted)).map(({ name }) => name);

test('every module comes after what it depends on, once', async () => {
  const tree = kernel({
    'dm-verity': { depends: 'dm-bufio,dm-mod,reed_solomon' },
    'dm-bufio': { depends: 'dm-mod' },
    'dm-mod': {},
    reed_solomon: {},
    erofs: { depends: 'libcrc32c', softdep: 'pre: crc32c' },
    libcrc32c: {},
    crc32c: {},
  });
  expect(await names(tree, ['dm_verity', 'erofs', 'dm-mod'])).toEqual([
    'dm_mod',
    'dm_bufio',
    'reed_solomon',
    'dm_verity',
    'crc32c',
    'libcrc32c',
    'erofs',
  ]);
});

test('a driver the kernel lacks or has built in is left out, also as a soft dependency', async () => {
  const tree = kernel({ erofs: { softdep: 'pre: crc32c post: other' } });
  expect(await names(tree, ['virtio_pci', 'erofs'])).toEqual(['erofs']);
});

test('a module whose dependency is missing is named', async () => {
  await expect(names(kernel({ vfat: { depends: 'fat' } }), ['vfat'])).rejects.toMatchObject({
    code: 'COMPONENT_INVALID',
    message: expect.stringContaining('vfat depends on fat') as unknown,
  });
});

test('modules of no kernel or of two kernels are refused', () => {
  expect(() => kernelModules(new Map())).toThrow(/found none/);
  const two: Tree = new Map([...kernel({ a: {} }, '6.1.0'), ...kernel({ a: {} }, '6.2.0')]);
  expect(() => kernelModules(two)).toThrow(/6\.1\.0, 6\.2\.0/);
});

test('a name that somebody wrote down is a module or built in, or it is refused', () => {
  const tree = kernel({ tun: {} });
  putFile(tree, 'usr/lib/modules/6.1.0/modules.builtin', 'kernel/fs/ext4/ext4.ko\n');
  const { requireAll } = kernelModules(tree);
  expect(() => {
    requireAll(['tun', 'ext4'], 'modules');
  }).not.toThrow();
  expect(() => {
    requireAll(['tun', 'wireguard'], 'modules');
  }).toThrow(
    expect.objectContaining({ code: 'SPEC_INVALID', details: { key: 'modules', found: ['wireguard'] } }),
  );
});
