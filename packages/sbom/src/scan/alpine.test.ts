import { expect, test } from 'vitest';
import { fileOf } from '../testing/files.ts';
import { scanFiles } from './scan-files.ts';

/** By the description of the format: a letter, a colon and a value for each field; files of the package below. */
const INSTALLED = `C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:musl
V:1.2.5-r0
A:x86_64
S:407278
I:667648
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT
o:musl
m:Timo Teräs <timo.teras@iki.fi>
t:1711000000
c:ae0d26fc2ab4c42d5e1a7a5d7e4d2d1a8d0f3a1b
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1abc=

P:ssl_client
V:1.36.1-r29
A:x86_64
L:GPL-2.0-only
o:busybox

P:old
V:1.0-r0
A:x86_64
L:GPL-2.0-only LGPL-2.1-only

P:odd
V:1.0-r0
A:x86_64
L:custom:odd licence
`;

test('the database of apk names packages, their origin and commit', () => {
  const { packages, warnings } = scanFiles([
    fileOf('lib/apk/db/installed', INSTALLED),
    fileOf('etc/os-release', 'ID=alpine\nVERSION_ID=3.20.3\n'),
    fileOf('usr/share/licenses/musl/COPYRIGHT', 'text'),
  ]);
  expect(warnings).toEqual([]);
  expect(packages[0]).toEqual({
    type: 'apk',
    name: 'musl',
    version: '1.2.5-r0',
    purl: 'pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3',
    licenses: ['MIT'],
    source: { name: 'musl', version: '1.2.5-r0', commit: 'ae0d26fc2ab4c42d5e1a7a5d7e4d2d1a8d0f3a1b' },
    supplier: 'Timo Teräs <timo.teras@iki.fi>',
    foundIn: 'lib/apk/db/installed',
    licenseFiles: ['usr/share/licenses/musl/COPYRIGHT'],
  });
  expect(packages.slice(1).map(({ name, licenses, source }) => [name, licenses, source?.name])).toEqual([
    ['odd', ['custom:odd licence'], 'odd'],
    ['old', ['GPL-2.0-only', 'LGPL-2.1-only'], 'old'],
    ['ssl_client', ['GPL-2.0-only'], 'busybox'],
  ]);
});

test('an entry without a version is left out with a warning', () => {
  const { packages, warnings } = scanFiles([
    fileOf('usr/lib/apk/db/installed', 'P:broken\nA:x86_64\n\nP:good\nV:1-r0\nA:aarch64\n'),
  ]);
  expect(packages.map(({ purl }) => purl)).toEqual(['pkg:apk/alpine/good@1-r0?arch=aarch64']);
  expect(warnings).toMatchObject([
    { path: 'usr/lib/apk/db/installed', message: expect.stringMatching(/version \(V:\)/) as unknown },
  ]);
});
