import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf, SlipwayError } from '@slipway/protocol';
import type { Context } from './context.ts';

const run = promisify(execFile);

/** Bytes; ten times what a desktop with everything has. */
const MAX_NOTICES_BYTES = 128 * 1024 * 1024;

/** The root image of a release, which may lie inside a bundle. */
export type RootImage = { readonly path: string; /** bytes */ readonly offset: number };

/**
 * The third-party notices in the root file system of a release. It is read in place by the tool of erofs, without being
 * mounted.
 *
 * @returns nothing where the image is from before images had notices
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const readNotices = async (
  { env }: Pick<Context, 'env'>,
  { path, offset }: RootImage,
): Promise<string | undefined> => {
  const { NOTICES_PATH } = await import('@slipway/sbom');
  const args = [`--offset=${offset}`, '--cat', `--path=/${NOTICES_PATH}`, path];
  try {
    const { stdout } = await run('dump.erofs', args, {
      encoding: 'utf8',
      maxBuffer: MAX_NOTICES_BYTES,
      env: { PATH: [env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(':'), LC_ALL: 'C' },
    });
    // Of a path that is not there it only complains.
    return stdout === '' ? undefined : stdout;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new SlipwayError('TOOL_MISSING', 'dump.erofs is not installed; install erofs-utils', {
        cause: error,
        details: { package: 'erofs-utils' },
      });
    throw new SlipwayError(
      'TOOL_FAILED',
      `dump.erofs: ${messageOf(error).split('\n').slice(-3).join('\n')}`,
      {
        cause: error,
      },
    );
  }
};
