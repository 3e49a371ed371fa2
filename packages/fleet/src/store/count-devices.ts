import { and, count, sql, type SQL } from 'drizzle-orm';
import { AlarmName, type DeviceCounts } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { alarmCondition } from '../query/alarms.ts';
import { devices } from '../schema.ts';
import { countFleet, mostFirst } from './count-fleet.ts';
import { queryCondition } from './find-groups.ts';

const AXES: readonly SQL[] = [
  sql`${devices.deviceClass}`,
  sql`${devices.version}`,
  sql`${devices.health}`,
  sql`${devices.state}`,
];

/**
 * Devices that a query finds, by what they are: two passes over the table, however much is counted. Where all are asked
 * for, it is what triggers counted.
 *
 * @param near only of those that this holds for
 * @throws {SlipwayError} QUERY_INVALID
 */
export const countDevices = async (
  db: Database,
  query: string,
  now: Date,
  near?: SQL,
): Promise<DeviceCounts> => {
  if (query.trim() === '' && near === undefined) return countFleet(db, now);
  return countFound(db, and(await queryCondition(db, query, now), near), now);
};

const countFound = async (db: Database, where: SQL | undefined, now: Date): Promise<DeviceCounts> => {
  const groups = await db
    .select({
      // Of a row, all but the axis that it is of are NULL.
      value: sql<string | null>`coalesce(${sql.join([...AXES], sql`, `)})`,
      // A bit for each axis, the first the highest; 0 in that which the row is of.
      bits: sql`grouping(${sql.join([...AXES], sql`, `)})`.mapWith(Number),
      count: count(),
    })
    .from(devices)
    .where(where)
    .groupBy(
      sql`grouping sets (${sql.join(
        AXES.map((axis) => sql`(${axis})`),
        sql`, `,
      )})`,
    );
  const axis = (n: number) => {
    const bits = (2 ** AXES.length - 1) ^ (1 << (AXES.length - 1 - n));
    return groups
      .filter((row) => row.bits === bits)
      .map((row) => ({ value: row.value, count: row.count }))
      .sort(mostFirst);
  };

  const counted = (condition: SQL): SQL<number> => sql`count(*) filter (where ${condition})`.mapWith(Number);
  const alarms = Object.fromEntries(
    AlarmName.options.map((name) => [name, counted(alarmCondition([name], now))]),
  );
  const [whole] = await db
    .select({ total: count(), online: counted(sql`${devices.online}`), alarms })
    .from(devices)
    .where(where);
  return {
    total: whole?.total ?? 0,
    online: whole?.online ?? 0,
    byClass: axis(0),
    byVersion: axis(1),
    byHealth: axis(2),
    byState: axis(3),
    byAlarm: AlarmName.options
      .map((value) => ({ value, count: whole?.alarms[value] ?? 0 }))
      .sort((a, b) => b.count - a.count),
  };
};
