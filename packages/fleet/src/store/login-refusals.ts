import { and, lte, ne, or, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { loginRefusals, users } from '../schema.ts';
import { recordAudit } from './audit.ts';

/** As long as the longest wait that failures lead to. */
export const REFUSAL_WINDOW_MS = 900_000;
/** So many pairs of user and address are told apart in a window. */
export const MAX_REFUSAL_PAIRS = 50;

export type RefusalReason =
  'unknown name' | 'wrong password' | 'disabled' | 'too many tries' | 'wrong setup token';

export type Refused = {
  /** as it was given; told only where it is that of a user, because people type passwords into the wrong field */
  readonly name: string;
  readonly address: string;
};

/** Who cannot be told, or is one of too many. */
const UNKNOWN = 'unknown';
const SEVERAL = 'several';

/**
 * Puts a refusal on record: the first for a user from an address in the log at once, those that follow within the window
 * as one entry with counts at its end. So a flood of them adds two entries for each pair in a window, and for no more
 * than `MAX_REFUSAL_PAIRS`: what is beyond is counted together.
 *
 * @param db not a transaction that is about to be rolled back
 */
export const recordRefusal = async (
  db: Database,
  { name, address }: Refused,
  reason: RefusalReason,
  now: Date,
): Promise<void> => {
  await tellRefusals(db, now);
  await db.transaction(async (tx) => {
    const [user] = await tx
      .select({ id: users.id, name: users.name })
      .from(users)
      .where(sql`${users.name} = ${name}`);
    const pair = { subject: user?.id ?? UNKNOWN, address: address.slice(0, 64) };
    const isOther = or(ne(loginRefusals.subject, pair.subject), ne(loginRefusals.address, pair.address));
    const isFull = (await tx.$count(loginRefusals, isOther)) >= MAX_REFUSAL_PAIRS;
    const about = isFull
      ? { subject: SEVERAL, address: SEVERAL, name: null }
      : { ...pair, name: user?.name ?? null };
    const [row] = await tx
      .insert(loginRefusals)
      .values({ ...about, counts: {}, since: now, lastAt: now })
      .onConflictDoUpdate({
        target: [loginRefusals.tenant, loginRefusals.subject, loginRefusals.address],
        set: {
          counts: sql`${loginRefusals.counts} || jsonb_build_object(${reason}::text,
            coalesce((${loginRefusals.counts} ->> ${reason})::integer, 0) + 1)`,
          lastAt: now,
        },
      })
      .returning();
    if (row !== undefined && Object.keys(row.counts).length === 0) await tell(tx, row, { [reason]: 1 });
  });
};

/** Tells what was counted in windows that are over. Any number of servers may. */
export const tellRefusals = (db: Database, now: Date): Promise<void> =>
  db.transaction(async (tx) => {
    const until = new Date(now.getTime() - REFUSAL_WINDOW_MS);
    const over = await tx
      .delete(loginRefusals)
      .where(
        and(
          lte(loginRefusals.since, until),
          sql`ctid in (select ctid from ${loginRefusals} where ${loginRefusals.since} <= ${until.toISOString()}::timestamptz
            for update skip locked)`,
        ),
      )
      .returning();
    for (const row of over) if (Object.keys(row.counts).length > 0) await tell(tx, row, row.counts);
  });

const tell = (
  tx: Database,
  { subject, name, address, since, lastAt }: typeof loginRefusals.$inferSelect,
  reasons: Readonly<Record<string, number>>,
): Promise<void> =>
  recordAudit(tx, {
    actor: 'login',
    action: 'login.refuse',
    subject,
    details: {
      ...(name === null ? {} : { name }),
      address,
      reasons,
      since: since.toISOString(),
      until: lastAt.toISOString(),
    },
  });
