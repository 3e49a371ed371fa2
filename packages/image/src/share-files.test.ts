import type { Tree } from '@slipway/components';
import { expect, test } from 'vitest';
import { shareFiles } from './share-files.ts';
import { putFile } from './tree-edit.ts';

const LARGE = 'x'.repeat(5000);
const types = (tree: Tree) =>
  Object.fromEntries(
    [...tree.values()]
      .filter(({ type }) => type !== 'directory')
      .map((entry) => [entry.path, entry.type === 'hardlink' ? entry.target : entry.type]),
  );

test('files of the same bytes become one, which the system keeps under its own name', () => {
  const tree: Tree = new Map();
  putFile(tree, 'containers/services/a/rootfs/usr/bin/busybox', LARGE, { mode: 0o755 });
  putFile(tree, 'usr/bin/busybox', LARGE, { mode: 0o755 });
  shareFiles(tree);
  expect(types(tree)).toEqual({
    'usr/bin/busybox': 'file',
    'containers/services/a/rootfs/usr/bin/busybox': 'usr/bin/busybox',
  });
});

test('what differs in bytes, owner or mode, or is smaller than a block, stays', () => {
  const tree: Tree = new Map();
  putFile(tree, 'a', LARGE);
  putFile(tree, 'other-bytes', `y${LARGE.slice(1)}`);
  putFile(tree, 'other-mode', LARGE, { mode: 0o600 });
  putFile(tree, 'other-owner', LARGE, { uid: 7 });
  putFile(tree, 'small-1', 'small');
  putFile(tree, 'small-2', 'small');
  shareFiles(tree);
  expect(new Set(Object.values(types(tree)))).toEqual(new Set(['file']));
});
