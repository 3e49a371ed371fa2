import { asc, sql } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ChannelName,
  ClassName,
  DeviceId,
  DeviceState,
  GroupId,
  ReleaseId,
  ReleasePackage,
  type ServiceReport,
  type SlotReport,
  type Telemetry,
} from '@slipway/protocol';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { devices, groupMembers, groups } from '../schema.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import type { Facts } from './alarms.ts';
import { testsOf, type Query } from './ast.ts';
import { compileQuery } from './compile.ts';
import { evaluate } from './evaluate.ts';
import type { KnownGroup, KnownGroups } from './known-groups.ts';
import { METRICS } from './metrics.ts';
import { isWanted, packageKey, type KnownPackages } from './packages.ts';
import { parseQuery } from './parse.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const NOW = new Date('2026-03-01T12:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Few values, so that queries meet devices; among them those that mean something to SQL, LIKE, JSON or us. */
const WORDS = [
  'a',
  'ab',
  'A',
  'a%',
  '%',
  '_',
  'a_b',
  'a*',
  '\\',
  "x'; drop table devices; --",
  '"',
  '{}',
  '😀',
  '3',
  'true',
];
const TAGS = ['a', 'ab', 'a_b', 'b', 'and'];
const VERSIONS = ['1.0.0', '1.0.0+x', '1.0.0-rc.1', '1.0.0-rc.10', '1.0.0-rc.a', '1.10.0', '1.9.0', '2.0.0'];
const RELEASES = ['rel_aaaaaaaaaaaaaaaa', 'rel_bbbbbbbbbbbbbbbb'];
const KEYS = ['site', 'floor', 'a.b'];
const SERVICES = ['web', 'db'];
const AGES = [0, HOUR, 23 * HOUR, DAY, DAY + 1, 7 * DAY, 14 * DAY];
const NUMBERS = [0, 1, -1, 3, 0.1, 84.9, 85, 90, 1e21, 1e-7];
const GROUPS = ['listed', 'other', 'found', 'nested'];

// Drizzle looks at the prototype of what it is given.
const usual = { noNullPrototype: true } as const;
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null, freq: 3 });
const among = <T>(values: readonly T[]) => fc.constantFrom(...values);
const before = among(AGES).map((age) => new Date(NOW.getTime() - age));
const slot: fc.Arbitrary<SlotReport> = fc.record({ state: among(['EMPTY', 'GOOD', 'FAILED'] as const) });
const services: fc.Arbitrary<ServiceReport[]> = fc.array(
  fc.record(
    {
      name: among(SERVICES),
      state: among(['running', 'restarting', 'stopped'] as const),
      starts: fc.nat(3),
    },
    usual,
  ),
  { maxLength: 3 },
);
const gauge = among([0, 1, 10, 84, 85, 89, 90, 100]);
const telemetry: fc.Arbitrary<Telemetry> = fc.record(
  {
    v: fc.constant(1 as const),
    bootId: fc.constant('boot'),
    uptime: gauge,
    health: fc.constant('ok' as const),
    services: fc.constant([]),
    memoryAvailable: gauge,
    memoryTotal: gauge,
    load1: among(NUMBERS),
    cpuBusy: among([0, 0.1, 0.57, 0.85, 1]),
    diskFree: gauge,
    diskTotal: gauge,
    temperature: among(NUMBERS),
    restarts: gauge,
    bootTime: among(NUMBERS),
    link: fc.record({ kind: fc.constant('wifi' as const), metered: fc.boolean(), reconnects: gauge }, usual),
    failing: fc.array(among(WORDS), { maxLength: 2 }),
  },
  {
    ...usual,
    requiredKeys: ['v', 'bootId', 'uptime', 'health', 'services', 'memoryAvailable', 'memoryTotal', 'load1'],
  },
);
const ZONES = ['Europe/Vienna', 'Etc/GMT-1', 'UTC'];
const device = fc.record({
  deviceClass: among(['edge-a', 'edge-b'].map((name) => ClassName.parse(name))),
  arch: among(['amd64', 'arm64'] as const),
  name: maybe(among(WORDS)),
  tags: fc.uniqueArray(among(TAGS), { maxLength: 3 }),
  attributes: fc.dictionary(among(KEYS), fc.oneof(among(WORDS), among(NUMBERS), fc.boolean()), {
    maxKeys: 3,
    ...usual,
  }),
  online: fc.boolean(),
  health: maybe(among(['starting', 'ok', 'failed'] as const)),
  channel: maybe(among(['a', 'ab'].map((name) => ChannelName.parse(name)))),
  activeSlot: maybe(among(['a', 'b'] as const)),
  slots: maybe(fc.record({ a: slot, b: slot }, usual)),
  release: maybe(among(RELEASES.map((id) => ReleaseId.parse(id)))),
  version: maybe(among(VERSIONS)),
  agentVersion: maybe(among(VERSIONS)),
  timeZone: maybe(among(ZONES)),
  services,
  telemetry: maybe(telemetry),
  enrolledAt: before,
  lastSeenAt: maybe(before),
  certificateExpiresAt: maybe(
    among([-DAY, 13 * DAY, 14 * DAY, 15 * DAY]).map((ms) => new Date(NOW.getTime() + ms)),
  ),
  state: among(DeviceState.options),
  serial: maybe(among(WORDS)),
  groups: fc.uniqueArray(among([0, 1])),
});
/** What is in the releases, in the names and versions that queries ask for. */
const contents: readonly (readonly [ReleaseId, ReleasePackage])[] = [
  [0, 'deb', 'ssl', '3.5.8~rc1-1', 'openssl'],
  [0, 'npm', 'ssl', '3.5.10', 'ssl'],
  [1, 'apk', 'libssl3', '3.5.9-r0', 'openssl'],
  [1, 'npm', '@a/b', '1.0.0-rc.1', '@a/b'],
  [1, 'npm', '@a/b', '2.0.0', '@a/b'],
].map(([n, type, name, version, source]) => [
  ReleaseId.parse(RELEASES[Number(n)]),
  ReleasePackage.parse({ type, name, version, source: { name: source, version } }),
]);
const knownPackages = (...queries: readonly Query[]): KnownPackages =>
  new Map(
    [...queries, ...[...knownGroups().values()].flatMap(({ query }) => query ?? [])]
      .flatMap(testsOf)
      .filter((one) => one.kind === 'package')
      .map((one) => [
        packageKey(one),
        contents.filter(([, found]) => isWanted(one, found)).map(([release]) => release),
      ]),
  );

const fleet = fc
  .array(device, { minLength: 1, maxLength: 12 })
  .map((list) => list.map((one, n) => ({ ...one, id: DeviceId.parse(`dev-${n}`) })));

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
const value = fc.oneof(among(WORDS).map(quoted), among(['a', 'ab', '3', '0.1', '85', 'true', 'false']));
const order = among(['=', '!=', '<', '<=', '>', '>=']);
const equal = among(['=', '!=']);
const globText = among([
  '*',
  '?',
  'a*',
  '*b',
  '?b',
  'a?b',
  'a%',
  '\\\\*',
  'a_b',
  '1.0.0*',
  '*rc*',
  're*',
  'dev-1?',
  '',
]);
const unequal = among(['<', '<=', '>', '>=']);
const words = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((all) => all.join(' '));
const list = (of: fc.Arbitrary<string>) =>
  fc.array(of, { minLength: 1, maxLength: 3 }).map((values) => `(${values.join(', ')})`);
const equals = (field: string | fc.Arbitrary<string>, of: fc.Arbitrary<string>) =>
  fc.oneof(words(field, equal, of), words(field, among(['in', 'not in']), list(of)));
const attr = among(KEYS.map((key) => `attr.${key}`));
const metricName = among(Object.keys(METRICS).map((name) => `metric.${name}`));
const service = among(SERVICES.map((name) => `service.${name}`));
const versions = among(['version', 'agent']);
const PACKAGE_VERSIONS = ['3.5.8~rc1-1', '3.5.8', '3.5.9-r0', '3.5.10', '1.0.0', '2'];
const packageName = among(['ssl', 'openssl', 'deb:openssl', 'apk:libssl3', 'npm:ssl', '@a/b', 'none']).map(
  (name) => `package.${name}`,
);
const number = among(NUMBERS.map(String));

const singleTest = fc.oneof(
  among(['online', 'revoked', 'online = false', 'revoked != true']),
  words('id', equal, among(['dev-0', 'dev-1', 'dev-99'])),
  equals(
    among(['id', 'name', 'serial', 'class', 'channel', 'release']),
    fc.oneof(value, among([...RELEASES, 'edge-a'])),
  ),
  equals('arch', among(['amd64', 'arm64'])),
  equals('health', among(['starting', 'ok', 'failed'])),
  equals('slot', among(['a', 'b'])),
  equals('timezone', among(ZONES)),
  equals('state', among(DeviceState.options)),
  equals(service, among(['running', 'restarting', 'stopped'])),
  equals(among(['tag', 'tags']), among(TAGS.map(quoted))),
  equals(attr, value),
  words(attr, unequal, number),
  words(versions, order, among(VERSIONS)),
  words(versions, 'in', list(among(VERSIONS))),
  words(packageName, order, among(PACKAGE_VERSIONS).map(quoted)),
  words(packageName, 'in', list(among(PACKAGE_VERSIONS).map(quoted))),
  words(packageName, '~', among(['3.5.*', '*', '?.0.0', '*rc*'])),
  words('has', packageName),
  words(metricName, order, fc.oneof(number, gauge.map(String))),
  words(
    among(['last_seen', 'enrolled']),
    unequal,
    fc.oneof(
      among(['0s', '1h', '23h', '24h', '1d ago', '7d', '2w ago', '100w']),
      among(AGES).map((age) => new Date(NOW.getTime() - age).toISOString()),
    ),
  ),
  equals(
    'alarm',
    among([
      'offline',
      'unhealthy',
      'degraded',
      'disk_full',
      'hot',
      'certificate_expiring',
      'service_restarting',
    ]),
  ),
  equals('group', among([...GROUPS, 'grp_0000000000000000'])),
  words(
    fc.oneof(
      among(['id', 'name', 'class', 'channel', 'release', 'health', 'slot', 'state', 'tag']),
      attr,
      service,
      versions,
    ),
    '~',
    globText.map((pattern) => `"${pattern}"`),
  ),
  words(
    fc.oneof(
      among([
        'name',
        'id',
        'health',
        'release',
        'tags',
        'alarm',
        'last_seen',
        'enrolled',
        'slot',
        'state',
        'arch',
      ]),
      attr,
      metricName,
      service,
      versions,
    ),
    among(['is set', 'is not set']),
  ),
  words('has', fc.oneof(attr, metricName, service)),
);
const { query: anyQuery } = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    singleTest,
    tie('query').map((inner) => `not (${inner})`),
    fc.tuple(tie('query'), tie('query')).map((parts) => parts.map((part) => `(${part})`).join(' and ')),
    fc.tuple(tie('query'), tie('query')).map((parts) => parts.map((part) => `(${part})`).join(' or ')),
    fc.tuple(singleTest, singleTest, singleTest).map(([a, b, c]) => `${a} or ${b} and not ${c}`),
  ),
}));

const groupId = (digit: string): GroupId => GroupId.parse(`grp_${digit.repeat(16)}`);
const [listed, other, found, nested] = [groupId('0'), groupId('1'), groupId('2'), groupId('3')];
const knownGroups = (): KnownGroups => {
  const known: [string, KnownGroup][] = [
    ['listed', { id: listed, query: null }],
    ['grp_0000000000000000', { id: listed, query: null }],
    ['other', { id: other, query: null }],
    ['found', { id: found, query: parseQuery('class = edge-a and not metric.cpu_temp > 84') }],
    ['nested', { id: nested, query: parseQuery('group = found or not group = listed') }],
  ];
  return new Map(known);
};

describe.each(engines)('on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
    await db.insert(groups).values([
      { id: listed, name: 'listed' },
      { id: other, name: 'other' },
    ]);
  });
  afterAll(() => database.close());

  const ask = async (text: string): Promise<string[]> => {
    const query = parseQuery(text);
    const condition = compileQuery(query, {
      now: NOW,
      groups: knownGroups(),
      packages: knownPackages(query),
    });
    const rows = await db.select({ id: devices.id }).from(devices).where(condition).orderBy(asc(devices.id));
    return rows.map(({ id }) => id).sort();
  };

  const fill = async (
    list: readonly (Omit<typeof devices.$inferInsert, 'groups'> & { groups: number[] })[],
  ) => {
    await db.execute(sql`truncate ${devices} cascade`);
    await db.insert(devices).values(list.map(({ groups: _groups, ...row }) => row));
    const members = list.flatMap(({ id, groups: of }) =>
      of.map((n) => ({ group: n === 0 ? listed : other, device: id })),
    );
    if (members.length > 0) await db.insert(groupMembers).values(members);
    return members;
  };

  test('the database and the evaluator agree on every query and device', async () => {
    const met = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fleet, fc.array(anyQuery, { minLength: 1, maxLength: 24 }), async (list, queries) => {
        const members = await fill(list);
        const rows: Facts[] = await db.select().from(devices);
        const world = {
          now: NOW,
          groups: knownGroups(),
          isMember: (group: GroupId, id: DeviceId) =>
            members.some((member) => member.group === group && member.device === id),
        };
        for (const text of queries) {
          const query = parseQuery(text);
          const expected = rows
            .filter((row) => evaluate(query, row, { ...world, packages: knownPackages(query) }))
            .map(({ id }) => id);
          expect([text, await ask(text)]).toEqual([text, expected.sort()]);
          const kind = expected.length === 0 ? 'none' : expected.length === rows.length ? 'all' : 'some';
          for (const name of [kind, ...testsOf(query).map((one) => one.kind)])
            met.set(name, (met.get(name) ?? 0) + 1);
        }
      }),
      { numRuns: 60 },
    );
    // It compared something: every kind of test came up, and answers were of every sort.
    const kinds = [
      'flag',
      'set',
      'text',
      'glob',
      'version',
      'number',
      'time',
      'attribute',
      'alarm',
      'group',
      'package',
    ];
    for (const kind of [...kinds, 'none', 'some', 'all'])
      expect([kind, met.get(kind) ?? 0]).not.toEqual([kind, 0]);
  });

  describe('what is missing answers no, and its negation yes', () => {
    const bare = {
      deviceClass: ClassName.parse('edge-a'),
      arch: 'amd64',
      certificateExpiresAt: NOW,
      groups: [],
    } as const;
    beforeAll(() =>
      fill([
        { ...bare, groups: [], id: DeviceId.parse('bare') },
        {
          ...bare,
          groups: [],
          id: DeviceId.parse('full'),
          name: 'a',
          tags: ['a'],
          attributes: { site: 'berlin', floor: 3 },
          version: '2.3.0-rc.1',
          lastSeenAt: new Date(NOW.getTime() - 2 * HOUR),
          telemetry: {
            v: 1,
            bootId: 'b',
            uptime: 1,
            health: 'ok',
            services: [],
            memoryAvailable: 1,
            memoryTotal: 2,
            load1: 1,
            temperature: 71,
          },
        },
      ]),
    );
    test.each<[string, string[]]>([
      ['', ['bare', 'full']],
      ['attr.site = berlin', ['full']],
      ['attr.site != berlin', ['bare']],
      ['attr.site != madrid', ['bare', 'full']],
      ['not attr.floor > 3', ['bare', 'full']],
      ['attr.floor = "3"', []],
      ['attr.floor = 3.0', ['full']],
      ['attr.floor ~ "3"', []],
      ['metric.cpu_temp > 70 and version < 2.3.0', ['full']],
      ['version >= 2.3.0', []],
      ['not version >= 2.3.0', ['bare', 'full']],
      ['metric.cpu_temp <= 70 or metric.cpu_temp > 70', ['full']],
      ['metric.memory_used = 50%', ['full']],
      ['last_seen > 1h', ['full']],
      ['last_seen < 1h', []],
      ['last_seen < 3h ago', ['full']],
      ['last_seen < 2026-03-01T11:00Z', ['full']],
      ['last_seen is not set', ['bare']],
      ['name ~ A', []],
      ['name = "a"', ['full']],
      ['has tag and not tag = b', ['full']],
    ])('%s', async (query, expected) => {
      expect(await ask(query)).toEqual(expected);
    });
  });
});

test('nothing of a query becomes text of SQL', () => {
  const dialect = new PgDialect();
  const poison = 'p0is0n';
  const version = '66.66.66';
  const queries = [
    ...['id', 'name', 'class', 'release', 'attr.p0is0n', 'tag', 'group'].map(
      (field) => `${field} = ${poison}`,
    ),
    ...['id', 'name', 'tag', 'version', 'service.p0is0n', 'attr.p0is0n', 'agent'].map(
      (field) => `${field} ~ *${poison}`,
    ),
    `service.${poison} = running or has service.${poison} or has attr.${poison} or has package.${poison} or tag in (a, ${poison})`,
    `version < ${version} or agent = ${version} or metric.cpu_temp > 666 or attr.${poison} < 666 or package.deb:${poison} < ${version} or last_seen < 666s`,
  ];
  const known = new Map([[poison, { id: listed, query: null }]]);
  const packages = knownPackages(...queries.map(parseQuery));
  for (const query of queries) {
    const made = dialect.sqlToQuery(compileQuery(parseQuery(query), { now: NOW, groups: known, packages }));
    expect(made.sql).not.toMatch(/p0is0n|66/);
    expect(made.params.length).toBeGreaterThan(0);
  }
});
