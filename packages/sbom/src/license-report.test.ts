import { expect, test } from 'vitest';
import { isObliging, licenseReport } from './license-report.ts';
import type { FoundPackage } from './found-package.ts';
import { sourcePlace } from './source-places.ts';
import { LIBC, MUSL, NET, SAMPLE, ZOD } from './testing/sample-sbom.ts';

test.each([
  ['GPL-2.0-only', true],
  ['LGPL-2.1-or-later', true],
  ['AGPL-3.0-only', true],
  ['MPL-2.0', true],
  ['EPL-2.0', true],
  ['CDDL-1.0', true],
  ['GPL-2.0-only WITH Linux-syscall-note', true],
  ['GPL-2+-with-link-exception', true],
  ['GPL2', true],
  ['LicenseRef-SMAIL-GPL', true],
  ['GPL-1.0-or-later OR LGPL-2.1-only', true],
  ['Artistic-1.0-Perl OR GPL-1.0-or-later', false],
  ['MIT', false],
  ['Apache-2.0', false],
  ['GFDL-1.3-only', false],
  ['ZPL-2.1', false],
  ['sample', false],
])('%s obliges to offer source: %s', (license, expected) => {
  expect(isObliging(license)).toBe(expected);
});

test('packages are sorted by what is asked of whoever distributes them', () => {
  expect(licenseReport(SAMPLE)).toEqual({
    obliged: [
      {
        type: 'deb',
        name: 'libc6',
        version: '2.41-12',
        purl: LIBC.purl,
        licenses: ['BSD-like Spencer', 'GPL-2.0-only WITH Linux-syscall-note', 'LGPL-2.1-or-later'],
        obliging: ['GPL-2.0-only WITH Linux-syscall-note', 'LGPL-2.1-or-later'],
        components: ['deb:system'],
        source: { name: 'glibc', version: '2.41-12' },
        sourceUrl: 'https://snapshot.debian.org/package/glibc/2.41-12/',
      },
    ],
    unknown: [
      {
        type: 'golang',
        name: 'golang.org/x/net',
        version: 'v0.30.0',
        purl: NET.purl,
        licenses: [],
        components: ['docker.io/linuxkit/init:v1', 'oci:layouts/web'],
      },
    ],
    others: 3,
  });
});

test('an image that says of itself that it is GPL is one of them', () => {
  const report = licenseReport({
    ...SAMPLE,
    components: [{ ref: 'linuxkit/kernel:6', version: '6', licenses: ['GPL-2.0-only'], packages: [] }],
  });
  expect(report.obliged).toMatchObject([{ type: 'oci', name: 'linuxkit/kernel:6', sourceUrl: null }]);
});

test('licences of unknown names are for somebody to read', () => {
  const names = ['custom', 'LicenseRef-ours', 'LicenseRef-public-domain'];
  const packages = names.map((name): FoundPackage => ({
    ...MUSL,
    name,
    purl: `pkg:apk/alpine/${name}@1`,
    licenses: [name],
  }));
  const report = licenseReport({ ...SAMPLE, components: [{ ref: 'a', packages }] });
  expect(report.unknown.map(({ name }) => name)).toEqual(['LicenseRef-ours', 'custom']);
  expect(report.others).toBe(1);
});

const generic = (name: string, version: string): FoundPackage => ({
  type: 'generic',
  name,
  version,
  purl: `pkg:generic/${name}@${version}`,
  licenses: [],
});
const { source: _, ...withoutSource } = MUSL;

test.each<[FoundPackage, string | undefined]>([
  [
    { ...LIBC, source: { name: 'glibc', version: '1:2.41+x-1' } },
    'https://snapshot.debian.org/package/glibc/1%3A2.41%2Bx-1/',
  ],
  [
    { ...LIBC, purl: 'pkg:deb/ubuntu/libc6@2.39?arch=amd64' },
    'https://launchpad.net/ubuntu/+source/glibc/2.41-12',
  ],
  [MUSL, `https://git.alpinelinux.org/aports/commit/?id=${'a'.repeat(40)}`],
  [withoutSource, 'https://pkgs.alpinelinux.org/packages?name=musl'],
  [ZOD, 'https://registry.npmjs.org/@scope/zod/-/zod-4.0.0.tgz'],
  [{ ...ZOD, name: 'zod' }, 'https://registry.npmjs.org/zod/-/zod-4.0.0.tgz'],
  [
    { ...NET, name: 'github.com/BurntSushi/toml', version: 'v1.0.0-RC1' },
    'https://proxy.golang.org/github.com/!burnt!sushi/toml/@v/v1.0.0-!r!c1.zip',
  ],
  [{ ...NET, name: 'stdlib', version: '1.23.4' }, 'https://go.dev/dl/go1.23.4.src.tar.gz'],
  [{ ...NET, version: '(devel)' }, undefined],
  [{ ...NET, version: 'v1.0.0+dirty' }, undefined],
  [generic('linux', '6.12.9-linuxkit'), 'https://cdn.kernel.org/pub/linux/kernel/v6.x/linux-6.12.9.tar.xz'],
  [generic('other', '1.0'), undefined],
])('the source of $name $version', (item, place) => {
  expect(sourcePlace(item)).toBe(place);
});
