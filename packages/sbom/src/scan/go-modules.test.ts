import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileOf } from '../testing/files.ts';
import { makeGoElf } from '../testing/go-elf.ts';
import { parseModules, readGoProgram } from './go-modules.ts';
import { Warnings } from './scan.ts';

const MODULES = [
  'path\tgithub.com/linuxkit/linuxkit/pkg/init',
  'mod\texample.org/Init\tv1.2.3\t',
  'dep\tgolang.org/x/net\tv0.30.0\th1:abc=',
  'dep\tgithub.com/old/fork\tv1.0.0',
  '=>\tgithub.com/New/fork\tv1.0.1\th1:def=',
  'dep\tgithub.com/local/one\tv0.0.0',
  '=>\t./one\t(devel)\t',
  'build\t-compiler=gc',
  'build\tvcs.revision=0123456789abcdef',
  '',
].join('\n');

const EXPECTED = [
  ['stdlib', '1.23.4', 'pkg:golang/stdlib@1.23.4'],
  ['example.org/Init', 'v1.2.3', 'pkg:golang/example.org/init@v1.2.3'],
  ['golang.org/x/net', 'v0.30.0', 'pkg:golang/golang.org/x/net@v0.30.0'],
  ['github.com/New/fork', 'v1.0.1', 'pkg:golang/github.com/new/fork@v1.0.1'],
  ['github.com/local/one', 'v0.0.0', 'pkg:golang/github.com/local/one@v0.0.0'],
];

const scan = (bytes: Uint8Array, note?: (bytes: number) => void) => {
  const warnings = new Warnings();
  const found = readGoProgram(fileOf('bin/init', bytes, note), warnings);
  return { found: found.map(({ name, version, purl }) => [name, version, purl]), warnings: warnings.all() };
};

const KINDS = ([32, 64] as const).flatMap((bits) =>
  [true, false].flatMap((littleEndian) =>
    [true, false].flatMap((stripped) =>
      [true, false].map((pointers) => ({ bits, littleEndian, stripped, pointers })),
    ),
  ),
);

test.each(KINDS)(
  'modules of a program: $bits bits, little $littleEndian, stripped $stripped, pointers $pointers',
  (kind) => {
    const bytes = makeGoElf({ ...kind, goVersion: 'go1.23.4', moduleInfo: MODULES });
    expect(scan(bytes)).toEqual({ found: EXPECTED, warnings: [] });
  },
);

test('of a large program little is read', () => {
  const bytes = makeGoElf({
    bits: 64,
    littleEndian: true,
    goVersion: 'go1.23.4',
    moduleInfo: MODULES,
    size: 8 * 1024 * 1024,
  });
  let read = 0;
  expect(scan(bytes, (count) => (read += count)).found).toEqual(EXPECTED);
  expect(read).toBeLessThan(8 * 1024);
});

test('a program without modules has the standard library', () => {
  for (const pointers of [true, false])
    expect(
      scan(makeGoElf({ bits: 64, littleEndian: true, goVersion: 'go1.13', moduleInfo: '', pointers })).found,
    ).toEqual([['stdlib', '1.13', 'pkg:golang/stdlib@1.13']]);
});

test('a version of a working tree is left out of the purl', () => {
  expect(parseModules('mod\texample.org/a\t(devel)\t\n').modules).toEqual([
    { path: 'example.org/a', version: '(devel)' },
  ]);
  const bytes = makeGoElf({
    bits: 64,
    littleEndian: true,
    goVersion: 'devel go1.24-abc Mon',
    moduleInfo: 'mod\texample.org/a\t(devel)\t\n',
  });
  expect(scan(bytes).found[1]).toEqual(['example.org/a', '(devel)', 'pkg:golang/example.org/a']);
});

test('lines that are none are left out with a warning', () => {
  const { modules, malformed } = parseModules(
    'mod\t\u001b[2J\tv1.0.0\ndep\ta.b/c\tlatest\ndep\ta.b/c\tv1.0.0\n',
  );
  expect(modules).toEqual([{ path: 'a.b/c', version: 'v1.0.0' }]);
  expect(malformed).toHaveLength(2);
});

test('texts longer than the file, or than any list is, are a warning', () => {
  const bytes = makeGoElf({ bits: 64, littleEndian: true, goVersion: 'go1.23.4', moduleInfo: MODULES });
  // The length of the list, right behind the version: as varint 0xff 0xff 0xff 0x7f.
  bytes.set([0xff, 0xff, 0xff, 0x7f], 0x400 + 0x40 + 32 + 1 + 'go1.23.4'.length);
  expect(scan(bytes)).toMatchObject({
    found: [],
    warnings: [{ path: 'bin/init', message: expect.stringMatching(/at most/) as unknown }],
  });
});

test('a program of Go whose list was removed is a warning', () => {
  const bytes = makeGoElf({
    bits: 64,
    littleEndian: true,
    goVersion: 'go1.23.4',
    moduleInfo: MODULES,
    removed: true,
  });
  expect(scan(bytes)).toEqual({
    found: [],
    warnings: [{ path: 'bin/init', message: 'its list of Go modules cannot be read: it was removed' }],
  });
});

test('other programs and other files have none', () => {
  const bytes = makeGoElf({ bits: 64, littleEndian: true, goVersion: 'go1.23.4', moduleInfo: MODULES });
  bytes.set([0], 0x400 + 0x40);
  expect(scan(bytes)).toEqual({ found: [], warnings: [] });
  expect(scan(new Uint8Array(100_000))).toEqual({ found: [], warnings: [] });
  expect(scan(new TextEncoder().encode('#!/bin/sh\n'))).toEqual({ found: [], warnings: [] });
});

test('no damage to a program breaks the scan', () => {
  const whole = makeGoElf({
    bits: 64,
    littleEndian: true,
    goVersion: 'go1.23.4',
    moduleInfo: MODULES,
    size: 4096,
  });
  const old = makeGoElf({
    bits: 32,
    littleEndian: false,
    goVersion: 'go1.17',
    moduleInfo: MODULES,
    pointers: true,
    size: 4096,
  });
  fc.assert(
    fc.property(
      fc.constantFrom(whole, old),
      fc.array(fc.tuple(fc.nat(2047), fc.nat(255)), { maxLength: 8 }),
      fc.nat(4096),
      (original, changes, length) => {
        const bytes = original.slice(0, length);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        for (const [name, version, purl] of scan(bytes).found)
          expect([name, version, purl].join(' ')).toMatch(
            /^[\x21-\x7e]+ [\x21-\x7e]+ pkg:golang\/[\x21-\x7e]+$/,
          );
      },
    ),
    { numRuns: 500 },
  );
});
