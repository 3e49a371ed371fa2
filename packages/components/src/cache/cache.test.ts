import { createHash } from 'node:crypto';
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
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storedResult } from '../dockerfile/result-store.ts';
import { chunksOf } from '../pieces.ts';
import { ownerName } from '../process-owner.ts';
import { tarPieces } from '../tar-writer.ts';
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
import { putBack } from './items.ts';
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

test('what was written and never used goes as well', async () => {
  mkdirSync(at('blobs/sha256'), { recursive: true });
  writeFileSync(at('blobs/sha256/aa'), 'x');
  // Whole milliseconds and a part of one, as file systems keep it.
  utimesSync(at('blobs/sha256/aa'), 1_700_000_000.0007, 1_700_000_000.0007);
  expect((await pruneToSize(folder, 0)).removed).toHaveLength(1);
  expect(await names()).toEqual([]);
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

test('what is put back gives way to what was made again meanwhile', async () => {
  put('dockerfile/aa.1.tmp/index.json', 'old', 1);
  await putBack(at('dockerfile/aa.1.tmp'), at('dockerfile/aa'));
  put('dockerfile/aa.2.tmp/index.json', 'older', 1);
  await putBack(at('dockerfile/aa.2.tmp'), at('dockerfile/aa'));
  expect(readdirSync(at('dockerfile'))).toEqual(['aa']);
  expect(readFileSync(at('dockerfile/aa/index.json'), 'utf8')).toBe('old');
});

const fill = (): void => {
  put('blobs/sha256/aa', 'a blob', 1);
  put('layers/bb/bb.tar', 'a layer'.repeat(1000), 1);
  put('layers/bb/bb.json', '{}', 1);
  put('refs/registry.test/name', 'sha256:…', 1);
  put('apt/key/lists', 'of this machine', 1);
  put('roots/edge/aa.img', 'the last root', 1);
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

/** An export of one file, in which all is right but where the file is to go. */
const putExport = async (file: string, path: string): Promise<void> => {
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
  const digest = `sha256:${createHash('sha256').update('x').digest('hex')}`;
  const index = JSON.stringify({ v: 1, files: [{ path, size: 1, digest }] });
  const entries = [entry('slipway-cache.json', index), entry(path, 'x')];
  writeFileSync(file, Buffer.concat([...chunksOf(tarPieces(entries))]));
};

test('a file that is to go into the cache is taken', async () => {
  await putExport(at('good.tar'), 'blobs/sha256/x');
  await importCache(at('other'), at('good.tar'));
  expect(readFileSync(at('other/blobs/sha256/x'), 'utf8')).toBe('x');
});

test('an import that was killed leaves nothing; one that another container may be at is left alone', async () => {
  await putExport(at('good.tar'), 'blobs/sha256/x');
  const [, namespace] = (await ownerName()).split('-');
  const other = at('other');
  const here = join(other, `import-4194999-${namespace}-x.tmp`);
  const elsewhere = join(other, 'import-4194999-1-x.tmp');
  for (const path of [here, elsewhere]) mkdirSync(path, { recursive: true });
  await importCache(other, at('good.tar'));
  expect([existsSync(here), existsSync(elsewhere)]).toEqual([false, true]);
});

test.each([
  '../outside',
  '../../outside',
  'node/code',
  'blobs/../../x',
  'blobs/.hidden',
  'other/x',
  'ABSOLUTE',
])('a file that is to go to %s is refused, and nothing is written', async (name) => {
  await putExport(at('bad.tar'), name === 'ABSOLUTE' ? at('outside') : name);
  await expect(importCache(at('deep/cache'), at('bad.tar'))).rejects.toMatchObject({
    code: 'CACHE_ARCHIVE_INVALID',
  });
  expect(readdirSync(folder, { recursive: true })).toEqual(['bad.tar']);
});

const KEY = 'ab'.repeat(32);
const putLayout = (index: string): void => {
  put(`dockerfile/${KEY}/blobs/sha256/aa`, 'a layer', 1);
  put(`dockerfile/${KEY}/index.json`, index, 1);
};

describe('what a Dockerfile gave', () => {
  const make = async (work: string): Promise<string> => {
    mkdirSync(join(work, 'out'), { recursive: true });
    writeFileSync(join(work, 'out', 'index.json'), 'made');
    return join(work, 'out');
  };
  const index = (cache = folder): string =>
    readFileSync(join(cache, 'dockerfile', KEY, 'index.json'), 'utf8');

  test('is made where an import was cut short, whose rest gives way', async () => {
    putLayout('cut');
    rmSync(at(`dockerfile/${KEY}/index.json`));
    expect(await storedResult(folder, KEY, make)).toMatchObject({ wasThere: false });
    expect(readdirSync(at(`dockerfile/${KEY}`))).toEqual(['index.json']);
    expect(await storedResult(folder, KEY, make)).toMatchObject({ wasThere: true });
  });

  test('is taken over as a whole: instead of a part of it, and not into one that is there', async () => {
    putLayout('exported');
    await exportCache(folder, at('cache.tar'));
    const other = at('other');
    mkdirSync(join(other, 'dockerfile', KEY, 'blobs'), { recursive: true });
    writeFileSync(join(other, 'dockerfile', KEY, 'blobs', 'of another'), '');
    await importCache(other, at('cache.tar'));
    expect(index(other)).toBe('exported');
    expect(existsSync(join(other, 'dockerfile', KEY, 'blobs', 'of another'))).toBe(false);
    rmSync(join(other, 'dockerfile', KEY, 'blobs'), { recursive: true });
    writeFileSync(join(other, 'dockerfile', KEY, 'index.json'), 'there');
    await importCache(other, at('cache.tar'));
    expect(readdirSync(join(other, 'dockerfile', KEY))).toEqual(['index.json']);
    expect(index(other)).toBe('there');
  });

  test('is not taken over while its lock is held, nor without an index', async () => {
    putLayout('exported');
    await exportCache(folder, at('cache.tar'));
    const other = at('other');
    let imported: Promise<unknown> | undefined;
    const { wasThere } = await storedResult(other, KEY, async (work) => {
      imported = importCache(other, at('cache.tar'));
      return make(work);
    });
    await imported;
    expect([wasThere, index(other)]).toEqual([false, 'made']);
    rmSync(at(`dockerfile/${KEY}/index.json`));
    await exportCache(folder, at('cut.tar'));
    await importCache(at('third'), at('cut.tar'));
    expect(existsSync(at(`third/dockerfile/${KEY}`))).toBe(false);
  });

  test('and pruning has set aside is not swept as the work of an engine; such work is', async () => {
    const aside = `dockerfile/${KEY}.${process.pid}.${'0'.repeat(8)}.tmp`;
    const other = `dockerfile/${'cd'.repeat(32)}.tmp`;
    put(`${aside}/index.json`, 'aside', 1);
    put(`${other}/root`, 'killed', 1);
    await storedResult(folder, KEY, make);
    expect([existsSync(at(aside)), existsSync(at(other))]).toEqual([true, false]);
  });
});
