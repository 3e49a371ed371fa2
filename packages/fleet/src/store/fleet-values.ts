import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database } from '../database.ts';
import type { KnownValues } from '../query/described.ts';
import { tallied } from './device-tallies.ts';
import { isOfFleetByState } from './devices.ts';

/** Of one field; whoever has more begins to type. */
export const MOST_VALUES = 200;
export const MOST_OF_ATTRIBUTE = 20;
export const MOST_ATTRIBUTES = 1000;

const Row = z.object({
  field: z.string(),
  key: z.string(),
  value: z.string(),
  count: z.coerce.number(),
});

/** What the devices of the fleet have, most of them first, as triggers counted it. */
export const fleetValues = async (db: Database): Promise<Omit<KnownValues, 'groups'>> => {
  const source = tallied(['runs', 'agent', 'zone', 'tag', 'service', 'attribute']);
  const rows = await rowsOf(
    db,
    Row,
    sql`
    with there as materialized (
      select axis, device_class, key, value, sum(count) as count from ${source} as t
      where ${isOfFleetByState(sql`state`)} group by 1, 2, 3, 4 having sum(count) > 0
    ), fields as (
      select axis as field, key, value, count from there where axis <> 'runs'
      union all select 'class', '', device_class, sum(count) from there where axis = 'runs' group by device_class
      union all select 'channel', '', key, sum(count) from there where axis = 'runs' and key <> '' group by key
      union all select 'version', '', value, sum(count) from there where axis = 'runs' and value <> '' group by value
    ), placed as (
      select *, row_number() over (partition by field, key order by count desc, value collate "C") as place from fields
    )
    select field, key, value, count from placed
    where place <= case field when 'attribute' then ${MOST_OF_ATTRIBUTE}::int else ${MOST_VALUES}::int end
    order by count desc, key collate "C", value collate "C"`,
  );
  const of = (field: string): string[] => rows.filter((row) => row.field === field).map(({ value }) => value);
  return {
    classes: of('class'),
    channels: of('channel'),
    versions: of('version'),
    agents: of('agent'),
    timeZones: of('zone'),
    tags: of('tag'),
    services: of('service'),
    attributes: byName(rows.filter(({ field }) => field === 'attribute').slice(0, MOST_ATTRIBUTES)),
  };
};

/** @param rows the most frequent first */
export const byName = (
  rows: readonly { readonly key: string; readonly value: string }[],
): ReadonlyMap<string, readonly string[]> =>
  new Map(
    [...Map.groupBy(rows, ({ key }) => key)]
      .map(([key, found]) => [key, found.slice(0, MOST_OF_ATTRIBUTE).map(({ value }) => value)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
