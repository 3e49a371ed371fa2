import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tree } from '@slipway/components';
import { numberUsers, userNumber, type FileEntry, type ImageFile } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';
import { metadata } from './linuxkit/metadata.ts';
import { resolvePath } from './resolve-path.ts';
import { putDirectory, putFile, putSymlink } from './tree-edit.ts';

const SOURCE = 'file:image';

const readSource = async (
  file: FileEntry,
  source: string,
  sourceDir: string,
): Promise<Buffer | undefined> => {
  try {
    return await readFile(join(sourceDir, source));
  } catch (cause) {
    if (file.optional === true) return undefined;
    throw new SlipwayError(
      'SPEC_INVALID',
      `files: ${file.path}: expected its source ${source} in the image repository, which cannot be read; add it, or set optional: true`,
      { cause, details: { path: file.path, source } },
    );
  }
};

/**
 * Adds what an image file lists under `files`. Modes are 0600 and 0700 unless given; a directory above a file that
 * already exists keeps its mode.
 *
 * @throws {SlipwayError} SPEC_INVALID
 */
export const addImageFiles = async (tree: Tree, spec: ImageFile, sourceDir: string): Promise<void> => {
  const users = numberUsers(spec);
  for (const [index, file] of spec.files.entries()) {
    const wanted = file.path.replace(/^\/+|\/+$/g, '');
    const at = wanted.lastIndexOf('/');
    const parent = at < 0 ? '' : resolvePath(tree, wanted.slice(0, at));
    const path = parent === undefined || parent === '' ? wanted : `${parent}/${wanted.slice(at + 1)}`;
    const options = {
      source: SOURCE,
      location: `files[${index}]`,
      uid: userNumber(file.uid, users, `files[${index}].uid`),
      gid: userNumber(file.gid, users, `files[${index}].gid`),
      ...(file.mode === undefined ? {} : { mode: Number.parseInt(file.mode, 8) & 0o7777 }),
    };
    if (file.directory === true) putDirectory(tree, path, { mode: 0o700, ...options });
    else if (file.symlink !== undefined)
      putSymlink(tree, path, file.symlink, { source: SOURCE, location: options.location });
    else {
      const content =
        file.metadata !== undefined
          ? metadata(spec, file.metadata)
          : file.source === undefined
            ? (file.contents ?? '')
            : await readSource(file, file.source, sourceDir);
      if (content !== undefined) putFile(tree, path, content, { mode: 0o600, ...options });
    }
  }
};
