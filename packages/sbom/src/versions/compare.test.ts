import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PackageType } from '@slipway/protocol';
import { comparePackageVersions } from './compare.ts';

/** Each is before all that follow it. */
const RISING: Readonly<Record<PackageType, readonly string[]>> = {
  // Debian Policy 5.6.12, and what stands in the archive.
  deb: [
    '~~',
    '~~a',
    '~',
    '',
    '0.9.8zh-1',
    '1.0~beta1~svn1245-1',
    '1.0~beta1-1',
    '1.0~rc1-1',
    '1.0-1~bpo12+1+1',
    '1.0-1',
    '1.0-1+b1',
    '1.0-1+deb13u1',
    '1.0-1.1',
    '1.0-2',
    '1.0-10',
    '1.0a-1',
    '1.0+dfsg-1',
    '1.0.1-1',
    '1.2.3-4',
    '1.2.3-rc1-4',
    '1.09-1',
    '1.10-1',
    '3.5.7-1~deb13u2',
    '3.5.8~~alpha',
    '3.5.8',
    '3.5.8-1~deb13u1',
    '3.5.8-1',
    '99999999999999999998',
    '99999999999999999999',
    'a',
    '1:0.1-1',
    '2:0',
    '10:0',
  ],
  // After the test data of apk-tools.
  apk: [
    '0.1.0_alpha_pre2',
    '0.1.0_alpha',
    '0.1.0_alpha2',
    '0.1.0_beta',
    '0.1.0_pre20191002',
    '0.1.0_rc1',
    '0.1.0_rc2',
    '0.1.0_rc10-r0',
    '0.1.0',
    '0.1.0-r0',
    '0.1.0-r1',
    '0.1.0-r10',
    '0.1.0_git20240102-r0',
    '0.1.0_p',
    '0.1.0_p9-r0',
    '0.1.0_p10-r0',
    '0.1.0a',
    '0.1.0a-r1',
    '0.1.0b',
    '0.1.0.1',
    '0.1.2',
    '0.12',
    '1.02.07',
    '1.02.10-r1',
    '1.06-r6',
    '1.1_alpha1',
    '1.1',
    '1.1-r3',
    '1.1bc',
    '1.1~0a1b2c3-r0',
    '1.1a',
    '1.2.2-r1',
    '1.10.7',
    '3.5.7-r0',
    '3.5.8-r0',
    '3.5.10-r0',
    '006',
    '20060512',
  ],
  // Semantic Versioning 2.0.0, clause 11.
  npm: [
    '0.0.9',
    '0.0.10',
    '1.0.0-0',
    '1.0.0-11',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1-0',
    '1.0.1',
    '1.2.0',
    '1.10.0',
    '2.0.0-canary.20240102',
    '2.0.0',
    '10',
    '11.0.0',
  ],
  golang: [
    '(devel)',
    'v0.0.0-20190102030405-ffffffffffff',
    'v0.0.0-20240102030405-000000000000',
    'v0.0.0',
    'v0.1.0',
    'v1.2.2',
    'v1.2.3-0.20240102030405-abcdef012345',
    'v1.2.3-pre',
    'v1.2.3-pre.0.20240102030405-abcdef012345',
    'v1.2.3',
    'v1.2.4-0.20240102030405-abcdef012345',
    'v1.10.0',
    '1.23beta1',
    '1.23rc1',
    '1.23rc10',
    '1.23.0',
    '1.23.11',
    'v2.0.0+incompatible',
    'v2.0.1+incompatible',
  ],
  generic: ['5.15.200', '6.6', '6.12-rc3', '6.12-rc10', '6.12', '6.12-rt5', '6.12.1', '6.12.30', '6.100'],
  oci: ['v0.9-beta', 'v0.9', 'v1', '1.0', 'v1.1-rc.1', '1.1', 'v10'],
};

describe.each(PackageType.options)('%s', (type) => {
  const compare = (a: string, b: string): number => comparePackageVersions(type, a, b);

  test('the order of well-known versions', () => {
    for (const [n, a] of RISING[type].entries())
      for (const [m, b] of RISING[type].entries())
        expect([a, b, compare(a, b)]).toEqual([a, b, Math.sign(n - m)]);
  });

  test('whatever stands there, the order is one', () => {
    const known = fc.constantFrom(...RISING[type]);
    const text = fc.oneof(
      known,
      fc.tuple(known, known).map((both) => both.join('')),
      fc.string({ maxLength: 6 }),
      fc.stringMatching(/^[0-9.~a-z_:+-]{0,8}$/),
    );
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(compare(a, a)).toBe(0);
        expect(compare(a, b) + compare(b, a)).toBe(0);
        const [low, middle, high] = [a, b, c].sort(compare);
        expect(compare(low ?? '', middle ?? '')).toBeLessThanOrEqual(0);
        expect(compare(low ?? '', high ?? '')).toBeLessThanOrEqual(0);
        expect(compare(a, b) === 0 && compare(a, c) !== compare(b, c)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

test.each<[PackageType, string, string]>([
  ['deb', '1.0', '1.0-0'],
  ['deb', '1.0', '0:1.0'],
  ['deb', '1.01', '1.1'],
  ['deb', '1.0-00', '1.0-0'],
  ['apk', '1.0', '01.0'],
  ['apk', '1.0-r01', '1.0-r1'],
  ['npm', '1.2.3+a', 'v1.2.3+b'],
  ['golang', 'v2.0.0+incompatible', '2.0.0'],
  ['golang', 'v1.2', 'v1.2.0'],
  ['golang', '1.23', 'go1.23.0'],
  ['generic', 'v6.12', '6.12'],
])('of %s, %s and %s are the same', (type, a, b) => {
  expect(comparePackageVersions(type, a, b)).toBe(0);
});
