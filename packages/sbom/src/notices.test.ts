import { expect, test } from 'vitest';
import type { FoundPackage } from './found-package.ts';
import { makeNotices } from './notices.ts';
import { LIBC, MUSL, NET, ZOD } from './testing/sample-sbom.ts';

const tree =
  (files: Readonly<Record<string, string>>) =>
  (path: string): Uint8Array | undefined =>
    files[path] === undefined ? undefined : new TextEncoder().encode(files[path]);

const zod: FoundPackage = { ...ZOD, licenseFiles: ['m/LICENSE', 'm/NOTICE'] };
const other: FoundPackage = { ...zod, name: 'other', licenseFiles: ['o/LICENSE', 'o/gone'] };

const NOTICES = [
  {
    packages: [zod, other, NET],
    readText: tree({
      'm/LICENSE': '\uFEFF\r\n\r\n   MIT License  \r\nDo what you like.\r\n',
      'm/NOTICE': 'made by us\u001b[2J',
      'o/LICENSE': '   MIT License\nDo what you like.\n\n',
    }),
  },
  {
    packages: [LIBC, MUSL],
    readText: tree({
      'usr/share/doc/libc6/copyright': 'See /usr/share/common-licenses/LGPL-2.1.\n',
      'usr/share/common-licenses/LGPL-2.1': 'LESSER GENERAL PUBLIC LICENSE',
    }),
  },
];

test('each text once, under what it covers, then what has none, then the sources', () => {
  const line = '='.repeat(78);
  expect(makeNotices(NOTICES)).toBe(`THIRD-PARTY NOTICES

This image contains the software named below, under the licences that follow.

${line}
@scope/zod 4.0.0 (LicenseRef-public-domain, MIT OR Apache-2.0)
${line}

made by us[2J

${line}
@scope/zod 4.0.0 (LicenseRef-public-domain, MIT OR Apache-2.0)
other 4.0.0 (LicenseRef-public-domain, MIT OR Apache-2.0)
${line}

   MIT License
Do what you like.

${line}
libc6 2.41-12 (BSD-like Spencer, GPL-2.0-only WITH Linux-syscall-note, LGPL-2.1-or-later)
${line}

See /usr/share/common-licenses/LGPL-2.1.

${line}
/usr/share/common-licenses/LGPL-2.1
${line}

LESSER GENERAL PUBLIC LICENSE

${line}
Software whose licence text is not in this image
${line}

golang.org/x/net v0.30.0
musl 1.2.5-r0 (MIT)

${line}
Software whose source code is available under its licence, and where its project publishes it
${line}

glibc 2.41-12: https://snapshot.debian.org/package/glibc/2.41-12/
`);
});

test('the order in which components and packages come does not show', () => {
  const turned = NOTICES.toReversed().map((one) => ({ ...one, packages: one.packages.toReversed() }));
  expect(makeNotices(turned)).toBe(makeNotices(NOTICES));
});

test('a text without end is not included', () => {
  const text = makeNotices([{ packages: [zod], readText: () => new Uint8Array(5 * 1024 * 1024).fill(0x20) }]);
  expect(text).toContain('not in this image');
  expect(text.length).toBeLessThan(2000);
});

test('a text of blanks and empty lines is cleaned in its time', () => {
  for (const filler of ['\n', '\t \n']) {
    const text = `a${' '.repeat(1_000_000)}c${filler.repeat(1_000_000)}b`;
    expect(makeNotices([{ packages: [zod], readText: () => new TextEncoder().encode(text) }])).toContain(
      '\nb\n',
    );
  }
});

test('an image of nothing has a short text', () => {
  expect(makeNotices([])).toMatch(/^THIRD-PARTY NOTICES\n/);
});
