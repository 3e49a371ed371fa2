import { describe, expect, test } from 'vitest';
import { fileOf } from '../testing/files.ts';
import { scanFiles } from './scan-files.ts';

const STATUS = `Package: libc6
Status: install ok installed
Priority: optional
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: amd64
Source: glibc
Version: 2.41-12
Description: GNU C Library
 with a second line

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: libstdc++6
Status: install ok installed
Architecture: amd64
Source: gcc-14 (14.2.0-19)
Version: 1:14.2.0-19+b1
`;

const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: LGPL-2.1+
`;

const osRelease = fileOf('usr/lib/os-release', 'NAME="Debian"\nID=debian\nVERSION_ID="13"\n');

describe('the database of dpkg', () => {
  test('names what is installed, with its source', () => {
    const { packages, warnings, distro } = scanFiles([
      fileOf('var/lib/dpkg/status', STATUS),
      osRelease,
      fileOf('usr/share/doc/libc6/copyright', COPYRIGHT),
    ]);
    expect({ distro, warnings }).toEqual({ distro: { id: 'debian', versionId: '13' }, warnings: [] });
    expect(packages).toEqual([
      {
        type: 'deb',
        name: 'libc6',
        version: '2.41-12',
        purl: 'pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13',
        licenses: ['LGPL-2.1-or-later'],
        source: { name: 'glibc', version: '2.41-12' },
        supplier: 'GNU Libc Maintainers <debian-glibc@lists.debian.org>',
        foundIn: 'var/lib/dpkg/status',
        licenseFiles: ['usr/share/doc/libc6/copyright'],
      },
      {
        type: 'deb',
        name: 'libstdc++6',
        version: '1:14.2.0-19+b1',
        purl: 'pkg:deb/debian/libstdc%2B%2B6@1:14.2.0-19%2Bb1?arch=amd64&distro=debian-13',
        licenses: [],
        source: { name: 'gcc-14', version: '14.2.0-19' },
        foundIn: 'var/lib/dpkg/status',
      },
    ]);
  });

  test('of distroless images is one file for each package', () => {
    const { packages } = scanFiles([
      fileOf('var/lib/dpkg/status.d/tzdata', 'Package: tzdata\nVersion: 2025b-4\nArchitecture: all\n'),
      fileOf('var/lib/dpkg/status.d/tzdata.md5sums', 'd41d8cd9  usr/share/zoneinfo\n'),
    ]);
    expect(packages.map(({ purl, foundIn }) => [purl, foundIn])).toEqual([
      ['pkg:deb/debian/tzdata@2025b-4?arch=all', 'var/lib/dpkg/status.d/tzdata'],
    ]);
  });

  test('of another distribution says so in the purl', () => {
    const { packages } = scanFiles([
      fileOf('etc/os-release', "ID='ubuntu'\nVERSION_ID=24.04\n"),
      osRelease,
      fileOf('var/lib/dpkg/status.d/a', 'Package: ab\nVersion: 1\nArchitecture: all\n'),
    ]);
    expect(packages[0]?.purl).toBe('pkg:deb/ubuntu/ab@1?arch=all&distro=ubuntu-24.04');
  });

  test('a package without a copyright file of its own has that of its source', () => {
    const { packages } = scanFiles([
      fileOf(
        'var/lib/dpkg/status',
        ['gcc-14-base', 'libgcc-s1']
          .map((name) => `Package: ${name}\nSource: gcc-14\nVersion: 14.2.0-19\nArchitecture: amd64\n`)
          .join('\n'),
      ),
      fileOf('usr/share/doc/gcc-14-base/copyright', COPYRIGHT),
    ]);
    expect(packages.map(({ licenses }) => licenses)).toEqual([['LGPL-2.1-or-later'], ['LGPL-2.1-or-later']]);
  });

  test.each([
    ['no version', 'Package: ab\nArchitecture: all'],
    ['a name with a slash', 'Package: a/b\nVersion: 1\nArchitecture: all'],
    ['a version of two lines', 'Package: ab\nVersion: 1\n 2\nArchitecture: all'],
    ['what a terminal obeys', 'Package: ab\nVersion: \u001b[2J\nArchitecture: all'],
  ])('an entry with %s is left out with a warning, and the others stay', (_, entry) => {
    const good = 'Package: good\nVersion: 1\nArchitecture: all\n';
    const { packages, warnings } = scanFiles([fileOf('var/lib/dpkg/status', `${entry}\n\n${good}`)]);
    expect(packages.map(({ name }) => name)).toEqual(['good']);
    expect(warnings).toEqual([
      { path: 'var/lib/dpkg/status', message: expect.stringContaining('expected') as unknown },
    ]);
    // oxlint-disable-next-line no-control-regex -- that there are none is the point
    expect(warnings[0]?.message).not.toMatch(/[\u0000-\u001f]/);
  });

  test('a database without end is not read', () => {
    const { warnings } = scanFiles([
      {
        path: 'var/lib/dpkg/status',
        size: 2 ** 40,
        read: () => {
          throw new Error('was read');
        },
      },
    ]);
    expect(warnings).toMatchObject([{ message: expect.stringMatching(/expected at most/) as unknown }]);
  });
});
