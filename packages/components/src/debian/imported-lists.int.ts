import type { PackageSet } from '@slipway/image-spec';
import { codeOf } from '@slipway/protocol';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { exportCache, importCache } from '../cache/archive.ts';
import { readPackageSet, type PackageSetOptions } from './component.ts';
import { makeKey, serve, writeSuite, type Served, type SigningKey } from './fixture/archive.ts';

let scratch: string;
let served: Served;
let key: SigningKey;
/** of the machine that has the network, and what it exports */
let theirs: string;
let file: string;

const set = (keyring = 'archive.asc'): PackageSet => ({
  install: ['app'],
  dependencies: 'full',
  debian: [
    { suites: ['stable'], components: ['main'], uri: served.uri, keyring },
    { suites: ['past'], components: ['main'], uri: served.uri, keyring },
  ],
});
const read = async (options: Partial<PackageSetOptions>, packageSet = set()) =>
  readPackageSet('deb:test', packageSet, 'arm64', { cacheDir: theirs, baseDir: scratch, ...options });
const codeFrom = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error: unknown) => codeOf(error),
  );

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'slipway-lists-'));
  theirs = join(scratch, 'theirs');
  file = join(scratch, 'cache.tar');
  key = await makeKey(scratch);
  await writeFile(join(scratch, 'archive.asc'), key.publicKey);
  await writeFile(join(scratch, 'other.asc'), `${key.publicKey}\n`);
  const archive = join(scratch, 'archive');
  await writeSuite(
    archive,
    'stable',
    [{ name: 'app', version: '1', arch: 'arm64', depends: 'libapp', files: { 'usr/bin/app': 'app' } }],
    key,
  );
  await writeSuite(archive, 'past', [{ name: 'libapp', version: '2', arch: 'all' }], key);
  served = await serve(archive);
  await read({});
  // What was valid when it was fetched is past its time when it is exported.
  const [name = ''] = (await readdir(join(theirs, 'apt'))).filter((one) => one !== 'downloads');
  const lists = join(theirs, 'apt', name, 'state', 'lists');
  const release = (await readdir(lists)).find((one) => one.endsWith('_past_InRelease')) ?? '';
  const [, said = ''] =
    /\n\n([^]*)-----BEGIN PGP SIGNATURE/.exec(await readFile(join(lists, release), 'utf8')) ?? [];
  await writeFile(
    join(lists, release),
    await key.sign(said.replace('SHA256:', 'Valid-Until: Mon, 02 Nov 2026 12:00:00 UTC\nSHA256:')),
  );
  await exportCache(theirs, file);
});
afterAll(async () => {
  await served.close();
  await key.close();
  await rm(scratch, { recursive: true, force: true });
});

let cacheDir: string;
let root: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(scratch, 'cache-'));
  await importCache(cacheDir, file);
  const [name = ''] = (await readdir(join(cacheDir, 'apt'))).filter((one) => one !== 'downloads');
  root = join(cacheDir, 'apt', name);
  served.requests.length = 0;
});
const imported = async (ending: string): Promise<string> => {
  const names = await readdir(join(root, 'imported'));
  return join(root, 'imported', names.find((name) => name.endsWith(ending)) ?? 'none');
};

test('packages are resolved and built from an imported cache without network, twice', async () => {
  const first = await read({});
  served.requests.length = 0;
  for (const _ of [1, 2]) {
    const component = await read({ cacheDir, offline: true });
    expect(component.origins).toEqual(first.origins);
    expect(component.tree.has('usr/bin/app')).toBe(true);
  }
  expect(served.requests).toEqual([]);
  expect(await readdir(root)).not.toContain('imported');
  expect((await readdir(join(cacheDir, 'apt'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  // They are no younger for having been carried about.
  const stamp = async (cache: string): Promise<number> =>
    Math.floor((await stat(join(cache, 'apt', root.slice(-18), 'lists-fetched'))).mtimeMs);
  expect(await stamp(cacheDir)).toBe(await stamp(theirs));
});

test('a cache that nobody has used yet is exported with the lists that it imported', async () => {
  const again = join(cacheDir, 'again.tar');
  await exportCache(cacheDir, again);
  const third = join(cacheDir, 'third');
  await importCache(third, again);
  expect((await read({ cacheDir: third, offline: true })).origins).toHaveLength(2);
});

test('lists whose signature is wrong are refused and removed', async () => {
  const release = await imported('_stable_InRelease');
  await writeFile(release, (await readFile(release, 'utf8')).replace('Origin: Test', 'Origin: Best'));
  expect(await codeFrom(read({ cacheDir, offline: true }))).toBe('PACKAGE_SIGNATURE_INVALID');
  expect(await codeFrom(read({ cacheDir, offline: true }))).toBe('COMPONENT_OFFLINE');
  expect((await read({ cacheDir })).origins).toHaveLength(2);
});

test('lists that are not the signed ones are refused, whatever they add or lack', async () => {
  await appendFile(await imported('binary-arm64_Packages'), '\nPackage: more\n');
  expect(await codeFrom(read({ cacheDir, offline: true }))).toBe('CACHE_ARCHIVE_INVALID');
  await importCache(cacheDir, file);
  await rm(await imported('_past_InRelease'));
  expect(await codeFrom(read({ cacheDir, offline: true }))).toBe('CACHE_ARCHIVE_INVALID');
});

test('lists are of no use to whoever trusts another keyring', async () => {
  expect(await codeFrom(read({ cacheDir, offline: true }, set('other.asc')))).toBe('COMPONENT_OFFLINE');
});

test('lists of its own that are younger stay', async () => {
  await read({ cacheDir, offline: true });
  const stamp = join(root, 'lists-fetched');
  const later = new Date(Math.floor((await stat(stamp)).mtimeMs) + 1000);
  await utimes(stamp, later, later);
  await importCache(cacheDir, file);
  await appendFile(await imported('_stable_InRelease'), 'spoilt');
  expect((await read({ cacheDir, offline: true, listsSince: Infinity })).origins).toHaveLength(2);
  expect((await stat(stamp)).mtimeMs).toBe(later.getTime());
});

test('lists that claim to be of the future were fetched when they were imported, at the latest', async () => {
  await writeFile(await imported('fetched'), '2099-01-01T00:00:00.000Z\n');
  const importedAt = (await stat(await imported('_stable_InRelease'))).mtimeMs;
  const past = new Date(Math.floor(importedAt) - 7 * 3600 * 1000);
  await utimes(await imported('fetched'), past, past);
  expect((await read({ cacheDir, offline: true })).origins).toHaveLength(2);
  expect((await stat(join(root, 'lists-fetched'))).mtimeMs).toBe(past.getTime());
  served.requests.length = 0;
  await read({ cacheDir });
  expect(served.requests).toContain('/dists/stable/InRelease');
});

test('lists of its own that bear a time of the future are fetched again, and give way to imported ones', async () => {
  await read({ cacheDir, offline: true });
  const stamp = join(root, 'lists-fetched');
  const before = (await stat(stamp)).mtimeMs;
  const future = new Date('2099-01-01T00:00:00.000Z');
  await utimes(stamp, future, future);
  await importCache(cacheDir, file);
  await read({ cacheDir, offline: true });
  expect((await stat(stamp)).mtimeMs).toBe(before);
  await utimes(stamp, future, future);
  served.requests.length = 0;
  await read({ cacheDir });
  expect(served.requests).toContain('/dists/stable/InRelease');
  expect((await stat(stamp)).mtimeMs).toBeLessThan(future.getTime());
});

test('lists that the archive signed before those that are there do not replace them', async () => {
  await read({ cacheDir, offline: true });
  const lists = join(root, 'state', 'lists');
  const name = (await readdir(lists)).find((one) => one.endsWith('_stable_InRelease')) ?? '';
  const later = (await readFile(join(lists, name), 'utf8')).replace('Date: Sun, 01 Nov', 'Date: Mon, 02 Nov');
  await writeFile(join(lists, name), later);
  const old = new Date(Math.floor((await stat(join(root, 'lists-fetched'))).mtimeMs) - 1000);
  await utimes(join(root, 'lists-fetched'), old, old);
  await importCache(cacheDir, file);
  await read({ cacheDir, offline: true, listsSince: Infinity });
  expect(await readFile(join(lists, name), 'utf8')).toBe(later);
  expect((await stat(join(root, 'lists-fetched'))).mtimeMs).toBe(old.getTime());
  expect(await readdir(root)).not.toContain('imported');
});
