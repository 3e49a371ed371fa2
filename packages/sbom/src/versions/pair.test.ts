import { expect, test } from 'vitest';
import type { PackageType } from '@slipway/protocol';
import { diffPackages } from './pair.ts';

const pkg = (type: PackageType, name: string, version: string) => ({ type, name, version });

test('newer and older are told apart by the order of each ecosystem', () => {
  const diff = diffPackages(
    [
      pkg('deb', 'openssl', '3.5.8~rc1-1'),
      pkg('deb', 'bind9', '1:9.18.1-1'),
      pkg('apk', 'musl', '1.2.10-r0'),
      pkg('npm', 'zod', '4.0.0'),
      pkg('golang', 'golang.org/x/net', 'v0.9.0'),
      pkg('deb', 'gone', '1'),
      pkg('deb', 'same', '1'),
    ],
    [
      pkg('deb', 'openssl', '3.5.8-1'),
      pkg('deb', 'bind9', '9.20.0-1'),
      pkg('apk', 'musl', '1.2.9-r3'),
      pkg('npm', 'zod', '4.0.0-beta.1'),
      pkg('golang', 'golang.org/x/net', 'v0.10.0'),
      pkg('npm', 'new', '1.0.0'),
      pkg('deb', 'same', '1'),
    ],
  );
  expect(diff).toEqual({
    added: [pkg('npm', 'new', '1.0.0')],
    removed: [pkg('deb', 'gone', '1')],
    upgraded: [
      { type: 'deb', name: 'openssl', from: '3.5.8~rc1-1', to: '3.5.8-1' },
      { type: 'golang', name: 'golang.org/x/net', from: 'v0.9.0', to: 'v0.10.0' },
    ],
    downgraded: [
      { type: 'apk', name: 'musl', from: '1.2.10-r0', to: '1.2.9-r3' },
      { type: 'deb', name: 'bind9', from: '1:9.18.1-1', to: '9.20.0-1' },
      { type: 'npm', name: 'zod', from: '4.0.0', to: '4.0.0-beta.1' },
    ],
  });
});

test('one that is there in several versions is paired version by version', () => {
  const at = (...versions: string[]) => versions.map((version) => pkg('npm', 'semver', version));
  expect(diffPackages(at('7.1.0', '6.3.0', '5.0.0'), at('6.3.0', '7.2.0'))).toEqual({
    added: [],
    removed: [pkg('npm', 'semver', '7.1.0')],
    upgraded: [{ type: 'npm', name: 'semver', from: '5.0.0', to: '7.2.0' }],
    downgraded: [],
  });
  expect(diffPackages(at('1.0.0', '1.0.0'), at('1.0.0'))).toMatchObject({ removed: [{ version: '1.0.0' }] });
});
