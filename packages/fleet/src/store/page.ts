import { asc, desc, is, SQL, sql, type AnyColumn } from 'drizzle-orm';
import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';

/** A part of a list. */
export type Page = {
  readonly limit: number;
  /** items to leave out: where a part is wanted wherever it stands, as a table shows it that is scrolled */
  readonly offset: number;
  /** cursor that an earlier part ended with; absent: from the beginning */
  readonly after?: string | undefined;
  /** how many there are in all is to be told too */
  readonly count?: boolean | undefined;
};

/** Items of a list, with the cursor of what follows them, if something does. */
export type Paged<T> = T[] & {
  readonly next?: string | undefined;
  readonly total?: number | undefined;
};

/** Marks a part of a list as such. The marks are no items: whoever compares or prints the list does not see them. */
export const paged = <T>(items: T[], next: string | undefined, total: number | undefined): Paged<T> =>
  Object.defineProperties(items, { next: { value: next }, total: { value: total } });

/** A column that is never NULL, or an expression that is not, with its type. */
export type Key = AnyColumn | { readonly expression: SQL; readonly type: 'text' | 'integer' | 'timestamp' };

/** What orders a list, all one way; together no two rows may share them. */
type Order = { readonly by: readonly Key[]; readonly direction: 'asc' | 'desc' };

/**
 * A list that is walked by its keys, not by counting: what is added or removed meanwhile neither repeats nor hides a row.
 *
 *     const keys = keyset(page, { by: [builds.createdAt, builds.id], direction: 'desc' });
 *     const rows = await db.select({ row: builds, key: keys.key }).from(builds)
 *       .where(and(filter, keys.where)).orderBy(...keys.orderBy).limit(keys.limit);
 *     return keys.page(rows, async (found) => found.map(toBuild), () => db.$count(builds, filter));
 *
 * @throws {SlipwayError} REQUEST_INVALID for a cursor that no list of this order gave
 */
export const keyset = (page: Page, { by, direction }: Order) => {
  const known = page.after === undefined ? undefined : decodeCursor(page.after, by);
  const compare = direction === 'asc' ? sql.raw('>') : sql.raw('<');
  return {
    key: sql<string[]>`json_build_array(${sql.join(by.map(toText), sql`, `)})`,
    where:
      known === undefined
        ? undefined
        : sql`(${sql.join(by.map(valueOf), sql`, `)}) ${compare} (${sql.join(known, sql`, `)})`,
    orderBy: by.map((key) => (direction === 'asc' ? asc : desc)(valueOf(key))),
    // One more than asked for tells whether something follows.
    limit: page.limit + 1,
    page: async <Row, Item>(
      found: readonly { readonly row: Row; readonly key: string[] }[],
      toItems: (rows: Row[]) => Promise<Item[]>,
      count: () => Promise<number>,
    ): Promise<Paged<Item>> => {
      const here = found.slice(0, page.limit);
      const last = here.at(-1);
      return paged(
        await toItems(here.map(({ row }) => row)),
        found.length > page.limit && last !== undefined ? encodeCursor(last.key) : undefined,
        page.count === true ? await count() : undefined,
      );
    },
  };
};

const isExpression = (key: Key): key is Exclude<Key, AnyColumn> =>
  'expression' in key && is(key.expression, SQL);
const valueOf = (key: Key): AnyColumn | SQL => (isExpression(key) ? key.expression : key);
const typeOf = (key: Key): string => (isExpression(key) ? key.type : key.getSQLType());
const isTime = (key: Key): boolean => typeOf(key).startsWith('timestamp');
const isNumber = (key: Key): boolean => /^(?:integer|bigint|smallint)/.test(typeOf(key));

/** As exact as the database has it: JavaScript's dates would lose microseconds, and with them rows. */
const toText = (key: Key): SQL =>
  isTime(key)
    ? sql`(extract(epoch from ${valueOf(key)}) * 1000000)::bigint::text`
    : sql`${valueOf(key)}::text`;

const fromText = (key: Key, text: string): SQL => {
  if (isTime(key)) return sql`('epoch'::timestamptz + ${text}::text::bigint * interval '1 microsecond')`;
  return isNumber(key) ? sql`${text}::text::bigint` : sql`${text}::text`;
};

const Cursor = z.array(z.string().max(256));
const encodeCursor = (key: readonly string[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

const decodeCursor = (cursor: string, by: readonly Key[]): SQL[] => {
  try {
    const known = Cursor.length(by.length).parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return by.map((key, at) => {
      const text = known[at] ?? '';
      const isGood = isTime(key) || isNumber(key) ? /^-?\d{1,16}$/.test(text) : !text.includes('\0');
      if (!isGood) throw new TypeError(`${text} is no key`);
      return fromText(key, text);
    });
  } catch (cause) {
    throw new SlipwayError(
      'REQUEST_INVALID',
      'after: expected a cursor of this list, from the Link header of an earlier answer; leave it out to begin anew.',
      { cause },
    );
  }
};
