import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { contentsOf } from '../testing/contents-of.ts';
import { differenceOfFiles } from './diff-files.ts';
import { parseContents } from './contents-tree.ts';

const treeOf = (files: Readonly<Record<string, string>>) =>
  parseContents(gunzipSync(contentsOf(files)).toString());

test('files are told that came, went or changed, those that change the size most first', () => {
  const before = treeOf({ 'etc/motd': 'a', 'usr/bin/a-program': 'a', 'usr/bin/other': 'a' });
  const after = treeOf({ 'etc/motd': 'a', 'usr/bin/other': 'a', 'usr/bin/new': 'b' });
  expect(differenceOfFiles(before, after)).toEqual({
    added: 1,
    removed: 1,
    changed: 0,
    size: { from: 8 + 17 + 13, to: 8 + 13 + 11 },
    entries: [
      { path: 'usr/bin/a-program', change: 'removed', from: 17, to: null, component: 'a' },
      { path: 'usr/bin/new', change: 'added', from: null, to: 11, component: 'b' },
    ],
  });
});

test('a file of the same size whose bytes differ has changed', () => {
  const text = (digest: string): string =>
    [
      { v: 1, origins: [{ source: 's' }] },
      { path: 'a', type: 'file', mode: '644', from: 0, size: 1, digest: `sha256:${digest.repeat(64)}` },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n');
  expect(differenceOfFiles(parseContents(text('1')), parseContents(text('2')))).toMatchObject({
    changed: 1,
    entries: [{ path: 'a', change: 'changed', from: 1, to: 1, component: null }],
  });
  expect(differenceOfFiles(parseContents(text('1')), parseContents(text('1'))).entries).toEqual([]);
});
