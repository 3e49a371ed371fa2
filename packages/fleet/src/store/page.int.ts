import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClassName, codeOf } from '@slipway/protocol';
import { sql } from 'drizzle-orm';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { builds } from '../schema.ts';
import { seedDevice } from '../testing/seed.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { listAudit, recordAudit } from './audit.ts';
import { createBuild, listBuilds } from './builds.ts';
import { listDevices } from './devices.ts';
import type { Page, Paged } from './page.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const deviceClass = ClassName.parse('edge-pages');
const first: Page = { limit: 3, offset: 0 };

/** Every item, part by part. @param between runs after each part */
const walk = async <T>(
  list: (page: Page) => Promise<Paged<T>>,
  between: () => Promise<unknown> = async () => undefined,
): Promise<T[]> => {
  const items: T[] = [];
  for (let page = first; ;) {
    const part = await list(page);
    items.push(...part);
    if (part.next === undefined) return items;
    expect(part).toHaveLength(first.limit);
    await between();
    page = { ...first, after: part.next };
  }
};

describe.each(engines)('on %s', (_name, open) => {
  let db: Database;
  beforeAll(async () => {
    const database = await open();
    ({ db } = database);
    return () => database.close();
  });
  const add = (at: Date) => createBuild(db, { deviceClass, version: '1.0.0' }, at);
  const list = (page: Page) => listBuilds(db, { ...page, deviceClass });

  test('a list is walked to its end, once over each item, whatever comes meanwhile', async () => {
    const now = Date.now();
    const made: string[] = [];
    // Three of each moment, so that parts end between items of one moment.
    for (let at = 0; at < 10; at++) made.push((await add(new Date(now + Math.floor(at / 3)))).id);
    const walked = await walk(list, () => add(new Date(now + 60_000)));
    expect(walked.map(({ id }) => id)).toEqual(made.toReversed());
  });

  test('moments that JavaScript cannot tell apart are told apart', async () => {
    await db.update(builds).set({
      createdAt: sql`'2026-01-01T00:00:00Z'::timestamptz + ${builds.counter} * interval '1 microsecond'`,
    });
    const all = await list({ limit: 1000, offset: 0 });
    expect((await walk(list)).map(({ counter }) => counter)).toEqual(all.map(({ counter }) => counter));
  });

  test('lists in the order of names and of numbers are walked too', async () => {
    for (const name of ['d-4', 'd-2', 'd-1', 'd-3']) await seedDevice(db, name);
    expect((await walk((page) => listDevices(db, page))).map(({ id }) => id)).toEqual([
      'd-1',
      'd-2',
      'd-3',
      'd-4',
    ]);
    for (const subject of ['1', '2', '3', '4'])
      await recordAudit(db, { actor: 'a', action: 'test', subject });
    const audited = await walk((page) => listAudit(db, page));
    expect(audited.slice(0, 4).map(({ subject }) => subject)).toEqual(['4', '3', '2', '1']);
  });

  test('how many there are is told on demand', async () => {
    expect((await list(first)).total).toBeUndefined();
    const total = (await list({ limit: 1000, offset: 0 })).length;
    expect((await list({ ...first, count: true })).total).toBe(total);
  });

  test.each([
    'x',
    Buffer.from('[]').toString('base64url'),
    Buffer.from('["1","1"]').toString('base64url'),
    Buffer.from('["2026-01-01","1","bld_0"]').toString('base64url'),
    Buffer.from('["1","one","bld_0"]').toString('base64url'),
    Buffer.from('["1","1","bld\\u0000"]').toString('base64url'),
    Buffer.from('["99999999999999999","1","bld_0"]').toString('base64url'),
  ])('%s is no cursor', async (after) => {
    expect(await list({ ...first, after }).then(() => 'a list', codeOf)).toBe('REQUEST_INVALID');
  });

  test('the largest cursor that is one is taken', async () => {
    const after = Buffer.from('["9999999999999999","9999999999999999","z"]').toString('base64url');
    expect(await list({ ...first, after })).toHaveLength(3);
  });
});
