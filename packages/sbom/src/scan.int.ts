import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import {
  makeCycloneDx,
  makeNotices,
  makeSpdx,
  parseSbom,
  scanFiles,
  type Sbom,
  type ScannedFile,
} from './index.ts';
import { comparePackageVersions } from './versions/index.ts';

const require = createRequire(import.meta.url);

const fileAt = (root: string, path: string, note: (bytes: number) => void = () => undefined): ScannedFile => {
  const full = join(root, path);
  const { size, mode } = statSync(full);
  return {
    path,
    size,
    executable: (mode & 0o111) !== 0,
    read: () => {
      note(size);
      return readFileSync(full);
    },
    readRange: (offset, length) => {
      const fd = openSync(full, 'r');
      try {
        const bytes = new Uint8Array(length);
        const count = readSync(fd, bytes, 0, length, offset);
        note(count);
        return bytes.subarray(0, count);
      } finally {
        closeSync(fd);
      }
    },
  };
};

const filesBelow = (root: string, folder: string): ScannedFile[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => fileAt(root, relative(root, join(entry.parentPath, entry.name))));

/** The compiler of TypeScript, which is written in Go, below the folder that node_modules is in. */
const findCompiler = () => {
  const name = `@typescript/typescript-${process.platform}-${process.arch}`;
  const manifest = createRequire(require.resolve('typescript/package.json')).resolve(`${name}/package.json`);
  const root = manifest.slice(0, manifest.indexOf('/node_modules/'));
  const folder = relative(root, dirname(manifest));
  const version = /^Version (\S+)/.exec(
    execFileSync(join(root, folder, 'lib', 'tsc'), ['--version'], { encoding: 'utf8' }),
  )?.[1];
  return { root, folder, version };
};

describe('this machine', () => {
  const files = [
    fileAt('/', 'var/lib/dpkg/status'),
    fileAt('/', 'usr/lib/os-release'),
    ...filesBelow('/', 'usr/share/doc').filter(({ path }) => path.endsWith('/copyright')),
  ];
  const { packages, warnings } = scanFiles(files);

  test('what dpkg says is installed is what is found, with source packages', () => {
    const format =
      '${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n';
    const expected = execFileSync('dpkg-query', ['-W', '-f', format], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
      .split('\n')
      .filter((line) => line.startsWith('ii'))
      .map((line) => line.split('\t').slice(1).join(' '));
    const found = packages.map(
      ({ name, version, purl, source }) =>
        `${name} ${version} ${/arch=([^&]*)/.exec(purl)?.[1]} ${source?.name} ${source?.version}`,
    );
    expect(new Set(found)).toEqual(new Set(expected));
    expect(warnings).toEqual([]);
  });

  test('libc6 has its licence from the copyright file', () => {
    const libc = packages.find(({ name }) => name === 'libc6');
    expect(libc?.licenses).toContain('LGPL-2.1-or-later');
    expect(libc?.licenseFiles).toEqual(['usr/share/doc/libc6/copyright']);
  });

  test('the documents of a whole distribution are valid, the same when read and made again, and so are the notices', async () => {
    const sbom: Sbom = {
      subject: { name: 'host', version: '1' },
      time: 0,
      components: [{ ref: 'deb:all', packages }],
    };
    const cyclonedx = makeCycloneDx(sbom);
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(cyclonedx)).toBeNull();
    expect(makeCycloneDx(parseSbom(Buffer.from(makeSpdx(sbom))))).toBe(cyclonedx);
    const read = (path: string) => (existsSync(join('/', path)) ? readFileSync(join('/', path)) : undefined);
    const notices = makeNotices([{ packages, readText: read }]);
    expect(notices).toContain('GNU LESSER GENERAL PUBLIC LICENSE');
    // Once, however many packages refer to it.
    expect(notices.split('\n/usr/share/common-licenses/LGPL-2.1\n')).toHaveLength(2);
  });
});

describe('a program of Go', () => {
  test('the compiler names its modules, and little of it is read', () => {
    const { root, folder } = findCompiler();
    const path = `${folder}/lib/tsc`;
    let read = 0;
    const { packages, warnings } = scanFiles([fileAt(root, path, (bytes) => (read += bytes))]);
    expect(warnings).toEqual([]);
    const names = packages.map(({ name }) => name);
    expect(names).toContain('github.com/microsoft/typescript-go');
    expect(packages).toContainEqual(
      expect.objectContaining({
        type: 'golang',
        name: 'golang.org/x/sync',
        version: expect.stringMatching(/^v0\.\d+\.\d+$/) as unknown,
        foundIn: path,
      }),
    );
    expect(packages.find(({ name }) => name === 'stdlib')?.version).toMatch(/^1\.\d+/);
    expect(statSync(join(root, path)).size).toBeGreaterThan(10_000_000);
    expect(read).toBeLessThan(64 * 1024);
  });

  test('the package of npm around it is found as well', () => {
    const { root, folder, version } = findCompiler();
    const { packages } = scanFiles([fileAt(root, `${folder}/package.json`)]);
    expect(packages).toMatchObject([{ type: 'npm', version, licenses: ['Apache-2.0'] }]);
  });
});

test('the order of Debian versions is that of dpkg', () => {
  const part = fc.stringMatching(/^[0-9][0-9a-zA-Z.+~]{0,5}$/);
  const version = fc
    .tuple(fc.constantFrom('', '', '0:', '1:'), part, fc.option(fc.stringMatching(/^[0-9a-z.+~]{1,4}$/)))
    .map(([epoch, upstream, revision]) => `${epoch}${upstream}${revision === null ? '' : `-${revision}`}`);
  const near = fc
    .tuple(version, fc.nat(8), fc.constantFrom('~', '0', '1', 'a', '.', '+'))
    .map(([text, at, more]): [string, string] => [text, text.slice(0, at + 2) + more + text.slice(at + 2)]);
  const pairs = fc
    .sample(fc.oneof(near, fc.tuple(version, version)), { numRuns: 200, seed: 1 })
    .filter((pair) => pair.every((text) => /^(?:\d+:)?\d[^:]*$/.test(text) && !text.endsWith('-')));
  const said = execFileSync(
    'sh',
    [
      '-c',
      'while read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo -1; elif dpkg --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done',
    ],
    { encoding: 'utf8', input: pairs.map((pair) => `${pair.join(' ')}\n`).join('') },
  );
  const expected = said.trim().split('\n').map(Number);
  expect(new Set(expected)).toEqual(new Set([-1, 0, 1]));
  expect(pairs.map(([a, b]) => [a, b, comparePackageVersions('deb', a, b)])).toEqual(
    pairs.map(([a, b], at) => [a, b, expected[at]]),
  );
});
