/** What is kept from one build to the next: listing, pruning, leases of builds that run, taking it elsewhere. */
export { CacheSize } from './cache-size.ts';
export { exportCache, importCache, type CacheArchive } from './archive.ts';
export {
  CACHE_KINDS,
  listCache,
  outdated,
  removeItems,
  toFit,
  type CacheItem,
  type CacheKind,
} from './items.ts';
export { inUseSince, usingCache } from './lease.ts';
export { pruneToSize, type Pruned } from './prune.ts';
