import { lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbandoned, ownerName } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';

const PREFIX = '.slipway-build-';

/** Where outputs are written until all of them are whole. */
export type Staging = {
  /** on the same file system as where the outputs go */
  readonly folder: string;
  /** Puts a finished file to where it belongs; nothing is moved before `commit`. */
  add(temporary: string, name: string): void;
  /** Whether a file of that name is to be moved into place. */
  has(name: string): boolean;
  /**
   * Moves everything into place.
   *
   * @throws {SlipwayError} NOT_WRITABLE if a folder is in the place of a file; nothing is moved then
   */
  commit(): Promise<void>;
  /** Removes whatever is left; does nothing after a commit. */
  discard(): Promise<void>;
};

/** @throws {SlipwayError} NOT_WRITABLE if a folder lies where a file is to go: it may hold anything */
export const assertNoFolder = async (path: string): Promise<void> => {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isDirectory() === true)
    throw new SlipwayError(
      'NOT_WRITABLE',
      `expected to write the file ${path}, found a folder of that name; remove it, or choose another name`,
      { details: { path } },
    );
};

/** In a folder that all may write to, not everything that bears our prefix is ours to remove. */
const OWNED = /^[1-9]\d*(?:-|$)/;

/**
 * A folder for this process alone; those of processes that were killed are removed on the way.
 *
 * @param prefix of its name, before the number of the process
 */
export const ownFolder = async (dir: string, prefix: string): Promise<string> => {
  await mkdir(dir, { recursive: true });
  for (const name of await readdir(dir)) {
    const path = join(dir, name);
    const owner = name.slice(prefix.length);
    if (name.startsWith(prefix) && OWNED.test(owner) && (await isAbandoned(path, owner)))
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
  return mkdtemp(join(dir, `${prefix}${await ownerName()}-`));
};

/** Folders of builds that were killed are removed on the way. */
export const createStaging = async (dir: string): Promise<Staging> => {
  const folder = await ownFolder(dir, PREFIX);
  const finished: { readonly temporary: string; readonly name: string }[] = [];
  return {
    folder,
    add(temporary, name) {
      finished.push({ temporary, name });
    },
    has: (wanted) => finished.some(({ name }) => name === wanted),
    async commit() {
      for (const { name } of finished) await assertNoFolder(join(dir, name));
      for (const { temporary, name } of finished) await rename(temporary, join(dir, name));
      await rm(folder, { recursive: true, force: true });
    },
    async discard() {
      await rm(folder, { recursive: true, force: true });
    },
  };
};
