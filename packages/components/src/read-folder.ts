import { SlipwayError } from '@slipway/protocol';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tree } from './tree.ts';

/**
 * Reads a folder of source files as a tree. Owners and times of the working machine do not count: everything is
 * root's and from 1970, 0755 or 0644 by the executable bit.
 *
 * @returns an empty tree if there is no such folder
 */
export const readFolder = async (folder: string, source: string): Promise<Tree> => {
  const tree: Tree = new Map();
  const meta = { uid: 0, gid: 0, mtime: 0, source };
  const visit = async (relative: string): Promise<void> => {
    const names = await readdir(join(folder, relative)).catch((error: unknown) => {
      if (relative === '' && error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    });
    for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
      const path = relative === '' ? name : `${relative}/${name}`;
      const absolute = join(folder, path);
      const info = await lstat(absolute);
      if (info.isDirectory()) {
        tree.set(path, { path, type: 'directory', mode: 0o755, ...meta });
        await visit(path);
      } else if (info.isSymbolicLink())
        tree.set(path, { path, type: 'symlink', mode: 0o777, target: await readlink(absolute), ...meta });
      else if (info.isFile()) {
        const mode = (info.mode & 0o111) === 0 ? 0o644 : 0o755;
        tree.set(path, { path, type: 'file', mode, content: await readFile(absolute), ...meta });
      } else
        throw new SlipwayError(
          'COMPONENT_INVALID',
          `${absolute}: expected a file, folder or symlink; remove it`,
          {
            details: { path: absolute },
          },
        );
    }
  };
  await visit('');
  return tree;
};
