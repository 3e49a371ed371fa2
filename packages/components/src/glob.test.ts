import { expect, test } from 'vitest';
import { createGlob } from './glob.ts';

test.each([
  ['usr/bin/*', 'usr/bin/a', true],
  ['usr/bin/*', 'usr/bin/a/b', false],
  ['usr/**', 'usr/a/.b/c', true],
  ['usr/**', 'usr', false],
  ['**/x', 'x', true],
  ['**/x', 'a/b/x', true],
  ['a/{b,c}/*.so.?', 'a/c/l.so.1', true],
  ['a/{b,c}/*.so.?', 'a/d/l.so.1', false],
  ['boot/vmlinuz-6.12+deb*', 'boot/vmlinuz-6.12+deb13', true],
  ['a.b', 'axb', false],
  ['[a]', 'a', false],
])('%s on %s: %s', (glob, path, expected) => {
  expect(createGlob([glob])(path)).toBe(expected);
});
