import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { openDatabase, type Database, type OpenDatabase, type OpenOptions } from '@slipway/fleet';
import { startTestPostgres } from '@slipway/fleet/testing';
import { askSql } from '../queries/ask-sql.ts';
import { explain, type Statement } from '../queries/explain.ts';
import { fillField } from './fill.ts';
import { FIELD_HELP, parseFieldOptions, type FieldOptions } from './options.ts';
import { questions } from './questions.ts';
import { renderField } from './report.ts';
import type { FieldBench, FieldEngine, FieldQuestion } from './result.ts';

const TABLES = ['devices', 'releases', 'packages', 'release_packages'] as const;
const REPEATS = 5;

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const median = (values: readonly number[]): number =>
  sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN;

/** @param heard where the database tells its statements */
export const measureField = async (
  db: Database,
  heard: Statement[],
  { devices, releases }: Pick<FieldOptions, 'devices' | 'releases'>,
  repeats = REPEATS,
): Promise<FieldQuestion[]> => {
  const measured: FieldQuestion[] = [];
  for (const { name, ask, mayScan = false } of questions(releases)) {
    const times: number[] = [];
    let found = 0;
    heard.length = 0;
    // The first one warms up, and tells its statements.
    await ask(db);
    const statements = [...heard];
    for (let run = 0; run < repeats; run += 1) {
      const start = performance.now();
      found = await ask(db);
      times.push(performance.now() - start);
    }
    const { rows: _, ...plan } = await explain(db, statements, { large: new Set(['devices']), repeats: 1 });
    measured.push({
      name,
      found,
      ms: median(times),
      slowestMs: Math.max(...times),
      statements: statements.length,
      plan,
      mayScan: mayScan || found > devices / 10,
    });
  }
  return measured;
};

const measureEngine = async (
  open: (options: OpenOptions) => Promise<OpenDatabase>,
  options: FieldOptions,
  print: (line: string) => void,
): Promise<FieldEngine> => {
  const heard: Statement[] = [];
  const { db, engine, close } = await open({
    onStatement: (text, params) => heard.push({ text, params }),
  });
  try {
    print(`${engine}: filling …`);
    const times = await fillField(db, options);
    print(`${engine}: questions …`);
    const measured = await measureField(db, heard, options);
    const sizes = await askSql(
      db,
      z.object({ table: z.string(), rows: z.coerce.number(), bytes: z.coerce.number() }),
      `select relname as table, reltuples as rows, pg_total_relation_size(oid) as bytes from pg_class
       where relnamespace = 'public'::regnamespace and relname in (${TABLES.map((name) => `'${name}'`).join(', ')})`,
    );
    const result = {
      engine,
      rows: Object.fromEntries(sizes.map(({ table, rows }) => [table, rows])),
      bytes: Object.fromEntries(sizes.map(({ table, bytes }) => [table, bytes])),
      indexMs: median(times),
      questions: measured,
    };
    print(`\n${renderField(result)}\n`);
    return result;
  } finally {
    await close();
  }
};

/**
 * `npm run bench -- field`
 *
 * @param root of the checkout
 * @returns exit status: 1 if an answer took too long, or one about few devices was found by reading all of them
 */
export const benchField = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseFieldOptions(args);
  if (options.help) {
    print(FIELD_HELP);
    return 0;
  }
  const dir = resolve(options.dir ?? join(root, '.slipway', 'bench', 'field'));
  const json = resolve(options.json ?? join(dir, 'field.json'));
  await rm(join(dir, 'db'), { recursive: true, force: true });
  await mkdir(dir, { recursive: true });

  const engines: FieldEngine[] = [];
  if (options.engine !== 'pglite') {
    const postgres = await startTestPostgres();
    if (postgres === undefined) print('PostgreSQL is not installed: left out.');
    else {
      try {
        engines.push(
          await measureEngine((opened) => openDatabase({ url: postgres.url }, opened), options, print),
        );
      } finally {
        await postgres.stop();
      }
    }
  }
  if (options.engine !== 'postgres') {
    const dataDir = join(dir, 'db');
    engines.push(await measureEngine((opened) => openDatabase({ dataDir }, opened), options, print));
    await rm(dataDir, { recursive: true, force: true });
  }

  const { devices, releases, packages } = options;
  const limitMs = options['limit-seconds'] * 1000;
  const result: FieldBench = {
    v: 1,
    bench: 'field',
    at: new Date().toISOString(),
    devices,
    releases,
    packages,
    limitMs,
    engines,
  };
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  print(json);
  const isGood = ({ slowestMs, mayScan, plan }: FieldQuestion): boolean =>
    slowestMs <= limitMs && (mayScan || plan.scanned.length === 0);
  return engines.every((engine) => engine.questions.every(isGood)) ? 0 : 1;
};
