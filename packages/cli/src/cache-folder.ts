import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Context } from './context.ts';

/** Where what is slow to get or make is kept from one build to the next: named, `SLIPWAY_CACHE`, or as XDG has it. */
export const cacheFolder = ({ env, cwd }: Pick<Context, 'env' | 'cwd'>, named: string | undefined): string =>
  resolve(
    cwd,
    named ??
      env['SLIPWAY_CACHE'] ??
      join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache'), 'slipway'),
  );
