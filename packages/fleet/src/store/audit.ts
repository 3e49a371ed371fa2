import { createHash } from 'node:crypto';
import { and, asc, desc, eq, gte, isNotNull, isNull, lt, sql, type SQL } from 'drizzle-orm';
import {
  AUDIT_ORIGIN,
  encodeAuditContent,
  DEFAULT_TENANT,
  type AuditEntry,
  type AuditFilter,
  type AuditHead,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { audit } from '../schema.ts';
import { keyset, type Page, type Paged } from './page.ts';

/** What whoever changes something says of it. */
export type NewAuditEntry = {
  /** name of a user or token, or `device:ID` */
  readonly actor: string;
  /** `release.publish`, `device.enrol` … */
  readonly action: string;
  readonly subject: string;
  readonly details?: Record<string, unknown>;
};

const TENANT = DEFAULT_TENANT;

/** The digest of what an entry says. */
export const contentOfEntry = (entry: Parameters<typeof encodeAuditContent>[0]): string =>
  createHash('sha256').update(encodeAuditContent(entry)).digest('hex');

/**
 * Adds to the log. Give it the transaction of the change: both are there, or none. The database gives the entry its
 * place in the chain when the transaction is committed.
 */
export const recordAudit = (tx: Database, entry: NewAuditEntry): Promise<void> => recordAudits(tx, [entry]);

/** Many at once, in this order. */
export const recordAudits = async (tx: Database, entries: readonly NewAuditEntry[]): Promise<void> => {
  if (entries.length === 0) return;
  const at = new Date();
  await tx.insert(audit).values(
    entries.map(({ details = {}, ...said }) => {
      const entry = { ...said, tenant: TENANT, details, at };
      return { ...entry, content: contentOfEntry({ ...entry, at: at.toISOString() }) };
    }),
  );
};

const isChained = and(eq(audit.tenant, TENANT), isNotNull(audit.sequence));

const filterOf = ({ actor, action, subject, since, until }: Partial<AuditFilter>): SQL | undefined =>
  and(
    isChained,
    actor === undefined ? undefined : eq(audit.actor, actor),
    action === undefined ? undefined : isAction(action),
    subject === undefined ? undefined : eq(audit.subject, subject),
    since === undefined ? undefined : gte(audit.at, new Date(since)),
    until === undefined ? undefined : lt(audit.at, new Date(until)),
  );

const isAction = (action: string): SQL =>
  action.endsWith('.') ? sql`starts_with(${audit.action}, ${action})` : eq(audit.action, action);

const toEntry = (row: typeof audit.$inferSelect): AuditEntry => ({
  tenant: row.tenant,
  sequence: row.sequence ?? 0,
  at: row.at.toISOString(),
  actor: row.actor,
  action: row.action,
  subject: row.subject,
  details: row.details,
  previous: row.previous ?? '',
  hash: row.hash ?? '',
});

/** Newest first, unless `order` says otherwise. */
export const listAudit = async (
  db: Database,
  page: Page & Partial<AuditFilter>,
): Promise<Paged<AuditEntry>> => {
  const filter = filterOf(page);
  const keys = keyset(page, { by: [audit.sequence], direction: page.order === 'oldest' ? 'asc' : 'desc' });
  const rows = await db
    .select({ row: audit, key: keys.key })
    .from(audit)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map(toEntry),
    () => db.$count(audit, filter),
  );
};

export const getAuditHead = async (db: Database): Promise<AuditHead> => {
  const [row] = await db.select().from(audit).where(isChained).orderBy(desc(audit.sequence)).limit(1);
  return { sequence: row?.sequence ?? 0, hash: row?.hash ?? AUDIT_ORIGIN };
};

const LEGACY_AT_ONCE = 1000;

const legacy = (db: Database) =>
  db
    .select()
    .from(audit)
    .where(and(eq(audit.tenant, TENANT), isNull(audit.sequence)))
    .orderBy(asc(audit.id))
    .limit(LEGACY_AT_ONCE);

/** Gives entries of a version that knew no chain their places in it. Once there are none, this is one look at an index. */
export const chainLegacyAudit = async (db: Database): Promise<void> => {
  while ((await legacy(db)).length > 0)
    await db.transaction(async (tx) => {
      // Servers that start together do it one after the other.
      await tx.execute(sql`lock table ${audit} in share row exclusive mode`);
      for (const row of await legacy(tx)) {
        const content = contentOfEntry({ ...row, at: row.at.toISOString() });
        await tx.execute(sql`select audit_append(${row.id}, ${row.tenant}, ${content})`);
      }
    });
};
