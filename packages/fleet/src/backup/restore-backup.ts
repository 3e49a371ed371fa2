import { createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sql } from 'drizzle-orm';
import { ClassName, codeOf, SlipwayError, systemError } from '@slipway/protocol';
import { z } from 'zod';
import type { DatabasePlace } from '../database.ts';
import { lockDirectory } from '../lock.ts';
import type { OpenWith } from './encryption.ts';
import { setAside } from './set-aside.ts';
import { importDatabase } from './import-database.ts';
import { DATA, DATABASE, type BackupEntry } from './manifest.ts';
import { readBackup, type Keep } from './read-backup.ts';
import { rejoin } from './rejoin.ts';

export type RestoreBackup = {
  readonly file: string;
  readonly dataDir: string;
  /** absent: the embedded database in the data directory */
  readonly databaseUrl?: string | undefined;
  /** what is there is set aside, not removed; absent: a place that is not empty is refused */
  readonly force?: boolean | undefined;
  /** what opens the backup, where it is encrypted */
  readonly key?: OpenWith | undefined;
  readonly now: Date;
};

export type Restored = {
  readonly dataDir: string;
  readonly madeAt: string;
  readonly files: number;
  /** where that lies which was there before */
  readonly setAside: readonly string[];
};

/**
 * Puts an instance back from a backup. Everything is unpacked, compared and worked out beside the data directory, which
 * then takes its place in one step; where anything fails, what was there is as it was.
 *
 * @throws {SlipwayError} BACKUP_INVALID; BACKUP_LOCKED; RESTORE_REFUSED where there is something already; ALREADY_RUNNING
 */
export const restoreBackup = async (options: RestoreBackup): Promise<Restored> => {
  const { file, dataDir, databaseUrl, force = false, key, now } = options;
  const mark = now.toISOString().replaceAll(/\D/g, '').slice(0, 14);
  await using undo = new AsyncDisposableStack();
  const isThere = await holds(dataDir);
  if (isThere !== undefined) {
    const lock = await lockDirectory(dataDir).catch((cause: unknown) => {
      if (codeOf(cause) !== 'DATABASE_LOCKED') throw cause;
      throw new SlipwayError('ALREADY_RUNNING', `Slipway runs on ${dataDir}. Stop it first.`, { cause });
    });
    undo.defer(() => lock.release());
  }
  if (isThere === true && !force) throw refused(dataDir);

  const staging = `${dataDir}.restoring`;
  await rm(staging, { recursive: true, force: true });
  undo.defer(() => rm(staging, { recursive: true, force: true }));
  await mkdir(staging, { recursive: true, mode: 0o700 });
  const { head, entries } = await unpack(file, staging, key);
  const rows = join(staging, DATABASE);

  const aside = databaseUrl === undefined ? undefined : await setAside(databaseUrl, mark, force);
  try {
    const place: DatabasePlace =
      databaseUrl === undefined ? { dataDir: join(staging, 'data', 'db') } : { url: databaseUrl };
    const database = await importDatabase(place, rows);
    try {
      const signed = await lastSigned(join(staging, 'data', 'signer', 'state', 'log.jsonl'));
      await rejoin(database.db, { backupMadeAt: new Date(head.madeAt), signed }, now);
      await database.db.execute(sql`analyze`);
    } finally {
      await database.close();
    }
    const old = `${dataDir}.before-restore-${mark}`;
    if (isThere !== undefined) await rename(dataDir, old);
    await rename(join(staging, 'data'), dataDir);
    await aside?.close();
    const kept = [...(isThere === true ? [old] : []), ...(aside?.kept ?? [])];
    if (isThere === false) await rm(old, { recursive: true, force: true });
    return {
      dataDir,
      madeAt: head.madeAt,
      files: entries.filter(({ type }) => type === 'file').length,
      setAside: kept,
    };
  } catch (error) {
    await aside?.putBack();
    throw error;
  }
};

const refused = (place: string): SlipwayError =>
  new SlipwayError(
    'RESTORE_REFUSED',
    `${place} is not empty. Name an empty place, or say --force: what is there is set aside then.`,
    { details: { place } },
  );

/** @returns undefined where there is no folder, false where it is empty */
const holds = async (dataDir: string): Promise<boolean | undefined> => {
  try {
    return (await readdir(dataDir)).length > 0;
  } catch (error) {
    if (systemError(error, ['ENOENT']) === undefined) throw error;
    return undefined;
  }
};

const unpack = async (file: string, staging: string, key: OpenWith | undefined) => {
  const links = new Set<string>();
  const folders: { path: string; mode: number; mtime: Date }[] = [];
  await mkdir(join(staging, 'data'), { mode: 0o700 });
  const keep: Keep = async (entry, content, mtime) => {
    refuseOdd(entry, links);
    const to = join(staging, entry.path);
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    switch (entry.type) {
      case 'folder':
        // Writable by us until all is in it.
        await mkdir(to, { recursive: true, mode: 0o700 });
        folders.push({ path: to, mode: entry.mode, mtime });
        return;
      case 'link':
        links.add(entry.path);
        await symlink(entry.target, to);
        return;
      case 'file':
        await pipeline(content, createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true }));
        await chmod(to, entry.mode);
        await utimes(to, mtime, mtime);
        return;
      default:
        entry satisfies never;
    }
  };
  const result = await readBackup(file, keep, key);
  for (const { path, mode, mtime } of folders.reverse()) {
    await chmod(path, mode);
    await utimes(path, mtime, mtime);
  }
  return result;
};

/** Whoever made the file: nothing is written through a link that it brought. */
const refuseOdd = (entry: BackupEntry, links: ReadonlySet<string>): void => {
  const parts = entry.path.split('/');
  const isOurs = entry.path === DATABASE || entry.path.startsWith(DATA);
  const isThroughLink = parts.some((_part, at) => links.has(parts.slice(0, at + 1).join('/')));
  if (isOurs && !isThroughLink) return;
  throw new SlipwayError(
    'BACKUP_INVALID',
    `${entry.path}: it has no place in a backup. Take another backup.`,
  );
};

const Line = z.looseObject({ deviceClass: ClassName, counter: z.int() });

/** What the signer will not sign again. */
const lastSigned = async (log: string): Promise<ReadonlyMap<ClassName, number>> => {
  const last = new Map<ClassName, number>();
  const isThere = await lstat(log).then(
    () => true,
    () => false,
  );
  if (!isThere) return last;
  for (const line of (await readFile(log, 'utf8')).split('\n').slice(0, -1)) {
    const { deviceClass, counter } = Line.parse(JSON.parse(line));
    last.set(deviceClass, Math.max(last.get(deviceClass) ?? 0, counter));
  }
  return last;
};
