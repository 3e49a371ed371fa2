import { and, eq, exists, inArray, isNotNull, not, or, sql, type SQL } from 'drizzle-orm';
import { AlarmName, SlipwayError, type ReleaseId } from '@slipway/protocol';
import { devices, groupMembers } from '../schema.ts';
import { alarmCondition } from './alarms.ts';
import type { Order, Query, Test, TextField, TimeField, VersionField } from './ast.ts';
import { toLike, type Pattern } from './glob.ts';
import type { KnownGroups } from './known-groups.ts';
import { idArray } from './id-array.ts';
import { metric } from './metrics.ts';
import { packageKey, type KnownPackages } from './packages.ts';

export type CompileWith = {
  readonly now: Date;
  readonly groups: KnownGroups;
  readonly packages: KnownPackages;
};

/**
 * A query as a condition on the table of devices. What the query holds goes into it as parameters, never as text.
 *
 * SQL knows a third answer, NULL, wherever something is missing. Here it is no: in a condition of WHERE it counts as no
 * by itself, and what is negated is made yes or no first. Negations are pushed down to the tests, so that all others
 * stay as an index can use them.
 */
export const compileQuery = (query: Query, given: CompileWith): SQL => compile(query, given, false);

const compile = (query: Query, given: CompileWith, negated: boolean): SQL => {
  switch (query.kind) {
    case 'all':
      return negated ? sql`false` : sql`true`;
    case 'not':
      return compile(query.of, given, !negated);
    case 'and':
    case 'or': {
      const parts = query.of.map((part) => compile(part, given, negated));
      const joined = (query.kind === 'and') === negated ? or(...parts) : and(...parts);
      return joined ?? sql`true`;
    }
    case 'group':
      return compileGroup(query, given, negated);
    case 'flag':
    case 'set':
    case 'text':
    case 'glob':
    case 'version':
    case 'number':
    case 'time':
    case 'attribute':
    case 'alarm':
    case 'package': {
      const test = compileTest(query, given);
      return negated ? sql`(${test}) is not true` : test;
    }
    default:
      return query satisfies never;
  }
};

const compileGroup = (
  { group }: Extract<Test, { kind: 'group' }>,
  given: CompileWith,
  negated: boolean,
): SQL => {
  const known = given.groups.get(group);
  if (known === undefined) throw new SlipwayError('INTERNAL', `The group ${group} was not looked up.`);
  if (known.query !== null) return compile(known.query, given, negated);
  const listed = exists(
    sql`(select from ${groupMembers} where ${and(
      eq(groupMembers.group, known.id),
      eq(groupMembers.tenant, devices.tenant),
      eq(groupMembers.device, devices.id),
    )})`,
  );
  return negated ? not(listed) : listed;
};

const compileTest = (test: Exclude<Test, { kind: 'group' }>, { now, packages }: CompileWith): SQL => {
  switch (test.kind) {
    case 'flag':
      return test.field.name === 'online' ? eq(devices.online, true) : eq(devices.state, 'revoked');
    case 'set':
      return setCondition(test.field, now);
    case 'text':
      return textCondition(test.field, test.values);
    case 'glob':
      return globCondition(test.field, test.pattern);
    case 'version':
      return sql`${versionOrder(test.field)} ${operator(test.order)} version_order(${test.value})`;
    case 'number':
      return sql`${numberOf(test.field)} ${operator(test.order)} ${test.value}::float8`;
    case 'time': {
      const time = timeColumn(test.field);
      return 'at' in test.moment
        ? sql`${time} ${operator(test.order)} ${timestamp(test.moment.at)}`
        : sql`${timestamp(now.getTime() - test.moment.ageMs)} ${operator(test.order)} ${time}`;
    }
    case 'attribute': {
      const any = or(
        ...test.values.map((value) => contains(devices.attributes, { [test.field.key]: value })),
      );
      return any ?? sql`false`;
    }
    case 'alarm':
      return alarmCondition(test.values, now);
    case 'package':
      return runsOneOf(packages.get(packageKey(test)));
    default:
      return test satisfies never;
  }
};

const runsOneOf = (holders: readonly ReleaseId[] | undefined): SQL => {
  if (holders === undefined) throw new SlipwayError('INTERNAL', 'A package was not looked up.');
  return holders.length === 0 ? sql`false` : sql`${devices.release} = any(${idArray(holders)})`;
};

const OPERATORS: Readonly<Record<Order, SQL>> = {
  '=': sql`=`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
};
const operator = (order: Order): SQL => OPERATORS[order];
const timestamp = (ms: number): SQL => sql`${new Date(ms).toISOString()}::timestamptz`;
const contains = (column: typeof devices.attributes | typeof devices.services, part: unknown): SQL =>
  sql`${column} @> ${JSON.stringify(part)}::text::jsonb`;
const like = (text: SQL | typeof devices.id, pattern: Pattern): SQL => sql`${text} like ${toLike(pattern)}`;

const TEXT_COLUMNS = {
  id: sql`${devices.id}`,
  name: sql`${devices.name}`,
  serial: sql`${devices.serial}`,
  class: sql`${devices.deviceClass}`,
  arch: sql`${devices.arch}`,
  channel: sql`${devices.channel}`,
  release: sql`${devices.release}`,
  slot: sql`${devices.activeSlot}`,
  timezone: sql`${devices.timeZone}`,
  health: sql`${devices.health}`,
  state: sql`${devices.state}`,
} as const satisfies Record<TextField['name'], SQL>;

const timeColumn = ({ name }: TimeField) => (name === 'last_seen' ? devices.lastSeenAt : devices.enrolledAt);
const versionColumn = ({ name }: VersionField) =>
  name === 'version' ? devices.version : devices.agentVersion;
const versionOrder = ({ name }: VersionField): SQL =>
  name === 'version' ? sql`${devices.versionOrder}` : sql`version_order(${devices.agentVersion}) collate "C"`;

const attributeText = (key: string): SQL =>
  sql`(case when jsonb_typeof(${devices.attributes} -> ${key}::text) = 'string' then ${devices.attributes} ->> ${key}::text end)`;

const numberOf = (field: Extract<Test, { kind: 'number' }>['field']): SQL =>
  field.kind === 'metric'
    ? metric(field.name).sql
    : sql`(case when jsonb_typeof(${devices.attributes} -> ${field.key}::text) = 'number' then (${devices.attributes} ->> ${field.key}::text)::float8 end)`;

const setCondition = (field: Extract<Test, { kind: 'set' }>['field'], now: Date): SQL => {
  switch (field.kind) {
    case 'text':
      return sql`${TEXT_COLUMNS[field.name]} is not null`;
    case 'version':
      return isNotNull(versionColumn(field));
    case 'time':
      return isNotNull(timeColumn(field));
    case 'metric':
      return isNotNull(numberOf(field));
    case 'service':
      return contains(devices.services, [{ name: field.key }]);
    case 'attribute':
      return sql`${devices.attributes} ? ${field.key}::text`;
    case 'tag':
      return sql`cardinality(${devices.tags}) > 0`;
    case 'alarm':
      return alarmCondition(AlarmName.options, now);
    default:
      return field satisfies never;
  }
};

const textCondition = (field: Extract<Test, { kind: 'text' }>['field'], values: readonly string[]): SQL => {
  switch (field.kind) {
    case 'text':
      return inArray(TEXT_COLUMNS[field.name], [...values]);
    case 'service':
      return (
        or(...values.map((state) => contains(devices.services, [{ name: field.key, state }]))) ?? sql`false`
      );
    case 'tag':
      return sql`${devices.tags} && array[${sql.join(
        values.map((value) => sql`${value}`),
        sql`, `,
      )}]::text[]`;
    default:
      return field satisfies never;
  }
};

const globCondition = (field: Extract<Test, { kind: 'glob' }>['field'], pattern: Pattern): SQL => {
  switch (field.kind) {
    case 'text':
      return like(TEXT_COLUMNS[field.name], pattern);
    case 'version':
      return like(sql`${versionColumn(field)}`, pattern);
    case 'attribute':
      return like(attributeText(field.key), pattern);
    case 'tag':
      return exists(
        sql`(select from unnest(${devices.tags}) as one(tag) where one.tag like ${toLike(pattern)})`,
      );
    case 'service':
      return exists(
        sql`(select from jsonb_array_elements(${devices.services}) as one(service) where one.service ->> 'name' = ${field.key} and one.service ->> 'state' like ${toLike(pattern)})`,
      );
    default:
      return field satisfies never;
  }
};
