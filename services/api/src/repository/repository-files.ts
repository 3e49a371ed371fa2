import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Digest,
  MAX_REPOSITORY_TEXT,
  RepositoryPath,
  SlipwayError,
  systemError,
  type RepositoryFile,
  type RepositoryText,
} from '@slipway/protocol';
import type { EditJournal } from './finish-edits.ts';
import { kindOf } from './kinds.ts';
import { ownPlaceOf } from './own-place.ts';
import { replaceFiles } from './replace-files.ts';
import { usersOf } from './users-of.ts';

/** Files of the image repository of a server. Nothing outside of its folder is read or written, whatever links say. */
export type RepositoryFiles = {
  readonly list: () => Promise<RepositoryFile[]>;
  /** @throws {SlipwayError} NOT_FOUND, REQUEST_INVALID for what is no text, or too long */
  readonly read: (path: string) => Promise<RepositoryText>;
  /** @returns undefined where there is none */
  readonly find: (path: string) => Promise<string | undefined>;
  /**
   * All or none, also where it is cut short: it is finished by its journal when the server starts again.
   *
   * @param confirm runs once all files are changed; where it fails, all is as it was
   * @throws {SlipwayError} REPOSITORY_READ_ONLY; REQUEST_INVALID for links, and where a folder is in the way
   */
  readonly change: (edit: Omit<EditJournal, 'v'>, confirm: () => Promise<void>) => Promise<void>;
  readonly classes: () => Promise<{ readonly path: string; readonly text: string }[]>;
};

/** More than that nobody edits by hand. */
const MOST_FILES = 5000;

export const digestText = (text: string): Digest =>
  Digest.parse(`sha256:${createHash('sha256').update(text).digest('hex')}`);

export const openRepositoryFiles = (directory: string): RepositoryFiles => {
  /** Where a path really lies. @returns undefined where nothing is there */
  const placeOf = async (path: string): Promise<string | undefined> => {
    const real = await realpath(join(directory, path)).catch(absent);
    if (real === undefined || real === (await realpath(directory))) return real;
    if (real.startsWith(`${await realpath(directory)}/`)) return real;
    throw new SlipwayError('REQUEST_INVALID', `${path} leads out of the image repository.`);
  };

  const find = async (path: string): Promise<string | undefined> => {
    const place = RepositoryPath.safeParse(path).success ? await placeOf(path) : undefined;
    if (place === undefined) return undefined;
    const info = await stat(place);
    if (!info.isFile()) return undefined;
    const bytes = info.size <= MAX_REPOSITORY_TEXT ? await readFile(place) : undefined;
    const text = bytes === undefined ? undefined : textIn(bytes);
    if (text !== undefined) return text;
    throw new SlipwayError(
      'REQUEST_INVALID',
      `${path} is no text of at most 128 KiB; edit it where it lies.`,
    );
  };

  const walk = async (folder: string, found: RepositoryFile[]): Promise<void> => {
    const names = (await readdir(join(directory, folder))).sort();
    // What an OCI layout holds is named by digests.
    if (names.includes('oci-layout')) return;
    for (const name of names) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (name.startsWith('.') || found.length >= MOST_FILES) continue;
      const info = await lstat(join(directory, path));
      if (info.isDirectory()) await walk(path, found);
      else if (info.isFile() && RepositoryPath.safeParse(path).success)
        found.push({
          path,
          kind: kindOf(path),
          size: info.size,
          changedAt: info.mtime.toISOString(),
          classes: [],
        });
    }
  };

  const classes: RepositoryFiles['classes'] = async () => {
    const names = (await readdir(join(directory, 'classes')).catch(absent)) ?? [];
    const paths = names
      .map((name) => `classes/${name}`)
      .filter((path) => kindOf(path) === 'class')
      .sort();
    return Promise.all(paths.map(async (path) => ({ path, text: (await find(path)) ?? '' })));
  };

  return {
    find,
    classes,
    list: async () => {
      const files: RepositoryFile[] = [];
      await walk('', files);
      const users = usersOf(await classes());
      return files.map((file) => ({ ...file, classes: users.get(file.path) ?? [] }));
    },
    read: async (path) => {
      const text = await find(path);
      if (text !== undefined)
        return { path: RepositoryPath.parse(path), kind: kindOf(path), text, digest: digestText(text) };
      throw new SlipwayError('NOT_FOUND', `There is no file ${path} in the image repository.`, {
        details: { kind: 'file', id: path },
      });
    },
    change: async (edit, confirm) => {
      try {
        const files = await Promise.all(
          edit.changes.map(async ({ path, after }) => ({
            place: await ownPlaceOf(directory, path),
            text: after,
          })),
        );
        const aside = await ownPlaceOf(directory, '.slipway');
        const journal: EditJournal = { v: 1, ...edit };
        await replaceFiles(files, aside, JSON.stringify(journal), confirm);
      } catch (cause) {
        throw refusalOf(cause);
      }
    },
  };
};

const refusalOf = (cause: unknown): unknown => {
  if (cause instanceof SlipwayError) return cause;
  if (systemError(cause, ['EROFS', 'EACCES', 'EPERM']) !== undefined)
    return new SlipwayError(
      'REPOSITORY_READ_ONLY',
      'The server may not write into its image repository. Change files where the repository is kept, or let the server write there.',
      { cause },
    );
  if (systemError(cause, ['ENOTDIR', 'EEXIST', 'EISDIR', 'ENAMETOOLONG']) !== undefined)
    return new SlipwayError(
      'REQUEST_INVALID',
      'A file is where a folder would have to be, or a folder where a file, or a name is too long. Choose other names.',
      { cause },
    );
  return cause;
};

const absent = (error: unknown): undefined => {
  if (systemError(error, ['ENOENT', 'ENOTDIR']) === undefined) throw error;
};

const textIn = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};
