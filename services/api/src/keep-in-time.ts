import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  buildsWithOldArtifacts,
  buildsWithOldLogs,
  countOldCommands,
  countOldReports,
  forgetArtifacts,
  neededSources,
  oldDrafts,
  removeOldCommands,
  removeOldReports,
  RETENTION_BATCH,
  sourcesUntil,
  withdrawDraft,
  type Database,
} from '@slipway/fleet';
import { Digest, systemError, type RetentionLimits, type RetentionReport } from '@slipway/protocol';

type Item = RetentionReport['items'][number];

/** What of a build stays until its log goes. */
const LOG = 'build.log';

const absent = (error: unknown): undefined => {
  if (systemError(error, ['ENOENT']) === undefined) throw error;
};

const bytesBelow = async (path: string): Promise<number> => {
  const info = await stat(path).catch(absent);
  if (info === undefined) return 0;
  if (!info.isDirectory()) return info.size;
  let bytes = 0;
  for (const name of (await readdir(path).catch(absent)) ?? []) bytes += await bytesBelow(join(path, name));
  return bytes;
};

/**
 * Removes what is past its time, in small steps, each whole in itself: one that is broken off is gone on with by the
 * next. The database is told first; a file that is left behind goes the next time.
 *
 * @param dryRun only to tell
 */
export const keepInTime = async (
  { db, storeDir }: { readonly db: Database; readonly storeDir: string },
  limits: RetentionLimits,
  now: Date,
  dryRun: boolean,
): Promise<RetentionReport> => {
  const remove = async (path: string): Promise<number> => {
    const bytes = await bytesBelow(path);
    if (!dryRun) await rm(path, { recursive: true, force: true });
    return bytes;
  };

  /** Under another name first: a build that asks for it at this moment makes it anew, or has made it young again. */
  const removeSource = async (folder: string, name: string, until: Date): Promise<number> => {
    const path = join(folder, name);
    if (dryRun) return bytesBelow(path);
    const gone = join(folder, `.gone-${name.replace(/^\.gone-/, '')}`);
    await rename(path, gone);
    const info = await stat(gone);
    if (info.mtime < until) return remove(gone);
    await rename(gone, path);
    return 0;
  };

  const drafts = async (): Promise<Item> => {
    const ids = await oldDrafts(db, limits, now);
    let count = 0;
    for (const id of ids) if (dryRun || (await withdrawDraft(db, id))) count += 1;
    return { kind: 'drafts', count, bytes: 0 };
  };

  const artifacts = async (): Promise<Item> => {
    const old = await buildsWithOldArtifacts(db, limits, now);
    let [count, bytes] = [0, 0];
    for (let from = 0; from < old.length; from += RETENTION_BATCH) {
      const batch = old.slice(from, from + RETENTION_BATCH);
      if (!dryRun)
        await forgetArtifacts(
          db,
          batch.map(({ build }) => build),
        );
      for (const { build, release } of batch) {
        const folder = join(storeDir, 'builds', build);
        const names = ((await readdir(folder).catch(absent)) ?? []).filter((name) => name !== LOG);
        let freed = 0;
        for (const name of names) freed += await remove(join(folder, name));
        for (const name of [`${release}.tar`, `${release}.disk.img`])
          freed += await remove(join(storeDir, 'bundles', name));
        bytes += freed;
        if (freed > 0) count += 1;
      }
    }
    return { kind: 'artifacts', count, bytes };
  };

  const logs = async (): Promise<Item> => {
    let [count, bytes] = [0, 0];
    for (const { build } of await buildsWithOldLogs(db, limits, now)) {
      const folder = join(storeDir, 'builds', build);
      if ((await stat(folder).catch(absent)) === undefined) continue;
      bytes += await remove(folder);
      count += 1;
    }
    return { kind: 'logs', count, bytes };
  };

  const sources = async (): Promise<Item> => {
    const folder = join(storeDir, 'sources');
    const needed = await neededSources(db, limits, now);
    const until = sourcesUntil(limits, now);
    let [count, bytes] = [0, 0];
    for (const name of (await readdir(folder).catch(absent)) ?? []) {
      const digest = Digest.safeParse(name);
      const info = await stat(join(folder, name)).catch(absent);
      // Also copies that were never finished; one under way is young.
      if (info === undefined || info.mtime >= until || (digest.success && needed.has(digest.data))) continue;
      bytes += await removeSource(folder, name, until);
      count += 1;
    }
    return { kind: 'sources', count, bytes };
  };

  const rows = async (
    kind: 'reports' | 'commands',
    countOld: typeof countOldReports,
    removeOld: typeof removeOldReports,
  ): Promise<Item> => {
    if (dryRun) return { kind, count: await countOld(db, limits, now), bytes: 0 };
    let count = 0;
    for (;;) {
      const gone = await removeOld(db, limits, now);
      count += gone;
      if (gone < RETENTION_BATCH) return { kind, count, bytes: 0 };
      await setImmediate();
    }
  };

  const items: Item[] = [];
  for (const step of [
    drafts,
    artifacts,
    logs,
    sources,
    () => rows('reports', countOldReports, removeOldReports),
    () => rows('commands', countOldCommands, removeOldCommands),
  ])
    items.push(await step());
  return { dryRun, items };
};
