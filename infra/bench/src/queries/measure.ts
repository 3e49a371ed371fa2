import { z } from 'zod';
import type { Database } from '@slipway/fleet';
import { askSql } from './ask-sql.ts';
import { explain, undone, type Statement } from './explain.ts';
import { hotQueries, type HotQuery } from './hot-queries.ts';
import type { QueryMeasure } from './result.ts';

const RowsOfTable = z.object({ table: z.string(), rows: z.coerce.number() });

/** Tables with so many rows that to read one from end to end is felt. */
const largeTables = async (db: Database, devices: number): Promise<ReadonlySet<string>> => {
  const rows = await askSql(
    db,
    RowsOfTable,
    `select relname as table, reltuples as rows from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  return new Set(rows.filter(({ rows: count }) => count >= devices / 2).map(({ table }) => table));
};

/** Indexes that no key is made of. */
const indexesBesideKeys = async (db: Database): Promise<readonly string[]> =>
  (
    await askSql(
      db,
      z.object({ name: z.string() }),
      `select indexrelid::regclass::text as name from pg_index join pg_class on pg_class.oid = indrelid
       where relnamespace = 'public'::regnamespace and relkind = 'r' and not exists
         (select from pg_constraint where conindid = indexrelid)`,
    )
  ).map(({ name }) => name);

const isExplained = ({ text }: Statement): boolean =>
  /^[\s(]*(?:select|insert|update|delete|with)\b/i.test(text);

const REPEATS = 3;

/**
 * Measures the hot queries.
 *
 * @param heard where the database tells its statements
 */
export const measureQueries = async (
  db: Database,
  heard: Statement[],
  devices: number,
  {
    parts,
    peers: withPeers = true,
  }: { readonly parts?: readonly HotQuery['part'][]; readonly peers?: boolean } = {},
): Promise<QueryMeasure[]> => {
  const large = await largeTables(db, devices);
  const dropIndexes = (await indexesBesideKeys(db)).map((name) => `drop index ${name}`);
  const statementsOf = async (run: HotQuery['run']): Promise<Statement[]> => {
    heard.length = 0;
    await undone(db, run);
    return heard.filter(isExplained);
  };
  const all = await hotQueries(db, devices);
  const results: QueryMeasure[] = [];
  for (const query of all.filter(({ part }) => parts === undefined || parts.includes(part))) {
    const statements = await statementsOf(query.run);
    const { rows, ...plan } = await explain(db, statements, { large, repeats: withPeers ? REPEATS : 1 });
    const peers: QueryMeasure['peers'] = [];
    const compare = async (name: string, of: readonly Statement[], before: readonly string[] = []) => {
      const { rows: _, ...peer } = await explain(db, of, { large, repeats: REPEATS, before });
      peers.push({ name, plan: peer, ratio: peer.ms / plan.ms });
    };
    if (withPeers && query.goalMs === undefined) await compare('keys only', statements, dropIndexes);
    if (withPeers && query.byOffset !== undefined)
      await compare('OFFSET', await statementsOf(query.byOffset));
    results.push({
      part: query.part,
      name: query.name,
      rows,
      statements: statements.length,
      plan,
      peers,
      mayScan: query.mayScan ?? false,
      ...(query.goalMs === undefined ? {} : { goalMs: query.goalMs }),
    });
  }
  return results;
};
