import { ARCHITECTURES, SlipwayError, type Arch } from '@slipway/protocol';
import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from '../lock.ts';
import { runTool } from '../run-tool.ts';
import { writeAptConfig } from './apt-config.ts';
import { listName, releaseDates } from './release-dates.ts';
import { formatSources, type AptSource } from './sources.ts';

/**
 * Lists of packages that came from the cache of another machine. They lie in this folder of an apt root until somebody
 * opens it, who knows the archives and has their keys: then apt checks them as if it had fetched them from a mirror.
 */
export const IMPORTED = 'imported';
/** Of an apt root, in the cache. */
export const ROOT_NAME = /^[0-9a-f]{12}-[a-z0-9]+$/;
/** When the lists were fetched from the archive, as ISO 8601. */
const FETCHED = 'fetched';
/** Written when lists were fetched; its time is theirs. */
export const STAMP = 'lists-fetched';

/** What apt has checked, and what it checked it by. */
const CHECKED = /_(?:InRelease|Release|Release\.gpg|Packages)$/;

export const lockOf = (cacheDir: string, root: string): string => join(cacheDir, 'locks', `apt-${root}`);

export const fetchedAt = async (directory: string): Promise<number | undefined> =>
  (await stat(join(directory, STAMP)).catch(() => undefined))?.mtimeMs;

/**
 * When imported lists were fetched. Nobody signs that, so it is at the latest when they were imported.
 *
 * @returns ms; undefined if nothing was imported
 */
export const importedAt = async (directory: string): Promise<number | undefined> => {
  const file = join(directory, IMPORTED, FETCHED);
  const [text, info] = await Promise.all([readFile(file, 'utf8'), stat(file)]).catch(() => []);
  const at = Math.min(Date.parse((text ?? '').trim()), Math.floor(info?.mtimeMs ?? Number.NaN));
  return Number.isNaN(at) ? undefined : at;
};

const linkAll = async (from: string, into: string, names: readonly string[]): Promise<void> => {
  await mkdir(into, { recursive: true });
  for (const name of names) await link(join(from, name), join(into, name));
};

/**
 * Puts the lists of every apt root of a cache into `apt/ROOT/imported` of a folder on the same file system, as they are at
 * one moment.
 */
export const linkLists = async (cacheDir: string, folder: string): Promise<void> => {
  for (const root of await readdir(join(cacheDir, 'apt')).catch((): string[] => [])) {
    if (!ROOT_NAME.test(root)) continue;
    const directory = join(cacheDir, 'apt', root);
    const into = join(folder, 'apt', root, IMPORTED);
    await withLock(lockOf(cacheDir, root), async () => {
      const at = await fetchedAt(directory);
      if (at !== undefined) {
        const lists = join(directory, 'state', 'lists');
        await linkAll(
          lists,
          into,
          (await readdir(lists)).filter((name) => CHECKED.test(name)),
        );
        await writeFile(join(into, FETCHED), `${new Date(at).toISOString()}\n`);
      } else if ((await importedAt(directory)) !== undefined)
        await linkAll(join(directory, IMPORTED), into, await readdir(join(directory, IMPORTED)));
    });
  }
};

/** Takes lists over into a cache, all of a root instead of those that were imported before. @param from of `linkLists` */
export const placeLists = async (cacheDir: string, root: string, from: string): Promise<void> =>
  withLock(lockOf(cacheDir, root), async () => {
    const place = join(cacheDir, 'apt', root, IMPORTED);
    await rm(place, { recursive: true, force: true });
    await mkdir(dirname(place), { recursive: true });
    await rename(join(from, 'apt', root, IMPORTED), place);
  });

type Listed = {
  /** as apt calls the list of the archive */
  readonly name: string;
  /** where it lies in a mirror */
  readonly path: string;
};

/** Every list that an archive may have, and its place in a mirror of it. */
const listsOf = ({ uri, suites, components }: AptSource, arch: Arch, mirror: string): Listed[] => {
  const paths = suites.flatMap((suite) => [
    ...['InRelease', 'Release', 'Release.gpg'].map((file) => `dists/${suite}/${file}`),
    ...components.flatMap((component) =>
      [ARCHITECTURES[arch].debian, 'all'].map(
        (name) => `dists/${suite}/${component}/binary-${name}/Packages`,
      ),
    ),
  ]);
  return paths.map((path) => ({
    name: listName(`${uri.replace(/\/+$/, '')}/${path}`),
    path: `${mirror}/${path}`,
  }));
};

export type ImportedLists = {
  /** of the apt root */
  readonly directory: string;
  readonly arch: Arch;
  readonly sources: readonly AptSource[];
  readonly keyringOf: (source: AptSource) => string;
};

/** Lets apt check lists in a root of its own, as those of a mirror on this machine. @returns where it puts them */
const check = async ({ directory, arch, sources, keyringOf }: ImportedLists, scratch: string) => {
  const mirrors = sources.map((_, index) => join(scratch, `mirror-${index}`));
  const lists = sources.flatMap((source, index) => listsOf(source, arch, `mirror-${index}`));
  const there = new Set(await readdir(join(directory, IMPORTED)));
  const found = lists.filter(({ name }) => there.has(name));
  for (const { name, path } of found) {
    await mkdir(dirname(join(scratch, path)), { recursive: true });
    await link(join(directory, IMPORTED, name), join(scratch, path));
  }
  const root = join(scratch, 'root');
  const { configFile } = await writeAptConfig(root, arch);
  const local = sources.map((source, index) => ({
    ...source,
    uri: `copy:${encodeURI(mirrors[index] ?? '')}`,
  }));
  const keyrings = new Map(local.map((source, index) => [source, sources[index]]));
  await writeFile(
    join(root, 'etc', 'sources', 'imported.sources'),
    formatSources(local, (source) => keyringOf(keyrings.get(source) ?? source)),
  );
  await runTool(
    'apt-get',
    // They were valid when they were fetched, and are as old as their stamp says. Only what is here can be had.
    ['-q', '--error-on=any', '-o', 'Acquire::Check-Valid-Until=false', '-o', 'Acquire::By-Hash=no', 'update'],
    { package: 'apt', env: { APT_CONFIG: configFile } },
  );
  const checked = join(root, 'state', 'lists');
  const names = await readdir(checked);
  return found.flatMap(({ name, path }) => {
    const ending = `_${listName(`copy://${path}`)}`;
    const as = names.find((one) => one.endsWith(ending));
    // What apt had no use for it has not looked at.
    return as === undefined ? [] : [{ name, path: join(checked, as) }];
  });
};

/** When each suite was signed; what has no date is older than everything. */
const datesOf = async (lists: string, source: AptSource): Promise<Record<string, string>> =>
  releaseDates(lists, source).catch(() => ({}));

/** Whether an archive signed any of its suites later in one folder of lists than in another. */
const isLater = async (one: string, other: string, sources: readonly AptSource[]): Promise<boolean> => {
  for (const source of sources) {
    const others = await datesOf(other, source);
    for (const [suite, date] of Object.entries(await datesOf(one, source)))
      if (date > (others[suite] ?? '')) return true;
  }
  return false;
};

/**
 * Makes imported lists those of an apt root, once apt has found that they are signed as what it fetches must be. Those that
 * are not are removed, and so are those that the archive signed before the ones that are there.
 *
 * @param explain makes an error of what apt said
 * @throws what `explain` makes
 */
export const adoptLists = async (
  lists: ImportedLists,
  explain: (error: SlipwayError) => SlipwayError,
): Promise<void> => {
  const { directory } = lists;
  const at = await importedAt(directory);
  if (at === undefined) return;
  const imported = join(directory, IMPORTED);
  const scratch = `${directory}.${process.pid}.${randomUUID()}.tmp`;
  try {
    const checked = await check(lists, scratch).catch(async (error: unknown) => {
      if (!(error instanceof SlipwayError) || error.code !== 'TOOL_FAILED') throw error;
      await rm(imported, { recursive: true, force: true });
      throw explain(error);
    });
    const state = join(directory, 'state', 'lists');
    const fresh = join(scratch, 'lists');
    await mkdir(join(fresh, 'partial'), { recursive: true });
    for (const { name, path } of checked) await rename(path, join(fresh, name));
    const isOlder =
      (await fetchedAt(directory)) !== undefined && (await isLater(state, fresh, lists.sources));
    if (!isOlder) {
      await rm(join(directory, STAMP), { force: true });
      await rm(state, { recursive: true, force: true });
      await mkdir(dirname(state), { recursive: true });
      await rename(fresh, state);
      await writeFile(join(directory, STAMP), '');
      await utimes(join(directory, STAMP), new Date(at), new Date(at));
    }
    await rm(imported, { recursive: true, force: true });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};
