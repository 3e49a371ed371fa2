import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, DEFAULT_LIMITS, Login, UserCreate, type Role, type User } from '@slipway/protocol';
import { sql } from 'drizzle-orm';
import { accessOf } from '../actor.ts';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { sessions, tokens } from '../schema.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { actorOfToken } from './actors.ts';
import { listAudit } from './audit.ts';
import { countRows, removeOldRows, type RowKind } from './retained-rows.ts';
import { endSession, listSessions, logIn, SESSION_IDLE_MS, SESSION_LIFE_MS } from './sessions.ts';
import { createToken, listTokens, revokeToken } from './tokens.ts';
import { MAX_REFUSAL_PAIRS, recordRefusal, REFUSAL_WINDOW_MS, tellRefusals } from './login-refusals.ts';
import {
  changePassword,
  changeUser,
  createFirstUser,
  createUser,
  deleteUser,
  getUser,
  setPassword,
} from './users.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const PASSWORD = 'correct horse battery';
const now = new Date('2026-03-01T12:00:00Z');
const later = (ms: number): Date => new Date(now.getTime() + ms);
const MINUTE_MS = 60_000;

const codeThrownBy = (work: Promise<unknown>) => work.then(() => 'nothing', codeOf);

describe.each(engines)('on %s', (_name, open) => {
  let db: Database;
  let anna: User;
  beforeAll(async () => {
    const database = await open();
    ({ db } = database);
    anna = await createFirstUser(db, { name: 'anna', password: PASSWORD }, now);
    return () => database.close();
  });
  const made = (name: string, role: Role | null): Promise<User> =>
    createUser(db, UserCreate.parse({ name, password: PASSWORD, role }), 'anna', now);
  const login = (name: string, over: { password?: string; address?: string; at?: Date } = {}) =>
    logIn(
      db,
      Login.parse({ name, password: over.password ?? PASSWORD }),
      { address: over.address ?? `of ${name}`, agent: 'test' },
      over.at ?? now,
    );

  test('of two first users at once there is one, and later there is none', async () => {
    expect(anna.role).toBe('admin');
    const second = createFirstUser(db, { name: 'second', password: PASSWORD }, now);
    expect(await codeThrownBy(second)).toBe('CONFLICT');
  });

  test('a session is good until it is not used, or for as long as sessions last', async () => {
    const { token, session } = await login('anna');
    expect(await actorOfToken(db, token, now)).toMatchObject({ name: 'anna', session: session.id });
    expect(await actorOfToken(db, token, later(SESSION_IDLE_MS))).toBeUndefined();
    for (let at = 0; at < SESSION_LIFE_MS; at += SESSION_IDLE_MS - MINUTE_MS)
      expect(await actorOfToken(db, token, later(at)), `after ${at} ms`).toBeDefined();
    expect(await actorOfToken(db, token, later(SESSION_LIFE_MS))).toBeUndefined();
    expect(await listSessions(db, anna.id, null, later(SESSION_LIFE_MS))).toEqual([]);
  });

  test('sessions are listed and ended, by whoever they belong to', async () => {
    const bert = await made('bert', 'viewer');
    const [first, second] = [await login('bert'), await login('bert')];
    const listed = await listSessions(db, bert.id, second.session.id, now);
    expect(new Map(listed.map(({ id, isThis }) => [id, isThis]))).toEqual(
      new Map([
        [first.session.id, false],
        [second.session.id, true],
      ]),
    );
    expect(await codeThrownBy(endSession(db, first.session.id, anna.id, 'anna'))).toBe('NOT_FOUND');
    await endSession(db, first.session.id, bert.id, 'bert');
    expect(await actorOfToken(db, first.token, now)).toBeUndefined();
    expect(await actorOfToken(db, second.token, now)).toBeDefined();
  });

  test('another password ends every session but the one that asked', async () => {
    const carl = await made('carl', 'viewer');
    const [own, other] = [await login('carl'), await login('carl')];
    const change = (current: string) =>
      changePassword(
        db,
        carl,
        { current, password: 'another password' },
        { keep: own.session.id, address: 'x', now },
      );
    expect(await codeThrownBy(change('wrong'))).toBe('LOGIN_FAILED');
    await change(PASSWORD);
    expect(await actorOfToken(db, own.token, now)).toBeDefined();
    expect(await actorOfToken(db, other.token, now)).toBeUndefined();
    expect(await codeThrownBy(login('carl'))).toBe('LOGIN_FAILED');
    await login('carl', { password: 'another password' });
    await setPassword(db, 'carl', 'given by an admin', 'anna', now);
    expect(await actorOfToken(db, own.token, now)).toBeUndefined();
  });

  test('who is disabled is out at once: sessions, tokens, logins; enabled again, only logins are back', async () => {
    const dora = await made('dora', 'operator');
    const { token } = await login('dora');
    const api = (await createToken(db, dora, { name: 'ci', scopes: ['read'] }, now)).token ?? '';
    expect(await actorOfToken(db, api, now)).toBeDefined();
    await changeUser(db, 'dora', { disabled: true }, 'anna', now);
    for (const text of [token, api]) expect(await actorOfToken(db, text, now)).toBeUndefined();
    expect(await codeThrownBy(login('dora'))).toBe('LOGIN_FAILED');
    await changeUser(db, 'dora', { disabled: false }, 'anna', now);
    for (const text of [token, api]) expect(await actorOfToken(db, text, now)).toBeUndefined();
    expect((await login('dora', { at: later(MINUTE_MS) })).user.disabledAt).toBeNull();
  });

  test('a token does what it is for, as far as its user still may, until it expires or is revoked', async () => {
    const emma = await made('emma', 'releaser');
    const beyond = createToken(db, emma, { name: 'root', scopes: ['admin'] }, now);
    expect(await codeThrownBy(beyond)).toBe('FORBIDDEN');
    const made1 = await createToken(db, emma, { name: 'ci', scopes: ['read', 'release'], days: 1 }, now);
    const text = made1.token ?? '';
    const access = async (at = now) => {
      const actor = await actorOfToken(db, text, at);
      return actor === undefined ? undefined : accessOf(actor).access;
    };
    expect(await access()).toEqual(['read', 'release']);
    expect((await actorOfToken(db, text, now))?.name).toBe('emma/ci');
    await changeUser(db, 'emma', { role: 'viewer' }, 'anna', now);
    expect(await access()).toEqual(['read']);
    expect(await access(later(86_400_000))).toBeUndefined();
    const [listed] = await listTokens(db, emma.id, { limit: 5, offset: 0 });
    expect(listed).toMatchObject({ name: 'ci', lastUsedAt: now.toISOString() });
    expect(listed?.token).toBeUndefined();
    const dump = JSON.stringify(await db.select().from(tokens));
    expect(dump).not.toContain(text);
    await revokeToken(db, made1.id, emma.id, 'emma', now);
    expect(await access()).toBeUndefined();
  });

  test('sessions, tokens and failures go once they have been over for long enough, and nothing else does', async () => {
    const fred = await made('fred', 'viewer');
    await login('fred');
    const [kept, old] = [
      await createToken(db, fred, { name: 'kept', scopes: ['read'] }, now),
      await createToken(db, fred, { name: 'old', scopes: ['read'], days: 1 }, now),
    ];
    const revoked = await createToken(db, fred, { name: 'revoked', scopes: ['read'] }, now);
    await revokeToken(db, revoked.id, fred.id, 'fred', now);
    await codeThrownBy(login('fred', { password: 'wrong', address: 'elsewhere' }));
    const days = (count: number): Date => later(count * 86_400_000);
    const remove = (kind: RowKind, at: Date) => removeOldRows(db, kind, DEFAULT_LIMITS, at);
    const tokensOf = async () =>
      (await listTokens(db, fred.id, { limit: 5, offset: 0 })).map(({ id }) => id).sort();

    expect(await remove('sessions', now)).toBe(0);
    expect(await remove('tokens', days(89))).toBe(0);
    await remove('tokens', days(90.5));
    expect(await tokensOf()).toEqual([kept.id, old.id].sort());
    await remove('tokens', days(92));
    expect(await tokensOf()).toEqual([kept.id]);

    expect(await countRows(db, 'login-failures', DEFAULT_LIMITS, now)).toMatchObject({ old: 0 });
    expect(await remove('login-failures', days(1.1))).toBeGreaterThanOrEqual(2);
    expect(await countRows(db, 'login-failures', DEFAULT_LIMITS, now)).toEqual({ there: 0, old: 0 });
    expect(await remove('sessions', later(SESSION_LIFE_MS + 1))).toBeGreaterThanOrEqual(1);
    expect(await db.$count(sessions)).toBe(0);
  });

  test('the last admin stays', async () => {
    for (const change of [{ disabled: true }, { role: 'viewer' as const }, { role: null }])
      expect(await codeThrownBy(changeUser(db, 'anna', change, 'anna', now))).toBe('CONFLICT');
    expect(await codeThrownBy(deleteUser(db, 'anna', 'anna'))).toBe('CONFLICT');
    await made('second', 'admin');
    // Of two who take the role from each other at once, one fails.
    const both = await Promise.allSettled([
      changeUser(db, 'anna', { role: 'viewer' }, 'second', now),
      changeUser(db, 'second', { role: 'viewer' }, 'anna', now),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const left = (await getUser(db, 'anna')).role === 'admin' ? 'anna' : 'second';
    await changeUser(db, 'anna', { role: 'admin' }, left, now);
  });

  test('who is deleted is gone with sessions and tokens; the log keeps the name, and nobody is given it again', async () => {
    const gone = await made('gone', 'admin');
    const { token } = await login('gone');
    const api = (await createToken(db, gone, { name: 'ci', scopes: ['read'] }, now)).token ?? '';
    await deleteUser(db, 'gone', 'anna');
    for (const text of [token, api]) expect(await actorOfToken(db, text, now)).toBeUndefined();
    expect(await codeThrownBy(login('gone'))).toBe('LOGIN_FAILED');
    expect(await codeThrownBy(deleteUser(db, 'gone', 'anna'))).toBe('NOT_FOUND');
    const [entry] = await listAudit(db, { limit: 1, offset: 0, action: 'user.delete' });
    expect(entry).toMatchObject({
      actor: 'anna',
      subject: gone.id,
      details: { name: 'gone', role: 'admin' },
    });
    expect(await codeThrownBy(made('gone', null))).toBe('CONFLICT');
  });

  describe('logins that are refused are in the log', () => {
    const at = later(30 * 86_400_000);
    const after = (ms: number): Date => new Date(at.getTime() + ms);
    const refusals = async (address: string) =>
      (await listAudit(db, { limit: 1000, offset: 0, order: 'oldest', action: 'login.refuse' })).filter(
        ({ details }) => details['address'] === address,
      );

    test('the first at once, those that follow as one entry with counts; names only of users', async () => {
      await made('frida', 'viewer');
      const address = '198.51.100.1';
      const mistyped = 'my secret passphrase';
      for (let n = 0; n < 7; n++) await codeThrownBy(login('frida', { password: 'wrong', address, at }));
      for (let n = 0; n < 3; n++) await codeThrownBy(login(mistyped, { password: 'wrong', address, at }));
      await changeUser(db, 'frida', { disabled: true }, 'anna', at);
      await codeThrownBy(login('frida', { address, at: after(40_000) }));
      const frida = (await getUser(db, 'frida')).id;
      expect(await refusals(address)).toMatchObject([
        { actor: 'login', subject: frida, details: { name: 'frida', reasons: { 'wrong password': 1 } } },
        { actor: 'login', subject: 'unknown', details: { reasons: { 'unknown name': 1 } } },
      ]);
      await tellRefusals(db, after(REFUSAL_WINDOW_MS - 1));
      expect(await refusals(address)).toHaveLength(2);
      await Promise.all([1, 2].map(() => tellRefusals(db, after(REFUSAL_WINDOW_MS))));
      const told = (await refusals(address)).slice(2);
      expect(new Map(told.map(({ subject, details }) => [subject, details['reasons']]))).toEqual(
        new Map([
          [frida, { 'wrong password': 4, 'too many tries': 2, disabled: 1 }],
          ['unknown', { 'unknown name': 2 }],
        ]),
      );
      expect(JSON.stringify(await refusals(address))).not.toContain(mistyped);
    });

    test('a flood from everywhere is counted together', async () => {
      const start = after(2 * REFUSAL_WINDOW_MS);
      const before = (await listAudit(db, { limit: 1000, offset: 0 })).length;
      for (let n = 0; n < MAX_REFUSAL_PAIRS + 20; n++)
        await recordRefusal(db, { name: 'root', address: `2001:db8::${n}` }, 'unknown name', start);
      await tellRefusals(db, new Date(start.getTime() + REFUSAL_WINDOW_MS));
      // One for each pair, and two for all the others.
      expect((await listAudit(db, { limit: 1000, offset: 0 })).length - before).toBe(MAX_REFUSAL_PAIRS + 2);
      expect(await refusals('several')).toMatchObject([
        { subject: 'several', details: { reasons: { 'unknown name': 1 } } },
        { subject: 'several', details: { reasons: { 'unknown name': 19 } } },
      ]);
    });
  });

  test.each(['anna', 'nobody-of-that-name'])(
    'logins that fail make %s wait, whether there is such a user or not',
    async (name) => {
      const wrong = (address: string, at = later(MINUTE_MS)) =>
        codeThrownBy(login(name, { password: 'wrong', address, at }));
      // From many addresses, all at once.
      const codes = await Promise.all(Array.from({ length: 12 }, (_, n) => wrong(`${name} ${n}`)));
      expect(codes.filter((code) => code === 'LOGIN_FAILED')).toHaveLength(5);
      expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(7);
      expect(await codeThrownBy(login(name, { at: later(MINUTE_MS) }))).toBe('RATE_LIMITED');
      expect(await wrong('x', later(MINUTE_MS + 1000))).toBe('LOGIN_FAILED');
      expect(await wrong('x', later(MINUTE_MS + 2000))).toBe('RATE_LIMITED');
    },
  );

  test('an address that tries many names waits too', async () => {
    const codes: string[] = [];
    for (let n = 0; n < 32; n++)
      codes.push(await codeThrownBy(login(`guess-${n}`, { password: 'wrong', address: '192.0.2.1' })));
    expect(codes.indexOf('RATE_LIMITED')).toBe(30);
  });

  test('names are given once, and none is that of a token of the server', async () => {
    await db.execute(sql`insert into tokens (sha256, name, role) values ('x', 'server', 'admin')`);
    for (const name of ['anna', 'server']) expect(await codeThrownBy(made(name, null))).toBe('CONFLICT');
  });

  test('the log has all of it, and no password', async () => {
    const entries = await listAudit(db, { limit: 1000, offset: 0 });
    const actions = new Set(entries.map(({ action }) => action));
    for (const action of [
      'user.create',
      'user.change',
      'user.password',
      'session.create',
      'session.end',
      'token.create',
      'token.revoke',
    ])
      expect(actions).toContain(action);
    expect(JSON.stringify(entries)).not.toContain(PASSWORD);
    expect(JSON.stringify(entries)).not.toContain('argon2');
  });
});
