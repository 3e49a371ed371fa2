import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import {
  SlipwayError,
  type PasswordChange,
  type SessionId,
  type Setup,
  type User,
  type UserChange,
  type UserCreate,
  type UserId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newUserId } from '../new-id.ts';
import { hashPassword, isPassword } from '../passwords.ts';
import { audit, groups, sessions, tokens, users } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { forgetLoginFailures, takeLoginAttempt } from './login-failures.ts';
import { recordRefusal } from './login-refusals.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';

type Row = typeof users.$inferSelect;

export const toUser = (row: Row): User => ({
  id: row.id,
  name: row.name,
  role: row.role,
  groupRoles: row.groupRoles,
  disabledAt: row.disabledAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  passwordChangedAt: row.passwordChangedAt.toISOString(),
});

/** Who is admin, and whether anybody is, is decided by one at a time. */
const changing = <T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> =>
  db.transaction(async (tx) => {
    await tx.execute(sql`lock table ${users} in share row exclusive mode`);
    return work(tx);
  });

const isCalled = (name: string) => sql`${name} in (${users.id}, ${users.name})`;

/** @param name or id @throws {SlipwayError} NOT_FOUND */
export const getUser = async (db: Database, name: string): Promise<User> =>
  toUser(found(await db.select().from(users).where(isCalled(name)), 'user', name));

/** By name. */
export const listUsers = async (db: Database, page: Page): Promise<Paged<User>> => {
  const keys = keyset(page, { by: [users.name], direction: 'asc' });
  const rows = await db
    .select({ row: users, key: keys.key })
    .from(users)
    .where(keys.where)
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map(toUser),
    () => db.$count(users),
  );
};

export const hasUsers = async (db: Database): Promise<boolean> =>
  (await db.select({ id: users.id }).from(users).limit(1)).length > 0;

const insert = async (
  tx: Database,
  asked: Omit<UserCreate, 'password'>,
  password: string,
  now: Date,
): Promise<User> => {
  // Entries of the log name people and tokens of the server alike.
  const [token] = await tx
    .select({ id: tokens.id })
    .from(tokens)
    .where(and(eq(tokens.name, asked.name), isNull(tokens.user)));
  const [taken] = await tx.select({ id: users.id }).from(users).where(eq(users.name, asked.name));
  const [gone] = await tx
    .select({ id: audit.id })
    .from(audit)
    .where(and(eq(audit.action, 'user.delete'), sql`${audit.details} ->> 'name' = ${asked.name}`))
    .limit(1);
  const of =
    (taken === undefined ? undefined : 'a user already') ??
    (token === undefined ? undefined : 'a token of the server') ??
    (gone === undefined ? undefined : 'a user that was deleted, whom the audit log names');
  if (of !== undefined)
    throw new SlipwayError('CONFLICT', `${asked.name} is the name of ${of}. Take another name.`);
  const rows = await tx
    .insert(users)
    .values({ ...asked, id: newUserId(), password, createdAt: now, passwordChangedAt: now })
    .returning();
  return toUser(found(rows, 'user', asked.name));
};

const refuseUnknownGroups = async (tx: Database, groupRoles: UserChange['groupRoles']): Promise<void> => {
  for (const { group } of groupRoles ?? [])
    found(await tx.select({ id: groups.id }).from(groups).where(eq(groups.id, group)), 'group', group);
};

/**
 * The first user, who is admin. That the setup token is right is the business of who calls.
 *
 * @throws {SlipwayError} CONFLICT where there are users already
 */
export const createFirstUser = async (
  db: Database,
  { name, password }: Omit<Setup, 'token'>,
  now: Date,
): Promise<User> => {
  const hash = await hashPassword(password);
  return changing(db, async (tx) => {
    if (await hasUsers(tx))
      throw new SlipwayError('CONFLICT', 'There are users already; an admin makes others.');
    const user = await insert(tx, { name, role: 'admin', groupRoles: [] }, hash, now);
    await recordAudit(tx, { actor: 'setup', action: 'user.create', subject: user.id, details: { name } });
    return user;
  });
};

/** @throws {SlipwayError} CONFLICT where the name is taken, NOT_FOUND for a group */
export const createUser = async (
  db: Database,
  { password, ...asked }: UserCreate,
  actor: string,
  now: Date,
): Promise<User> => {
  const hash = await hashPassword(password);
  return changing(db, async (tx) => {
    await refuseUnknownGroups(tx, asked.groupRoles);
    const user = await insert(tx, asked, hash, now);
    await recordAudit(tx, { actor, action: 'user.create', subject: user.id, details: { ...asked } });
    return user;
  });
};

/**
 * What is taken away counts at once, also for sessions and tokens that are there.
 *
 * @throws {SlipwayError} NOT_FOUND; CONFLICT where no admin would be left
 */
export const changeUser = (
  db: Database,
  name: string,
  { disabled, ...change }: UserChange,
  actor: string,
  now: Date,
): Promise<User> =>
  changing(db, async (tx) => {
    const before = await getUser(tx, name);
    await refuseUnknownGroups(tx, change.groupRoles);
    const { disabledAt: since } = before;
    const disabledAt = disabled === undefined ? since : disabled ? (since ?? now.toISOString()) : null;
    const role = change.role === undefined ? before.role : change.role;
    if (before.role === 'admin' && since === null && (role !== 'admin' || disabledAt !== null))
      await refuseLastAdmin(tx, before);
    const rows = await tx
      .update(users)
      .set({ ...change, disabledAt: disabledAt === null ? null : new Date(disabledAt) })
      .where(eq(users.id, before.id))
      .returning();
    if (disabled === true) {
      await tx.delete(sessions).where(eq(sessions.user, before.id));
      await revokeTokensOf(tx, before.id, now);
    }
    const details = { ...change, ...(disabled === undefined ? {} : { disabled }) };
    await recordAudit(tx, { actor, action: 'user.change', subject: before.id, details });
    return toUser(found(rows, 'user', name));
  });

/**
 * Their sessions and tokens go with them, and at once. The audit log keeps their name, so nobody is given it again.
 *
 * @throws {SlipwayError} NOT_FOUND; CONFLICT where no admin would be left
 */
export const deleteUser = (db: Database, name: string, actor: string): Promise<void> =>
  changing(db, async (tx) => {
    const user = await getUser(tx, name);
    if (user.role === 'admin' && user.disabledAt === null) await refuseLastAdmin(tx, user);
    await tx.delete(users).where(eq(users.id, user.id));
    const details = { name: user.name, role: user.role, groupRoles: user.groupRoles };
    await recordAudit(tx, { actor, action: 'user.delete', subject: user.id, details });
  });

const refuseLastAdmin = async (tx: Database, { id, name }: User): Promise<void> => {
  const [other] = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(ne(users.id, id), eq(users.role, 'admin'), isNull(users.disabledAt)))
    .limit(1);
  if (other !== undefined) return;
  throw new SlipwayError('CONFLICT', `${name} is the last admin. Make another user admin first.`);
};

const revokeTokensOf = async (tx: Database, user: UserId, now: Date): Promise<void> => {
  await tx
    .update(tokens)
    .set({ revokedAt: now })
    .where(and(eq(tokens.user, user), isNull(tokens.revokedAt)));
};

/**
 * Sets the password of a user: every session ends but one that is to stay.
 *
 * @param keep the session that asks, where a user does so for themselves
 */
const put = async (
  db: Database,
  user: UserId,
  hash: string,
  {
    actor,
    now,
    keep = null,
  }: { readonly actor: string; readonly now: Date; readonly keep?: SessionId | null },
): Promise<void> =>
  db.transaction(async (tx) => {
    await tx.update(users).set({ password: hash, passwordChangedAt: now }).where(eq(users.id, user));
    await tx
      .delete(sessions)
      .where(and(eq(sessions.user, user), keep === null ? undefined : ne(sessions.id, keep)));
    await recordAudit(tx, { actor, action: 'user.password', subject: user });
  });

/** For somebody who has forgotten it. @throws {SlipwayError} NOT_FOUND */
export const setPassword = async (
  db: Database,
  name: string,
  password: string,
  actor: string,
  now: Date,
): Promise<void> => {
  const user = await getUser(db, name);
  await put(db, user.id, await hashPassword(password), { actor, now });
};

/**
 * Of whoever asks. Who has got hold of a session does not guess the password by it either: attempts are counted.
 *
 * @throws {SlipwayError} LOGIN_FAILED where the present one is wrong, RATE_LIMITED
 */
export const changePassword = async (
  db: Database,
  { id, name }: User,
  { current, password }: PasswordChange,
  { keep, address, now }: { readonly keep: SessionId | null; readonly address: string; readonly now: Date },
): Promise<void> => {
  await takeLoginAttempt(db, { name, address }, now);
  const row = found(await db.select().from(users).where(eq(users.id, id)), 'user', id);
  if (!(await isPassword(current, row.password))) {
    await recordRefusal(db, { name, address }, 'wrong password', now);
    throw new SlipwayError('LOGIN_FAILED', 'The present password is not that.');
  }
  await forgetLoginFailures(db, { name, address });
  await put(db, id, await hashPassword(password), { actor: row.name, now, keep });
};
