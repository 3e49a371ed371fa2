import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, hashOfAuditEntry, TenantId, verifyAudit, type AuditEntry } from '@slipway/protocol';
import { sql } from 'drizzle-orm';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { audit } from '../schema.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { chainLegacyAudit, contentOfEntry, getAuditHead, listAudit, recordAudit } from './audit.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const everything = { limit: 10_000, offset: 0, order: 'oldest' } as const;

describe.each(engines)('on %s', (_name, open) => {
  let db: Database;
  beforeAll(async () => {
    const database = await open();
    ({ db } = database);
    return () => database.close();
  });
  const write = (subject: string, more: Record<string, unknown> = {}) =>
    recordAudit(db, { actor: 'anna', action: 'test.write', subject, details: more });

  test('entries written at once are one chain, without holes, though transactions end in any order', async () => {
    const refused = new Error('refused');
    const writer = async (n: number): Promise<void> => {
      for (let k = 0; k < 5; k++)
        await db
          .transaction(async (tx) => {
            await recordAudit(tx, { actor: `writer-${n}`, action: 'test.first', subject: `${k}` });
            await tx.execute(sql`select pg_sleep(${Math.random() / 200})`);
            await recordAudit(tx, { actor: `writer-${n}`, action: 'test.second', subject: `${k}` });
            if (k === 2) throw refused;
          })
          .catch((error: unknown) => {
            if (error !== refused) throw error;
          });
    };
    await Promise.all(Array.from({ length: 8 }, (_, n) => writer(n)));
    const entries = await listAudit(db, everything);
    expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 64 }, (_, n) => n + 1));
    expect(await verifyAudit(entries)).toEqual(await getAuditHead(db));
    // Those of one transaction are together and in their order.
    for (let n = 0; n < entries.length; n += 2)
      expect([entries[n]?.action, entries[n + 1]?.action, entries[n + 1]?.actor]).toEqual([
        'test.first',
        'test.second',
        entries[n]?.actor,
      ]);
  });

  test('writers that lock the same things in other orders do not wait for each other through the log', async () => {
    await db.execute(sql`create table if not exists things (id int primary key)`);
    await db.execute(sql`insert into things values (1), (2) on conflict do nothing`);
    const lock = (tx: Database, id: number) =>
      tx.execute(sql`select * from things where id = ${id} for update`);
    // As one accepts two devices, and another changes the second: entry and lock cross.
    const two = db.transaction(async (tx) => {
      await lock(tx, 1);
      await recordAudit(tx, { actor: 'a', action: 'test.lock', subject: '1' });
      await tx.execute(sql`select pg_sleep(0.05)`);
      await lock(tx, 2);
    });
    const one = db.transaction(async (tx) => {
      await lock(tx, 2);
      await tx.execute(sql`select pg_sleep(0.05)`);
      await recordAudit(tx, { actor: 'b', action: 'test.lock', subject: '2' });
    });
    await expect(Promise.all([two, one])).resolves.toBeDefined();
  });

  test('what an entry says comes back as it was digested, whatever is in it', async () => {
    await write('odd', {
      text: 'ü "\\ \u{1f600} \u2028',
      numbers: [0.1 + 0.2, 1e21, -0, 123456789012345],
      deep: { b: [{ z: 1, a: null }], a: {}, 10: 'ten', 9: 'nine' },
      gone: undefined,
    });
    expect(await verifyAudit(await listAudit(db, everything))).toEqual(await getAuditHead(db));
  });

  test.each([
    sql`update audit set actor = 'nobody' where sequence = 1`,
    sql`update audit set hash = null, previous = null where sequence = 1`,
    sql`delete from audit where sequence = 1`,
    sql`truncate audit`,
  ])('the database refuses change number %#', async (statement) => {
    const error: unknown = await db.execute(statement).catch((cause: unknown) => cause);
    expect(String(error instanceof Error ? error.cause : error)).toContain('the audit log is only added to');
    await verifyAudit(await listAudit(db, everything));
  });

  test('an entry with a place of its own is taken only where it follows', async () => {
    const head = await getAuditHead(db);
    const entry = {
      tenant: TenantId.parse('default'),
      sequence: head.sequence + 1,
      at: '2026-01-02T03:04:05.678Z',
      actor: 'restore',
      action: 'test.restore',
      subject: 'x',
      details: {},
      previous: head.hash,
    };
    const put = async (change: Partial<AuditEntry>) => {
      const whole = { ...entry, ...change };
      await db.insert(audit).values({
        ...whole,
        at: new Date(whole.at),
        content: contentOfEntry(whole),
        hash: await hashOfAuditEntry(whole),
      });
    };
    for (const wrong of [{ sequence: head.sequence + 2 }, { previous: 'f'.repeat(64) }])
      await expect(put(wrong)).rejects.toMatchObject({
        cause: { message: expect.stringContaining('does not follow the one before') as unknown },
      });
    await put({});
    expect(await verifyAudit(await listAudit(db, everything), head.hash)).toMatchObject({
      sequence: head.sequence + 1,
    });
  });

  test('is filtered and read from either end', async () => {
    await write('filtered', { n: 1 });
    const only = (filter: Parameters<typeof listAudit>[1]) => listAudit(db, filter);
    expect(await only({ limit: 5, offset: 0, subject: 'filtered' })).toMatchObject([{ actor: 'anna' }]);
    const locks = await only({ limit: 5, offset: 0, action: 'test.lock' });
    expect(locks).toHaveLength(2);
    const all = await only({ limit: 5, offset: 0, action: 'test.', count: true });
    expect(all.total).toBe((await getAuditHead(db)).sequence);
    expect(all[0]?.sequence).toBe(all.total);
    const since = all[0]?.at ?? '';
    expect((await only({ limit: 5, offset: 0, since, subject: 'filtered' })).length).toBe(1);
    expect(await only({ limit: 5, offset: 0, until: since, subject: 'filtered' })).toEqual([]);
    expect(await only({ limit: 5, offset: 0, actor: 'nobody' })).toEqual([]);
    expect(all.map(({ sequence }) => sequence)).toEqual(
      (await only(everything))
        .slice(-5)
        .reverse()
        .map(({ sequence }) => sequence),
    );
  });

  describe('the verifier names', () => {
    const tampered: [string, (entries: AuditEntry[]) => unknown, number][] = [
      ['an entry that was altered', (all) => (all[4] = { ...all[4]!, actor: 'mallory' }), 5],
      ['one whose details were', (all) => (all[4] = { ...all[4]!, details: { x: 1 } }), 5],
      ['one that is missing', (all) => all.splice(6, 1), 7],
      ['the first if it is missing', (all) => all.shift(), 1],
      ['two that changed places', (all) => all.splice(2, 2, all[3]!, all[2]!), 3],
    ];
    test.each(tampered)('%s', async (_what, tamper, first) => {
      const entries = [...(await listAudit(db, everything))];
      tamper(entries);
      const error: unknown = await verifyAudit(entries).catch((cause: unknown) => cause);
      expect(codeOf(error)).toBe('AUDIT_BROKEN');
      expect(error).toMatchObject({ details: { sequence: first } });
    });

    test('the one after one that was altered and hashed anew', async () => {
      const entries = [...(await listAudit(db, everything))];
      const forged = { ...entries[4]!, actor: 'mallory' };
      entries[4] = { ...forged, hash: await hashOfAuditEntry(forged) };
      await expect(verifyAudit(entries)).rejects.toMatchObject({ details: { sequence: 6 } });
    });

    test('an end that was cut off, to those who have kept the head', async () => {
      const entries = await listAudit(db, everything);
      const { hash } = await getAuditHead(db);
      const cut = entries.slice(0, -1);
      await expect(verifyAudit(cut)).resolves.toBeDefined();
      await expect(verifyAudit(cut, hash)).rejects.toMatchObject({ code: 'AUDIT_BROKEN' });
    });
  });

  test('entries of a version without a chain have their places after the next start', async () => {
    const { sequence } = await getAuditHead(db);
    await db.execute(sql`alter table audit disable trigger audit_chain`);
    await db.execute(sql`alter table audit drop constraint audit_content`);
    for (const subject of ['old-1', 'old-2'])
      await db.insert(audit).values({ actor: 'old', action: 'test.old', subject, details: { b: 1, a: [2] } });
    await db.execute(sql`alter table audit enable trigger audit_chain`);
    await chainLegacyAudit(db);
    await write('new');
    const entries = await listAudit(db, everything);
    expect(entries.slice(sequence).map(({ subject }) => subject)).toEqual(['old-1', 'old-2', 'new']);
    await verifyAudit(entries);
  });
});
