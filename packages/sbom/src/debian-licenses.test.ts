import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { licensesOfCopyright, toSpdx } from './debian-licenses.ts';

test.each([
  ['GPL-2', 'GPL-2.0-only'],
  ['GPL-2+', 'GPL-2.0-or-later'],
  ['GPL-2.0+', 'GPL-2.0-or-later'],
  ['LGPL-2.1+', 'LGPL-2.1-or-later'],
  ['AGPL-3', 'AGPL-3.0-only'],
  ['GFDL-1.3+', 'GFDL-1.3-or-later'],
  ['GPL-9', 'GPL-9'],
  ['Expat', 'MIT'],
  ['BSD-3-clause', 'BSD-3-Clause'],
  ['Artistic', 'Artistic-1.0-Perl'],
  ['constructor', 'constructor'],
  ['Foo', 'Foo'],
])('%s is %s', (name, spdx) => {
  expect(toSpdx(name)).toBe(spdx);
});

const copyright = (...licenses: string[]): string =>
  `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n${licenses
    .map((license) => `Files: *\nCopyright: x\nLicense: ${license}\n`)
    .join('\n')}`;

test.each([
  [
    ['GPL-2+ and Expat', 'GPL-2+\n text of it'],
    ['GPL-2.0-or-later', 'MIT'],
  ],
  [['Artistic or GPL-1+'], ['Artistic-1.0-Perl OR GPL-1.0-or-later']],
  [['GPL-2+ or Artistic, and BSD-3-clause'], ['BSD-3-Clause', 'GPL-2.0-or-later OR Artistic-1.0-Perl']],
  [['GPL-3+ with Bison exception'], ['GPL-3.0-or-later']],
  [['BSD-3-clause-Foo or Expat'], ['BSD-3-clause-Foo', 'MIT']],
  [['', 'public-domain'], ['LicenseRef-public-domain']],
])('the synopses %j say %j', (licenses, expected) => {
  expect(licensesOfCopyright(copyright(...licenses))).toEqual(expected);
});

test('only paragraphs of files count in a machine-readable file', () => {
  expect(licensesOfCopyright(`${copyright('Expat')}\nLicense: BSD-3-Clause\n used by no file\n`)).toEqual([
    'MIT',
  ]);
});

test('in free text the common licences that it refers to count', () => {
  expect(
    licensesOfCopyright(
      'It is free.\nLicense: GPL\nSee /usr/share/common-licenses/GPL-2. Or common-licenses/Apache-2.0\n',
    ),
  ).toEqual(['Apache-2.0', 'GPL-2']);
  expect(licensesOfCopyright('Do what you like.')).toEqual([]);
});

test('any text has licences on one line each', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      for (const license of licensesOfCopyright(copyright(text))) expect(license).toMatch(/^[^\p{Cc}]+$/u);
    }),
  );
});
