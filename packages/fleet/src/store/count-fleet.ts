import { sql, type SQL } from 'drizzle-orm';
import { AlarmName, type DeviceCounts } from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database } from '../database.ts';
import { alarmCondition, offlineSince } from '../query/alarms.ts';
import { devices, devicesAway } from '../schema.ts';
import { tallied } from './device-tallies.ts';
import { isOfFleetByState } from './devices.ts';

const Row = z.object({
  axis: z.enum(['runs', 'health', 'away']),
  state: z.string(),
  deviceClass: z.string(),
  value: z.string(),
  count: z.coerce.number(),
});
type Row = z.infer<typeof Row>;

type Counted = { readonly value: string | null; readonly count: number };

export const mostFirst = (a: Counted, b: Counted): number =>
  b.count - a.count || ((a.value ?? '') < (b.value ?? '') ? -1 : 1);

/** Of the devices of the fleet, as of one moment: by class and version, by health, and how many are not connected. */
export const fleetTallies = (db: Database): Promise<Row[]> =>
  rowsOf(
    db,
    Row,
    sql`select axis, state, device_class as "deviceClass", value, sum(count) as count
      from ${tallied(['runs', 'health'])} as t where ${isOfFleetByState(sql`state`)}
      group by 1, 2, 3, 4 having sum(count) <> 0
      union all
      select 'away', ${devicesAway.state}, '', '', count(*) from ${devicesAway}
      where ${isOfFleetByState(sql`${devicesAway.state}`)} group by 2`,
  );

export const sumOfRows = (rows: readonly Row[]): number => rows.reduce((sum, row) => sum + row.count, 0);

/** What `countDevices` finds of all devices: the table is read for alarms alone, by indexes. */
export const countFleet = async (db: Database, now: Date): Promise<DeviceCounts> => {
  const rows = await fleetTallies(db);
  const of = (axis: Row['axis']): readonly Row[] => rows.filter((row) => row.axis === axis);
  const by = <T extends string | null>(counted: readonly Row[], valueOf: (row: Row) => T) => {
    const counts = new Map<T, number>();
    for (const row of counted) counts.set(valueOf(row), (counts.get(valueOf(row)) ?? 0) + row.count);
    return [...counts].map(([value, count]) => ({ value, count })).sort(mostFirst);
  };
  const orNone = ({ value }: Row): string | null => (value === '' ? null : value);
  const runs = of('runs');
  const total = sumOfRows(runs);
  return {
    total,
    online: total - sumOfRows(of('away')),
    byClass: by(runs, (row) => row.deviceClass),
    byVersion: by(runs, orNone),
    byHealth: by(of('health'), orNone),
    byState: by(runs, (row) => row.state),
    byAlarm: await countAlarms(db, now),
  };
};

const countAlarms = async (db: Database, now: Date): Promise<DeviceCounts['byAlarm']> => {
  const counted = (name: AlarmName): SQL =>
    name === 'offline'
      ? sql`select ${name} as value, count(*) as count from ${devicesAway}
          where ${devicesAway.state} = 'active' and ${devicesAway.since} < ${offlineSince(now)}`
      : sql`select ${name}, count(*) from ${devices} where ${alarmCondition([name], now)}`;
  const rows = await rowsOf(
    db,
    z.object({ value: AlarmName, count: z.coerce.number() }),
    sql.join(AlarmName.options.map(counted), sql` union all `),
  );
  return rows.sort((a, b) => b.count - a.count);
};
