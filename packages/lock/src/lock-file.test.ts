import { Arch, codeOf, Digest, messageOf } from '@slipway/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffLocks } from './diff-locks.ts';
import { lockOf, thrownBy } from './fixture.ts';
import { formatLock, parseLock, type Lock } from './lock-file.ts';

const anyDigest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => Digest.parse(`sha256:${hex}`));
const name = fc.stringMatching(/^[a-z][a-z0-9+.-]{0,8}$/);
const perArch = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Partial<Record<Arch, T>>> =>
  fc.dictionary(fc.constantFrom(...Arch.options), value, { maxKeys: 2, noNullPrototype: true });
const anyPackage = fc.record({
  name,
  version: fc.stringMatching(/^[0-9][0-9a-z:.~+-]{0,8}$/),
  arch: fc.constantFrom('all', 'arm64', 'amd64'),
  digest: anyDigest,
  size: fc.nat(),
  url: name.map((path) => `http://host/${path}`),
});
const anySet = fc.record({
  declared: anyDigest,
  sources: fc.array(
    fc.record({
      uri: fc.constant('http://host/debian'),
      suites: fc.dictionary(name, fc.constantFrom('20261101T000000Z', '20261102T010203Z'), {
        noNullPrototype: true,
      }),
      components: fc.array(name),
    }),
    { maxLength: 2 },
  ),
  packages: fc.uniqueArray(anyPackage, { maxLength: 3, selector: (item) => item.name }),
});
const anyLock: fc.Arbitrary<Lock> = fc.record({
  v: fc.constant(1 as const),
  images: fc.dictionary(name, fc.record({ digest: anyDigest, platforms: perArch(anyDigest) }), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
  debian: perArch(fc.dictionary(name, anySet, { maxKeys: 2, noNullPrototype: true })),
  npm: perArch(
    fc.dictionary(name, fc.record({ version: name, integrity: name }), { maxKeys: 2, noNullPrototype: true }),
  ),
});

const reversed = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, part]) => [key, reversed(part)]),
      )
    : value;

describe('the format', () => {
  test('is read as it was written, by everybody who reads YAML or JSON', () => {
    fc.assert(
      fc.property(anyLock, (lock) => {
        expect(parseLock(formatLock(lock), 'slipway.lock')).toEqual(lock);
        expect(parseLock(JSON.stringify(lock), 'slipway.lock')).toEqual(lock);
      }),
      { numRuns: 50 },
    );
  });

  test('does not depend on the order in which a lock was made', () => {
    fc.assert(
      fc.property(anyLock, (lock) => {
        const other = parseLock(JSON.stringify(reversed(lock)), 'slipway.lock');
        expect(formatLock(other)).toBe(formatLock(lock));
      }),
      { numRuns: 50 },
    );
  });

  test('a lock does not differ from itself, and differences are told from both sides', () => {
    fc.assert(
      fc.property(anyLock, anyLock, (a, b) => {
        expect(diffLocks(a, structuredClone(a))).toEqual([]);
        const swapped = diffLocks(b, a).map(({ was, is, ...what }) => ({
          ...what,
          ...(is === undefined ? {} : { was: is }),
          ...(was === undefined ? {} : { is: was }),
        }));
        expect(diffLocks(a, b)).toEqual(swapped);
      }),
      { numRuns: 50 },
    );
  });

  test('is plain', () => {
    expect(formatLock(lockOf())).toMatchInlineSnapshot(`
      "# Made by slipway lock; keep it in version control beside the image file.
      debian:
        amd64:
          base:
            declared: sha256:1fbd4f6bc677085333d07e6659706462be6b901c913cb17016e3cd00dfdfd932
            packages:
              - arch: amd64
                digest: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
                name: busybox
                size: 9
                url: http://deb.debian.org/debian/pool/main/b/busybox/busybox_1.0-1_amd64.deb
                version: 1.0-1
            sources:
              - components:
                  - main
                fallback: https://snapshot.debian.org/archive/debian/20261101T000000Z
                suites:
                  trixie: 20261101T000000Z
                uri: http://deb.debian.org/debian
      images:
        docker.io/linuxkit/init:v1:
          digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
          platforms:
            amd64: sha256:1111111111111111111111111111111111111111111111111111111111111111
      v: 1
      "
    `);
  });
});

const broken = (change: (text: string) => string): string => change(formatLock(lockOf()));

test.each<[string, string, string]>([
  ['no YAML', 'v: [', 'expected YAML'],
  ['nothing', '', 'the file'],
  ['a key twice', broken((text) => `${text}v: 1\n`), 'expected YAML'],
  ['aliases', 'v: 1\nimages: &a {}\nnpm: *a\n', 'aliases'],
  ['a newer version', broken((text) => text.replace('v: 1', 'v: 2')), 'newer Slipway'],
  ['an unknown key', broken((text) => `${text}more: 1\n`), 'more'],
  ['a digest that is none', broken((text) => text.replaceAll('b'.repeat(64), 'bb')), 'packages.0.digest'],
  ['a name that is a path', broken((text) => text.replace('name: busybox', 'name: ../b')), 'packages.0.name'],
  ['a URL that is an option', broken((text) => text.replace('url: http', 'url: --http')), 'packages.0.url'],
  ['an architecture that is none', broken((text) => text.replaceAll('amd64:', 's390:')), 's390'],
  ['a file of 17 MB', `#${' '.repeat(17 * 1024 * 1024)}`, 'at most'],
])('%s is refused', (_title, text, part) => {
  const error = thrownBy(() => parseLock(text, 'dir/slipway.lock'));
  expect(codeOf(error)).toBe('LOCK_INVALID');
  expect(messageOf(error)).toContain('dir/slipway.lock');
  expect(messageOf(error)).toContain(part);
});
