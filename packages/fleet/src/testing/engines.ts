import { afterAll } from 'vitest';
import { openDatabase, type OpenDatabase } from '../database.ts';
import { startTestPostgres } from './postgres.ts';
import { openTestDatabase } from './test-database.ts';

/**
 * The databases that a store works with, by name, for `describe.each`: the embedded one and, where it is installed, one
 * PostgreSQL server for the file of tests, which ends with them.
 */
export const testEngines = async (): Promise<[name: string, open: () => Promise<OpenDatabase>][]> => {
  const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
  const postgres = await startTestPostgres();
  if (postgres === undefined) return engines;
  afterAll(() => postgres.stop());
  engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);
  return engines;
};
