import { createHash, timingSafeEqual } from 'node:crypto';
import { eq } from 'drizzle-orm';
import type { Role } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { tokens } from '../schema.ts';

/** The database never holds a token, only this. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

export type Actor = { readonly name: string; readonly role: Role };

/** Lets a token in; doing so again changes nothing. */
export const admitToken = async (
  db: Database,
  token: { readonly text: string; readonly name: string; readonly role: Role },
): Promise<void> => {
  const { text, ...rest } = token;
  await db
    .insert(tokens)
    .values({ sha256: sha256Hex(text), ...rest })
    .onConflictDoNothing();
};

/** The index may tell hashes apart by time, which says nothing of a token; the last comparison does not even that. */
export const actorOfToken = async (db: Database, text: string): Promise<Actor | undefined> => {
  const sha256 = sha256Hex(text);
  const [row] = await db.select().from(tokens).where(eq(tokens.sha256, sha256));
  if (row === undefined || !timingSafeEqual(Buffer.from(row.sha256), Buffer.from(sha256))) return undefined;
  return { name: row.name, role: row.role };
};
