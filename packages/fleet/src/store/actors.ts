import { timingSafeEqual } from 'node:crypto';
import { and, eq, gt, isNull, or } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { Database } from '../database.ts';
import { sessions, tokens, users } from '../schema.ts';
import { SESSION_IDLE_MS } from './sessions.ts';
import { sha256Hex } from './tokens.ts';
import { toUser } from './users.ts';

/** When something was last used is written at most so often. */
const SEEN_MS = 60_000;
const isLongAgo = (seen: Date, now: Date): boolean => now.getTime() - seen.getTime() >= SEEN_MS;

/** The index may tell hashes apart by time, which says nothing of a token; the last comparison does not even that. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a), Buffer.from(b));

/**
 * Whom a token or a session belongs to, as they are at this moment: roles that were taken away, users that were disabled
 * and what has expired count at once.
 *
 * @returns undefined where it is not known, or no longer good
 */
export const actorOfToken = async (
  db: Database,
  text: string,
  now = new Date(),
): Promise<Actor | undefined> =>
  text.startsWith('sws_') ? actorOfSession(db, text, now) : actorOfApiToken(db, text, now);

const actorOfSession = async (db: Database, text: string, now: Date): Promise<Actor | undefined> => {
  const sha256 = sha256Hex(text);
  const [row] = await db
    .select({ session: sessions, user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user))
    .where(
      and(
        eq(sessions.sha256, sha256),
        gt(sessions.expiresAt, now),
        gt(sessions.lastSeenAt, new Date(now.getTime() - SESSION_IDLE_MS)),
        isNull(users.disabledAt),
      ),
    );
  if (row === undefined || !isSame(row.session.sha256, sha256)) return undefined;
  const { session } = row;
  const user = toUser(row.user);
  if (isLongAgo(session.lastSeenAt, now))
    await db.update(sessions).set({ lastSeenAt: now }).where(eq(sessions.id, session.id));
  return {
    tenant: row.user.tenant,
    name: user.name,
    user,
    kind: session.kind,
    session: session.id,
    role: user.role,
    groupRoles: user.groupRoles,
    scopes: null,
  };
};

const actorOfApiToken = async (db: Database, text: string, now: Date): Promise<Actor | undefined> => {
  const sha256 = sha256Hex(text);
  const [row] = await db
    .select({ token: tokens, user: users })
    .from(tokens)
    .leftJoin(users, eq(users.id, tokens.user))
    .where(
      and(
        eq(tokens.sha256, sha256),
        isNull(tokens.revokedAt),
        or(isNull(tokens.expiresAt), gt(tokens.expiresAt, now)),
        isNull(users.disabledAt),
      ),
    );
  if (row === undefined || !isSame(row.token.sha256, sha256)) return undefined;
  const { token } = row;
  const user = row.user === null ? null : toUser(row.user);
  if (token.user !== null && user === null) return undefined;
  if (token.lastUsedAt === null || isLongAgo(token.lastUsedAt, now))
    await db.update(tokens).set({ lastUsedAt: now }).where(eq(tokens.sha256, sha256));
  return {
    tenant: token.tenant,
    name: user === null ? token.name : `${user.name}/${token.name}`,
    user,
    kind: 'token',
    session: null,
    role: user === null ? token.role : user.role,
    groupRoles: user?.groupRoles ?? [],
    scopes: user === null ? null : (token.scopes ?? []),
  };
};
