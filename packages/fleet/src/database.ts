import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { sql, type ExtractTablesWithRelations } from 'drizzle-orm';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import { Pool } from 'pg';
import { z } from 'zod';
import { lockDirectory } from './lock.ts';
import * as schema from './schema.ts';
import { chainLegacyAudit } from './store/audit.ts';

/** A database or a transaction in one: store functions take either. */
export type Database = PgDatabase<PgQueryResultHKT, typeof schema, ExtractTablesWithRelations<typeof schema>>;

/** A directory of the embedded database, or the URL of a PostgreSQL server. */
export type DatabasePlace = { readonly dataDir: string } | { readonly url: string };

export type OpenDatabase = {
  readonly db: Database;
  /** for people: which engine, which version */
  readonly engine: string;
  readonly close: () => Promise<void>;
};

export type OpenOptions = {
  /** told of every statement before it is run, with its parameters as the driver gets them */
  readonly onStatement?: ((text: string, params: readonly unknown[]) => void) | undefined;
  /** folder of migrations, where it is not all of ours that are to be made */
  readonly migrations?: string | undefined;
};

/** Of the package, as `drizzle-kit` writes it. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../migrations', import.meta.url));
// Any number will do as long as it is ours: servers that start together migrate one after the other.
const MIGRATION_LOCK = 7_547_929;

/**
 * Opens the database and brings its schema up to date: PGlite in `dataDir` (one process only, held by a lock) or the
 * PostgreSQL server at `url`.
 *
 * @throws {SlipwayError} DATABASE_LOCKED
 */
export const openDatabase = (where: DatabasePlace, options: OpenOptions = {}) =>
  'url' in where ? openPostgres(where.url, options) : openEmbedded(where.dataDir, options);

const configOf = ({ onStatement }: OpenOptions) => ({
  schema,
  ...(onStatement === undefined ? {} : { logger: { logQuery: onStatement } }),
});

const openEmbedded = async (dataDir: string, options: OpenOptions): Promise<OpenDatabase> => {
  const lock = await lockDirectory(dataDir);
  try {
    const client = await PGlite.create(dataDir);
    const db = drizzlePglite(client, configOf(options));
    await migratePglite(db, { migrationsFolder: options.migrations ?? MIGRATIONS_FOLDER });
    // Others may know no chain yet.
    if (options.migrations === undefined) await chainLegacyAudit(db);
    return {
      db,
      engine: `PGlite, ${await serverVersion(db)}`,
      close: async () => {
        await client.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
};

const openPostgres = async (url: string, options: OpenOptions): Promise<OpenDatabase> => {
  const pool = new Pool({ connectionString: url });
  // A connection that breaks is replaced by the pool, while idle as well as in use, where its query or the next one fails;
  // without a listener it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    const client = await pool.connect();
    try {
      await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
      await migratePg(drizzlePg(client, { schema }), {
        migrationsFolder: options.migrations ?? MIGRATIONS_FOLDER,
      });
      if (options.migrations === undefined) await chainLegacyAudit(drizzlePg(client, { schema }));
      await client.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    } finally {
      client.release();
    }
    const db = drizzlePg(pool, configOf(options));
    return { db, engine: await serverVersion(db), close: () => pool.end() };
  } catch (error) {
    await pool.end();
    throw error;
  }
};

const VersionResult = z.object({ rows: z.array(z.object({ version: z.string() })).min(1) });

export const serverVersion = async (db: Database): Promise<string> => {
  const result: unknown = await db.execute(sql`select split_part(version(), ' on ', 1) as version`);
  return VersionResult.parse(result).rows[0]?.version ?? '';
};

/** @throws where the database does not answer */
export const pingDatabase = async (db: Database): Promise<void> => {
  await db.execute(sql`select 1`);
};
