import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ownerName } from '@slipway/components';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepCacheSmall, maxCacheBytes } from './cache-max.ts';

let folder: string;
let told: string[];
const put = (name: string): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), 'x');
};
const keep = async (maxBytes: number | undefined): Promise<void> =>
  keepCacheSmall({ err: (text) => told.push(text) }, folder, maxBytes);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-cache-'));
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the cache is brought down where a size is given', async () => {
  put('blobs/sha256/aa');
  await keep(undefined);
  expect(existsSync(join(folder, 'blobs/sha256/aa'))).toBe(true);
  await keep(0);
  expect(existsSync(join(folder, 'blobs/sha256/aa'))).toBe(false);
  expect(told).toEqual([]);
});

test('a cache that cannot be pruned is told, and fails nothing', async () => {
  put('blobs/sha256/aa');
  // No process has a number above the highest, and what should be a file cannot be removed as one.
  put(`in-use/${(await ownerName()).replace(/^\d+/, '4194999')}-x/y`);
  await keep(0);
  expect(told).toEqual([expect.stringMatching(/^warning: .*SLIPWAY_CACHE_MAX.*slipway cache prune/)]);
});

test('a size that is none is refused', () => {
  expect(maxCacheBytes({ env: { SLIPWAY_CACHE_MAX: '20G' } })).toBe(20 * 1024 ** 3);
  expect(maxCacheBytes({ env: { SLIPWAY_CACHE_MAX: '' } })).toBeUndefined();
  expect(() => maxCacheBytes({ env: { SLIPWAY_CACHE_MAX: 'much' } })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});
