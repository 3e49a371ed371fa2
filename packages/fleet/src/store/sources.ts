import { and, eq, isNull, lte, or, sql, type SQL } from 'drizzle-orm';
import {
  SlipwayError,
  type CommitId,
  type ErrorCode,
  type Source,
  type SourceChange,
  type SourceCreate,
  type SourceCredentials,
  type SourceId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newSourceId } from '../new-id.ts';
import { sources, triggers } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';

type Row = typeof sources.$inferSelect;

const toSource = (row: Row): Source => ({
  id: row.id,
  name: row.name,
  url: row.url,
  branch: row.branch,
  credentials: row.credentialsKind,
  commit: row.commit,
  fetchedAt: row.fetchedAt?.toISOString() ?? null,
  code: row.code,
  message: row.message,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

const isCalled = (name: string): SQL | undefined =>
  or(eq(sources.name, name), eq(sql<string>`${sources.id}`, name));

/** @param name or id @throws {SlipwayError} NOT_FOUND */
export const getSource = async (db: Database, name: string): Promise<Source> =>
  toSource(found(await db.select().from(sources).where(isCalled(name)), 'source', name));

/** The credentials as they are kept; null: none. */
export const sealedCredentials = async (db: Database, id: SourceId): Promise<string | null> =>
  found(await db.select().from(sources).where(eq(sources.id, id)), 'source', id).credentials;

/** By name. */
export const listSources = async (db: Database, page: Page): Promise<Paged<Source>> => {
  const keys = keyset(page, { by: [sources.name], direction: 'asc' });
  const rows = await db
    .select({ row: sources, key: keys.key })
    .from(sources)
    .where(keys.where)
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map(toSource),
    () => db.$count(sources),
  );
};

// Two that are saved at once could take one name.
const changing = <T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> =>
  db.transaction(async (tx) => {
    await tx.execute(sql`lock table ${sources} in share row exclusive mode`);
    return work(tx);
  });

const refuseTaken = async (db: Database, name: string): Promise<void> => {
  const [taken] = await db.select({ id: sources.id }).from(sources).where(eq(sources.name, name));
  if (taken === undefined) return;
  throw new SlipwayError('CONFLICT', `There is a source ${name} already (${taken.id}). Take another name.`, {
    details: { source: taken.id },
  });
};

/** Seals a secret for the row that keeps it. */
export type Seal<T> = (secret: T, id: string) => string;

/** @throws {SlipwayError} CONFLICT where the name is taken */
export const createSource = (
  db: Database,
  { credentials, ...asked }: SourceCreate,
  by: { readonly actor: string; readonly seal: Seal<SourceCredentials> },
  now: Date,
): Promise<Source> =>
  changing(db, async (tx) => {
    await refuseTaken(tx, asked.name);
    const id = newSourceId();
    const rows = await tx
      .insert(sources)
      .values({
        ...asked,
        id,
        credentialsKind: credentials?.kind ?? null,
        credentials: credentials === undefined ? null : by.seal(credentials, id),
        createdAt: now,
        updatedAt: now,
      })
      .returning();
    const details = { ...asked, credentials: credentials?.kind ?? null };
    await recordAudit(tx, { actor: by.actor, action: 'source.create', subject: id, details });
    return toSource(found(rows, 'source', id));
  });

/** @throws {SlipwayError} NOT_FOUND; CONFLICT where the name is taken */
export const changeSource = (
  db: Database,
  name: string,
  { credentials, ...change }: SourceChange,
  by: { readonly actor: string; readonly seal: Seal<SourceCredentials> },
  now: Date,
): Promise<Source> =>
  changing(db, async (tx) => {
    const before = await getSource(tx, name);
    if (change.name !== undefined && change.name !== before.name) await refuseTaken(tx, change.name);
    // A secret is for the place it was given for: who may change the address must not have it sent elsewhere.
    const moved = change.url !== undefined && change.url !== before.url;
    const kept = credentials === undefined && moved ? null : credentials;
    const rows = await tx
      .update(sources)
      .set({
        ...change,
        ...(kept === undefined
          ? {}
          : {
              credentialsKind: kept?.kind ?? null,
              credentials: kept === null ? null : by.seal(kept, before.id),
            }),
        ...(moved || (change.branch !== undefined && change.branch !== before.branch)
          ? { commit: null, fetchedAt: null, code: null, message: null }
          : {}),
        updatedAt: now,
      })
      .where(eq(sources.id, before.id))
      .returning();
    const details = { ...change, ...(kept === undefined ? {} : { credentials: kept?.kind ?? null }) };
    await recordAudit(tx, { actor: by.actor, action: 'source.change', subject: before.id, details });
    return toSource(found(rows, 'source', name));
  });

/** @throws {SlipwayError} NOT_FOUND; CONFLICT while a trigger builds from it */
export const deleteSource = (db: Database, name: string, actor: string): Promise<Source> =>
  changing(db, async (tx) => {
    const source = await getSource(tx, name);
    const ofSource = eq(triggers.source, source.id);
    const [user] = await tx
      .select()
      .from(triggers)
      .where(and(ofSource, isNull(triggers.classFile)))
      .limit(1);
    if (user !== undefined)
      throw new SlipwayError(
        'CONFLICT',
        `Trigger ${user.name} builds from source ${source.name}. Delete that trigger, or give it another source, first.`,
        { details: { trigger: user.id } },
      );
    // What its class files name goes with it.
    await tx.delete(triggers).where(ofSource);
    await tx.delete(sources).where(eq(sources.id, source.id));
    const details = { name: source.name };
    await recordAudit(tx, { actor, action: 'source.delete', subject: source.id, details });
    return source;
  });

/**
 * How a fetch ended. What was fetched while the source became another, or began before what is known by now, is no word
 * on it.
 *
 * @param source as it was when the fetch began
 * @param outcome.commit absent: another branch than the source's own was fetched, which says nothing of its commit
 * @param begunAt of the fetch
 */
export const recordFetch = async (
  db: Database,
  { id, url, branch }: Pick<Source, 'id' | 'url' | 'branch'>,
  outcome: { readonly commit?: CommitId } | { readonly code: ErrorCode; readonly message: string },
  begunAt: Date,
): Promise<void> => {
  const failure = 'code' in outcome ? outcome : { code: null, message: null };
  const known = 'code' in outcome || outcome.commit === undefined ? undefined : outcome.commit;
  await db
    .update(sources)
    .set({
      code: failure.code,
      message: failure.message,
      ...(known === undefined ? {} : { commit: known, fetchedAt: begunAt }),
    })
    .where(
      and(
        eq(sources.id, id),
        eq(sources.url, url),
        eq(sources.branch, branch),
        or(isNull(sources.fetchedAt), lte(sources.fetchedAt, begunAt)),
      ),
    );
};
