import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { codeOf } from '@slipway/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  exportCache,
  importCache,
  inUseSince,
  listCache,
  pruneToSize,
  removeItems,
  toFit,
  usingCache,
} from './index.ts';
import { markUsed } from './mark-used.ts';

let folder: string;
const at = (name: string): string => join(folder, name);
/** A file of a cache that was last used some days ago. */
const put = (name: string, content: string, daysAgo: number): void => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), content);
  const then = new Date(Date.now() - daysAgo * 86_400_000);
  utimesSync(at(name), then, then);
};
const names = async (cache = folder): Promise<string[]> =>
  (await listCache(cache)).map(({ kind, name }) => `${kind}/${name}`);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what was used longest ago goes, until the rest is small enough', async () => {
  put('blobs/sha256/old', 'x'.repeat(100), 3);
  put('layers/aa/aa.tar', 'x'.repeat(100), 9);
  put('layers/aa/aa.json', 'x', 1);
  put('segments/bb/bb.deflate', 'x'.repeat(100), 2);
  put('debs/half.deb.1.tmp', 'x'.repeat(1000), 5);
  const items = await listCache(folder);
  const left = (maxBytes: number) => toFit(items, maxBytes, undefined).map(({ kind }) => kind);
  expect(left(2000)).toEqual([]);
  expect(left(1250)).toEqual(['blobs']);
  expect(left(1150)).toEqual(['blobs', 'segments']);
  expect(left(0)).toEqual(['blobs', 'segments', 'layers']);
});

test('what builds that run have used stays, whatever the size; what they have not used goes', async () => {
  put('blobs/sha256/old', 'old', 3);
  put('blobs/sha256/used', 'used', 3);
  await usingCache(folder, async () => {
    await markUsed(at('blobs/sha256/used'));
    expect(await inUseSince(folder)).toBeDefined();
    await pruneToSize(folder, 0);
    expect(await names()).toEqual(['blobs/sha256/used']);
  });
  expect(await inUseSince(folder)).toBeUndefined();
  await pruneToSize(folder, 0);
  expect(await names()).toEqual([]);
});

test('a lease of a process that is gone holds nothing', async () => {
  await usingCache(folder, async () => {
    const [lease = ''] = readdirSync(at('in-use'));
    const [, namespace = ''] = lease.split('-');
    // No process has a number above the highest.
    writeFileSync(at(`in-use/4194999-${namespace}-x`), '');
    expect(await inUseSince(folder)).toBeDefined();
    expect(readdirSync(at('in-use'))).toEqual([lease]);
  });
});

test('an item that somebody begins to use while it is being removed stays', async () => {
  put('layers/aa/aa.tar', 'layer', 9);
  put('layers/aa/aa.json', 'index', 9);
  const items = await listCache(folder);
  expect(await markUsed(at('layers/aa/aa.json'))).toBe(true);
  expect(await removeItems(items)).toEqual([]);
  expect(readdirSync(at('layers/aa')).sort()).toEqual(['aa.json', 'aa.tar']);
  expect(await removeItems(await listCache(folder))).toHaveLength(1);
  expect(readdirSync(at('layers/aa'))).toEqual([]);
  expect(await markUsed(at('layers/aa/aa.json'))).toBe(false);
});

const fill = (): void => {
  put('blobs/sha256/aa', 'a blob', 1);
  put('layers/bb/bb.tar', 'a layer'.repeat(1000), 1);
  put('layers/bb/bb.json', '{}', 1);
  put('refs/registry.test/name', 'sha256:…', 1);
  put('apt/key/lists', 'of this machine', 1);
  put('debs/half.deb.1.tmp', 'half', 1);
};

test('a cache goes into one file and out of it; what is there already stays', async () => {
  fill();
  const file = at('cache.tar');
  expect(await exportCache(folder, file)).toMatchObject({ files: 4 });
  const other = at('other');
  mkdirSync(join(other, 'blobs/sha256'), { recursive: true });
  writeFileSync(join(other, 'blobs/sha256/aa'), 'a blob');
  const inode = statSync(join(other, 'blobs/sha256/aa')).ino;
  expect(await importCache(other, file)).toMatchObject({ files: 4 });
  expect(await names(other)).toEqual(['blobs/sha256/aa', 'refs/registry.test/name', 'layers/bb/bb']);
  expect(readFileSync(join(other, 'layers/bb/bb.tar'), 'utf8')).toBe('a layer'.repeat(1000));
  expect(statSync(join(other, 'blobs/sha256/aa')).ino).toBe(inode);
});

test('of a file that is damaged anywhere nothing is taken', async () => {
  fill();
  const file = at('cache.tar');
  await exportCache(folder, file);
  const whole = readFileSync(file);
  const attempt = async (offset: number): Promise<string> => {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(offset) ^ 0x41, offset);
    writeFileSync(file, damaged);
    const other = at(`other-${offset}`);
    const outcome = await importCache(other, file).then(
      () => 'taken',
      (error: unknown) => codeOf(error),
    );
    const layer = join(other, 'layers/bb/bb.tar');
    const isRight = existsSync(layer) && readFileSync(layer, 'utf8') === 'a layer'.repeat(1000);
    return `${outcome}, ${isRight ? 'whole' : `${(await listCache(other)).length} items`}`;
  };
  const outcomes: string[] = [];
  for (let block = 0; block < whole.length / 512; block += 1) outcomes.push(await attempt(block * 512 + 3));
  // What only fills up a block tells nothing.
  expect(new Set(outcomes)).toEqual(new Set(['CACHE_ARCHIVE_INVALID, 0 items', 'taken, whole']));
  const refused = outcomes.filter((outcome) => outcome.startsWith('CACHE'));
  expect(refused.length).toBeGreaterThan(outcomes.length / 2);
  writeFileSync(file, whole.subarray(0, whole.length / 2));
  await expect(importCache(at('other'), file)).rejects.toMatchObject({ code: 'CACHE_ARCHIVE_INVALID' });
});

test.each(['../outside', '/etc/passwd', 'node/code', 'blobs/../../x', 'blobs/.hidden', 'other/x'])(
  'a file that is to go to %s is refused',
  async (path) => {
    const { tarPieces } = await import('../tar-writer.ts');
    const { chunksOf } = await import('../pieces.ts');
    const entry = (name: string, text: string) => ({
      path: name,
      type: 'file' as const,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      source: 'test',
      content: Buffer.from(text),
    });
    const digest = `sha256:${'0'.repeat(64)}`;
    const index = JSON.stringify({ v: 1, files: [{ path, size: 1, digest }] });
    const entries = [entry('slipway-cache.json', index), entry(path, 'x')];
    writeFileSync(at('bad.tar'), Buffer.concat([...chunksOf(tarPieces(entries))]));
    await expect(importCache(at('other'), at('bad.tar'))).rejects.toMatchObject({
      code: 'CACHE_ARCHIVE_INVALID',
    });
  },
);
