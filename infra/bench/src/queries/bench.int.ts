import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type OpenDatabase, type OpenOptions } from '@slipway/fleet';
import { openTestDatabase, startTestPostgres } from '@slipway/fleet/testing';
import { measureField } from '../field/bench.ts';
import { fillField } from '../field/fill.ts';
import { benchQueries } from './bench.ts';
import type { Statement } from './explain.ts';
import { fillFleet } from './fill.ts';
import { measureQueries } from './measure.ts';
import type { QueryMeasure } from './result.ts';

const DEVICES = 2000;

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, (options: OpenOptions) => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined)
  engines.push(['PostgreSQL', (options) => openDatabase({ url: postgres.url }, options)]);

describe.each(engines)('%s', (_name, open) => {
  let database: OpenDatabase;
  const heard: Statement[] = [];
  let measured: QueryMeasure[];
  beforeAll(async () => {
    database = await open({ onStatement: (text, params) => heard.push({ text, params }) });
    await fillFleet(database.db, DEVICES);
    const asked = { parts: ['gateway', 'planner', 'lists', 'queries'], peers: false } as const;
    measured = await measureQueries(database.db, heard, DEVICES, asked);
  });
  afterAll(() => database.close());

  test('what is asked often reads no large table from end to end', () => {
    const scans = measured.filter(({ mayScan, plan }) => !mayScan && plan.scanned.length > 0);
    expect(scans.map(({ name, plan }) => `${name}: ${plan.scanned.join(', ')}`)).toEqual([]);
    expect(measured.filter(({ part }) => part === 'gateway').length).toBeGreaterThan(9);
    expect(measured.filter(({ statements }) => statements === 0)).toEqual([]);
  });

  test.each([
    'tag = canary and version < 1.2.0',
    'attr.customer = c77',
    'serial = SN000001234',
    'version = 2.1.3',
  ])('a query for few devices is answered by an index: %s', (query) => {
    const found = measured.find(({ name }) => name === query);
    expect(found?.plan.scanned).toEqual([]);
  });
});

test('the bench of the field asks what it says', async () => {
  const heard: Statement[] = [];
  await using undo = new AsyncDisposableStack();
  const { db, close } = await openTestDatabase({
    onStatement: (text, params) => heard.push({ text, params }),
  });
  undo.defer(close);
  await fillField(db, { devices: 400, releases: 32, packages: 12 });
  const measured = await measureField(db, heard, { devices: 400, releases: 32 }, 1);
  const found = new Map(measured.map((one) => [one.name, one.found]));
  expect(found.get('find openssl')).toBe(400);
  expect(found.get('find openssl-that-nobody-has')).toBe(0);
  // Of four generations two have 3.5.0; of each class half is on the newest three.
  expect(found.get('find openssl < 3.5.1')).toBe(168);
  expect(found.get('count package.openssl < 3.5.8')).toBe(found.get('find openssl < 3.5.8'));
  expect(measured.filter(({ statements }) => statements === 0)).toEqual([]);
});

test('an option that does not exist is refused', async () => {
  await expect(benchQueries('.', ['--device', '3'], () => undefined)).rejects.toMatchObject({
    code: 'USAGE',
  });
});
