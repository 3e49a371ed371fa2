import { and, asc, eq, ne, or, sql } from 'drizzle-orm';
import { SlipwayError, type View, type ViewChange, type ViewCreate, type ViewId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newViewId } from '../new-id.ts';
import { parseQuery } from '../query/parse.ts';
import { views } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { found } from './not-found.ts';

/** Who asks: whose views are theirs, and whether they may change what is shared. */
export type Viewer = { readonly owner: string; readonly isAdmin: boolean };

/** Of one owner; all that are shared are listed to everybody. */
const MOST_VIEWS = 100;

const toView = ({ tenant: _tenant, createdAt, updatedAt, ...row }: typeof views.$inferSelect): View => ({
  ...row,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});

/** Their own and those that are shared, by name. */
export const listViews = async (db: Database, { owner }: Viewer): Promise<View[]> =>
  (
    await db
      .select()
      .from(views)
      .where(or(eq(views.owner, owner), views.shared))
      .orderBy(asc(sql`lower(${views.name})`), asc(views.id))
      .limit(1000)
  ).map(toView);

/** @throws {SlipwayError} QUERY_INVALID; CONFLICT where there is one of that name, or there are too many */
export const createView = (db: Database, { owner }: Viewer, asked: ViewCreate, now: Date): Promise<View> =>
  db.transaction(async (tx) => {
    await lockOwner(tx, owner);
    parseQuery(asked.query);
    await refuseTaken(tx, owner, asked.name, undefined);
    if ((await tx.$count(views, eq(views.owner, owner))) >= MOST_VIEWS)
      throw new SlipwayError(
        'CONFLICT',
        `${owner} has ${MOST_VIEWS} views, which is as many as one may have. Delete some first.`,
      );
    const rows = await tx
      .insert(views)
      .values({ ...asked, id: newViewId(), owner, createdAt: now, updatedAt: now })
      .returning();
    const view = toView(found(rows, 'view', asked.name));
    await recordAudit(tx, { actor: owner, action: 'view.create', subject: view.id, details: { ...asked } });
    return view;
  });

/** @throws {SlipwayError} NOT_FOUND also for one of somebody else; QUERY_INVALID; CONFLICT */
export const changeView = (
  db: Database,
  viewer: Viewer,
  id: ViewId,
  change: ViewChange,
  now: Date,
): Promise<View> =>
  db.transaction(async (tx) => {
    const before = await lockView(tx, viewer, id);
    await lockOwner(tx, before.owner);
    if (change.query !== undefined) parseQuery(change.query);
    if (change.name !== undefined) await refuseTaken(tx, before.owner, change.name, id);
    const rows = await tx
      .update(views)
      .set({ ...change, updatedAt: now })
      .where(eq(views.id, id))
      .returning();
    await recordAudit(tx, {
      actor: viewer.owner,
      action: 'view.change',
      subject: id,
      details: { ...change },
    });
    return toView(found(rows, 'view', id));
  });

/** @throws {SlipwayError} NOT_FOUND also for one of somebody else */
export const deleteView = (db: Database, viewer: Viewer, id: ViewId): Promise<void> =>
  db.transaction(async (tx) => {
    const { name } = await lockView(tx, viewer, id);
    await tx.delete(views).where(eq(views.id, id));
    await recordAudit(tx, { actor: viewer.owner, action: 'view.delete', subject: id, details: { name } });
  });

/** Two that are saved at once could take one name. */
const lockOwner = async (tx: Database, owner: string): Promise<void> => {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`views of ${owner}`}, 0))`);
};

const lockView = async (tx: Database, { owner, isAdmin }: Viewer, id: ViewId) =>
  found(
    await tx
      .select()
      .from(views)
      .where(and(eq(views.id, id), or(eq(views.owner, owner), isAdmin ? views.shared : undefined)))
      .for('update'),
    'view',
    id,
  );

const refuseTaken = async (
  tx: Database,
  owner: string,
  name: string,
  but: ViewId | undefined,
): Promise<void> => {
  const [taken] = await tx
    .select({ id: views.id })
    .from(views)
    .where(
      and(eq(views.owner, owner), eq(views.name, name), but === undefined ? undefined : ne(views.id, but)),
    );
  if (taken === undefined) return;
  throw new SlipwayError('CONFLICT', `There is a view ${name} already (${taken.id}). Take another name.`, {
    details: { view: taken.id },
  });
};
