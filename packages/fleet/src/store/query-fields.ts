import { and, count, desc, inArray, isNotNull, sql, type SQL } from 'drizzle-orm';
import type { QueryField } from '@slipway/protocol';
import type { Reach } from '../actor.ts';
import type { Database } from '../database.ts';
import { describeFields, type KnownValues } from '../query/described.ts';
import { devices, groups } from '../schema.ts';
import { isOfFleet } from './devices.ts';
import { byName, fleetValues, MOST_ATTRIBUTES, MOST_VALUES } from './fleet-values.ts';

/**
 * The fields of the query language, with the values that the fleet has.
 *
 * @param near only of the devices that this holds for; undefined: of all, as they are counted
 */
export const queryFields = async (
  db: Database,
  reach: Reach,
  near: SQL | undefined,
): Promise<QueryField[]> => {
  const named = await db
    .select({ name: groups.name })
    .from(groups)
    .where(reach === 'fleet' ? undefined : inArray(groups.id, [...reach]))
    .orderBy(groups.name)
    .limit(MOST_VALUES);
  const known = await (near === undefined ? fleetValues(db) : valuesNear(db, near));
  return describeFields({ ...known, groups: named.map(({ name }) => name) });
};

/** Of some devices, in four passes over them. */
const valuesNear = async (db: Database, near: SQL): Promise<Omit<KnownValues, 'groups'>> => {
  const where = and(isOfFleet, near);
  const most = async (value: SQL, from: SQL): Promise<string[]> => {
    const rows = await db
      .select({ value: sql<string>`${value}` })
      .from(sql`${devices}, ${from}`)
      .where(and(where, isNotNull(value)))
      .groupBy(value)
      .orderBy(desc(count()), sql`(${value}) collate "C"`)
      .limit(MOST_VALUES);
    return rows.map((row) => row.value);
  };
  return {
    ...(await valuesOf(db, where)),
    tags: await most(sql`one.tag`, sql`unnest(${devices.tags}) as one(tag)`),
    services: await most(
      sql`one.service ->> 'name'`,
      sql`jsonb_array_elements(${devices.services}) as one(service)`,
    ),
    attributes: await attributesOf(db, where),
  };
};

const COLUMNS = {
  classes: devices.deviceClass,
  channels: devices.channel,
  versions: devices.version,
  agents: devices.agentVersion,
  timeZones: devices.timeZone,
} as const;

/** Of all columns in one pass over the table. */
const valuesOf = async (
  db: Database,
  where: SQL | undefined,
): Promise<Record<keyof typeof COLUMNS, string[]>> => {
  const columns = sql.join(Object.values(COLUMNS), sql`, `);
  const sets = sql.join(
    Object.values(COLUMNS).map((column) => sql`(${column})`),
    sql`, `,
  );
  const rows = await db
    .select({
      // Of a row, all but the column that it is of are NULL.
      value: sql<string | null>`coalesce(${columns})`,
      bits: sql`grouping(${columns})`.mapWith(Number),
      count: count(),
    })
    .from(devices)
    .where(where)
    .groupBy(sql`grouping sets (${sets})`);
  const names = Object.keys(COLUMNS);
  const of = (name: keyof typeof COLUMNS): string[] => {
    const bits = (2 ** names.length - 1) ^ (1 << (names.length - 1 - names.indexOf(name)));
    return rows
      .filter((row) => row.bits === bits && row.value !== null)
      .sort((a, b) => b.count - a.count || ((a.value ?? '') < (b.value ?? '') ? -1 : 1))
      .slice(0, MOST_VALUES)
      .map(({ value }) => value ?? '');
  };
  return {
    classes: of('classes'),
    channels: of('channels'),
    versions: of('versions'),
    agents: of('agents'),
    timeZones: of('timeZones'),
  };
};

const attributesOf = async (
  db: Database,
  where: SQL | undefined,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const rows = await db
    .select({ key: sql<string>`one.key`, value: sql<string>`one.value` })
    .from(sql`${devices}, jsonb_each_text(${devices.attributes}) as one(key, value)`)
    .where(where)
    .groupBy(sql`one.key`, sql`one.value`)
    .orderBy(desc(count()), sql`one.key collate "C"`, sql`one.value collate "C"`)
    .limit(MOST_ATTRIBUTES);
  return byName(rows);
};
