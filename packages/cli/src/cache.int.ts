import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callIn } from './testing/call.ts';

let folder: string;
let call: ReturnType<typeof callIn>;
const at = (name: string): string => join(folder, 'cache', name);

/** Files of the cache as they were last used some days ago. */
const put = (name: string, bytes: number, daysAgo: number): void => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), Buffer.alloc(bytes));
  const then = new Date(Date.now() - daysAgo * 86_400_000);
  utimesSync(at(name), then, then);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-cache-'));
  call = callIn(folder, { SLIPWAY_CACHE: 'cache' });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the cache is where it is named, set or by custom', async () => {
  expect((await call('cache', 'path')).out).toBe(join(folder, 'cache'));
  expect((await call('cache', 'path', '--cache', 'other')).out).toBe(join(folder, 'other'));
  const xdg = callIn(folder, { XDG_CACHE_HOME: '/x', HOME: '/home/me' });
  expect((await xdg('cache', 'path')).out).toBe('/x/slipway');
  const home = callIn(folder, { HOME: '/home/me' });
  expect((await home('cache', 'path')).out).toBe('/home/me/.cache/slipway');
});

test('ls sums up by kind; an empty cache is no error', async () => {
  expect(await call('cache', 'ls')).toMatchObject({ status: 0, out: expect.stringContaining('0 B in all') });
  put('blobs/sha256/aa', 100, 1);
  put('layers/bb/bb.tar', 1000, 2);
  put('layers/bb/bb.json', 10, 1);
  put('locks/apt-x', 5, 1);
  const { out } = await call('cache', 'ls', '--json');
  expect(JSON.parse(out)).toMatchObject({
    bytes: 1110,
    kinds: [
      { kind: 'blobs', items: 1, bytes: 100 },
      { kind: 'layers', items: 1, bytes: 1010 },
    ],
  });
});

test('what Dockerfiles gave goes as a whole, what their engines work in only once nobody can be at it', async () => {
  put('dockerfile/aa/index.json', 10, 90);
  put('dockerfile/aa/blobs/sha256/one', 100, 400);
  put('dockerfile/bb/index.json', 10, 1);
  put('dockerfile/cc.tmp/root/storage.lock', 10, 0);
  put('dockerfile/dd.tmp/root/storage.lock', 10, 3);
  expect((await call('cache', 'prune')).out).toContain('removed 2 of 4 items, 120 B');
  expect(existsSync(at('dockerfile/aa'))).toBe(false);
  expect(existsSync(at('dockerfile/bb/index.json'))).toBe(true);
  expect(existsSync(at('dockerfile/cc.tmp/root/storage.lock'))).toBe(true);
  expect(existsSync(at('dockerfile/dd.tmp'))).toBe(false);
});

test('prune goes by the last use, and a layer goes with its index or stays with it', async () => {
  put('layers/aa/aa.tar', 1000, 90);
  put('layers/aa/aa.json', 10, 1);
  put('layers/bb/bb.tar', 1000, 90);
  put('layers/bb/bb.json', 10, 90);
  put('apt/key-amd64/lists/Packages', 10, 90);
  expect((await call('cache', 'prune', '--dry-run')).out).toBe(
    'would remove 2 of 3 items, 1020 B; 1010 B stay',
  );
  expect(existsSync(at('layers/bb/bb.tar'))).toBe(true);
  expect((await call('cache', 'prune', '--older-than', '13w')).out).toContain('removed 0 of 3');
  expect((await call('cache', 'prune')).out).toContain('removed 2 of 3');
  expect(
    ['layers/aa/aa.tar', 'layers/bb/bb.tar', 'apt/key-amd64'].map((name) => existsSync(at(name))),
  ).toEqual([true, false, false]);
});

test('prune --all leaves locks, and files that are being written', async () => {
  put('blobs/sha256/aa', 100, 0);
  put('blobs/sha256/bb.1.x.tmp', 100, 0);
  put('blobs/sha256/cc.1.x.tmp', 100, 2);
  // Of a build that was killed two hours ago: it may be what fills the disk.
  put('layers/dd/dd.tar.1.x.tmp', 100, 2 / 24);
  put('locks/deb-x', 0, 0);
  expect((await call('cache', 'prune')).out).toContain('removed 1 of 4');
  expect((await call('cache', 'prune', '--all')).out).toContain('removed 2 of 3');
  expect(existsSync(at('layers/dd/dd.tar.1.x.tmp'))).toBe(false);
  expect(statSync(at('blobs/sha256/bb.1.x.tmp')).size).toBe(100);
  expect(existsSync(at('locks/deb-x'))).toBe(true);
});

test('an age that is none is refused', async () => {
  expect(await call('cache', 'prune', '--older-than', 'long')).toMatchObject({
    status: 64,
    err: expect.stringContaining('--older-than'),
  });
});

test('prune --max-size takes what was used longest ago', async () => {
  put('blobs/sha256/aa', 1000, 3);
  put('blobs/sha256/bb', 1000, 2);
  expect((await call('cache', 'prune', '--max-size', '1K')).out).toBe(
    'removed 1 of 2 items, 1000 B; 1000 B stay',
  );
  expect(existsSync(at('blobs/sha256/bb'))).toBe(true);
  expect((await call('cache', 'prune', '--max-size', 'much')).status).toBe(64);
});

test('a cache is exported and imported; what is no export is refused', async () => {
  put('blobs/sha256/aa', 1000, 3);
  put('dockerfile/bb/index.json', 10, 1);
  put('dockerfile/bb/blobs/sha256/cc', 100, 1);
  put('dockerfile/dd.tmp/out/index.json', 10, 0);
  expect((await call('cache', 'export', 'cache.tar')).out).toBe('cache.tar: 3 files, 1.1 KiB');
  const imported = await call('cache', 'import', 'cache.tar', '--cache', 'other', '--json');
  expect(JSON.parse(imported.out)).toMatchObject({ path: join(folder, 'other'), files: 3, bytes: 1110 });
  expect(existsSync(join(folder, 'other', 'dockerfile/bb/blobs/sha256/cc'))).toBe(true);
  writeFileSync(join(folder, 'none.tar'), 'no tar');
  const refused = await call('cache', 'import', 'none.tar');
  expect(refused).toMatchObject({ status: 65, err: expect.stringContaining('CACHE_ARCHIVE_INVALID') });
  expect((await call('cache', 'import', 'gone.tar')).status).toBe(66);
});

test('a size of the cache that is none ends a build before it begins', async () => {
  mkdirSync(join(folder, 'classes'));
  writeFileSync(join(folder, 'edge.yml'), "kernel: { image: 'oci:not/there:1' }\n");
  writeFileSync(
    join(folder, 'classes/edge.yml'),
    'name: edge\narch: amd64\nimages: [../edge.yml]\nagent: { enabled: false }\n',
  );
  const sized = callIn(folder, { SLIPWAY_CACHE: 'cache', SLIPWAY_CACHE_MAX: 'much' });
  for (const words of [['edge.yml', '--format', 'tar'], ['--all']]) {
    const { status, err } = await sized('build', ...words);
    expect([status, err]).toEqual([78, expect.stringMatching(/^CONFIG_INVALID: SLIPWAY_CACHE_MAX: /)]);
  }
});
