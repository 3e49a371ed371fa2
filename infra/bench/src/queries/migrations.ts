import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { MIGRATIONS_FOLDER, type Database } from '@slipway/fleet';
import { askSql } from './ask-sql.ts';
import { fillFleet } from './fill.ts';
import type { MigrationMeasure } from './result.ts';

const Journal = z.looseObject({ entries: z.array(z.looseObject({ tag: z.string() })).min(1) });

export type Migration = { readonly name: string; readonly text: string };

/** Makes a folder of migrations that holds the first of ours only. @returns the others */
export const firstMigrationOnly = async (folder: string): Promise<readonly Migration[]> => {
  const journal = Journal.parse(
    JSON.parse(await readFile(join(MIGRATIONS_FOLDER, 'meta', '_journal.json'), 'utf8')),
  );
  const [first, ...rest] = journal.entries;
  if (first === undefined) throw new Error('there are no migrations');
  await mkdir(join(folder, 'meta'), { recursive: true });
  await writeFile(join(folder, 'meta', '_journal.json'), JSON.stringify({ ...journal, entries: [first] }));
  const file = `${first.tag}.sql`;
  await writeFile(join(folder, file), await readFile(join(MIGRATIONS_FOLDER, file)));
  return Promise.all(
    rest.map(async ({ tag }) => ({
      name: tag,
      text: await readFile(join(MIGRATIONS_FOLDER, `${tag}.sql`), 'utf8'),
    })),
  );
};

const FileOfTable = z.object({ table: z.string(), file: z.string() });
const filesOfTables = (db: Database) =>
  askSql(
    db,
    FileOfTable,
    `select relname as table, relfilenode::text as file from pg_class
     where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples > 0`,
  );

/**
 * Applies migrations to a database that is full, one by one, each in a transaction as the migrator does. Tables that
 * one of them adds are empty for the next; nothing is slow with those.
 */
export const measureMigrations = async (
  db: Database,
  migrations: readonly Migration[],
  devices: number,
): Promise<MigrationMeasure[]> => {
  await fillFleet(db, devices);
  const results: MigrationMeasure[] = [];
  for (const { name, text } of migrations) {
    const before = await filesOfTables(db);
    const start = performance.now();
    const { locks, ms } = await db.transaction(async (tx) => {
      for (const statement of text.split('--> statement-breakpoint')) await tx.execute(sql.raw(statement));
      const held = await askSql(
        tx,
        z.object({ table: z.string(), mode: z.string() }),
        `select relname as table, mode from pg_locks join pg_class on pg_class.oid = relation
         where pid = pg_backend_pid() and relkind = 'r' and relnamespace = 'public'::regnamespace
           and mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`,
      );
      return { locks: held, ms: performance.now() - start };
    });
    const after = new Map((await filesOfTables(db)).map(({ table, file }) => [table, file]));
    const known = new Set(before.map(({ table }) => table));
    results.push({
      name,
      ms,
      locks: [...new Set(locks.map(({ table }) => table))].filter((table) => known.has(table)).sort(),
      rewritten: before.filter(({ table, file }) => after.get(table) !== file).map(({ table }) => table),
    });
  }
  return results;
};
