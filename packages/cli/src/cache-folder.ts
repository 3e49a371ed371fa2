import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import type { Context } from './context.ts';

/**
 * Where what is slow to get or make is kept from one build to the next: named, `SLIPWAY_CACHE`, or as XDG has it.
 *
 * @throws {SlipwayError} NOT_WRITABLE
 */
export const cacheFolder = (
  { env, cwd }: Pick<Context, 'env' | 'cwd'>,
  named: string | undefined,
): string => {
  const folder = resolve(
    cwd,
    named ??
      env['SLIPWAY_CACHE'] ??
      join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache'), 'slipway'),
  );
  // Making folders there fails in a way that Node tries again for ever.
  if (/^\/(?:proc|sys)(?:\/|$)/.test(folder))
    throw new SlipwayError('NOT_WRITABLE', `${folder} cannot hold a cache; name another folder by --cache`, {
      details: { folder },
    });
  return folder;
};
