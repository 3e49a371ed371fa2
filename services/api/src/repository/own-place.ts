import { lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError, systemError } from '@slipway/protocol';

/**
 * Where a path of the image repository lies without any link: through one, another file than the named one would be changed.
 *
 * @throws {SlipwayError} REQUEST_INVALID
 */
export const ownPlaceOf = async (directory: string, path: string): Promise<string> => {
  let place = await realpath(directory);
  for (const part of path.split('/')) {
    place = join(place, part);
    const info = await lstat(place).catch((error: unknown) => {
      if (systemError(error, ['ENOENT', 'ENOTDIR']) === undefined) throw error;
    });
    if (info?.isSymbolicLink() === true)
      throw new SlipwayError(
        'REQUEST_INVALID',
        `${path} is a link, or lies behind one. Change the file that it leads to.`,
      );
  }
  return place;
};
