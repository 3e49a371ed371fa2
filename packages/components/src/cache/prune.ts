import { inUseSince } from './lease.ts';
import { listCache, removeItems, toFit, type CacheItem } from './items.ts';

export type Pruned = { readonly removed: readonly CacheItem[]; readonly keptBytes: number };

const bytesOf = (items: readonly CacheItem[]): number => items.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * Brings a cache down to a size. What builds that run now have used stays, so it may be larger afterwards; any number of
 * processes may do so at once.
 */
export const pruneToSize = async (cacheDir: string, maxBytes: number): Promise<Pruned> => {
  const items = await listCache(cacheDir);
  const removed = await removeItems(toFit(items, maxBytes, await inUseSince(cacheDir)));
  return { removed, keptBytes: bytesOf(items) - bytesOf(removed) };
};
