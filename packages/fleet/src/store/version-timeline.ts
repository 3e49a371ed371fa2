import { and, eq, type SQL } from 'drizzle-orm';
import type { VersionHistory } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices } from '../schema.ts';
import { historyOf, historyStep } from './snapshots.ts';
import { linesOf, whatDevicesRan, type Ran } from './what-devices-ran.ts';

/** How many devices ran what at some times, as snapshots tell it. */
const snapshotsOf = (rows: readonly Ran[], times: readonly Date[]) => {
  const snapshots = times.map((at) => ({
    at,
    total: 0,
    online: 0,
    versions: {} as Record<string, Record<string, number>>,
  }));
  for (const [deviceClass, ofClass] of Map.groupBy(rows, (row) => row.deviceClass))
    for (const [version, counts] of linesOf(ofClass, times.length - 1, ({ what }) => what ?? ''))
      for (const [at, snapshot] of snapshots.entries()) {
        const count = counts[at] ?? 0;
        if (count === 0) continue;
        (snapshot.versions[deviceClass] ??= {})[version] = count;
        snapshot.total += count;
      }
  return snapshots;
};

/**
 * How the versions of some devices changed, from what is on record of each: of the fleet as a whole snapshots are kept, of
 * its groups none. Devices that are gone are in none of it.
 *
 * @param near of which devices
 */
export const versionTimeline = async (
  db: Database,
  near: SQL,
  since: Date,
  now: Date,
): Promise<VersionHistory> => {
  const step = historyStep(since, now);
  const last = Math.ceil((now.getTime() - since.getTime()) / 1000 / step);
  const times = Array.from({ length: last }, (_, at) => new Date(since.getTime() + at * step * 1000));
  const isNear = and(eq(devices.state, 'active'), near);
  const rows = await whatDevicesRan(db, 'version', isNear, { since, stepMs: step * 1000, last });
  return { ...historyOf(snapshotsOf(rows, [...times, now]), step), online: [] };
};
