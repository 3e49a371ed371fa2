import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildsWithOldArtifacts,
  buildsWithOldLogs,
  forgetArtifacts,
  neededSources,
  sourcesUntil,
  type OldBuild,
} from '@slipway/fleet';
import { Digest, DiskArtifact, systemError, type RetentionAmount } from '@slipway/protocol';
import { MAX_FOLDERS_OF_PASS, type Keeper, type Stock } from './keeper.ts';

/** What of a build stays until its log goes. */
const LOG = 'build.log';

const absent = (error: unknown): undefined => {
  if (systemError(error, ['ENOENT']) === undefined) throw error;
};
const namesIn = async (folder: string): Promise<string[]> => (await readdir(folder).catch(absent)) ?? [];

const bytesBelow = async (path: string): Promise<number> => {
  const info = await stat(path).catch(absent);
  if (info === undefined) return 0;
  if (!info.isDirectory()) return info.size;
  let bytes = 0;
  for (const name of await namesIn(path)) bytes += await bytesBelow(join(path, name));
  return bytes;
};
const bytesOf = async (paths: readonly string[]): Promise<number> => {
  let bytes = 0;
  for (const path of paths) bytes += await bytesBelow(path);
  return bytes;
};

const NOTHING: RetentionAmount = { count: 0, bytes: 0 };
const sum = (a: RetentionAmount, b: RetentionAmount): RetentionAmount => ({
  count: a.count + b.count,
  bytes: a.bytes + b.bytes,
});

/** Files that belong to builds: those that are there of each. */
const keepBuildFiles = (
  kind: 'artifacts' | 'logs',
  filesOf: (folder: string) => Promise<string[]>,
  { storeDir }: Stock,
  old: (now: Date) => Promise<OldBuild[]>,
  remove: (paths: readonly string[], build: OldBuild) => Promise<void>,
): Keeper => {
  const pathsOf = async ({ build, release }: OldBuild): Promise<string[]> => {
    const beside =
      kind === 'artifacts'
        ? [`bundles/${release}.tar`, ...DiskArtifact.options.map((name) => `bundles/${release}.${name}`)]
        : [`qualifications/${release}`];
    const paths = await filesOf(join(storeDir, 'builds', build));
    for (const path of beside.map((name) => join(storeDir, name)))
      if ((await stat(path).catch(absent)) !== undefined) paths.push(path);
    return paths;
  };
  const there = async (): Promise<RetentionAmount> => {
    let amount = NOTHING;
    for (const build of await namesIn(join(storeDir, 'builds'))) {
      const paths = await filesOf(join(storeDir, 'builds', build));
      if (paths.length > 0) amount = sum(amount, { count: 1, bytes: await bytesOf(paths) });
    }
    const beside = join(storeDir, kind === 'artifacts' ? 'bundles' : 'qualifications');
    return sum(amount, { count: 0, bytes: await bytesBelow(beside) });
  };
  return {
    kind,
    look: async (now) => {
      let due = NOTHING;
      for (const build of await old(now)) {
        const paths = await pathsOf(build);
        if (paths.length > 0) due = sum(due, { count: 1, bytes: await bytesOf(paths) });
      }
      return { there: await there(), due };
    },
    remove: async (now) => {
      let gone = NOTHING;
      for (const build of await old(now)) {
        const paths = await pathsOf(build);
        if (paths.length === 0) continue;
        if (gone.count >= MAX_FOLDERS_OF_PASS) return { ...gone, more: true };
        gone = sum(gone, { count: 1, bytes: await bytesOf(paths) });
        await remove(paths, build);
      }
      return { ...gone, more: false };
    },
  };
};

const removeAll = async (paths: readonly string[]): Promise<void> => {
  for (const path of paths) await rm(path, { recursive: true, force: true });
};

export const keepArtifacts = (stock: Stock): Keeper =>
  keepBuildFiles(
    'artifacts',
    async (folder) =>
      (await namesIn(folder)).filter((name) => name !== LOG).map((name) => join(folder, name)),
    stock,
    (now) => buildsWithOldArtifacts(stock.db, stock.limits, now),
    async (paths, { build }) => {
      // Said first: nobody is sent to a file that is not there. A file that is left behind goes the next time.
      await forgetArtifacts(stock.db, [build]);
      await removeAll(paths);
    },
  );

export const keepLogs = (stock: Stock): Keeper =>
  keepBuildFiles(
    'logs',
    async (folder) => ((await namesIn(folder)).includes(LOG) ? [join(folder, LOG)] : []),
    stock,
    (now) => buildsWithOldLogs(stock.db, stock.limits, now),
    (paths, { build }) => removeAll([...paths, join(stock.storeDir, 'builds', build)]),
  );

export const keepSources = ({ db, storeDir, limits }: Stock): Keeper => {
  const folder = join(storeDir, 'sources');
  const old = async (now: Date): Promise<string[]> => {
    const needed = await neededSources(db, limits, now);
    const until = sourcesUntil(limits, now);
    const names: string[] = [];
    for (const name of await namesIn(folder)) {
      const digest = Digest.safeParse(name);
      const info = await stat(join(folder, name)).catch(absent);
      // Also copies that were never finished; one under way is young.
      if (info === undefined || info.mtime >= until || (digest.success && needed.has(digest.data))) continue;
      names.push(name);
    }
    return names;
  };
  /** Under another name first: a build that asks for it at this moment makes it anew, or has made it young again. */
  const removeSource = async (name: string, until: Date): Promise<RetentionAmount> => {
    const path = join(folder, name);
    const gone = join(folder, `.gone-${name.replace(/^\.gone-/, '')}`);
    await rename(path, gone);
    if ((await stat(gone)).mtime < until) {
      const bytes = await bytesBelow(gone);
      await removeAll([gone]);
      return { count: 1, bytes };
    }
    await rename(gone, path);
    return NOTHING;
  };
  return {
    kind: 'sources',
    look: async (now) => {
      const names = await old(now);
      return {
        there: { count: (await namesIn(folder)).length, bytes: await bytesBelow(folder) },
        due: { count: names.length, bytes: await bytesOf(names.map((name) => join(folder, name))) },
      };
    },
    remove: async (now) => {
      const names = await old(now);
      let gone = NOTHING;
      for (const name of names.slice(0, MAX_FOLDERS_OF_PASS))
        gone = sum(gone, await removeSource(name, sourcesUntil(limits, now)));
      return { ...gone, more: names.length > MAX_FOLDERS_OF_PASS };
    },
  };
};
