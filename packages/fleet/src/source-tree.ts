import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  chmod,
  copyFile,
  constants,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
} from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Digest, SlipwayError, systemError } from '@slipway/protocol';

/**
 * The image repository as it was when a build was asked for: a folder `sources/{digest}` of the artifact store, named by
 * its content. The API writes it; a worker on any machine builds from it after comparing it with its name.
 */
type Entry = {
  readonly path: string;
  readonly type: 'file' | 'folder' | 'symlink';
  /** rights of a file; of the others nothing depends on them */
  readonly mode: number;
  readonly target?: string;
};

/** History, and what Slipway itself keeps beside an image repository. */
const LEFT_OUT = new Set(['.git', '.slipway']);

const invalid = (path: string, why: string): SlipwayError =>
  new SlipwayError(
    'SPEC_INVALID',
    `${path}: ${why}. Only files, folders and symbolic links inside the image repository travel to a build worker.`,
    { details: { file: path } },
  );

const leavesTree = (path: string, target: string): boolean =>
  target.startsWith('/') || normalize(join(dirname(path), target)).split('/')[0] === '..';

const listTree = async (root: string, exclude?: string): Promise<Entry[]> => {
  const entries: Entry[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const name of (await readdir(join(root, folder))).sort()) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const full = join(root, path);
      if (LEFT_OUT.has(name) || full === exclude) continue;
      const info = await lstat(full);
      if (info.isDirectory()) {
        entries.push({ path, type: 'folder', mode: 0 });
        await walk(path);
      } else if (info.isSymbolicLink()) {
        const target = await readlink(full);
        if (leavesTree(path, target))
          throw invalid(path, `the link leads out of the repository, to ${target}`);
        entries.push({ path, type: 'symlink', mode: 0, target });
      } else if (info.isFile()) entries.push({ path, type: 'file', mode: info.mode & 0o777 });
      else throw invalid(path, 'it is neither file nor folder nor link');
    }
  };
  await walk('');
  return entries;
};

const digestFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};

const digestEntries = async (root: string, entries: readonly Entry[]): Promise<Digest> => {
  const hash = createHash('sha256');
  for (const { path, type, mode, target } of entries) {
    const content = type === 'file' ? await digestFile(join(root, path)) : (target ?? '');
    hash.update(`${JSON.stringify([path, type, mode, content])}\n`);
  }
  return Digest.parse(`sha256:${hash.digest('hex')}`);
};

/**
 * Of names, rights of files and contents; times and owners do not count.
 *
 * @throws {SlipwayError} SPEC_INVALID for a link that leads out, or what is no file
 */
export const digestSourceTree = async (root: string, exclude?: string): Promise<Digest> =>
  digestEntries(root, await listTree(root, exclude));

export const sourcePath = (storeDir: string, digest: Digest): string => join(storeDir, 'sources', digest);

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/**
 * Puts an image repository into the store, once; a copy that is there already is marked as used.
 *
 * @throws {SlipwayError} SPEC_INVALID as `digestSourceTree`
 */
export const storeSource = async (storeDir: string, directory: string): Promise<Digest> => {
  const live = await digestSourceTree(directory, storeDir);
  if (await markUsed(sourcePath(storeDir, live))) return live;
  const sources = join(storeDir, 'sources');
  await mkdir(sources, { recursive: true });
  const copy = await mkdtemp(join(sources, '.new-'));
  try {
    for (const { path, type, mode, target } of await listTree(directory, storeDir)) {
      const to = join(copy, path);
      if (type === 'folder') await mkdir(to);
      else if (type === 'symlink') await symlink(target ?? '', to);
      else {
        await copyFile(join(directory, path), to, constants.COPYFILE_FICLONE);
        await chmod(to, mode);
      }
    }
    await chmod(copy, 0o755);
    // The repository may have changed meanwhile: what counts is what was copied.
    const digest = await digestSourceTree(copy);
    const place = sourcePath(storeDir, digest);
    await rename(copy, place).catch(async (error: unknown) => {
      if (systemError(error, ['ENOTEMPTY', 'EEXIST']) === undefined) throw error;
      await markUsed(place);
    });
    return digest;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
};

/** @returns whether it is there */
const markUsed = async (place: string): Promise<boolean> => {
  const now = new Date();
  await utimes(place, now, now).catch(() => undefined);
  return exists(place);
};

/**
 * The folder to build from.
 *
 * @throws {SlipwayError} SOURCE_INVALID where it is not in the store, or not what its name says
 */
export const verifySource = async (storeDir: string, digest: Digest): Promise<string> => {
  const path = sourcePath(storeDir, digest);
  if (!(await exists(path)))
    throw new SlipwayError(
      'SOURCE_INVALID',
      `expected the source snapshot ${digest} below sources/ of the store, found none; check that this worker has the store of the API (SLIPWAY_STORE), and build again`,
      { details: { source: digest } },
    );
  const found = await digestSourceTree(path);
  if (found !== digest)
    throw new SlipwayError(
      'SOURCE_INVALID',
      `expected the source snapshot ${digest}, found ${found} in its place; find out who writes into the store, remove sources/${digest}, and build again`,
      { details: { source: digest, found } },
    );
  return path;
};
