import { expect, test } from 'vitest';
import type { TreeEntry } from '../tree.ts';
import { selectFiles } from './select-files.ts';

const meta = { mode: 0o755, uid: 0, gid: 0, mtime: 0, source: 's' };
const entries = new Map<string, TreeEntry>(
  [
    'usr/',
    'usr/bin/',
    'usr/bin/a',
    'usr/lib/',
    'usr/lib/.hidden',
    'usr/share/',
    'usr/share/doc/',
    'usr/share/doc/a/',
    'usr/share/doc/a/copyright',
    'var/',
    'var/lib/',
    'var/lib/a/',
  ].map((name) => {
    const path = name.replace(/\/$/, '');
    return [
      path,
      name.endsWith('/')
        ? { ...meta, path, type: 'directory' as const }
        : { ...meta, path, type: 'file' as const, content: new Uint8Array() },
    ];
  }),
);

test.each([
  [
    'without globs, documentation goes and empty directories stay',
    undefined,
    [],
    ['usr', 'usr/bin', 'usr/bin/a', 'usr/lib', 'usr/lib/.hidden', 'var', 'var/lib', 'var/lib/a'],
  ],
  ['what is named stays, with its parents', ['usr/bin/*'], [], ['usr', 'usr/bin', 'usr/bin/a']],
  [
    'naming overrides the defaults',
    ['usr/share/doc/**'],
    [],
    ['usr', 'usr/share', 'usr/share/doc', 'usr/share/doc/a', 'usr/share/doc/a/copyright'],
  ],
  [
    'what is excluded goes, and directories that it leaves empty',
    ['usr/{bin,lib}/**'],
    ['usr/lib/**'],
    ['usr', 'usr/bin', 'usr/bin/a'],
  ],
])('%s', (_title, include, exclude, expected) => {
  expect([...selectFiles(entries, include, exclude)].sort()).toEqual(expected);
});
