import { open, rm } from 'node:fs/promises';
import { sql, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../database.ts';
import type { ExportHead } from './ndjson.ts';

export type DatabaseExport = { readonly tables: number; readonly rows: number };

const FETCH = 200;

/** What a statement gives, on both databases. */
export const rowsOf = async <S extends z.ZodType>(
  db: Database,
  schema: S,
  query: SQL,
): Promise<z.infer<S>[]> => {
  const result: unknown = await db.execute(query);
  return z.object({ rows: z.array(schema) }).parse(result).rows;
};

/**
 * Writes the whole database into a file that only we can read, as it is at one moment; others go on writing meanwhile.
 * With the embedded database they wait, because it does one thing at a time.
 */
export const exportDatabase = async (db: Database, path: string, now: Date): Promise<DatabaseExport> => {
  const file = await open(path, 'wx', 0o600);
  try {
    const summary = await db.transaction(
      async (tx) => {
        await file.appendFile(`${JSON.stringify(await headOf(tx, now))}\n`);
        const tables = await tablesInOrder(tx);
        let rows = 0;
        for (const table of tables) rows += await exportTable(tx, table, (text) => file.appendFile(text));
        await file.appendFile(`.${JSON.stringify({ rows })}\n`);
        return { tables: tables.length, rows };
      },
      { isolationLevel: 'repeatable read', accessMode: 'read only' },
    );
    await file.sync();
    return summary;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
};

const headOf = async (tx: Database, now: Date): Promise<ExportHead> => {
  const [newest] = await rowsOf(
    tx,
    z.object({ at: z.coerce.number() }),
    sql`select max(created_at) as at from drizzle.__drizzle_migrations`,
  );
  const bundles = await rowsOf(
    tx,
    z.object({ id: z.string() }),
    sql`select id from releases where state <> 'withdrawn' order by id`,
  );
  return {
    v: 1,
    format: 'slipway-database',
    madeAt: now.toISOString(),
    migration: newest?.at ?? 0,
    bundles: bundles.map(({ id }) => id),
  };
};

const exportTable = async (
  tx: Database,
  table: string,
  write: (text: string) => Promise<void>,
): Promise<number> => {
  // What the database works out by itself it does not take back.
  const columns = await rowsOf(
    tx,
    z.object({ name: z.string() }),
    sql`select column_name as name from information_schema.columns
        where table_schema = 'public' and table_name = ${table} and is_generated = 'NEVER'
        order by ordinal_position`,
  );
  await write(`#${JSON.stringify({ table, columns: columns.map(({ name }) => name) })}\n`);
  const list = sql.join(
    columns.map(({ name }) => sql.identifier(name)),
    sql`, `,
  );
  await tx.execute(
    sql`declare exported no scroll cursor for
        select to_jsonb(t)::text as row from (select ${list} from ${sql.identifier(table)}) t`,
  );
  let count = 0;
  for (;;) {
    const found = await rowsOf(tx, z.object({ row: z.string() }), sql.raw(`fetch ${FETCH} from exported`));
    if (found.length === 0) break;
    count += found.length;
    await write(found.map(({ row }) => `${row}\n`).join(''));
  }
  await tx.execute(sql`close exported`);
  return count;
};

/** Those that others refer to come first. */
export const tablesInOrder = async (tx: Database): Promise<string[]> => {
  const tables = await rowsOf(
    tx,
    z.object({ name: z.string() }),
    sql`select table_name as name from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE' order by table_name`,
  );
  const references = await rowsOf(
    tx,
    z.object({ from: z.string(), to: z.string() }),
    sql`select a.relname as from, b.relname as to from pg_constraint c
        join pg_class a on a.oid = c.conrelid join pg_class b on b.oid = c.confrelid
        join pg_namespace n on n.oid = a.relnamespace
        where c.contype = 'f' and n.nspname = 'public' and a.oid <> b.oid`,
  );
  const ordered: string[] = [];
  const visit = (table: string, path: readonly string[]): void => {
    if (ordered.includes(table)) return;
    if (path.includes(table)) throw new TypeError(`tables refer to each other: ${path.join(', ')}`);
    for (const { from, to } of references) if (from === table) visit(to, [...path, table]);
    ordered.push(table);
  };
  for (const { name } of tables) visit(name, []);
  return ordered;
};
