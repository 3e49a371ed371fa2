import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Folders of the cache and what lies there. Lock files are not listed: somebody may hold them. */
export const CACHE_KINDS = {
  blobs: 'layers and manifests from registries',
  refs: 'what tags of registries pointed at',
  archives: 'unpacked archives of images',
  layers: 'uncompressed layers, which images are made from',
  segments: 'compressed parts of initrds',
  initramfs: 'initramfs of device classes',
  roots: 'roots of device classes',
  debs: 'Debian packages',
  apt: 'lists of Debian archives',
  npm: 'runtimes from npm',
  dockerfile: 'images that Dockerfiles gave',
  scans: 'packages that were found in images',
  node: 'compiled code of the command itself',
} as const;
export type CacheKind = keyof typeof CACHE_KINDS;
const KINDS = [
  'blobs',
  'refs',
  'archives',
  'layers',
  'segments',
  'initramfs',
  'roots',
  'debs',
  'apt',
  'npm',
  'dockerfile',
  'scans',
  'node',
] as const satisfies CacheKind[];

/** What is removed as a whole, such as a layer with its index. */
export type CacheItem = {
  readonly kind: CacheKind;
  readonly name: string;
  readonly bytes: number;
  readonly lastUsed: Date;
  /** being written, or left by a process that died */
  readonly temporary: boolean;
  readonly paths: readonly string[];
};

type Found = { readonly path: string; readonly bytes: number; readonly time: number };

const filesBelow = async (folder: string): Promise<Found[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries
      .filter((entry) => !entry.isDirectory())
      .map(async ({ parentPath, name }): Promise<Found | undefined> => {
        const path = join(parentPath, name);
        const info = await stat(path).catch(() => undefined);
        // What is gone by now is no part of the cache.
        return info && { path, bytes: info.size, time: Math.max(info.mtimeMs, 0) };
      }),
  );
  return found.filter((file) => file !== undefined);
};

const TEMPORARY = /\.tmp(?:\.|$)/;

const isFolder = (kind: CacheKind): boolean => kind === 'apt' || kind === 'dockerfile';

/** Package lists are a folder for each archive, images of Dockerfiles one for each; everywhere else files of one name belong together. */
const nameOf = (kind: CacheKind, path: string): string =>
  isFolder(kind) || path.includes('fetch-') ? (path.split('/')[0] ?? path) : path.replace(/\.[^/]*$/, '');

/** Everything in a cache, in the order of kinds and names. */
export const listCache = async (cacheDir: string): Promise<CacheItem[]> => {
  const items: CacheItem[] = [];
  for (const kind of KINDS) {
    const folder = join(cacheDir, kind);
    const groups = Map.groupBy(await filesBelow(folder), ({ path }) => {
      const inside = relative(folder, path);
      return TEMPORARY.test(inside) && !isFolder(kind) ? inside : nameOf(kind, inside);
    });
    for (const [name, files] of groups) {
      items.push({
        kind,
        name,
        bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
        lastUsed: new Date(Math.max(...files.map(({ time }) => time))),
        temporary: TEMPORARY.test(name),
        paths: isFolder(kind) ? [join(folder, name)] : files.map(({ path }) => path),
      });
    }
  }
  return items.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.name < b.name ? -1 : 1));
};

/** A file that has not grown for so long belongs to a process that is gone, very likely or for sure. */
const STALE_MS = { all: 60 * 60 * 1000, old: 24 * 60 * 60 * 1000 } as const;

/**
 * What goes if everything that was last used before a time is to go.
 *
 * @param what `all`: room is wanted, so half-written files go earlier
 */
export const outdated = (
  items: readonly CacheItem[],
  before: Date,
  now: Date,
  what: keyof typeof STALE_MS,
): CacheItem[] =>
  items.filter(({ temporary, lastUsed }) =>
    temporary ? now.getTime() - lastUsed.getTime() > STALE_MS[what] : lastUsed < before,
  );

/**
 * What goes so that the rest is at most so large: what was used longest ago first, and never what is being written.
 *
 * @param usedSince what was used since then stays, however much that is
 */
export const toFit = (
  items: readonly CacheItem[],
  maxBytes: number,
  usedSince: Date | undefined,
): CacheItem[] => {
  let left = items.reduce((sum, { bytes }) => sum + bytes, 0);
  const candidates = items
    .filter((item) => !item.temporary && (usedSince === undefined || item.lastUsed < usedSince))
    .sort((a, b) => a.lastUsed.getTime() - b.lastUsed.getTime());
  return candidates.filter(({ bytes }) => {
    if (left <= maxBytes) return false;
    left -= bytes;
    return true;
  });
};

/** When it was last used: of a folder, when any file in it was. */
const timeOf = async (path: string): Promise<number | undefined> => {
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory() !== true) return info?.mtimeMs;
  return Math.max(0, ...(await filesBelow(path)).map(({ time }) => time));
};

/** Gives something its old name, unless it was made again meanwhile: that stays then. */
export const putBack = async (aside: string, path: string): Promise<void> =>
  rename(aside, path).catch(async () => rm(aside, { recursive: true, force: true }));

/**
 * Removes items, unless somebody begins to use one meanwhile. Who uses an item writes the time into it and takes it for
 * missing where that fails; here it gets another name first, and its old one back where the time has changed.
 *
 * @returns those that are gone
 */
export const removeItems = async (items: readonly CacheItem[]): Promise<CacheItem[]> => {
  const gone: CacheItem[] = [];
  for (const item of items) {
    const times = await Promise.all(item.paths.map(timeOf));
    // What bears the time of last use goes first: an index before its layer.
    const ordered = item.paths
      .map((path, index) => ({ path, time: times[index] ?? 0 }))
      .sort((a, b) => b.time - a.time);
    const [first] = ordered;
    // A date has whole milliseconds, the time of a file has not.
    if (first === undefined || Math.floor(first.time) > item.lastUsed.getTime()) continue;
    const aside = `${first.path}.${process.pid}.${randomUUID()}.tmp`;
    if (
      !(await rename(first.path, aside).then(
        () => true,
        () => false,
      ))
    )
      continue;
    if ((await timeOf(aside)) !== first.time) {
      await putBack(aside, first.path);
      continue;
    }
    for (const { path } of [{ path: aside }, ...ordered.slice(1)])
      await rm(path, { recursive: true, force: true });
    gone.push(item);
  }
  return gone;
};
