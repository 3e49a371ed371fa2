import { and, desc, eq, gt, sql } from 'drizzle-orm';
import {
  SlipwayError,
  type Login,
  type Session,
  type SessionId,
  type User,
  type UserId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newSessionId, newToken } from '../new-id.ts';
import { isPassword, NOBODYS_PASSWORD } from '../passwords.ts';
import { sessions, users } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { forgetLoginFailures, takeLoginAttempt } from './login-failures.ts';
import { recordRefusal, type RefusalReason } from './login-refusals.ts';
import { found } from './not-found.ts';
import { sha256Hex } from './tokens.ts';
import { toUser } from './users.ts';

/** A session that is not used ends after that, and one that is used after the other. */
export const SESSION_IDLE_MS = 12 * 3_600_000;
export const SESSION_LIFE_MS = 7 * 24 * 3_600_000;

type Row = typeof sessions.$inferSelect;

const toSession = (row: Row, userName: User['name'], own: SessionId | null): Session => ({
  id: row.id,
  user: row.user,
  userName,
  kind: row.kind,
  createdAt: row.createdAt.toISOString(),
  lastSeenAt: row.lastSeenAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  address: row.address,
  agent: row.agent,
  isThis: row.id === own,
});

const isLive = (now: Date) =>
  and(gt(sessions.expiresAt, now), gt(sessions.lastSeenAt, new Date(now.getTime() - SESSION_IDLE_MS)));

/** Where a login comes from. */
export type LoginPlace = { readonly address: string; readonly agent: string };

/**
 * Lets somebody in who knows their password. An unknown name, a wrong password and a user that is disabled are told
 * apart by nothing, not by the time either.
 *
 * @throws {SlipwayError} LOGIN_FAILED; RATE_LIMITED after too many of them
 */
export const logIn = async (
  db: Database,
  { name, password, cookie }: Login,
  { address, agent }: LoginPlace,
  now: Date,
): Promise<{ readonly session: Session; readonly token: string; readonly user: User }> => {
  await takeLoginAttempt(db, { name, address }, now);
  const [known] = await db
    .select()
    .from(users)
    .where(sql`${users.name} = ${name}`);
  const isRight = await isPassword(password, known?.password ?? NOBODYS_PASSWORD);
  const refuse = async (reason: RefusalReason): Promise<never> => {
    await recordRefusal(db, { name, address }, reason, now);
    throw new SlipwayError('LOGIN_FAILED', 'There is no user of that name with that password.');
  };
  if (known === undefined) return refuse('unknown name');
  if (!isRight) return refuse('wrong password');
  if (known.disabledAt !== null) return refuse('disabled');
  const token = newToken('sws');
  const begun = await db.transaction(async (tx) => {
    // Deleted, disabled, or given another password, in the moment that this took.
    const [user] = await tx.select().from(users).where(eq(users.id, known.id)).for('share');
    if (user?.password !== known.password || user.disabledAt !== null) return undefined;
    await forgetLoginFailures(tx, { name, address });
    const rows = await tx
      .insert(sessions)
      .values({
        sha256: sha256Hex(token),
        id: newSessionId(),
        user: user.id,
        kind: cookie ? 'cookie' : 'bearer',
        address,
        agent: agent.slice(0, 256),
        createdAt: now,
        lastSeenAt: now,
        expiresAt: new Date(now.getTime() + SESSION_LIFE_MS),
      })
      .returning();
    const row = found(rows, 'session', '');
    await recordAudit(tx, {
      actor: user.name,
      action: 'session.create',
      subject: row.id,
      details: { address, kind: row.kind },
    });
    return { session: toSession(row, user.name, row.id), token, user: toUser(user) };
  });
  return begun ?? refuse('disabled');
};

/** Newest first. @param of only of this user */
export const listSessions = async (
  db: Database,
  of: UserId | undefined,
  own: SessionId | null,
  now: Date,
): Promise<Session[]> => {
  const rows = await db
    .select({ row: sessions, userName: users.name })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user))
    .where(and(isLive(now), of === undefined ? undefined : eq(sessions.user, of)))
    .orderBy(desc(sessions.createdAt), desc(sessions.id));
  return rows.map(({ row, userName }) => toSession(row, userName, own));
};

/** @param of only if it is of this user @throws {SlipwayError} NOT_FOUND */
export const endSession = (
  db: Database,
  id: SessionId,
  of: UserId | undefined,
  actor: string,
): Promise<void> =>
  db.transaction(async (tx) => {
    const rows = await tx
      .delete(sessions)
      .where(and(eq(sessions.id, id), of === undefined ? undefined : eq(sessions.user, of)))
      .returning();
    const { user } = found(rows, 'session', id);
    await recordAudit(tx, { actor, action: 'session.end', subject: id, details: { user } });
  });
