import { createHash } from 'node:crypto';
import { and, desc, eq, isNull } from 'drizzle-orm';
import {
  ACCESS_OF_ROLE,
  Access,
  SlipwayError,
  type ApiToken,
  type ApiTokenCreate,
  type Role,
  type TokenId,
  type User,
  type UserId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newToken, newTokenId } from '../new-id.ts';
import { tokens, users } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';

/** The database never holds a token, only this. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Lets a token of the server itself in; doing so again changes nothing. */
export const admitToken = async (
  db: Database,
  token: { readonly text: string; readonly name: string; readonly role: Role },
): Promise<void> => {
  const { text, ...rest } = token;
  await db
    .insert(tokens)
    .values({ sha256: sha256Hex(text), id: newTokenId(), ...rest })
    .onConflictDoNothing();
};

const toToken = (row: typeof tokens.$inferSelect, userName: User['name'] | null): ApiToken => ({
  id: row.id,
  name: row.name,
  user: row.user,
  userName,
  scopes: row.user === null && row.role !== null ? [...ACCESS_OF_ROLE[row.role]] : (row.scopes ?? []),
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt?.toISOString() ?? null,
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
});

/**
 * A token of a user, told this once.
 *
 * @throws {SlipwayError} FORBIDDEN for a scope that no role of the user has, CONFLICT where a token of theirs has the name
 */
export const createToken = (
  db: Database,
  user: User,
  { name, scopes, days }: ApiTokenCreate,
  now: Date,
): Promise<ApiToken> =>
  db.transaction(async (tx) => {
    const roles = [user.role, ...user.groupRoles.map(({ role }) => role)].filter((role) => role !== null);
    const own = Access.options.filter((access) =>
      roles.some((role) => ACCESS_OF_ROLE[role].includes(access)),
    );
    const beyond = scopes.filter((scope) => !own.includes(scope));
    if (beyond.length > 0)
      throw new SlipwayError(
        'FORBIDDEN',
        `${user.name} may not ${beyond.join(', ')}, so no token of theirs may. Leave it out: ${own.join(', ') || 'nothing'} is left.`,
      );
    const [taken] = await tx
      .select({ id: tokens.id })
      .from(tokens)
      .where(and(eq(tokens.user, user.id), eq(tokens.name, name), isNull(tokens.revokedAt)));
    if (taken !== undefined)
      throw new SlipwayError(
        'CONFLICT',
        `${user.name} has a token ${name} already (${taken.id}). Revoke it, or take another name.`,
      );
    const token = newToken('swt');
    const rows = await tx
      .insert(tokens)
      .values({
        sha256: sha256Hex(token),
        id: newTokenId(),
        name,
        user: user.id,
        scopes: [...new Set(scopes)],
        createdAt: now,
        expiresAt: days === undefined ? null : new Date(now.getTime() + days * 86_400_000),
      })
      .returning();
    const made = toToken(found(rows, 'token', name), user.name);
    await recordAudit(tx, {
      actor: user.name,
      action: 'token.create',
      subject: made.id,
      details: { name, scopes, expiresAt: made.expiresAt },
    });
    return { ...made, token };
  });

/** Newest first. @param of only of this user */
export const listTokens = async (
  db: Database,
  of: UserId | undefined,
  page: Page,
): Promise<Paged<ApiToken>> => {
  const filter = of === undefined ? undefined : eq(tokens.user, of);
  const keys = keyset(page, { by: [tokens.createdAt, tokens.id], direction: 'desc' });
  const rows = await db
    .select({ token: tokens, userName: users.name, key: keys.key })
    .from(tokens)
    .leftJoin(users, eq(users.id, tokens.user))
    .where(and(filter, keys.where))
    .orderBy(desc(tokens.createdAt), desc(tokens.id))
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows.map(({ key, ...row }) => ({ row, key })),
    async (found) => found.map(({ token, userName }) => toToken(token, userName)),
    () => db.$count(tokens, filter),
  );
};

/** Revoking it again changes nothing. @param of only if it is of this user @throws {SlipwayError} NOT_FOUND */
export const revokeToken = (
  db: Database,
  id: TokenId,
  of: UserId | undefined,
  actor: string,
  now: Date,
): Promise<void> =>
  db.transaction(async (tx) => {
    const rows = await tx
      .select()
      .from(tokens)
      .where(and(eq(tokens.id, id), of === undefined ? undefined : eq(tokens.user, of)))
      .for('update');
    const row = found(rows, 'token', id);
    if (row.revokedAt !== null) return;
    await tx.update(tokens).set({ revokedAt: now }).where(eq(tokens.id, id));
    const { name, user } = row;
    await recordAudit(tx, { actor, action: 'token.revoke', subject: id, details: { name, user } });
  });
