import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ScannedFile } from '../found-package.ts';
import { fileOf } from '../testing/files.ts';
import { makeGoElf } from '../testing/go-elf.ts';
import { scanFiles } from './scan-files.ts';

const kernel = (release: string): Uint8Array => {
  const bytes = new Uint8Array(64 * 1024);
  const put = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  put(0x202, 'HdrS');
  bytes.set([0x00, 0x30], 0x20e);
  put(0x3200, `${release} (builder@host) #1 SMP\0`);
  return bytes;
};

describe('the kernel', () => {
  test('has the release in its header, or that of its modules', () => {
    const expected = (foundIn: string) => [
      {
        type: 'generic',
        name: 'linux',
        version: '6.12.9-linuxkit',
        purl: 'pkg:generic/linux@6.12.9-linuxkit',
        licenses: ['GPL-2.0-only WITH Linux-syscall-note'],
        foundIn,
      },
    ];
    expect(scanFiles([fileOf('kernel', kernel('6.12.9-linuxkit'))]).packages).toEqual(expected('kernel'));
    const modules = 'usr/lib/modules/6.12.9-linuxkit/modules.order';
    expect(scanFiles([fileOf(modules, '')]).packages).toEqual(expected(modules));
    expect(
      scanFiles([fileOf('boot/vmlinuz-6', kernel('6.12.9-linuxkit')), fileOf(modules, '')]).packages,
    ).toEqual(expected('boot/vmlinuz-6'));
  });

  test('is not named twice where a package brings it', () => {
    const { packages } = scanFiles([
      fileOf('boot/vmlinuz-6.12.9-amd64', kernel('6.12.9-amd64')),
      fileOf(
        'var/lib/dpkg/status',
        'Package: linux-image-6.12.9-amd64\nVersion: 6.12.9-1\nArchitecture: amd64\n',
      ),
    ]);
    expect(packages.map(({ name }) => name)).toEqual(['linux-image-6.12.9-amd64']);
  });

  test('with another header is none', () => {
    expect(scanFiles([fileOf('kernel', kernel('\u001b[2J')), fileOf('boot/vmlinuz', 'short')])).toEqual({
      packages: [],
      warnings: [],
    });
  });
});

const program = makeGoElf({
  bits: 64,
  littleEndian: true,
  goVersion: 'go1.23.4',
  moduleInfo: 'mod\ta.b/c\tv1.0.0\n',
  size: 20 * 1024,
});

test('a module in several programs is listed once, whatever the order of the files', () => {
  const files = [fileOf('bin/b', program), fileOf('bin/a', program), fileOf('node_modules/x/bin', program)];
  const forward = scanFiles(files);
  expect(forward).toEqual(scanFiles(files.toReversed()));
  expect(forward.packages.map(({ name, foundIn }) => [name, foundIn])).toEqual([
    ['a.b/c', 'bin/a'],
    ['stdlib', 'bin/a'],
  ]);
});

test('what nobody can run is not looked into, and small files are not', () => {
  const unread = (path: string, size: number): ScannedFile => ({
    path,
    size,
    executable: false,
    read: () => {
      throw new Error('was read');
    },
  });
  expect(scanFiles([unread('data', 1_000_000), { ...unread('bin/small', 100), executable: true }])).toEqual({
    packages: [],
    warnings: [],
  });
});

test('a file that cannot be read is a warning', () => {
  const broken = (path: string): ScannedFile => ({
    path,
    size: 100_000,
    read: () => {
      throw new Error('gone');
    },
  });
  const paths = [
    'bin/a',
    'etc/os-release',
    'kernel',
    'lib/apk/db/installed',
    'node_modules/a/package.json',
    'var/lib/dpkg/status',
  ];
  const { packages, warnings } = scanFiles(paths.map(broken));
  expect(packages).toEqual([]);
  expect(warnings.map(({ path }) => path).sort()).toEqual(
    // The first is larger than such a file is, so nobody tries.
    paths,
  );
});

test('a database of nothing but mistakes makes no endless list of warnings', () => {
  const { warnings } = scanFiles([fileOf('var/lib/dpkg/status', 'Package: A\n\n'.repeat(1000))]);
  expect(warnings).toHaveLength(201);
  expect(warnings.at(-1)?.message).toContain('800 more');
});

test('of a database of more packages than there are the first are taken', () => {
  const { packages, warnings } = scanFiles([
    fileOf('lib/apk/db/installed', 'P:a\nV:1-r0\nA:x\n\n'.repeat(100_001)),
  ]);
  expect(packages).toHaveLength(1);
  expect(warnings.map(({ message }) => message)).toEqual([expect.stringMatching(/at most 100000 packages/)]);
});

const long = (text: string): string => text.repeat(500_000);
const DPKG = 'Package: ab\nVersion: 1\nArchitecture: all\n';

/** Each took a pattern quadratic time once, or would; then the test runs out of its time. */
test.each([
  [
    'blanks before a word',
    [['usr/share/doc/ab/copyright', `Format: x\n\nFiles: *\nLicense: a${long(' ')}b\n`]],
  ],
  ['a field that goes on', [['var/lib/dpkg/status', `${DPKG}Description: x\n${long(' x\n')}`]]],
  ['a source of parentheses', [['var/lib/dpkg/status', `${DPKG}Source: a${long(' (')}\n`]]],
  ['a version', [['var/lib/dpkg/status', DPKG.replace('1', `${long('1')}!`)]]],
  ['choices in parentheses', [['lib/apk/db/installed', `P:ab\nV:1-r0\nA:x\nL:${long('(')}\n`]]],
  [
    'an author',
    [['node_modules/a/package.json', `{"name":"ab","version":"1.0.0","author":"${long(' (')}"}`]],
  ],
  ['an identifier', [['etc/os-release', `ID=${' '.repeat(60_000)}x\n`]]],
] as const)('%s without end is read in its time', (_, entries) => {
  const files = new Map<string, string>([['var/lib/dpkg/status', DPKG], ...entries]);
  const { packages, warnings } = scanFiles([...files].map(([path, text]) => fileOf(path, text)));
  expect(packages.length + warnings.length).toBeGreaterThan(0);
  expect(JSON.stringify([packages, warnings]).length).toBeLessThan(5000);
});

const PATHS = [
  'var/lib/dpkg/status',
  'var/lib/dpkg/status.d/a',
  'usr/share/doc/a/copyright',
  'lib/apk/db/installed',
  'etc/os-release',
  'node_modules/a/package.json',
  'node_modules/a/LICENSE',
  'kernel',
  'lib/modules/6.1.0/modules.order',
  'bin/a',
];
const WORDS = [
  'Package: a\n',
  'Package: ab\nVersion: 1\nArchitecture: all\n',
  'Source: x (1)\n',
  'Format: x\n\nFiles: *\nLicense: GPL-2+ or ',
  'P:a\nV:1\nA:x86_64\nL:',
  'ID=debian\n',
  '{"name":"a","version":"1.0.0","license":',
  '"MIT"}',
  '\u007fELF\u0002\u0001\u0001',
  ' Go buildinf:',
  '\n\n',
];

test('no content of any candidate breaks the scan, and what comes out fits on a line', () => {
  const content = fc
    .array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: 'binary', maxLength: 40 })), {
      maxLength: 12,
    })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...PATHS), content), { maxLength: 6 }), (entries) => {
      const { packages } = scanFiles(
        entries.map(([path, text]) => fileOf(path, path === 'bin/a' ? text.padEnd(20_000, '\0') : text)),
      );
      for (const { name, version, purl, licenses, supplier = '' } of packages) {
        expect(`${name} ${version} ${purl}`).toMatch(/^[\x21-\x7e]+ [\x21-\x7e]+ pkg:[\x21-\x7e]+$/);
        expect([...licenses, supplier].join('')).not.toMatch(/\p{Cc}/u);
      }
    }),
    { numRuns: 500 },
  );
});
