import { codeOf, SlipwayError, type Arch } from '@slipway/protocol';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Component } from '../component.ts';
import { readContent } from '../content.ts';
import { readPackageSet } from './component.ts';

let cacheDir: string;
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'slipway-debs-'));
});
afterAll(async () => {
  await rm(cacheDir, { recursive: true, force: true });
});

const BUSYBOX = { install: ['busybox-static'], dependencies: 'none' as const };
const read = async (
  set: Parameters<typeof readPackageSet>[1],
  arch: Arch = 'arm64',
  log?: (line: string) => void,
) => readPackageSet('deb:test', set, arch, { cacheDir, log });

/** Machine field of an ELF file: 62 is x86-64, 183 is AArch64. */
const machineOf = ({ tree }: Component, path: string): number => {
  const entry = tree.get(path);
  if (entry?.type !== 'file') throw new Error(`no file ${path}`);
  return Buffer.from(readContent(entry.content)).readUInt16LE(18);
};
const caught = async (work: Promise<unknown>): Promise<SlipwayError> =>
  work.then(
    () => {
      throw new Error('expected an error');
    },
    (error: unknown) => {
      if (error instanceof SlipwayError) return error;
      throw error;
    },
  );

test('packages of both architectures come at once, without touching the packages of this machine', async () => {
  const before = await readFile('/var/lib/dpkg/status');
  const [arm, amd, again] = await Promise.all([read(BUSYBOX), read(BUSYBOX, 'amd64'), read(BUSYBOX)]);
  expect(machineOf(arm, 'usr/bin/busybox')).toBe(183);
  expect(machineOf(amd, 'usr/bin/busybox')).toBe(62);
  expect(again.origins).toEqual(arm.origins);
  expect(arm.origins).toMatchObject([{ type: 'deb', name: 'busybox-static' }]);
  expect(arm.origins[0]?.purl).toMatch(/^pkg:deb\/debian\/busybox-static@1%3A[^?]+\?arch=arm64$/);
  expect([...arm.tree.keys()].filter((path) => path.startsWith('usr/share/doc'))).toEqual([]);
  expect(await readFile('/var/lib/dpkg/status')).toEqual(before);
});

test('dependencies come along, and the loader is found under the name that programs use', async () => {
  const { tree, origins } = await read({ install: ['crun'], dependencies: 'full' });
  expect(origins.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['crun', 'libc6', 'libseccomp2', 'libyajl2']),
  );
  expect(tree.get('lib')).toMatchObject({ type: 'symlink', target: 'usr/lib' });
  expect(tree.has('lib64')).toBe(false);
  expect(tree.get('usr/lib/ld-linux-aarch64.so.1')).toBeDefined();
});

test('of dependencies only those that match are taken', async () => {
  const { origins } = await read({ install: ['crun'], dependencies: ['libc*'] });
  expect(origins.map(({ name }) => name)).toEqual(['crun', 'libc6', 'libcap2']);
});

test('${arch} stands for the architecture', async () => {
  const error = await caught(read({ install: ['no-such-package-${arch}'], dependencies: 'full' }));
  expect(error.code).toBe('PACKAGE_NOT_FOUND');
  expect(error.message).toContain('no-such-package-arm64');
});

test('a package file that was changed in the cache is fetched again', async () => {
  const lines: string[] = [];
  await read(BUSYBOX, 'arm64', (line) => lines.push(line));
  expect(lines).toEqual([]);
  // Once unpacked it is not looked at again.
  await rm(join(cacheDir, 'layers'), { recursive: true });
  for (const name of await readdir(join(cacheDir, 'debs')))
    await appendFile(join(cacheDir, 'debs', name), 'x');
  const { tree } = await read(BUSYBOX, 'arm64', (line) => lines.push(line));
  expect(lines).toEqual([expect.stringMatching(/^downloading busybox-static /)]);
  expect(tree.has('usr/bin/busybox')).toBe(true);
});

test('lists that cannot be renewed are used with a word about their age', async () => {
  const [root = ''] = (await readdir(join(cacheDir, 'apt'))).filter((name) => name.endsWith('-arm64'));
  const directory = join(cacheDir, 'apt', root);
  const stamp = join(directory, 'lists-fetched');
  const old = new Date((await stat(stamp)).mtimeMs - 24 * 3600 * 1000);
  await utimes(stamp, old, old);
  // A second source that cannot be reached makes the renewal fail.
  const reachable = await readFile(join(directory, 'etc', 'sources', 'debian.sources'), 'utf8');
  const unreachable = reachable.replaceAll(/^URIs: .*$/gm, 'URIs: http://127.0.0.1:1/debian');
  await writeFile(join(directory, 'etc', 'sources', 'unreachable.sources'), unreachable);
  const lines: string[] = [];
  const component = await read(BUSYBOX, 'arm64', (line) => lines.push(line));
  expect(component.tree.has('usr/bin/busybox')).toBe(true);
  expect(lines.join('\n')).toContain(`using those of ${old.toISOString()}`);
});

test('without network and without lists from before, the error says so', async () => {
  const mirror = { uri: 'http://127.0.0.1:1/debian', suite: 'trixie' };
  const error = await caught(readPackageSet('deb:test', BUSYBOX, 'arm64', { cacheDir, mirror }));
  expect(codeOf(error)).toBe('PACKAGE_FETCH_FAILED');
  expect(error.message).toContain('there are none from before');
});
