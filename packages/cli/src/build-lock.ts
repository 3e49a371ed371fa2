import { dirname, relative, resolve } from 'node:path';
import type { ImageFile } from '@slipway/image-spec';
import type { LockedComponents } from '@slipway/lock';
import { SlipwayError } from '@slipway/protocol';
import type { BuildOptions } from './build-options.ts';
import type { Context } from './context.ts';

/**
 * What the lock file says of a build: the one named by `--lock`, else `slipway.lock` beside the first image file if
 * there is one.
 *
 * @throws {SlipwayError} NOT_FOUND, LOCK_INVALID, LOCK_STALE
 */
export const buildLock = async (
  context: Pick<Context, 'cwd'>,
  files: readonly string[],
  { lock, arch }: Pick<BuildOptions, 'lock' | 'arch'>,
  spec: ImageFile,
): Promise<Partial<LockedComponents>> => {
  if (lock === false) return {};
  const { applyLock, LOCK_FILE, readLock } = await import('@slipway/lock');
  const [first = '-'] = files;
  const path =
    lock === true
      ? resolve(context.cwd, first === '-' ? '.' : dirname(first), LOCK_FILE)
      : resolve(context.cwd, lock);
  const file = relative(context.cwd, path);
  const read = await readLock(path, file);
  if (read === undefined && lock !== true)
    throw new SlipwayError('NOT_FOUND', `${file}: expected the lock file that --lock names, found none`);
  return read === undefined
    ? {}
    : applyLock(read, spec, { arch, file, baseDir: context.cwd, lockDir: dirname(path) });
};
