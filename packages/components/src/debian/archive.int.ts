import type { DebianSource, PackageSet } from '@slipway/image-spec';
import { Arch, ARCHITECTURES, codeOf, messageOf } from '@slipway/protocol';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readContent } from '../content.ts';
import { readPackageSet, type PackageSetOptions } from './component.ts';
import {
  makeKey,
  serve,
  writeSuite,
  type MadePackage,
  type Served,
  type SigningKey,
} from './fixture/archive.ts';
import { resolvePackageSet } from './resolve-set.ts';

let scratch: string;
let archive: string;
let served: Served;
let key: SigningKey;
let strangers: SigningKey;

const flag = (): string => join(scratch, 'a-script-ran');
const packages = (): MadePackage[] => [
  {
    name: 'app',
    version: '1:1.0-1',
    arch: 'arm64',
    depends: 'libapp (>= 2)',
    source: 'app-source (1.0-1)',
    files: { 'usr/bin/app': 'arm' },
    scripts: Object.fromEntries(
      ['preinst', 'postinst'].map((name) => [name, `#!/bin/sh\ntouch ${flag()}\n`]),
    ),
  },
  { name: 'app', version: '1:1.0-1', arch: 'amd64', files: { 'usr/bin/app': 'amd' }, compression: 'gzip' },
  { name: 'libapp', version: '2.1', arch: 'all', compression: 'zstd' },
  { name: 'aside', version: '1', arch: 'all' },
  ...Arch.options.map((arch) => {
    const name = ARCHITECTURES[arch].debian;
    return { name: `for-${name}`, version: '1', arch: name, files: { 'usr/bin/own': arch } };
  }),
];

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'slipway-apt-'));
  archive = join(scratch, 'archive');
  [key, strangers] = await Promise.all([makeKey(scratch), makeKey(scratch)]);
  await writeFile(join(scratch, 'archive.asc'), key.publicKey);
  await writeFile(join(scratch, 'strangers.asc'), strangers.publicKey);
  await writeSuite(archive, 'stable', packages(), key);
  await writeSuite(archive, 'next', [{ name: 'app', version: '1:9.0-1', arch: 'all' }], key);
  served = await serve(archive);
});
afterAll(async () => {
  await served.close();
  await Promise.all([key.close(), strangers.close()]);
  await rm(scratch, { recursive: true, force: true });
});

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(scratch, 'cache-'));
});

const source = (more: Partial<DebianSource> = {}): DebianSource => ({
  suites: ['stable'],
  components: ['main'],
  uri: served.uri,
  keyring: 'archive.asc',
  ...more,
});
const set = (more: Partial<DebianSource> = {}, install = ['app']): PackageSet => ({
  install,
  dependencies: 'full',
  debian: [source(more)],
});
const read = async (packageSet: PackageSet, options: Partial<PackageSetOptions> = {}, arch: Arch = 'arm64') =>
  readPackageSet('deb:test', packageSet, arch, { cacheDir, baseDir: scratch, ...options });

const fault = async (work: Promise<unknown>): Promise<readonly [string, string]> =>
  work.then(
    () => ['nothing', ''],
    (error: unknown) => [codeOf(error), messageOf(error)],
  );

/** A copy that a test may spoil. */
const spoilt = async (spoil: (root: string) => Promise<void>): Promise<string> => {
  const root = await mkdtemp(join(scratch, 'spoilt-'));
  await cp(archive, root, { recursive: true });
  await spoil(root);
  return `file:${root}`;
};

describe('packages of an archive that the image file names', () => {
  test.each(['http', 'file'])(
    'come by %s with all they depend on, and no script of theirs runs',
    async (scheme) => {
      const { tree, origins } = await read(set(scheme === 'file' ? { uri: `file:${archive}` } : {}));
      expect(origins).toMatchObject([
        { name: 'app', version: '1:1.0-1', source: { name: 'app-source', version: '1.0-1' } },
        { name: 'libapp', version: '2.1' },
      ]);
      const entry = tree.get('usr/bin/app');
      expect(entry?.type === 'file' && Buffer.from(readContent(entry.content)).toString()).toBe('arm');
      expect(existsSync(flag())).toBe(false);
    },
  );

  test.each(Arch.options)('are those of %s, by the name that Debian has for it', async (arch) => {
    const { origins, tree } = await read(set({}, ['for-${arch}']), {}, arch);
    expect(origins).toMatchObject([{ name: `for-${ARCHITECTURES[arch].debian}`, version: '1' }]);
    const entry = tree.get('usr/bin/own');
    expect(entry?.type === 'file' && Buffer.from(readContent(entry.content)).toString()).toBe(arch);
  });

  test('come from the suites named, for the architecture asked', async () => {
    const { origins, tree } = await read(set(), {}, 'amd64');
    expect(origins).toMatchObject([{ name: 'app', version: '1:1.0-1' }]);
    expect(tree.has('usr/share/libapp')).toBe(false);
    const newer = await read(set({ suites: ['stable', 'next'] }), {}, 'amd64');
    expect(newer.origins).toMatchObject([{ version: '1:9.0-1' }]);
  });

  test('are refused if the archive is signed by another key', async () => {
    const [code, message] = await fault(read(set({ keyring: 'strangers.asc' })));
    expect(code).toBe('PACKAGE_SIGNATURE_INVALID');
    expect(message).toContain(served.uri);
    expect(message).toContain('strangers.asc');
  });

  test('are refused if the archive is not signed, or its keyring is not there', async () => {
    const root = join(scratch, 'unsigned');
    await writeSuite(root, 'stable', packages(), undefined);
    expect(await fault(read(set({ uri: `file:${root}` })))).toMatchObject([
      'PACKAGE_SIGNATURE_INVALID',
      expect.anything(),
    ]);
    const [code, message] = await fault(read(set({ keyring: 'no-such.asc' })));
    expect(code).toBe('PACKAGE_SIGNATURE_INVALID');
    expect(message).toContain('no-such.asc');
  });

  test('are refused once the signature is wrong, even with lists from before', async () => {
    const uri = await spoilt(async () => undefined);
    await read(set({ uri }));
    const release = join(uri.slice(5), 'dists', 'stable', 'InRelease');
    await writeFile(release, (await readFile(release, 'utf8')).replace('Origin: Test', 'Origin: Best'));
    expect(
      await fault(
        resolvePackageSet(set({ uri }), 'arm64', { cacheDir, baseDir: scratch, listsSince: Infinity }),
      ),
    ).toMatchObject(['PACKAGE_SIGNATURE_INVALID', expect.anything()]);
  });

  test('are refused if the list of packages is not the signed one', async () => {
    const uri = await spoilt(async (root) =>
      appendFile(join(root, 'dists', 'stable', 'main', 'binary-arm64', 'Packages'), '\nPackage: more\n'),
    );
    expect((await fault(read(set({ uri }))))[0]).toBe('PACKAGE_FETCH_FAILED');
  });

  test('are refused if a package is not the listed one, and nothing of it is kept', async () => {
    const uri = await spoilt(async (root) =>
      appendFile(join(root, 'pool', 'stable', 'app_1.0-1_arm64.deb'), 'x'),
    );
    const [code, message] = await fault(read(set({ uri })));
    expect(code).toBe('PACKAGE_FETCH_FAILED');
    expect(message).toContain('app 1:1.0-1');
    expect((await readdir(join(cacheDir, 'debs'))).length).toBe(1);
  });

  test('of a snapshot come from where it lies, though it is past its time', async () => {
    const snapshot = '20261101T120000Z';
    const root = join(scratch, snapshot);
    await writeSuite(root, 'stable', packages(), key, ['Valid-Until: Mon, 02 Nov 2026 12:00:00 UTC']);
    const { origins } = await read(set({ uri: `file:${scratch}/\${snapshot}`, snapshot }));
    expect(origins.length).toBe(2);
  });
});

describe('packages of a lock', () => {
  const locked = async () =>
    (await resolvePackageSet(set(), 'arm64', { cacheDir: join(scratch, 'resolver'), baseDir: scratch }))
      .packages;

  test('are fetched by their URL without asking for lists, then nothing is fetched', async () => {
    const items = await locked();
    served.requests.length = 0;
    const first = await read(set(), { packages: items });
    expect([...served.requests].sort()).toEqual([
      '/pool/stable/app_1.0-1_arm64.deb',
      '/pool/stable/libapp_2.1_all.deb',
    ]);
    served.requests.length = 0;
    const again = await read(set(), { packages: items, offline: true });
    expect(served.requests).toEqual([]);
    expect([...again.tree]).toEqual([...first.tree]);
    expect(again.origins).toEqual(first.origins);
  });

  test('come from another place once the first no longer has them', async () => {
    const items = (await locked()).map((item) => ({
      ...item,
      url: `${served.uri}/gone/${item.name}.deb`,
      mirrors: [item.url],
    }));
    const { tree } = await read(set(), { packages: items });
    expect(tree.has('usr/bin/app')).toBe(true);
  });

  test('that are nowhere are named with every place', async () => {
    const [item] = await locked();
    if (item === undefined) throw new Error('no package');
    const lost = { ...item, url: `${served.uri}/gone.deb`, mirrors: [`${served.uri}/gone-too.deb`] };
    const [code, message] = await fault(read(set(), { packages: [lost] }));
    expect(code).toBe('PACKAGE_FETCH_FAILED');
    for (const part of ['/gone.deb', '/gone-too.deb', '404']) expect(message).toContain(part);
  });

  test('that are not in the cache are named, offline, with their URL', async () => {
    const items = await locked();
    const [code, message] = await fault(read(set(), { packages: items, offline: true }));
    expect(code).toBe('COMPONENT_OFFLINE');
    expect(message).toMatch(/package (?:app 1:1\.0-1|libapp 2\.1) \((?:arm64|all)\)/);
    expect(message).toContain(served.uri);
  });

  test('name the state of the archive that they are from', async () => {
    const options = { cacheDir, baseDir: scratch };
    const { sources } = await resolvePackageSet(
      set({ fallback: 'http://old/${snapshot}' }),
      'arm64',
      options,
    );
    expect(sources).toEqual([
      {
        uri: served.uri,
        suites: { stable: '20261101T120000Z' },
        components: ['main'],
        fallback: 'http://old/20261101T120000Z',
      },
    ]);
  });
});

test('without lists in the cache nothing can be resolved offline', async () => {
  const [code] = await fault(read(set(), { offline: true }));
  expect(code).toBe('COMPONENT_OFFLINE');
});
