import type { Database } from '../database.ts';
import { audit } from '../schema.ts';
import { keyset, type Page, type Paged } from './page.ts';

export type AuditEntry = {
  /** name of a token, or `device:ID` */
  readonly actor: string;
  /** `release.publish`, `device.enrol` … */
  readonly action: string;
  readonly subject: string;
  readonly details?: Record<string, unknown>;
};

export const recordAudit = async (db: Database, entry: AuditEntry): Promise<void> => {
  await db.insert(audit).values(entry);
};

/** Newest first. */
export const listAudit = async (db: Database, page: Page): Promise<Paged<typeof audit.$inferSelect>> => {
  const keys = keyset(page, { by: [audit.id], direction: 'desc' });
  const rows = await db
    .select({ row: audit, key: keys.key })
    .from(audit)
    .where(keys.where)
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found,
    () => db.$count(audit),
  );
};
