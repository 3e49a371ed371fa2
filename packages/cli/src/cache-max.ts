import { CacheSize, pruneToSize } from '@slipway/components/cache';
import { messageOf, SlipwayError } from '@slipway/protocol';
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

/** Brings the cache down to the size it may have, after a build: that is as good as it was where this fails. */
export const keepCacheSmall = async (
  { err }: Pick<Context, 'err'>,
  cacheDir: string,
  maxBytes: number | undefined,
): Promise<void> => {
  if (maxBytes === undefined) return;
  await pruneToSize(cacheDir, maxBytes).catch((error: unknown) =>
    err(
      `warning: the cache ${cacheDir} may be larger than SLIPWAY_CACHE_MAX: ${messageOf(error)}; mend that, then run slipway cache prune --max-size`,
    ),
  );
};
