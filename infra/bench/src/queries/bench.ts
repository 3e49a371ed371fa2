import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { openDatabase, type OpenDatabase, type OpenOptions } from '@slipway/fleet';
import { startTestPostgres } from '@slipway/fleet/testing';
import { askSql } from './ask-sql.ts';
import type { Statement } from './explain.ts';
import { fillFleet } from './fill.ts';
import { measureQueries } from './measure.ts';
import { firstMigrationOnly, measureMigrations } from './migrations.ts';
import { QUERIES_HELP, parseQueriesOptions } from './options.ts';
import { renderEngine } from './report.ts';
import type { EngineMeasure, QueriesBench } from './result.ts';

/**
 * `npm run bench -- queries`
 *
 * @param root of the checkout
 * @returns exit status: 1 if something that should not reads a large table from end to end, or takes longer than it may
 */
export const benchQueries = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseQueriesOptions(args);
  if (options.help) {
    print(QUERIES_HELP);
    return 0;
  }
  const dir = resolve(options.dir ?? join(root, '.slipway', 'bench', 'queries'));
  const json = resolve(options.json ?? join(dir, 'queries.json'));
  await rm(join(dir, 'db'), { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  const migrations = join(dir, 'migrations');
  const later = await firstMigrationOnly(migrations);

  const engines: EngineMeasure[] = [];
  const measure = async (open: (options: OpenOptions) => Promise<OpenDatabase>): Promise<void> => {
    const heard: Statement[] = [];
    const { db, engine, close } = await open({
      migrations,
      onStatement: (text, params) => heard.push({ text, params }),
    });
    try {
      print(`${engine}: migrations of ${options.devices} devices …`);
      const migrated = await measureMigrations(db, later, options.devices);
      print(`${engine}: filling …`);
      const start = performance.now();
      const rows = await fillFleet(db, options.devices);
      const fillSeconds = (performance.now() - start) / 1000;
      print(`${engine}: queries …`);
      const queries = await measureQueries(db, heard, options.devices);
      const [size] = await askSql(
        db,
        z.object({ bytes: z.coerce.number() }),
        'select pg_database_size(current_database()) as bytes',
      );
      const result = { engine, fillSeconds, bytes: size?.bytes ?? 0, rows, migrations: migrated, queries };
      engines.push(result);
      print(`\n${renderEngine(result)}\n`);
    } finally {
      await close();
    }
  };
  if (options.engine !== 'pglite') {
    const postgres = await startTestPostgres();
    if (postgres === undefined) print('PostgreSQL is not installed: left out.');
    else {
      try {
        const url = await postgres.newDatabase();
        await measure((opened) => openDatabase({ url }, opened));
      } finally {
        await postgres.stop();
      }
    }
  }
  if (options.engine !== 'postgres')
    await measure((opened) => openDatabase({ dataDir: join(dir, 'db') }, opened));
  await rm(join(dir, 'db'), { recursive: true, force: true });

  const result: QueriesBench = {
    v: 1,
    bench: 'queries',
    at: new Date().toISOString(),
    devices: options.devices,
    engines,
  };
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  print(json);
  return engines.every(({ queries }) => queries.every(isAsItShould)) ? 0 : 1;
};

const isAsItShould = ({ mayScan, plan, goalMs }: EngineMeasure['queries'][number]): boolean =>
  (mayScan || plan.scanned.length === 0) && (goalMs === undefined || plan.ms <= goalMs);
