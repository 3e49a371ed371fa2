import { sql } from 'drizzle-orm';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compareVersions, Version } from '@slipway/protocol';
import { openDatabase, type OpenDatabase } from '../database.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { openTestDatabase } from '../testing/test-database.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

/** Clause 11 of the specification, and what else is easily got wrong. */
const RISING = [
  '0.0.9',
  '0.0.10',
  '0.9.9',
  '1.0.0-0',
  '1.0.0-2',
  '1.0.0-11',
  '1.0.0--',
  '1.0.0-11a',
  '1.0.0-Z',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-alpha-1',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '1.0.1-a',
  '1.10.0',
  '2.0.0',
  '10.0.0',
  '99999999999999999998.0.0',
  '99999999999999999999.0.0',
];

const number = fc.oneof(fc.nat(3), fc.nat(100), fc.bigInt({ min: 0n, max: 10n ** 18n })).map(String);
const identifier = fc.oneof(number, fc.stringMatching(/^[0-9A-Za-z-]{1,3}$/));
const version = fc
  .tuple(
    fc.tuple(number, number, number),
    fc.array(identifier, { maxLength: 3 }),
    fc.constantFrom('', '+1', '+a-b.c'),
  )
  .map(([core, pre, build]) => `${core.join('.')}${pre.length === 0 ? '' : `-${pre.join('.')}`}${build}`)
  .filter((text) => Version.safeParse(text).success);

test('the order in JavaScript is that of the specification', () => {
  for (const [n, a] of RISING.entries())
    for (const [m, b] of RISING.entries())
      expect([a, b, compareVersions(a, b)]).toEqual([a, b, Math.sign(n - m)]);
  expect(compareVersions('1.0.0+a', '1.0.0+b')).toBe(0);
});

describe.each(engines)('on %s', (_name, open) => {
  let database: OpenDatabase;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());

  const Signs = z.object({ rows: z.array(z.object({ sign: z.int() })) });
  const signs = async (pairs: readonly (readonly [string, string])[]): Promise<number[]> => {
    const values = sql.join(
      pairs.map(([a, b], n) => sql`(${n}::int, ${a}::text, ${b}::text)`),
      sql`, `,
    );
    const result: unknown = await database.db.execute(sql`
      select case when version_order(a) collate "C" < version_order(b) then -1
                  when version_order(a) = version_order(b) then 0 else 1 end as sign
      from (values ${values}) as pairs(n, a, b) order by n`);
    return Signs.parse(result).rows.map(({ sign }) => sign);
  };

  test('the database has the order of the specification', async () => {
    const pairs = RISING.flatMap((a) => RISING.map((b) => [a, b] as const));
    expect(await signs(pairs)).toEqual(
      pairs.map(([a, b]) => Math.sign(RISING.indexOf(a) - RISING.indexOf(b))),
    );
  });

  test('and the same for any two versions', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(version, version), { minLength: 20, maxLength: 60 }),
        async (pairs) => {
          expect(await signs(pairs)).toEqual(pairs.map(([a, b]) => compareVersions(a, b)));
        },
      ),
      { numRuns: 50 },
    );
  });
});
