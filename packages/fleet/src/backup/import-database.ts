import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { messageOf, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import {
  MIGRATIONS_FOLDER,
  openDatabase,
  type Database,
  type DatabasePlace,
  type OpenDatabase,
} from '../database.ts';
import { rowsOf, tablesInOrder } from './export-database.ts';
import { linesOf } from './lines.ts';
import { ExportEnd, ExportHead, TableHead } from './ndjson.ts';

const MAX_ROWS = 500;
const MAX_CHARACTERS = 4_000_000;

const invalid = (why: string, cause?: unknown): SlipwayError =>
  new SlipwayError('BACKUP_INVALID', `The database of the backup: ${why}. Take another backup.`, { cause });

const Journal = z.looseObject({ entries: z.array(z.looseObject({ when: z.int(), tag: z.string() })) });

/** The migrations up to the one that the exported database had, in a folder of their own. */
const migrationsUntil = async (
  when: number,
): Promise<{ readonly folder: string; readonly isNewest: boolean }> => {
  const journal = Journal.parse(
    JSON.parse(await readFile(join(MIGRATIONS_FOLDER, 'meta/_journal.json'), 'utf8')),
  );
  const last = journal.entries.findIndex((entry) => entry.when === when);
  if (last === -1)
    throw new SlipwayError(
      'BACKUP_INVALID',
      'The backup was made by a newer Slipway than this one. Restore it with that version or one after it.',
    );
  const entries = journal.entries.slice(0, last + 1);
  const folder = await mkdtemp(join(tmpdir(), 'slipway-migrations-'));
  await mkdir(join(folder, 'meta'));
  await writeFile(join(folder, 'meta/_journal.json'), JSON.stringify({ ...journal, entries }));
  for (const { tag } of entries) await cp(join(MIGRATIONS_FOLDER, `${tag}.sql`), join(folder, `${tag}.sql`));
  return { folder, isNewest: last === journal.entries.length - 1 };
};

const readHead = async (path: string): Promise<ExportHead> => {
  for await (const line of linesOf(path)) {
    const head = ExportHead.safeParse(parseJson(line));
    if (!head.success) throw invalid('its first line is not that of a database', head.error);
    return head.data;
  }
  throw invalid('it is empty');
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Fills an empty database from a file of `exportDatabase`: it gets the schema that the rows had, then the rows, then
 * the migrations made since.
 *
 * @returns it, open
 * @throws {SlipwayError} BACKUP_INVALID, DATABASE_LOCKED
 */
export const importDatabase = async (place: DatabasePlace, path: string): Promise<OpenDatabase> => {
  const head = await readHead(path);
  const { folder, isNewest } = await migrationsUntil(head.migration);
  try {
    const database = await openDatabase(place, { migrations: folder });
    try {
      await database.db.transaction((tx) => importRows(tx, path));
    } catch (error) {
      await database.close();
      throw error;
    }
    if (isNewest) return database;
    await database.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return openDatabase(place);
};

const importRows = async (tx: Database, path: string): Promise<void> => {
  const tables = await tablesInOrder(tx);
  // Rows come as they were, and nobody is told of them once more. The audit log is held to its chain as ever.
  const silenced = tables.filter((table) => table !== 'audit').map((table) => sql.identifier(table));
  for (const table of silenced) await tx.execute(sql`alter table ${table} disable trigger user`);
  // Rows that migrations made are in the backup as well, as they were then.
  for (const table of tables.toReversed()) {
    if ((await rowsOf(tx, z.unknown(), sql`select 1 from ${sql.identifier(table)} limit 1`)).length > 0)
      await tx.execute(sql`delete from ${sql.identifier(table)}`);
  }
  let into: z.infer<typeof TableHead> | undefined;
  let rows: string[] = [];
  let characters = 0;
  let count = 0;
  let end: z.infer<typeof ExportEnd> | undefined;
  const flush = async (): Promise<void> => {
    if (into !== undefined && rows.length > 0) await insert(tx, into, rows);
    count += rows.length;
    rows = [];
    characters = 0;
  };
  let isHead = true;
  for await (const line of linesOf(path)) {
    if (isHead) {
      isHead = false;
    } else if (line.startsWith('#')) {
      await flush();
      into = TableHead.parse(parseJson(line.slice(1)));
    } else if (line.startsWith('.')) {
      await flush();
      end = ExportEnd.parse(parseJson(line.slice(1)));
    } else {
      rows.push(line);
      characters += line.length;
      if (rows.length >= MAX_ROWS || characters >= MAX_CHARACTERS) await flush();
    }
  }
  if (end?.rows !== count) throw invalid(`expected ${end?.rows ?? 'an end'} rows, found ${count}`);
  try {
    await tx.execute(sql`set constraints all immediate`);
  } catch (error) {
    throw invalid(`its audit log does not hold together: ${messageOf(error).slice(0, 200)}`, error);
  }
  await raiseSequences(tx);
  for (const table of silenced) await tx.execute(sql`alter table ${table} enable trigger user`);
};

const insert = async (
  tx: Database,
  { table, columns }: z.infer<typeof TableHead>,
  rows: readonly string[],
): Promise<void> => {
  const name = sql.identifier(table);
  const list = sql.join(
    columns.map((column) => sql.identifier(column)),
    sql`, `,
  );
  try {
    await tx.execute(
      sql`insert into ${name} (${list}) overriding system value
          select ${list} from jsonb_populate_recordset(null::${name}, ${`[${rows.join(',')}]`}::jsonb)`,
    );
  } catch (error) {
    throw invalid(`rows of ${table} do not fit: ${messageOf(error).slice(0, 200)}`, error);
  }
};

/** Numbers that the database gives go on after those that are there. */
const raiseSequences = async (tx: Database): Promise<void> => {
  const identities = await rowsOf(
    tx,
    z.object({ table: z.string(), column: z.string() }),
    sql`select table_name as table, column_name as column from information_schema.columns
        where table_schema = 'public' and is_identity = 'YES'`,
  );
  for (const { table, column } of identities) {
    await tx.execute(
      sql`select setval(pg_get_serial_sequence(${`public."${table}"`}, ${column}),
          greatest((select coalesce(max(${sql.identifier(column)}), 0) from ${sql.identifier(table)}), 1))`,
    );
  }
};
