import { and, asc, count, gt, sql, type SQL } from 'drizzle-orm';
import {
  SlipwayError,
  type BulkAction,
  type BulkResult,
  type CommandId,
  type DeviceId,
} from '@slipway/protocol';
import type { Reach } from '../../actor.ts';
import type { Database } from '../../database.ts';
import { devices } from '../../schema.ts';
import { queryCondition } from '../find-groups.ts';
import { getGroup } from '../groups.ts';
import { isInReach } from '../reach.ts';
import { isOneOf } from '../row-set.ts';
import { applyBatch } from './apply.ts';
import { CHANGED, outcomeOf, refusalOf, UNCHANGED } from './outcomes.ts';

export type ManyAsked = {
  readonly action: BulkAction;
  /** these, or those that a query finds */
  readonly ids?: readonly DeviceId[] | undefined;
  readonly query?: string | undefined;
  /** of whoever asks */
  readonly reach: Reach;
  readonly after: DeviceId | undefined;
  readonly dryRun: boolean;
  readonly actor: string;
};

export type ManyChanged = {
  readonly result: BulkResult;
  readonly changed: readonly DeviceId[];
  readonly commands: readonly CommandId[];
};

/** Devices of one answer: what takes a statement for all of them, and what takes some for each. */
const BATCH = 500;
const SMALL_BATCH = 50;
const NAMED = 10;
const TAKE_EACH: readonly BulkAction['kind'][] = ['accept', 'reject', 'revoke', 'decommission'];

/**
 * Does something to many devices, a batch of them at a time in the order of their ids, or tells what would become of all
 * of them.
 *
 * @throws {SlipwayError} QUERY_INVALID; NOT_FOUND for a group, CONFLICT for one that has a query
 */
export const changeMany = async (db: Database, asked: ManyAsked, now: Date): Promise<ManyChanged> => {
  const { action, ids, query, reach, after, dryRun, actor } = asked;
  const group = action.kind === 'group' ? await listedGroup(db, action.group) : undefined;
  const where = and(
    query === undefined ? undefined : await queryCondition(db, query, now),
    await isInReach(db, reach, now),
    ids === undefined ? undefined : isOneOf(devices.id, ids),
    after === undefined ? undefined : gt(devices.id, after),
  );
  const outcome = outcomeOf(action, group);
  const missing = after === undefined ? await missingOf(db, ids, where) : [];
  const told = createTold(action);
  told.add('NOT_FOUND', missing, missing.length);
  if (dryRun) {
    // By its place: written twice, its parameters would make it two.
    const rows = await db
      .select({ outcome, count: count() })
      .from(devices)
      .where(where)
      .groupBy(sql`1`);
    for (const row of rows) told.add(row.outcome, [], row.count);
    return { result: told.result(true, null), changed: [], commands: [] };
  }
  const size = TAKE_EACH.includes(action.kind) ? SMALL_BATCH : BATCH;
  const found = await db
    .select({ id: devices.id, outcome })
    .from(devices)
    .where(where)
    .orderBy(asc(devices.id))
    .limit(size + 1);
  const batch = found.slice(0, size);
  const wanted = batch.filter((row) => row.outcome === CHANGED).map(({ id }) => id);
  const applied =
    wanted.length === 0 ? undefined : await applyBatch(db, { action, group, ids: wanted, actor, now });
  const changed = new Set(applied?.changed);
  for (const { id, outcome: before } of batch) {
    const late = before === CHANGED && !changed.has(id) ? 'CONFLICT' : before;
    told.add(applied?.refused.get(id) ?? late, [id], 1);
  }
  const next = found.length > size ? (batch.at(-1)?.id ?? null) : null;
  return {
    result: told.result(false, next),
    changed: applied?.changed ?? [],
    commands: applied?.commands ?? [],
  };
};

const listedGroup = async (db: Database, name: string) => {
  const group = await getGroup(db, name);
  if (group.query === null) return group.id;
  throw new SlipwayError(
    'CONFLICT',
    `The members of group ${group.name} are what its query finds (${group.query}). Change the query instead.`,
  );
};

const missingOf = async (
  db: Database,
  ids: readonly DeviceId[] | undefined,
  where: SQL | undefined,
): Promise<readonly DeviceId[]> => {
  if (ids === undefined) return [];
  const rows = await db.select({ id: devices.id }).from(devices).where(where);
  const there = new Set(rows.map(({ id }) => id));
  return [...new Set(ids)].filter((id) => !there.has(id));
};

/** Counts what becomes of devices. */
const createTold = (action: BulkAction) => {
  let [changed, unchanged] = [0, 0];
  const refused = new Map<string, { count: number; devices: DeviceId[] }>();
  return {
    add: (outcome: string, ids: readonly DeviceId[], many: number): void => {
      if (many === 0) return;
      if (outcome === CHANGED) changed += many;
      else if (outcome === UNCHANGED) unchanged += many;
      else {
        const before = refused.get(outcome) ?? { count: 0, devices: [] };
        const named = [...before.devices, ...ids].slice(0, NAMED);
        refused.set(outcome, { count: before.count + many, devices: named });
      }
    },
    result: (dryRun: boolean, after: DeviceId | null): BulkResult => ({
      dryRun,
      changed,
      unchanged,
      refused: [...refused].map(([code, told]) => ({ code, message: refusalOf(action, code), ...told })),
      after,
    }),
  };
};
