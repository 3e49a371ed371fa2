import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageFile } from '@slipway/image-spec';
import { dockerfileBases, needsNode, systemPackages } from '@slipway/image';
import {
  diffLocks,
  formatLock,
  LOCK_FILE,
  lockInputs,
  parseLock,
  resolveLock,
  type Lock,
  type LockChange,
} from '@slipway/lock';
import type { Arch } from '@slipway/protocol';

/** The lock file of an image repository as it is now; empty where there is none. */
export const lockText = (tree: string): Promise<string> =>
  readFile(join(tree, LOCK_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });

export const digestOfLock = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Resolves tags and package sets of a class again, and leaves the new lock in the tree for its build.
 *
 * @param previous texts of locks, empty where there is none: what is not updated stays as in the newest, and what is new is
 *   said in comparison with the one that was seen
 * @param update as of `resolveLock`
 * @returns changes undefined: there was nothing to compare with
 * @throws {SlipwayError} of registries and Debian's packages; LOCK_INVALID
 */
export const refreshLock = async (
  { spec, arch }: { readonly spec: ImageFile; readonly arch: Arch },
  where: { readonly tree: string; readonly cacheDir: string; readonly signal?: AbortSignal | undefined },
  previous: { readonly newest: string; readonly seen: string },
  update: 'all' | ReadonlySet<string>,
): Promise<{ readonly text: string; readonly changes: readonly LockChange[] | undefined }> => {
  const { tree, cacheDir, signal } = where;
  const parse = (text: string): Lock | undefined => (text === '' ? undefined : parseLock(text, LOCK_FILE));
  const seen = parse(previous.seen);
  const own = {
    packages: systemPackages(spec),
    npm: needsNode(spec),
    bases: await dockerfileBases(spec, { arch, baseDir: tree }),
  };
  const wanted = new Map([[arch, lockInputs(spec, { baseDir: tree, lockDir: tree }, own)]]);
  const made = await resolveLock(wanted, {
    lockDir: tree,
    cacheDir,
    previous: parse(previous.newest),
    update,
    signal,
  });
  const text = formatLock(made);
  await writeFile(join(tree, LOCK_FILE), text);
  // A lock for many classes says more than that of one; what another class needs is not gone.
  const isOwn = ({ kind, set, is }: LockChange): boolean =>
    is !== undefined || (kind === 'package' && made.debian[arch]?.[set ?? ''] !== undefined);
  return { text, changes: seen === undefined ? undefined : diffLocks(seen, made).filter(isOwn) };
};
