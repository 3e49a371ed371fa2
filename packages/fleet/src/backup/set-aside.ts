import { SlipwayError } from '@slipway/protocol';
import { Pool } from 'pg';

/** A PostgreSQL database whose tables were moved out of the way. */
export type Aside = {
  /** names of schemas; none: it was empty */
  readonly kept: readonly string[];
  /** as if nothing had happened */
  readonly putBack: () => Promise<void>;
  readonly close: () => Promise<void>;
};

const SCHEMAS = ['public', 'drizzle'] as const;

/**
 * Makes room in a PostgreSQL database: the schemas with our tables get another name, so nothing of them is lost.
 *
 * @throws {SlipwayError} RESTORE_REFUSED where there are tables, and nobody said force
 */
export const setAside = async (url: string, mark: string, force: boolean): Promise<Aside> => {
  const pool = new Pool({ connectionString: url, max: 1 });
  pool.on('error', () => undefined);
  try {
    const found = await pool.query(
      `select 1 from information_schema.tables where table_schema = any($1) limit 1`,
      [[...SCHEMAS]],
    );
    const isEmpty = found.rowCount === 0;
    if (!isEmpty && !force)
      throw new SlipwayError(
        'RESTORE_REFUSED',
        'The database is not empty. Name an empty one, or say --force: its tables are set aside then.',
      );
    const name = (schema: string): string => `${schema}_before_restore_${mark}`;
    const there = await pool.query<{ name: string }>(
      `select nspname as name from pg_namespace where nspname = any($1)`,
      [[...SCHEMAS]],
    );
    const moved = isEmpty ? [] : there.rows.map((row) => row.name);
    for (const schema of moved) await pool.query(`alter schema "${schema}" rename to "${name(schema)}"`);
    await pool.query('create schema if not exists public');
    return {
      kept: moved.map(name),
      putBack: async () => {
        for (const schema of SCHEMAS) await pool.query(`drop schema if exists "${schema}" cascade`);
        for (const schema of moved) await pool.query(`alter schema "${name(schema)}" rename to "${schema}"`);
        await pool.query('create schema if not exists public');
        await pool.end();
      },
      close: () => pool.end(),
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
};
