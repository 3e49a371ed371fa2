import { gunzipSync } from 'node:zlib';
import { codeOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { contentsOf } from '../testing/contents-of.ts';
import { findInContents, lookInto, nodeAt, parseContents, type TreeNode } from './contents-tree.ts';

const treeOf = (files: Readonly<Record<string, string>>): TreeNode =>
  parseContents(gunzipSync(contentsOf(files)).toString());

const SOME = treeOf({
  'etc/motd': 'oci:web',
  'usr/bin/busybox': 'deb:base',
  'usr/bin/web-server': 'oci:web',
  'usr/share/a-long-name-of-a-file': 'oci:web',
});

test('a folder has the bytes and files of all below it, and of which component most of it is', () => {
  expect(nodeAt(SOME, '')).toMatchObject({
    path: '',
    size: 8 + 15 + 18 + 31,
    files: 4,
    component: 'oci:web',
  });
  expect(nodeAt(SOME, 'usr/bin')).toMatchObject({ size: 33, files: 2, component: 'oci:web', source: null });
  expect(nodeAt(SOME, '/usr/bin/busybox')).toMatchObject({ size: 15, files: 1, source: 'deb:base' });
  expect(nodeAt(SOME, 'usr/bin/vi')).toBeUndefined();
});

test('a look gives the largest first, every one after its folder, and what components have', () => {
  const { entries, left, components } = lookInto(SOME, 2, 10);
  expect(entries.map(({ path }) => path)).toEqual(['usr', 'etc', 'usr/bin', 'usr/share', 'etc/motd']);
  expect(left).toEqual({ entries: 0, size: 0 });
  expect(components).toEqual([
    { component: 'oci:web', size: 57, files: 3 },
    { component: 'deb:base', size: 15, files: 1 },
  ]);
});

test('what is too much is counted, the smallest of the deepest', () => {
  const { entries, left } = lookInto(SOME, 2, 3);
  expect(entries.map(({ path }) => path)).toEqual(['usr', 'etc', 'usr/bin']);
  expect(left).toEqual({ entries: 2, size: 31 + 8 });
});

test('files are found by a part of their paths, whatever the case', () => {
  const found = findInContents(SOME, 'BIN/', 1);
  expect(found.entries.map(({ path }) => path)).toEqual(['usr/bin/busybox']);
  expect(found.total).toBe(2);
});

test.each([
  ['nothing', ''],
  ['another version', '{"v":2,"origins":[]}'],
  ['a file before its folder', '{"v":1,"origins":[]}\n{"path":"a/b","type":"file","mode":"644","from":0}'],
])('a list that is %s is refused', (_what, text) => {
  expect(() => parseContents(text)).toThrow(
    expect.toSatisfy((error) => codeOf(error) === 'CONTENTS_INVALID'),
  );
});

test('a list of 50,000 files is read and looked into', () => {
  const files = Object.fromEntries(
    Array.from({ length: 50_000 }, (_, at) => [`usr/d${at % 100}/e${at % 1000}/file-${at}`, 'oci:web']),
  );
  const { under, entries, left } = lookInto(treeOf(files), 4, 1000);
  expect(under.files).toBe(50_000);
  expect(entries).toHaveLength(1000);
  // 101 of the 1,000 folders at the third level, and the 50 files of each of the others.
  expect(left).toMatchObject({ entries: 101 + 899 * 50 });
});
