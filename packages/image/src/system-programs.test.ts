import type { Component, Origin, Tree } from '@slipway/components';
import { Digest } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { systemPrograms } from './system-programs.ts';
import { putFile, putSymlink } from './tree-edit.ts';

const origin = (name: string): Origin => ({
  type: 'deb',
  name,
  version: '1',
  purl: `pkg:deb/debian/${name}@1`,
  digest: Digest.parse(`sha256:${'0'.repeat(64)}`),
});

const system = (...missing: readonly string[]): Component => {
  const tree: Tree = new Map();
  const put = (name: string, ...paths: readonly string[]) => {
    for (const path of paths)
      if (!missing.includes(path)) putFile(tree, path, path, { source: `deb:${name}@1` });
  };
  put('busybox', 'usr/bin/busybox', 'usr/share/busybox/example');
  put('crun', 'usr/bin/crun', 'usr/lib/libcrun.a');
  put(
    'e2fsprogs',
    'usr/sbin/e2fsck',
    'usr/sbin/mke2fs',
    'usr/bin/chattr',
    'usr/sbin/debugfs',
    'etc/mke2fs.conf',
  );
  put('libmbedtls21', 'usr/lib/x86_64-linux-gnu/libmbedtls.so.21');
  put('libmbedx509-7', 'usr/lib/x86_64-linux-gnu/libmbedx509.so.7');
  put('libmbedcrypto16', 'usr/lib/x86_64-linux-gnu/libmbedcrypto.so.16');
  put('libc6', 'usr/lib/x86_64-linux-gnu/libc.so.6', 'usr/lib64/ld-linux-x86-64.so.2');
  put('dosfstools', 'usr/sbin/fsck.fat', 'usr/sbin/mkfs.fat');
  put('quickjs', 'usr/bin/qjs', 'usr/bin/qjsc');
  put('perl-base', 'usr/bin/perl');
  putSymlink(tree, 'usr/sbin/mkfs.ext4', 'mke2fs', { source: 'deb:e2fsprogs@1' });
  const libraries = ['libc6', 'libmbedcrypto16', 'libmbedtls21', 'libmbedx509-7'];
  const names = ['busybox', 'crun', 'e2fsprogs', ...libraries, 'dosfstools', 'quickjs', 'perl-base'];
  return { ref: 'deb:slipway-system', tree, config: {}, origins: names.map(origin) };
};

const AGENT = { agent: { enabled: true, runtime: 'quickjs' } } as const;
const files = ({ tree }: Component): string[] =>
  [...tree.values()].flatMap(({ path, type }) => (type === 'directory' ? [] : [path])).sort();

test('of packages that bring a system, the programs that a device runs stay', () => {
  expect(files(systemPrograms([system()], AGENT, 'amd64'))).toEqual([
    'etc/mke2fs.conf',
    'usr/bin/busybox',
    'usr/bin/chattr',
    'usr/bin/crun',
    'usr/bin/qjs',
    'usr/bin/slipway-crypto',
    'usr/lib/x86_64-linux-gnu/libc.so.6',
    'usr/lib/x86_64-linux-gnu/libmbedcrypto.so.16',
    'usr/lib/x86_64-linux-gnu/libmbedtls.so.21',
    'usr/lib/x86_64-linux-gnu/libmbedx509.so.7',
    'usr/lib64/ld-linux-x86-64.so.2',
    'usr/sbin/e2fsck',
    'usr/sbin/fsck.fat',
    'usr/sbin/mke2fs',
    'usr/sbin/mkfs.ext4',
  ]);
});

test('an image without agent has none of what only the agent needs', () => {
  const without = systemPrograms([system()], { agent: { enabled: false, runtime: 'quickjs' } }, 'amd64');
  expect(files(without)).not.toContain('usr/bin/slipway-crypto');
  expect(without.origins.map(({ name }) => name)).toEqual(['busybox', 'crun', 'e2fsprogs']);
});

test('a package of which no file stays is not on the bill of materials', () => {
  expect(systemPrograms([system()], AGENT, 'amd64').origins.map(({ name }) => name)).toEqual([
    'busybox',
    'crun',
    'e2fsprogs',
    'libc6',
    'libmbedcrypto16',
    'libmbedtls21',
    'libmbedx509-7',
    'dosfstools',
    'quickjs',
  ]);
});

test('a program that no package brings is told by name', () => {
  expect(() => systemPrograms([system('usr/bin/qjs')], AGENT, 'amd64')).toThrow(
    expect.objectContaining({ code: 'COMPONENT_INVALID', details: { missing: 'usr/bin/qjs' } }),
  );
});
