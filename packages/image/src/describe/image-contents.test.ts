import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { Component, Tree } from '@slipway/components';
import { ContentsEntry, ContentsHead } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { putFile, putSymlink } from '../tree-edit.ts';
import { makeContents } from './image-contents.ts';

const component = (ref: string, source: string, paths: readonly string[]): Component => {
  const tree: Tree = new Map();
  for (const path of paths)
    tree.set(path, {
      path,
      type: 'file',
      content: Buffer.from(path),
      mode: 0o755,
      uid: 0,
      gid: 0,
      mtime: 0,
      source,
    });
  return { ref, tree, config: {}, origins: [] };
};

const read = (bytes: Uint8Array) => {
  const [head = '', ...lines] = gunzipSync(bytes).toString().trimEnd().split('\n');
  return {
    head: ContentsHead.parse(JSON.parse(head)),
    entries: lines.map((line) => ContentsEntry.parse(JSON.parse(line))),
  };
};

test('each path has the component that put it there, and what of the component', () => {
  const crun = component('deb:base', 'deb:crun@1.21-1', ['usr/bin/crun']);
  const tree: Tree = new Map(crun.tree);
  putFile(tree, 'etc/motd', 'hello', { mode: 0o600 });
  const { head, entries } = read(makeContents(tree, [crun]));
  const of = (path: string) => {
    const entry = entries.find((one) => one.path === path);
    return { ...entry, from: head.origins[entry?.from ?? -1] };
  };
  expect(of('usr/bin/crun')).toEqual({
    path: 'usr/bin/crun',
    type: 'file',
    mode: '755',
    size: 12,
    digest: `sha256:${createHash('sha256').update('usr/bin/crun').digest('hex')}`,
    from: { component: 'deb:base', source: 'deb:crun@1.21-1' },
  });
  expect(of('etc/motd')).toMatchObject({ mode: '600', size: 5, from: { source: 'slipway:generated' } });
  expect(of('etc/motd').from?.component).toBeUndefined();
});

test('links tell where they lead, and have no size of their own', () => {
  const tree: Tree = new Map();
  putSymlink(tree, 'bin', 'usr/bin');
  const { entries } = read(makeContents(tree, []));
  expect(entries).toEqual([{ path: 'bin', type: 'symlink', mode: '777', from: 0, target: 'usr/bin' }]);
});

test('the same files give the same bytes, whatever order they came in', () => {
  const parts = component('oci:web', 'oci:web', ['a', 'b', 'c/d']);
  const reversed: Tree = new Map([...parts.tree].reverse());
  expect(makeContents(reversed, [parts])).toEqual(makeContents(parts.tree, [parts]));
});
