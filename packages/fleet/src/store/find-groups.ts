import { inArray, or, sql, type SQL } from 'drizzle-orm';
import type { GroupId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { testsOf, type Query, type Test } from '../query/ast.ts';
import { compileQuery } from '../query/compile.ts';
import type { KnownGroup, KnownGroups } from '../query/known-groups.ts';
import { parseQuery } from '../query/parse.ts';
import { queryProblem } from '../query/problem.ts';
import { groups } from '../schema.ts';
import { isOfFleet } from './devices.ts';
import { findPackages } from './find-packages.ts';

/** Comparisons of a query, with those of the groups that it names. */
export const MAX_WHOLE_TESTS = 1000;

type GroupTest = Extract<Test, { kind: 'group' }>;

const groupTests = (query: Query): readonly GroupTest[] =>
  testsOf(query).filter((test): test is GroupTest => test.kind === 'group');

/**
 * A query as a condition on the table of devices, good for a statement that is asked at once. Devices that have left
 * or were never let in are found by queries that ask for `state`, and by no others.
 *
 * @throws {SlipwayError} QUERY_INVALID
 */
export const queryCondition = async (db: Database, text: string, now: Date): Promise<SQL> => {
  const query = parseQuery(text);
  const known = await findGroups(db, text, query);
  const whole = [query, ...[...known.values()].flatMap((group) => group.query ?? [])].flatMap(testsOf);
  const condition = compileQuery(query, { now, groups: known, packages: await findPackages(db, whole) });
  return whole.some(asksForState) ? condition : sql`(${condition} and ${isOfFleet})`;
};

const asksForState = (test: Test): boolean =>
  'field' in test && test.field.kind === 'text' && test.field.name === 'state';

/**
 * The groups that a query names, and those that their queries name.
 *
 * @param from the group whose query it is to be; it may not lead back to it
 * @throws {SlipwayError} QUERY_INVALID where there is no such group, a group comes back to itself, or it is too much
 */
export const findGroups = async (
  db: Database,
  text: string,
  query: Query,
  from?: GroupId,
): Promise<KnownGroups> => {
  const known = new Map<string, KnownGroup>();
  const asked = new Set<string>();
  let wanted = groupTests(query).map(({ group }) => group);
  while (wanted.length > 0) {
    wanted.forEach((name) => asked.add(name));
    const rows = await db
      .select({ id: groups.id, name: groups.name, query: groups.query })
      .from(groups)
      .where(or(inArray(groups.name, wanted), inArray(sql<string>`${groups.id}`, wanted)));
    const found = rows.map((row) => ({ ...row, query: row.query === null ? null : parseQuery(row.query) }));
    for (const { id, name, query: inner } of found) {
      const group = { id, query: inner };
      // By what it is called; a part of a query that another names by its id is the same group.
      for (const called of [id, name]) if (asked.has(called)) known.set(called, group);
    }
    const named = found.flatMap((row) => (row.query === null ? [] : groupTests(row.query)));
    wanted = [...new Set(named.map(({ group }) => group))].filter((name) => !asked.has(name));
  }

  const whole = new Set<GroupId>();
  for (const { group, span } of groupTests(query)) {
    const refuse = (what: string) => queryProblem(text, span, what);
    const follow = (name: string, above: readonly GroupId[]): void => {
      const found = known.get(name);
      if (found === undefined)
        throw refuse(
          above.length === 0
            ? `there is no group ${name}. slipway groups list names those there are.`
            : `the group ${group} leads to a group ${name}, and there is none.`,
        );
      if (found.id === from || above.includes(found.id))
        throw refuse(`the group ${name} would be made of itself.`);
      if (whole.has(found.id) || found.query === null) return;
      for (const next of groupTests(found.query)) follow(next.group, [...above, found.id]);
      whole.add(found.id);
    };
    follow(group, []);
    if (sizeOf(query, known) > MAX_WHOLE_TESTS)
      throw refuse(
        `expected at most ${MAX_WHOLE_TESTS} comparisons, with those of the groups that are asked for. Take fewer groups.`,
      );
  }
  return known;
};

/** Stops counting where it is too much anyway: groups of groups multiply. */
const sizeOf = (query: Query, known: KnownGroups): number => {
  let size = 0;
  const open = [query];
  for (let next = open.pop(); next !== undefined && size <= MAX_WHOLE_TESTS; next = open.pop()) {
    const tests = testsOf(next);
    size += tests.length;
    for (const test of tests) {
      const inner = test.kind === 'group' ? known.get(test.group)?.query : undefined;
      if (inner !== undefined && inner !== null) open.push(inner);
    }
  }
  return size;
};
