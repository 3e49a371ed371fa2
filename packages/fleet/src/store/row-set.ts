import { sql, type SQL } from 'drizzle-orm';
import { devices } from '../schema.ts';

/**
 * Rows for a statement, in one parameter however many they are: the text of the statement stays the same. The limit tells
 * the planner how few they may be, or it reads a whole table for one of them.
 *
 * @param columns names and types, as `id text, seq bigint`; what a row lacks is null
 */
export const rowSet = (rows: readonly object[], columns: string): SQL =>
  sql`(select * from json_to_recordset(${JSON.stringify(rows)}::json) as rows(${sql.raw(columns)})
    limit ${rows.length}) as said`;

/**
 * The same, where each row has the `id` of a device and no two the same. The devices are locked in the order of their
 * ids, so that two statements that change many do not wait for each other.
 */
export const rowSetOfDevices = (rows: readonly object[], columns: string): SQL =>
  sql`(select said.* from ${rowSet(rows, columns)}
    join ${devices} on ${devices.id} = said.id order by said.id for update of ${devices}) as said`;

/** That a text is one of many, as one parameter. */
export const isOneOf = (column: SQL.Aliased | SQL | object, values: readonly string[]): SQL =>
  sql`${column} = any(${sql.param([...values])}::text[])`;

/**
 * Items in rounds, none of which holds a key twice; items of one key are in their order over the rounds.
 */
export const inRounds = <Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] => {
  const rounds: Item[][] = [];
  const seen = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item);
    const at = seen.get(key) ?? 0;
    seen.set(key, at + 1);
    (rounds[at] ??= []).push(item);
  }
  return rounds;
};
