import { and, eq, lt, sql } from 'drizzle-orm';
import { SlipwayError } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { loginFailures } from '../schema.ts';
import { recordRefusal } from './login-refusals.ts';

/** Failures in a row that cost nothing; each more doubles the wait. */
const FREE = { account: 5, address: 30 } as const;
const MAX_WAIT_S = 900;
/** After so long without one, all are forgotten. */
export const FORGET_LOGIN_FAILURES_MS = 24 * 3_600_000;

export type LoginSource = { readonly name: string; readonly address: string };

const keysOf = ({ name, address }: LoginSource): [[string, number], [string, number]] => [
  [`account ${name.slice(0, 64).toLowerCase()}`, FREE.account],
  [`address ${address}`, FREE.address],
];

/**
 * Counts an attempt as failed before the password is looked at, so that many at once are no way around it.
 *
 * @throws {SlipwayError} RATE_LIMITED, the same whether there is such a user or not
 */
export const takeLoginAttempt = async (db: Database, source: LoginSource, now: Date): Promise<void> => {
  const forgotten = new Date(now.getTime() - FORGET_LOGIN_FAILURES_MS);
  for (const [key, free] of keysOf(source)) {
    await db
      .delete(loginFailures)
      .where(and(eq(loginFailures.key, key), lt(loginFailures.lastAt, forgotten)));
    const failures = sql`${loginFailures.failures} + 1`;
    const waitS = sql`least(${MAX_WAIT_S}, power(2, least(20, ${failures} - ${free})))`;
    const [taken] = await db
      .insert(loginFailures)
      .values({ key, failures: 1, lastAt: now })
      .onConflictDoUpdate({
        target: loginFailures.key,
        set: {
          failures,
          lastAt: now,
          blockedUntil: sql`case when ${failures} < ${free} then null
            else ${now.toISOString()}::timestamptz + ${waitS} * interval '1 second' end`,
        },
        setWhere: sql`${loginFailures.blockedUntil} is null
          or ${loginFailures.blockedUntil} <= ${now.toISOString()}::timestamptz`,
      })
      .returning();
    if (taken !== undefined) continue;
    await recordRefusal(db, source, 'too many tries', now);
    const [row] = await db.select().from(loginFailures).where(eq(loginFailures.key, key));
    const seconds = Math.max(1, Math.ceil(((row?.blockedUntil?.getTime() ?? 0) - now.getTime()) / 1000));
    throw new SlipwayError(
      'RATE_LIMITED',
      `Too many logins failed for this name or from this address. Try again in ${seconds} s.`,
      { details: { seconds } },
    );
  }
};

/** The password was right: the account starts anew; of the address only this attempt is forgotten. */
export const forgetLoginFailures = async (db: Database, source: LoginSource): Promise<void> => {
  const [[account], [address]] = keysOf(source);
  await db.delete(loginFailures).where(eq(loginFailures.key, account));
  await db
    .update(loginFailures)
    .set({ failures: sql`greatest(0, ${loginFailures.failures} - 1)`, blockedUntil: null })
    .where(eq(loginFailures.key, address));
};
