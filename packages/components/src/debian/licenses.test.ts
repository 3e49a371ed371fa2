import { expect, test } from 'vitest';
import { licensesOf, toSpdx } from './licenses.ts';

test.each([
  ['GPL-2', 'GPL-2.0-only'],
  ['GPL-2+', 'GPL-2.0-or-later'],
  ['LGPL-2.1+', 'LGPL-2.1-or-later'],
  ['AGPL-3', 'AGPL-3.0-only'],
  ['Expat', 'MIT'],
  ['Foo', 'Foo'],
])('%s is %s', (name, spdx) => {
  expect(toSpdx(name)).toBe(spdx);
});

test('licences come from the paragraphs of files, once each', () => {
  const copyright = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: x
License: GPL-2+ and Expat

Files: debian/*
License: GPL-2+
 text of the licence

License: BSD-3-Clause
 not used by any file
`;
  expect(licensesOf(copyright)).toEqual(['GPL-2.0-or-later', 'MIT']);
  expect(licensesOf('This is free text.\nLicense: GPL\n')).toEqual([]);
});
