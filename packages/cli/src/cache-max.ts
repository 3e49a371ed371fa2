import { CacheSize, pruneToSize } from '@slipway/components/cache';
import { SlipwayError } from '@slipway/protocol';
import type { Context } from './context.ts';

/**
 * How large the cache may be after a build, if somebody has said so.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const maxCacheBytes = ({ env }: Pick<Context, 'env'>): number | undefined => {
  const text = env['SLIPWAY_CACHE_MAX'];
  if (text === undefined || text === '') return undefined;
  const size = CacheSize.safeParse(text);
  if (size.success) return size.data;
  throw new SlipwayError(
    'CONFIG_INVALID',
    `SLIPWAY_CACHE_MAX: expected a size such as 500M or 20G, found ${JSON.stringify(text)}`,
  );
};

/**
 * Brings the cache down to the size it may have, after a build.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const keepCacheSmall = async (context: Pick<Context, 'env'>, cacheDir: string): Promise<void> => {
  const maxBytes = maxCacheBytes(context);
  if (maxBytes === undefined) return;
  await pruneToSize(cacheDir, maxBytes);
};
