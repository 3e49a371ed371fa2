import { and, asc, desc, eq, gt, lte, sql, type SQL } from 'drizzle-orm';
import type { VersionHistory } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices, executions, rollouts } from '../schema.ts';
import { historyOf, historyStep } from './snapshots.ts';

/** What is known of the versions of one device. */
export type Lived = {
  readonly deviceClass: string;
  readonly enrolledAt: Date;
  /** null: it has not said yet */
  readonly version: string | null;
  /** in the other slot */
  readonly other: string | null;
  /** committed, the oldest first; of those before the time that is asked for the last one is enough */
  readonly updates: readonly { readonly at: Date; readonly version: string }[];
};

/** From when on a device ran what. Before the first update that is known it ran what nobody knows, `''`. */
const spansOf = ({ enrolledAt, version, other, updates }: Lived): { from: Date; version: string }[] => {
  const last = updates.at(-1);
  if (last === undefined) return [{ from: enrolledAt, version: version ?? '' }];
  // The other slot holds what the last update took the place of.
  const before = updates.length === 1 ? (other ?? '') : '';
  return [
    { from: enrolledAt, version: before },
    ...updates.map((update) => ({ from: update.at, version: update.version })),
  ];
};

/** How many devices ran what at some times, in order; at the last one what they say now. */
export const snapshotsOf = (lives: readonly Lived[], times: readonly Date[]) => {
  const snapshots = times.map((at) => ({
    at,
    total: 0,
    online: 0,
    versions: {} as Record<string, Record<string, number>>,
  }));
  for (const life of lives) {
    const spans = spansOf(life);
    for (const [index, snapshot] of snapshots.entries()) {
      const span = spans.findLast(({ from }) => from <= snapshot.at);
      if (span === undefined) continue;
      const version = index === snapshots.length - 1 ? (life.version ?? '') : span.version;
      const ofClass = (snapshot.versions[life.deviceClass] ??= {});
      ofClass[version] = (ofClass[version] ?? 0) + 1;
      snapshot.total += 1;
    }
  }
  return snapshots;
};

/** Updates that tell what some devices ran from a time on: of each device the last one up to then, and those after; oldest first. */
export const updatesSince = async (db: Database, isNear: SQL | undefined, since: Date) => {
  const facts = { device: executions.device, version: rollouts.version, at: executions.updatedAt };
  const isUpdate = and(eq(executions.state, 'COMMITTED'), isNear);
  const before = await db
    .selectDistinctOn([executions.device], facts)
    .from(executions)
    .innerJoin(devices, eq(devices.id, executions.device))
    .innerJoin(rollouts, eq(rollouts.id, executions.rollout))
    .where(and(isUpdate, lte(executions.updatedAt, since)))
    .orderBy(executions.device, desc(executions.updatedAt));
  const after = await db
    .select(facts)
    .from(executions)
    .innerJoin(devices, eq(devices.id, executions.device))
    .innerJoin(rollouts, eq(rollouts.id, executions.rollout))
    .where(and(isUpdate, gt(executions.updatedAt, since)))
    .orderBy(asc(executions.updatedAt));
  return [...before, ...after];
};

/**
 * How the versions of some devices changed, from what is on record of their updates: of the fleet as a whole snapshots are
 * kept, of its groups none. Devices that are gone are in none of it.
 *
 * @param near of which devices
 */
export const versionTimeline = async (
  db: Database,
  near: SQL,
  since: Date,
  now: Date,
): Promise<VersionHistory> => {
  const isNear = and(eq(devices.state, 'active'), near);
  const there = await db
    .select({
      id: devices.id,
      deviceClass: devices.deviceClass,
      enrolledAt: devices.enrolledAt,
      version: devices.version,
      other: sql<
        string | null
      >`${devices.slots} -> case ${devices.activeSlot} when 'a' then 'b' else 'a' end ->> 'version'`,
    })
    .from(devices)
    .where(isNear);
  const updates = await updatesSince(db, isNear, since);
  const ofDevice = Map.groupBy(updates, ({ device }) => device);
  const lives = there.map(({ id, ...life }) => ({ ...life, updates: ofDevice.get(id) ?? [] }));
  const step = historyStep(since, now);
  const count = Math.ceil((now.getTime() - since.getTime()) / 1000 / step);
  const times = Array.from({ length: count }, (_, at) => new Date(since.getTime() + at * step * 1000));
  return { ...historyOf(snapshotsOf(lives, [...times, now]), step), online: [] };
};
