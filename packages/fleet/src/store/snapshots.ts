import { and, asc, eq, gte, lte, sql } from 'drizzle-orm';
import { DEFAULT_TENANT, compareVersions, ClassName, type VersionHistory } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { fleetSnapshots } from '../schema.ts';
import { fleetTallies, sumOfRows } from './count-fleet.ts';

export const SNAPSHOT_S = 600;
/** Versions of a class that have a line of their own; the others are one. */
const MOST_VERSIONS = 8;
const USUAL_TIMES = 240;

type Snapshot = typeof fleetSnapshots.$inferSelect;

/** How many devices run what now. */
const snapshotNow = async (db: Database, now: Date): Promise<Snapshot> => {
  const rows = (await fleetTallies(db)).filter(({ state }) => state === 'active');
  const runs = rows.filter(({ axis }) => axis === 'runs');
  const versions: Record<string, Record<string, number>> = {};
  for (const { deviceClass, value, count } of runs) (versions[deviceClass] ??= {})[value] = count;
  const total = sumOfRows(runs);
  const online = total - sumOfRows(rows.filter(({ axis }) => axis === 'away'));
  return { tenant: DEFAULT_TENANT, at: now, total, online, versions };
};

/** Keeps how the fleet is, once in ten minutes however many servers do so. */
export const takeSnapshot = async (db: Database, now: Date): Promise<void> => {
  const at = new Date(Math.floor(now.getTime() / (SNAPSHOT_S * 1000)) * SNAPSHOT_S * 1000);
  const [there] = await db
    .select({ at: fleetSnapshots.at })
    .from(fleetSnapshots)
    .where(eq(fleetSnapshots.at, at))
    .limit(1);
  if (there !== undefined) return;
  await db
    .insert(fleetSnapshots)
    .values({ ...(await snapshotNow(db, now)), at })
    .onConflictDoNothing();
};

/** Seconds between the times of a history, so that it has not too many. */
export const historyStep = (since: Date, now: Date): number =>
  Math.max(1, Math.ceil((now.getTime() - since.getTime()) / 1000 / USUAL_TIMES / SNAPSHOT_S)) * SNAPSHOT_S;

/** One of each interval, and how it is now. */
export const versionHistory = async (db: Database, since: Date, now: Date): Promise<VersionHistory> => {
  const step = historyStep(since, now);
  const interval = sql`floor(extract(epoch from ${fleetSnapshots.at}) / ${sql.raw(String(step))})`;
  const rows = await db
    .selectDistinctOn([interval])
    .from(fleetSnapshots)
    .where(and(gte(fleetSnapshots.at, since), lte(fleetSnapshots.at, now)))
    .orderBy(interval, asc(fleetSnapshots.at));
  return historyOf([...rows, await snapshotNow(db, now)], step);
};

/** Lines of what snapshots say. */
export const historyOf = (
  snapshots: readonly Pick<Snapshot, 'at' | 'total' | 'online' | 'versions'>[],
  step: number,
): VersionHistory => {
  const classes = [...new Set(snapshots.flatMap(({ versions }) => Object.keys(versions)))].sort();
  const series = classes.flatMap((name) => {
    const deviceClass = ClassName.parse(name);
    const most = new Map<string, number>();
    const all = snapshots.map(({ versions }) => {
      let sum = 0;
      for (const [version, many] of Object.entries(versions[name] ?? {})) {
        sum += many;
        if (version !== '') most.set(version, Math.max(most.get(version) ?? 0, many));
      }
      return sum;
    });
    const lines = [...most]
      .sort(([, a], [, b]) => b - a)
      .slice(0, MOST_VERSIONS)
      .map(([version]) => version)
      .sort((a, b) => compareVersions(b, a))
      .map((version) => ({
        deviceClass,
        version,
        counts: snapshots.map(({ versions }) => versions[name]?.[version] ?? 0),
      }));
    const rest = all.map((sum, at) => lines.reduce((left, { counts }) => left - (counts[at] ?? 0), sum));
    return rest.some((many) => many > 0) ? [...lines, { deviceClass, version: null, counts: rest }] : lines;
  });
  return {
    step,
    times: snapshots.map(({ at }) => Math.floor(at.getTime() / 1000)),
    online: snapshots.map(({ online }) => online),
    total: snapshots.map(({ total }) => total),
    series,
  };
};
