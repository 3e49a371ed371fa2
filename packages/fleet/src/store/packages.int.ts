import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { and, eq, gt, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ChannelName,
  DEFAULT_TENANT,
  DeviceId,
  GroupCreate,
  ReleasePackage,
  RolloutCreate,
  type Release,
  type ReleaseId,
  type TenantId,
} from '@slipway/protocol';
import { MIGRATIONS_FOLDER, openDatabase, type Database, type OpenDatabase } from '../database.ts';
import {
  deviceCommands,
  deviceRuns,
  devices,
  executions,
  packages,
  releasePackages,
  releases,
} from '../schema.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { birthOf, seedDevice, seedRelease } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { changeChannel, followChannel, publishToChannel } from './channels.ts';
import { listDevices } from './devices.ts';
import { queryCondition } from './find-groups.ts';
import { findRunning } from './find-running.ts';
import { createGroup } from './groups.ts';
import { newCommandId, newExecutionId } from '../new-id.ts';
import { packageCoverage } from './package-coverage.ts';
import { listPackages } from './packages.ts';
import { createRollout } from './rollouts.ts';
import { recordBirth } from './record-presence.ts';
import { isInReach } from './reach.ts';
import { indexRelease } from './record-packages.ts';
import { differenceOf, listReleasePackages } from './release-difference.ts';
import { forgetArtifacts } from './retention.ts';
import { versionTimeline } from './version-timeline.ts';

const tenant: TenantId = DEFAULT_TENANT;
const page = { limit: 100, offset: 0 };
const now = new Date();

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const pkg = (text: string): ReleasePackage => {
  const [, type, name = '', version = '', source = name] =
    /^(\w+):(\S+) (\S+)(?: of (\S+))?$/.exec(text) ?? [];
  return ReleasePackage.parse({ type, name, version, source: { name: source, version } });
};
const OLD = [
  'deb:libssl3t64 3.5.7-1~deb13u2 of openssl',
  'deb:openssl 3.5.7-1~deb13u2',
  'deb:openssh-client 1:9.2p1-2 of openssh',
  'npm:@scope/name 4.0.0-rc.1',
  'npm:semver 5.7.2',
  'npm:semver 7.6.3',
  'golang:github.com/x/y v0.9.0',
];
const NEW = [
  'deb:libssl3t64 3.5.8-1 of openssl',
  'deb:openssl 3.5.8-1',
  'deb:openssh-client 1:9.2p1-2 of openssh',
  'npm:@scope/name 4.0.0',
  'npm:semver 7.6.3',
  'golang:github.com/x/y v0.10.0',
  'generic:linux 6.18.5',
];
const ALPINE = ['apk:libssl3 3.5.10-r0 of openssl', 'apk:busybox 1.37.0-r12'];

describe.each(engines)('packages on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  const known: Release[] = [];
  /** `deb:libssl3t64 3.5.7-1 of openssl` */
  const release = async (version: string, contents: readonly string[] | undefined): Promise<Release> => {
    const made = await seedRelease(db, version, Buffer.from(version));
    if (contents !== undefined) await indexRelease(db, made.id, contents.map(pkg));
    known.push(made);
    return made;
  };
  const runs = async (device: string, id: ReleaseId | undefined): Promise<void> => {
    await seedDevice(db, device);
    const slots = { a: { state: 'GOOD' as const, release: id }, b: { state: 'EMPTY' as const } };
    if (id !== undefined) await recordBirth(db, birthOf(device, { slots }), false, now);
  };
  const devicesOf = async (query: string): Promise<string[]> =>
    (await listDevices(db, { ...page, condition: await queryCondition(db, query, now) })).map(({ id }) => id);

  beforeAll(async () => {
    database = await open();
    ({ db } = database);
    const [old, fresh, alpine, unknown] = [
      await release('1.0.0', OLD),
      await release('1.1.0', NEW),
      await release('1.2.0', ALPINE),
      await release('1.3.0', undefined),
    ];
    for (const [device, on] of [
      ['old-1', old],
      ['old-2', old],
      ['fresh-1', fresh],
      ['alpine-1', alpine],
      ['unknown-1', unknown],
    ] as const)
      await runs(device, on.id);
    await runs('silent-1', undefined);
  });
  afterAll(() => database.close());

  describe('devices are found by what they run', () => {
    test.each([
      ['package.openssl < 3.5.8', ['old-1', 'old-2']],
      ['package.openssl >= 3.5.8', ['alpine-1', 'fresh-1']],
      ['package.apk:openssl >= 3.5.8', ['alpine-1']],
      ['package.libssl3t64 = 3.5.8-1', ['fresh-1']],
      ['package.@scope/name < 4.0.0', ['old-1', 'old-2']],
      ['package.go:github.com/x/y < 0.10.0', ['old-1', 'old-2']],
      // One of two versions is such.
      ['package.semver < 6', ['old-1', 'old-2']],
      ['package.semver > 6', ['fresh-1', 'old-1', 'old-2']],
      ['has package.linux', ['fresh-1']],
      ['not has package.openssl', ['silent-1', 'unknown-1']],
      ['package.openssl ~ 3.5.* and not package.deb:openssl < 3.5.8', ['alpine-1', 'fresh-1']],
      ['package.nothing < 1', []],
      ['package.openssh-client < 9.8', []],
      ['package.openssh-client < 1:9.8', ['fresh-1', 'old-1', 'old-2']],
    ])('%s', async (query, expected) => {
      expect(await devicesOf(query)).toEqual(expected);
    });

    test('and by groups of them', async () => {
      const asked = GroupCreate.parse({ name: 'vulnerable', query: 'package.openssl < 3.5.8' });
      await createGroup(db, asked, 'test', now);
      expect(await devicesOf('not group = vulnerable and has package.openssl')).toEqual([
        'alpine-1',
        'fresh-1',
      ]);
    });
  });

  describe('who runs a package', () => {
    test('is told by release and class, with those of whom it is not known', async () => {
      const [old, , alpine] = known;
      expect(await findRunning(db, 'openssl < 3.5.8', undefined)).toEqual({
        query: 'package.openssl < 3.5.8',
        devices: 2,
        byClass: [
          {
            deviceClass: 'edge-test',
            devices: 2,
            update: { id: alpine?.id, version: '1.2.0' },
            channels: [{ channel: null, devices: 2, update: { id: alpine?.id, version: '1.2.0' } }],
          },
        ],
        releases: [
          {
            id: old?.id,
            deviceClass: 'edge-test',
            version: '1.0.0',
            state: 'published',
            devices: 2,
            packages: [pkg(OLD[0] ?? ''), pkg(OLD[1] ?? '')],
          },
        ],
        releaseCount: 1,
        unknown: { releases: 1, devices: 1, silent: 1 },
        hints: [],
      });
      const any = await findRunning(db, 'openssl', undefined);
      expect(any.byClass).toMatchObject([{ update: null }]);
      expect([any.devices, any.releases.map((one) => [one.version, one.devices])]).toEqual([
        4,
        [
          ['1.0.0', 2],
          ['1.2.0', 1],
          ['1.1.0', 1],
        ],
      ]);
    });

    test('is told of devices in reach only', async () => {
      const group = await createGroup(
        db,
        GroupCreate.parse({ name: 'one', query: 'id in (old-1, alpine-1)' }),
        'test',
        now,
      );
      const near = await isInReach(db, [group.id], now);
      const found = await findRunning(db, 'openssl', near);
      expect([found.devices, found.unknown]).toEqual([2, { releases: 0, devices: 0, silent: 0 }]);
      const [listed] = await listPackages(db, tenant, { ...page, name: 'openssl', running: true }, near);
      expect(listed?.versions).toEqual([{ version: '3.5.7-1~deb13u2', releases: 1, devices: 1 }]);
    });

    test.each([
      ['ssl', 'There is libssl3, libssl3t64, openssl'],
      ['rpm-thing', 'No release holds rpm-thing.'],
      ['npm:openssl', 'There is one of that name of type apk, deb.'],
      ['openssh < 9.8', 'compare with 1:9.8'],
    ])('%s comes with a hint: %s', async (text, hint) => {
      const { hints } = await findRunning(db, text, undefined);
      expect(hints.join('\n')).toContain(hint);
    });
  });

  describe('packages', () => {
    test('are listed by name, their versions in order', async () => {
      const first = await listPackages(db, tenant, { ...page, limit: 2, count: true }, undefined);
      expect(first.total).toBe(9);
      const rest = await listPackages(db, tenant, { ...page, after: first.next }, undefined);
      const all = [...first, ...rest];
      expect(new Set(all.map(({ type, name }) => `${type}:${name}`))).toEqual(
        new Set([...OLD, ...NEW, ...ALPINE].map((text) => text.split(' ')[0])),
      );
      expect(all.find(({ name }) => name === 'semver')?.versions).toEqual([
        { version: '5.7.2', releases: 1, devices: 2 },
        { version: '7.6.3', releases: 2, devices: 3 },
      ]);
    });

    test('of a release that is recorded again are the same', async () => {
      const [old] = known;
      if (old === undefined) throw new Error('there is none');
      const before = await db.$count(releasePackages);
      expect(await indexRelease(db, old.id, [pkg('deb:other 1')])).toBe(false);
      expect([
        await db.$count(releasePackages),
        await db.$count(packages, eq(packages.name, 'other')),
      ]).toEqual([before, 0]);
    });
  });

  describe('from one release to another', () => {
    test('what changes is told in the order of each ecosystem, from the one before', async () => {
      const [old, fresh] = known;
      if (old === undefined || fresh === undefined) throw new Error('there are none');
      const difference = await differenceOf(db, fresh.id, undefined);
      expect(difference).toMatchObject({
        from: { id: old.id, version: '1.0.0' },
        to: { id: fresh.id, version: '1.1.0' },
        added: [pkg('generic:linux 6.18.5')],
        removed: [pkg('npm:semver 5.7.2')],
        unchanged: 2,
        downgraded: [],
      });
      expect(difference.upgraded.map(({ name }) => name)).toEqual([
        'libssl3t64',
        'openssl',
        'github.com/x/y',
        '@scope/name',
      ]);
      const back = await differenceOf(db, old.id, fresh.id);
      expect(back.downgraded.map(({ from, to }) => [from, to])).toContainEqual(['v0.10.0', 'v0.9.0']);
    });

    test('the one before is that of the channel', async () => {
      const [old, fresh, alpine] = known;
      if (old === undefined || fresh === undefined || alpine === undefined) throw new Error('there are none');
      expect((await differenceOf(db, alpine.id, undefined)).from.id).toBe(fresh.id);
      const channel = ChannelName.parse('stable');
      for (const { id } of [old, alpine])
        await publishToChannel(db, { release: id, channel, actor: 'test' }, now);
      expect((await differenceOf(db, alpine.id, undefined)).from.id).toBe(old.id);
    });

    test('what is not known is said so', async () => {
      const [old, , , unknown] = known;
      if (old === undefined || unknown === undefined) throw new Error('there are none');
      await expect(differenceOf(db, unknown.id, undefined)).rejects.toMatchObject({
        code: 'PACKAGES_UNKNOWN',
      });
      await expect(listReleasePackages(db, unknown.id, page)).rejects.toMatchObject({
        code: 'PACKAGES_UNKNOWN',
      });
      await expect(differenceOf(db, old.id, undefined)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  });

  test('what was in a release is forgotten with its artifacts', async () => {
    const gone = await release('0.0.1', ['deb:gone 1']);
    await forgetArtifacts(db, [gone.build]);
    const [row] = await db.select().from(releases).where(eq(releases.id, gone.id));
    expect(row?.packages).toBeNull();
    expect(await listPackages(db, tenant, { ...page, name: 'gone' }, undefined)).toEqual([]);
  });

  describe('who ran a package', () => {
    /** Of what devices ran before it was written down, the migration makes what is on record of their updates. */
    const migrate = async (): Promise<void> => {
      const [file = ''] = (await readdir(MIGRATIONS_FOLDER)).filter((name) =>
        name.endsWith('_device_tallies.sql'),
      );
      const statements = (await readFile(join(MIGRATIONS_FOLDER, file), 'utf8')).split(
        '--> statement-breakpoint',
      );
      await db.delete(deviceRuns);
      await db.execute(sql.raw(statements.at(-1) ?? ''));
    };
    const DAY = 86_400_000;
    const ago = (days: number): Date => new Date(now.getTime() - days * DAY);
    const [shaky, sound] = ['deb:shaky 1.0.0', 'deb:shaky 1.0.1'];
    let [bad, good]: (Release | undefined)[] = [];
    /** @param slots what it runs now, and what lies in its other slot */
    const device = async (
      name: string,
      enrolledDaysAgo: number,
      slots: readonly [Release, Release?],
      commits: readonly (readonly [Release, number])[] = [],
    ): Promise<void> => {
      const { id } = await seedDevice(db, name);
      await db
        .update(devices)
        .set({ enrolledAt: ago(enrolledDaysAgo) })
        .where(eq(devices.id, id));
      const [a, b] = slots.map((of) => ({ state: 'GOOD' as const, release: of?.id }));
      const birth = birthOf(name, { slots: { a: a ?? { state: 'EMPTY' }, b: b ?? { state: 'EMPTY' } } });
      await recordBirth(db, birth, false, now);
      for (const [to, daysAgo] of commits) {
        const asked = RolloutCreate.parse({ release: to.id, devices: [id], priority: 1 });
        const rollout = await createRollout(db, asked, ago(daysAgo));
        const times = { createdAt: ago(daysAgo), updatedAt: ago(daysAgo), deadlineAt: now };
        await db.insert(executions).values({
          id: newExecutionId(),
          rollout: rollout.id,
          device: id,
          release: to.id,
          state: 'COMMITTED',
          bytesTotal: 1,
          ...times,
        });
      }
    };
    const ranIt = async (
      name: string,
    ): Promise<{ devices: number[]; unknown: number[]; fleet: number[] }> => {
      const near = eq(devices.id, DeviceId.parse(name));
      const told = await packageCoverage(db, { query: 'shaky < 1.0.1', days: 10, near }, now);
      // At the end of each day, and now.
      const daily = (line: readonly number[]): number[] => line.filter((_, n) => n % 6 === 0);
      return { devices: daily(told.devices), unknown: daily(told.unknown), fleet: daily(told.fleet) };
    };
    const times = (...runs: readonly (readonly [number, number])[]): number[] =>
      runs.flatMap(([value, count]) => Array.from({ length: count }, () => value));

    beforeAll(async () => {
      [bad, good] = [await release('2.0.0', [shaky]), await release('2.0.1', [sound])];
    });

    test.each<[string, (bad: Release, good: Release) => Promise<void>, number[], number[], number[]]>([
      [
        'never-updated',
        (b) => device('never-updated', 30, [b]),
        times([1, 11]),
        times([0, 11]),
        times([1, 11]),
      ],
      ['new', (b) => device('new', 4.5, [b]), times([0, 6], [1, 5]), times([0, 11]), times([0, 6], [1, 5])],
      [
        'updated-once',
        (b, g) => device('updated-once', 30, [g, b], [[g, 3.5]]),
        times([1, 7], [0, 4]),
        times([0, 11]),
        times([1, 11]),
      ],
      [
        'updated-before',
        (b, g) =>
          device(
            'updated-before',
            30,
            [g, b],
            [
              [b, 20],
              [g, 3.5],
            ],
          ),
        times([1, 7], [0, 4]),
        times([0, 11]),
        times([1, 11]),
      ],
      [
        'twice',
        (b, g) =>
          device(
            'twice',
            30,
            [g, b],
            [
              [b, 6.5],
              [g, 3.5],
            ],
          ),
        times([0, 4], [1, 3], [0, 4]),
        times([1, 4], [0, 7]),
        times([1, 11]),
      ],
      [
        'gone-back',
        (b, g) => device('gone-back', 30, [g, b], [[b, 4.5]]),
        times([0, 6], [1, 3], [0, 2]),
        times([0, 11]),
        times([1, 11]),
      ],
    ])('%s', async (name, make, held, unknown, fleet) => {
      if (bad === undefined || good === undefined) throw new Error('there are none');
      await make(bad, good);
      if (name === 'gone-back')
        await db.insert(deviceCommands).values({
          id: newCommandId(),
          device: DeviceId.parse(name),
          request: { name: 'rollback' },
          state: 'succeeded',
          createdAt: ago(1.6),
          expiresAt: now,
          answerBy: now,
          finishedAt: ago(1.5),
        });
      await migrate();
      expect(await ranIt(name)).toEqual({ devices: held, unknown, fleet });
    });

    test('is on record from births on, whatever brought a device there', async () => {
      if (bad === undefined || good === undefined) throw new Error('there are none');
      await device('by-births', 8.5, [bad]);
      const changes: [Release, connection: number, daysAgo: number][] = [
        [good, 2, 6.5],
        [good, 3, 5.5],
        [bad, 4, 4.5],
        [good, 5, 2.5],
      ];
      for (const [to, connection, daysAgo] of changes) {
        const slots = { a: { state: 'GOOD' as const, release: to.id }, b: { state: 'EMPTY' as const } };
        await recordBirth(
          db,
          birthOf('by-births', { slots, connection, bootId: `boot-${connection}` }),
          false,
          now,
        );
        await db
          .update(deviceRuns)
          .set({ at: ago(daysAgo) })
          .where(and(eq(deviceRuns.device, DeviceId.parse('by-births')), gt(deviceRuns.at, ago(1))));
      }
      expect(await ranIt('by-births')).toEqual({
        devices: times([0, 2], [1, 2], [0, 2], [1, 2], [0, 3]),
        unknown: times([0, 11]),
        fleet: times([0, 2], [1, 9]),
      });
      const rows = await db.$count(deviceRuns, eq(deviceRuns.device, DeviceId.parse('by-births')));
      expect(rows).toBe(3);
      // The versions of some devices are told by the same.
      const near = eq(devices.id, DeviceId.parse('by-births'));
      const { total } = await versionTimeline(db, near, ago(10), now);
      expect([total[0], total.at(-1)]).toEqual([0, 1]);
    });

    test('ends with what they run now', async () => {
      const told = await packageCoverage(db, { query: 'shaky < 1.0.1', days: 3 }, now);
      const { devices: running, unknown } = await findRunning(db, 'shaky < 1.0.1', undefined);
      expect(told.devices.at(-1)).toBe(running);
      expect(told.unknown.at(-1)).toBe(unknown.devices + unknown.silent);
      expect(told.at.at(-1)).toBe(now.toISOString());
    });

    test('those who follow a channel are offered what was published to it', async () => {
      if (bad === undefined || good === undefined) throw new Error('there are none');
      const key = { deviceClass: bad.deviceClass, name: ChannelName.parse('slow') };
      await changeChannel(db, key, {}, now);
      await followChannel(db, DeviceId.parse('new'), key.name);
      const channelsOf = async () => (await findRunning(db, 'shaky < 1.0.1', undefined)).byClass[0]?.channels;
      const update = { id: good.id, version: '2.0.1' };
      expect(await channelsOf()).toEqual([
        { channel: 'slow', devices: 1, update: null },
        { channel: null, devices: 1, update },
      ]);
      await publishToChannel(db, { release: good.id, channel: key.name, actor: 'test' }, now);
      expect(await channelsOf()).toContainEqual({ channel: 'slow', devices: 1, update });
      // Those who run a later one refuse to go back.
      const back = await findRunning(db, 'shaky >= 1.0.1', undefined);
      expect(back.devices).toBeGreaterThan(0);
      expect(back.byClass[0]?.update).toBeNull();
      expect(new Set(back.byClass[0]?.channels?.map((one) => one.update))).toEqual(new Set([null]));
    });
  });
});
