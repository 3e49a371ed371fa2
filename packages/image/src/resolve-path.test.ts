import type { Tree } from '@slipway/components';
import { expect, test } from 'vitest';
import { resolvePath, textAt } from './resolve-path.ts';
import { putFile, putSymlink } from './tree-edit.ts';

const tree: Tree = new Map();
putSymlink(tree, 'lib', 'usr/lib');
putSymlink(tree, 'usr/lib/current', '../../opt/v2');
putSymlink(tree, 'opt/v2', '/srv/real');
putSymlink(tree, 'loop', 'loop');
putFile(tree, 'srv/real/file', 'here');

test.each([
  ['/lib/x', 'usr/lib/x'],
  ['lib/current/file', 'srv/real/file'],
  ['../../etc/passwd', 'etc/passwd'],
  ['./a//b/../c', 'a/c'],
])('%s leads to %s', (path, expected) => {
  expect(resolvePath(tree, path)).toBe(expected);
});

test('links in a circle lead nowhere', () => {
  expect(resolvePath(tree, 'loop/x')).toBeUndefined();
});

test('a file is found through links', () => {
  expect(textAt(tree, '/lib/current/file')).toBe('here');
});
