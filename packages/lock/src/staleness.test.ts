import { nodeRuntimePin } from '@slipway/components';
import { parseImageFiles, type PackageSet } from '@slipway/image-spec';
import { codeOf, messageOf, type Arch } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { applyLock } from './apply-lock.ts';
import { BASE, digest, lockOf, thrownBy } from './fixture.ts';
import { lockInputs, lockKey, mergeInputs, type LockInputs } from './inputs.ts';
import type { Lock } from './lock-file.ts';
import { assertFresh, findStale } from './staleness.ts';

const place = { baseDir: '/repo/dir', lockDir: '/repo/dir' };
const reference = 'docker.io/linuxkit/init:v1';
const inputs = (more: Partial<LockInputs> = {}): LockInputs => ({
  images: [reference],
  packages: new Map([['base', BASE]]),
  npm: false,
  ...more,
});
const set = (more: Partial<PackageSet>): Partial<LockInputs> => ({
  packages: new Map([['base', { ...BASE, ...more }]]),
});
const pin = nodeRuntimePin('amd64');
const withNpm = (version: string): Lock => ({
  ...lockOf(),
  npm: { amd64: { [pin.name]: { version, integrity: pin.integrity } } },
});

describe('a lock is stale', () => {
  test.each<[string, Partial<LockInputs>, Arch, Lock, object[]]>([
    ['not, if it says all', {}, 'amd64', lockOf(), []],
    ['not by what only it knows', { images: [], packages: new Map() }, 'amd64', lockOf(), []],
    [
      'by an image',
      { images: ['docker.io/a/b:1'] },
      'amd64',
      lockOf(),
      [{ name: 'docker.io/a/b:1', why: 'unknown' }],
    ],
    [
      'by a set',
      { packages: new Map([['more', BASE]]) },
      'amd64',
      lockOf(),
      [{ name: 'deb:more', why: 'unknown' }],
    ],
    [
      'by a package more',
      set({ install: ['a', 'busybox'] }),
      'amd64',
      lockOf(),
      [{ why: 'declared otherwise' }],
    ],
    [
      'by other dependencies',
      set({ dependencies: 'none' }),
      'amd64',
      lockOf(),
      [{ why: 'declared otherwise' }],
    ],
    [
      'by another archive',
      set({ debian: [{ suites: ['sid'], components: ['main'] }] }),
      'amd64',
      lockOf(),
      [{ why: 'declared otherwise' }],
    ],
    [
      'not by what chooses files or starts it',
      set({ include: ['x'], exclude: ['y'], generate: [], config: { cmd: ['z'] } }),
      'amd64',
      lockOf(),
      [],
    ],
    [
      'by an architecture',
      {},
      'arm64',
      lockOf(),
      [
        { name: reference, why: 'no such architecture' },
        { name: 'deb:base', why: 'unknown' },
      ],
    ],
    [
      'by a runtime it lacks',
      { npm: true },
      'amd64',
      lockOf(),
      [{ name: `npm:${pin.name}`, why: 'unknown' }],
    ],
    ['by an older runtime', { npm: true }, 'amd64', withNpm('1'), [{ why: 'of another Slipway' }]],
    ['not by the runtime it has', { npm: true }, 'amd64', withNpm(pin.version), []],
  ])('%s', (_title, more, arch, lock, expected) => {
    expect(findStale(lock, inputs(more), arch)).toMatchObject(expected);
    expect(findStale(lock, inputs(more), arch)).toHaveLength(expected.length);
  });

  test('and the error names everything, and the command that mends it', () => {
    const empty = { ...lockOf(), images: {}, debian: {} };
    const error = thrownBy(() => assertFresh(empty, inputs(), 'amd64', 'a/slipway.lock'));
    expect(codeOf(error)).toBe('LOCK_STALE');
    for (const part of ['a/slipway.lock', reference, 'deb:base', 'slipway lock'])
      expect(messageOf(error)).toContain(part);
  });
});

const spec = (text: string, name = 'dir/a.yml') =>
  parseImageFiles([{ name, text }], { paths: 'working-directory' });

describe('what an image file needs of a lock', () => {
  const text = [
    'kernel: {image: linuxkit/kernel:6}',
    "init: [linuxkit/init:v1, 'deb:base', 'oci:parts/x:1']",
    'volumes: [{name: data}, {name: v, image: alpine}]',
    'onboot: [{name: a, image: linuxkit/init:v1}]',
    "services: [{name: b, image: 'docker-archive:/abs/b.tar'}]",
    'packages: {base: {install: [busybox]}, unused: {install: [a]}}',
  ].join('\n');

  test('is each image once and the package sets in use, with paths as seen from the lock', () => {
    const { images, packages } = lockInputs(spec(text), { baseDir: '/repo', lockDir: '/repo/dir' });
    expect(images).toEqual([
      'docker.io/linuxkit/kernel:6',
      reference,
      'oci:parts/x:1',
      'docker.io/library/alpine:latest',
      'docker-archive:/abs/b.tar',
    ]);
    expect([...packages.keys()]).toEqual(['base']);
  });

  test.each([
    ['/repo', 'oci:dir/parts/x:1'],
    ['/repo/dir', 'oci:parts/x:1'],
    ['/repo/dir/deeper', 'oci:../parts/x:1'],
  ])('is the same from %s', (baseDir, written) => {
    expect(lockKey(written, { baseDir, lockDir: '/repo/dir' })).toBe('oci:parts/x:1');
  });

  test('of several image files is taken together, if they agree', () => {
    const merged = mergeInputs([inputs(), inputs({ images: ['docker.io/a/b:1', reference], npm: true })]);
    expect(merged.images).toEqual([reference, 'docker.io/a/b:1']);
    expect(merged.npm).toBe(true);
    expect(() => mergeInputs([inputs(), inputs(set({ install: ['other'] }))])).toThrow(
      /declared in two ways/,
    );
  });
});

test('a lock is given to a build in the terms of the image file, with places where old packages are kept', () => {
  const text = "init: [linuxkit/init:v1, 'deb:base']\npackages: {base: {install: [busybox]}}\n";
  const { lockedImages, lockedPackages } = applyLock(lockOf(), spec(text), {
    ...place,
    arch: 'amd64',
    file: 'slipway.lock',
  });
  expect([...lockedImages]).toEqual([[reference, digest('1')]]);
  expect(lockedPackages.get('base')).toMatchObject([
    {
      name: 'busybox',
      mirrors: [
        'https://snapshot.debian.org/archive/debian/20261101T000000Z/pool/main/b/busybox/busybox_1.0-1_amd64.deb',
      ],
    },
  ]);
});
