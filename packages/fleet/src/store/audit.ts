import { desc } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { audit } from '../schema.ts';
import type { Page } from './not-found.ts';

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

export const listAudit = (db: Database, { limit, offset }: Page) =>
  db.select().from(audit).orderBy(desc(audit.id)).limit(limit).offset(offset);
