import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { Component, Layer, Tree, TreeEntry } from '@slipway/components';
import { ContentsEntry, ContentsHead, Digest } from '@slipway/protocol';
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
  putFile(crun.tree, 'etc/passwd', 'root');
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

test('layers, places in the image file and what was replaced or taken away are told by numbers of origins', () => {
  const layer = (number: number): Layer => ({
    digest: Digest.parse(`sha256:${String(number).repeat(64)}`),
    number,
    of: 2,
  });
  const { tree } = component('oci:web', 'oci:web', ['x']);
  const [x] = tree.values();
  if (x === undefined) throw new Error('expected an entry');
  const lower = { source: 'oci:web', layer: layer(1) };
  const placed: Tree = new Map([
    [
      'x',
      {
        ...x,
        source: 'web:1',
        part: 'oci:web',
        layer: layer(2),
        location: 'services[0]',
        over: [{ ...lower, type: 'file', size: 3 }],
      },
    ],
  ]);
  const part: Component = {
    ref: 'oci:web',
    tree,
    config: {},
    origins: [],
    removed: [
      { path: 'gone', by: { source: 'oci:web', layer: layer(2) }, over: [{ ...lower, type: 'symlink' }] },
    ],
  };
  // An image that is used twice took away once.
  const { head, entries } = read(makeContents(placed, [part, part], 'init: []\n'));
  const numberOf = (number: number, location?: string) =>
    head.origins.findIndex((one) => one.layer?.number === number && one.location === location);
  expect(head.origins.every((one) => one.component === 'oci:web')).toBe(true);
  expect(entries[0]).toMatchObject({
    from: numberOf(2, 'services[0]'),
    over: [{ from: numberOf(1), type: 'file', size: 3 }],
  });
  expect(head.removed).toEqual([
    { path: 'gone', by: numberOf(2), over: [{ from: numberOf(1), type: 'symlink' }] },
  ]);
  expect(head.configuration).toBe('init: []\n');
});

test('a package that several components brought is of each where that one was asked for, and else of the first', () => {
  const [system, web] = ['deb:system', 'oci:web'].map((ref) => component(ref, 'deb:libc6@2.41', ['libc.so']));
  if (system === undefined || web === undefined) throw new Error('expected two components');
  const [entry] = system.tree.values();
  if (entry === undefined) throw new Error('expected an entry');
  const below: TreeEntry = {
    ...entry,
    path: 'containers/services/web/rootfs/libc.so',
    location: 'services[0]',
  };
  const tree: Tree = new Map([entry, below].map((one) => [one.path, one]));
  const places = new Map([['services[0]', 'oci:web']]);
  const { head, entries } = read(makeContents(tree, [system, web], undefined, places));
  expect(entries.map(({ path, from }) => [path, head.origins[from]?.component])).toEqual([
    ['containers/services/web/rootfs/libc.so', 'oci:web'],
    ['libc.so', 'deb:system'],
  ]);
});
