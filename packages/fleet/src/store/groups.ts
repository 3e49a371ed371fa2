import { and, count, eq, inArray, isNotNull, isNull, or, sql, type SQL } from 'drizzle-orm';
import {
  SlipwayError,
  type DeviceId,
  type Group,
  type GroupChange,
  type GroupCreate,
} from '@slipway/protocol';
import type { Reach } from '../actor.ts';
import type { Database } from '../database.ts';
import { newGroupId } from '../new-id.ts';
import { testsOf } from '../query/ast.ts';
import { parseQuery } from '../query/parse.ts';
import { devices, groupMembers, groups, rollouts } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { findGroups, queryCondition } from './find-groups.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { isUnderWay } from './rollout-targets.ts';

type Row = typeof groups.$inferSelect;

const toGroup = (row: Row): Group => ({
  id: row.id,
  name: row.name,
  description: row.description,
  query: row.query,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

const isCalled = (name: string): SQL | undefined =>
  or(eq(groups.name, name), eq(sql<string>`${groups.id}`, name));

const rowOf = async (db: Database, name: string): Promise<Row> =>
  found(await db.select().from(groups).where(isCalled(name)), 'group', name);

/** @param name or id @throws {SlipwayError} NOT_FOUND */
export const getGroup = async (db: Database, name: string): Promise<Group> => toGroup(await rowOf(db, name));

/** By name. */
export const listGroups = async (db: Database, page: Page, reach: Reach = 'fleet'): Promise<Paged<Group>> => {
  const filter = reach === 'fleet' ? undefined : inArray(groups.id, [...reach]);
  const keys = keyset(page, { by: [groups.name], direction: 'asc' });
  const rows = await db
    .select({ row: groups, key: keys.key })
    .from(groups)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map(toGroup),
    () => db.$count(groups, filter),
  );
};

// Two that are saved at once could each ask for the other, and a name that is gone could be asked for.
const changing = <T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> =>
  db.transaction(async (tx) => {
    await tx.execute(sql`lock table ${groups} in share row exclusive mode`);
    return work(tx);
  });

const refuseTaken = async (db: Database, name: string): Promise<void> => {
  const [taken] = await db.select({ id: groups.id }).from(groups).where(eq(groups.name, name));
  if (taken === undefined) return;
  throw new SlipwayError('CONFLICT', `There is a group ${name} already (${taken.id}). Take another name.`, {
    details: { group: taken.id },
  });
};

/** @throws {SlipwayError} QUERY_INVALID, CONFLICT where the name is taken */
export const createGroup = (db: Database, asked: GroupCreate, actor: string, now: Date): Promise<Group> =>
  changing(db, async (tx) => {
    await refuseTaken(tx, asked.name);
    const query = asked.query ?? null;
    if (query !== null) await findGroups(tx, query, parseQuery(query));
    const rows = await tx
      .insert(groups)
      .values({ ...asked, id: newGroupId(), query, createdAt: now, updatedAt: now })
      .returning();
    const group = toGroup(found(rows, 'group', asked.name));
    await recordAudit(tx, { actor, action: 'group.create', subject: group.id, details: { ...asked } });
    return group;
  });

/**
 * @throws {SlipwayError} NOT_FOUND; QUERY_INVALID; CONFLICT where the name is taken, where the present name is asked for,
 * or where a query is given to a group whose members are listed
 */
export const changeGroup = (
  db: Database,
  name: string,
  change: GroupChange,
  actor: string,
  now: Date,
): Promise<Group> =>
  changing(db, async (tx) => {
    const before = await rowOf(tx, name);
    if (change.query !== undefined) {
      if (before.query === null)
        throw new SlipwayError(
          'CONFLICT',
          `The members of group ${before.name} are listed, so it takes no query. Make a new group for it.`,
        );
      await findGroups(tx, change.query, parseQuery(change.query), before.id);
    }
    if (change.name !== undefined && change.name !== before.name) {
      await refuseTaken(tx, change.name);
      await refuseNamed(tx, before, 'renamed', [before.name]);
    }
    const rows = await tx
      .update(groups)
      .set({ ...change, updatedAt: now })
      .where(eq(groups.id, before.id))
      .returning();
    await recordAudit(tx, { actor, action: 'group.change', subject: before.id, details: { ...change } });
    return toGroup(found(rows, 'group', name));
  });

/** @throws {SlipwayError} NOT_FOUND, CONFLICT while a group or a running rollout asks for it */
export const deleteGroup = (db: Database, name: string, actor: string): Promise<void> =>
  changing(db, async (tx) => {
    const { id, name: called } = await rowOf(tx, name);
    await refuseNamed(tx, { id, name: called }, 'deleted', [called, id]);
    await tx.delete(groups).where(eq(groups.id, id));
    await recordAudit(tx, { actor, action: 'group.delete', subject: id, details: { name: called } });
  });

/** Where one of `names` stands in a query that is kept, it must go on to mean the same. */
const refuseNamed = async (
  db: Database,
  group: Pick<Row, 'id' | 'name'>,
  what: string,
  names: readonly string[],
): Promise<void> => {
  const asks = (query: string | null): boolean =>
    query !== null &&
    testsOf(parseQuery(query)).some((test) => test.kind === 'group' && names.includes(test.group));
  const others = await db.select().from(groups).where(isNotNull(groups.query));
  const running = await db
    .select({ id: rollouts.id, group: rollouts.group, query: rollouts.query, within: rollouts.within })
    .from(rollouts)
    .where(isUnderWay);
  const by = [
    ...others.filter(({ query }) => asks(query)).map(({ name }) => `group ${name}`),
    ...running
      .filter(({ query, group: whole, within }) => {
        const isMeant = whole === group.id || within?.includes(group.id) === true;
        return asks(query) || (isMeant && names.includes(group.id));
      })
      .map(({ id }) => `rollout ${id}`),
  ];
  if (by.length === 0) return;
  throw new SlipwayError(
    'CONFLICT',
    `Group ${group.name} is asked for by ${by.join(', ')}, so it cannot be ${what}. Change or end ${by.length === 1 ? 'that' : 'those'} first.`,
    { details: { by } },
  );
};

const listedGroup = async (db: Database, name: string): Promise<Row> => {
  const row = await rowOf(db, name);
  if (row.query === null) return row;
  throw new SlipwayError(
    'CONFLICT',
    `The members of group ${row.name} are what its query finds (${row.query}). Change the query instead.`,
  );
};

/** @throws {SlipwayError} NOT_FOUND for the group or a device, CONFLICT for a group that has a query */
export const addMembers = (
  db: Database,
  name: string,
  members: readonly DeviceId[],
  actor: string,
  now: Date,
): Promise<Group> =>
  db.transaction(async (tx) => {
    const group = await listedGroup(tx, name);
    const known = await tx
      .select({ id: devices.id })
      .from(devices)
      .where(inArray(devices.id, [...members]))
      .for('key share');
    for (const member of members)
      found(
        known.filter(({ id }) => id === member),
        'device',
        member,
      );
    await tx
      .insert(groupMembers)
      .values([...new Set(members)].map((device) => ({ group: group.id, device, addedAt: now })))
      .onConflictDoNothing();
    await recordAudit(tx, { actor, action: 'group.add', subject: group.id, details: { devices: members } });
    return toGroup(group);
  });

/** What is no member stays none. @throws {SlipwayError} NOT_FOUND, CONFLICT for a group that has a query */
export const removeMembers = (
  db: Database,
  name: string,
  members: readonly DeviceId[],
  actor: string,
): Promise<Group> =>
  db.transaction(async (tx) => {
    const group = await listedGroup(tx, name);
    await tx
      .delete(groupMembers)
      .where(and(eq(groupMembers.group, group.id), inArray(groupMembers.device, [...members])));
    await recordAudit(tx, {
      actor,
      action: 'group.remove',
      subject: group.id,
      details: { devices: members },
    });
    return toGroup(group);
  });

/** That a device belongs to a group, for the table of devices. */
export const isInGroup = async (db: Database, name: string, now: Date): Promise<SQL> => {
  const { id } = await rowOf(db, name);
  return queryCondition(db, `group = ${id}`, now);
};

/** Groups in one statement: each may take as many parameters as a query has comparisons. */
const AT_ONCE = 50;

/** The groups that a device belongs to, by name: those that list it, and those whose query finds it. */
export const groupsOfDevice = async (
  db: Database,
  device: DeviceId,
  now: Date,
  only?: readonly string[],
): Promise<Pick<Group, 'id' | 'name'>[]> => {
  const wanted =
    only === undefined
      ? undefined
      : or(inArray(groups.name, [...only]), inArray(sql<string>`${groups.id}`, [...only]));
  const listed = await db
    .select({ id: groups.id, name: groups.name })
    .from(groups)
    .innerJoin(groupMembers, eq(groupMembers.group, groups.id))
    .where(and(isNull(groups.query), eq(groupMembers.device, device), wanted));
  const asking = await db
    .select({ id: groups.id, name: groups.name })
    .from(groups)
    .where(and(isNotNull(groups.query), wanted));
  const finding: Pick<Group, 'id' | 'name'>[] = [];
  for (let n = 0; n < asking.length; n += AT_ONCE) {
    const some = asking.slice(n, n + AT_ONCE);
    const conditions = await Promise.all(some.map(({ id }) => queryCondition(db, `group = ${id}`, now)));
    const counts: Record<string, SQL<number>> = {};
    for (const [k, condition] of conditions.entries())
      counts[String(k)] = count(sql`case when ${condition} then 1 end`);
    const [row] = await db.select(counts).from(devices).where(eq(devices.id, device));
    finding.push(...some.filter((_group, k) => (row?.[String(k)] ?? 0) > 0));
  }
  return [...listed, ...finding].sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** Whether a device belongs to one of the groups, each named by its id or its name; there may be no such group. */
export const deviceIsInGroups = async (
  db: Database,
  device: DeviceId,
  wanted: readonly string[],
): Promise<boolean> => wanted.length > 0 && (await groupsOfDevice(db, device, new Date(), wanted)).length > 0;
