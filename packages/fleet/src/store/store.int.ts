import { createHash, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { and, eq, gt, inArray, sql, type SQL } from 'drizzle-orm';
import {
  ClassName,
  codeOf,
  ComponentId,
  DEFAULT_TENANT,
  Digest,
  ExecutionId,
  ImageId,
  KeyId,
  RootHash,
  type Build,
  type BuildResult,
  type ComponentFilter,
  DeviceId,
  TenantId,
  type Birth,
  type Death,
  type DeviceEvent,
  type ErrorCode,
  type ExecutionState,
  type KeyPurpose,
  type Release,
  type ReleaseId,
  type SignResult,
  type Status,
  type Telemetry,
} from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import {
  deviceMetrics,
  deviceReports,
  deviceRuns,
  devices,
  executionHistory,
  executions,
} from '../schema.ts';
import { birthOf, seedOnlineDevice, seedDevice, seedRelease, TEST_CLASS } from '../testing/seed.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { planRollout } from './apply-plan.ts';
import { listAudit, recordAudit } from './audit.ts';
import { getComponent, getImage, listComponents, listImages } from './build-inputs.ts';
import { createBuild, failBuild, getBuild, moveBuild } from './builds.ts';
import { listCertificates, renewCertificate } from './certificates.ts';
import { changeDevice } from './change-device.ts';
import { createCommand } from './commands.ts';
import { condenseMetrics } from './condense-metrics.ts';
import { countDevices } from './count-devices.ts';
import { listDeviceEvents } from './device-timeline.ts';
import { getDeviceMetrics } from './device-metrics.ts';
import { getOverview } from './overview/overview.ts';
import { recordMetrics } from './record-metrics.ts';
import { takeSnapshot, versionHistory } from './snapshots.ts';
import { versionTimeline } from './version-timeline.ts';
import { createClaim } from './claims.ts';
import { revokeDevice } from './device-lifecycle.ts';
import { desiredOf, getDevice } from './devices.ts';
import { recordBirth, recordDeath, recordPresence, recordTelemetry, type Said } from './record-presence.ts';
import {
  endingKeys,
  getKey,
  listKeys,
  recordKeys,
  recordSigner,
  recordTrust,
  releasesWithoutSigner,
  type SeenKey,
} from './keys.ts';
import { keyRotations } from './key-rotations.ts';
import { bundleFor, getExecution, listExecutions } from './executions.ts';
import { previewRollout } from './preview.ts';
import { recordProgress } from './record-progress.ts';
import { recordStatus, recordStatuses, type StatusOutcome, type StatusReport } from './record-status.ts';
import { redeemClaim as redeem, type EnrolmentAsked } from './redeem-claim.ts';
import { changeRelease, createRelease } from './releases.ts';
import { listFailures } from './rollout-failures.ts';
import { createRollout, getRollout, rolloutsToPlan } from './rollouts.ts';
import { abortRollout, setRolloutPolicy } from './steer-rollout.ts';
import { actorOfToken } from './actors.ts';
import { getTenant, renameTenant } from './tenants.ts';
import { admitToken } from './tokens.ts';

const codeThrownBy = async (work: Promise<unknown>): Promise<ErrorCode | 'nothing'> =>
  work.then(
    () => 'nothing' as const,
    (error: unknown) => codeOf(error),
  );

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());

const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

describe.each(engines)('on %s', (engine, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
  });
  afterAll(() => database.close());

  describe('tenants', () => {
    test('there is one, which can be renamed', async () => {
      expect(await getTenant(db, DEFAULT_TENANT)).toMatchObject({ id: 'default', name: 'default' });
      await renameTenant(db, DEFAULT_TENANT, 'Harbour');
      expect(await getTenant(db, DEFAULT_TENANT)).toMatchObject({ id: 'default', name: 'Harbour' });
      expect(await codeThrownBy(getTenant(db, TenantId.parse('other')))).toBe('NOT_FOUND');
    });

    test('every row of a fleet belongs to one that there is, but for what devices say by the million', async () => {
      const unchecked = await rowsOf(
        db,
        z.object({ name: z.string() }),
        sql`select table_name as name from information_schema.columns
            where table_schema = 'public' and column_name = 'tenant' and table_name not in
              (select conrelid::regclass::text from pg_constraint where confrelid = 'tenants'::regclass)
            order by name`,
      );
      expect(unchecked.map(({ name }) => name)).toEqual([
        'device_deltas',
        'device_metrics',
        'device_presence',
        'device_reports',
        'device_runs',
        'device_tallies',
        'devices_away',
      ]);
      const refused = db.execute(sql`insert into groups (id, name, tenant) values ('grp_x', 'x', 'other')`);
      await expect(refused).rejects.toMatchObject({ cause: { code: '23503' } });
    });
  });

  describe('keys', () => {
    const day = (n: number): Date => new Date(Date.UTC(2026, 0, n));
    const seen = (purpose: KeyPurpose, letter: string, more: Partial<SeenKey> = {}): SeenKey => ({
      purpose,
      certificatePem: `certificate ${letter}`,
      keySha256: letter.repeat(64),
      subject: `CN=${letter}`,
      serial: '01',
      notBefore: day(1),
      notAfter: day(100),
      ...more,
    });
    const list = async (state?: 'current' | 'former' | 'expired', now = day(50)) =>
      (await listKeys(db, DEFAULT_TENANT, { limit: 10, offset: 0, state }, now)).map(
        ({ subject }) => subject,
      );

    test('those used last are current, those of before stay known, one that is new is audited once', async () => {
      const start = (letter: string, n: number) =>
        recordKeys(db, DEFAULT_TENANT, [seen('device-authority', letter)], day(n), day(n));
      await start('a', 10);
      await start('a', 11);
      await start('b', 13);
      expect(await list('current')).toEqual(['CN=a', 'CN=b']);
      await start('b', 14);
      expect([await list('current'), await list('former')]).toEqual([['CN=b'], ['CN=a']]);
      await start('a', 17);
      expect([await list('current'), await list('former')]).toEqual([['CN=a'], ['CN=b']]);
      const audited = await listAudit(db, {
        limit: 9,
        offset: 0,
        action: 'key.seen',
        subject: 'a'.repeat(64),
      });
      expect(audited).toHaveLength(1);
      expect(await getKey(db, DEFAULT_TENANT, 'aaaaaaaa', day(18))).toMatchObject({
        firstSeenAt: day(10).toISOString(),
        lastUsedAt: day(17).toISOString(),
      });
      expect(await codeThrownBy(getKey(db, DEFAULT_TENANT, 'cccccccc', day(18)))).toBe('NOT_FOUND');
    });

    test('who signed a release is kept, whatever order releases are looked at in', async () => {
      const [older, newer] = [
        await seedRelease(db, '0.1.0', randomBytes(8)),
        await seedRelease(db, '0.2.0', randomBytes(8)),
      ];
      expect((await releasesWithoutSigner(db)).map(({ id }) => id)).toEqual([older.id, newer.id]);
      const chain = (letter: string) => [seen('release-signer', letter), seen('release-signer', 'f')];
      await recordSigner(db, DEFAULT_TENANT, newer, chain('e'), day(20));
      await recordSigner(db, DEFAULT_TENANT, older, chain('d'), day(20));
      // Whom their images trust is still to be looked at.
      expect((await releasesWithoutSigner(db)).map(({ id }) => id)).toEqual([older.id, newer.id]);
      for (const { id } of [older, newer]) await recordTrust(db, id, ['c'.repeat(64)]);
      expect(await releasesWithoutSigner(db)).toEqual([]);
      const keyOf = async (letter: string) => getKey(db, DEFAULT_TENANT, letter.repeat(8), day(21));
      expect(await keyOf('e')).toMatchObject({ state: 'current', releases: 1 });
      expect(await keyOf('d')).toMatchObject({ state: 'former', releases: 1, lastUsedAt: older.createdAt });
      expect(await keyOf('f')).toMatchObject({
        purpose: 'release-intermediate',
        lastUsedAt: newer.createdAt,
      });
    });

    test('only those in use are warned of, and what has ended is expired', async () => {
      const ending = async (at: number) =>
        (await endingKeys(db, DEFAULT_TENANT, day(at))).map(({ subject }) => subject);
      // A year before for an authority, half a year for an intermediate, three months for a signer.
      expect([await ending(-270), await ending(-260), await ending(-70), await ending(11)]).toEqual([
        [],
        ['CN=a'],
        ['CN=a', 'CN=f'],
        ['CN=a', 'CN=e', 'CN=f'],
      ]);
      expect(await list('current', day(100))).toEqual([]);
      expect(await list('expired', day(100))).toHaveLength(5);
    });

    test('authorities change places as the server says, and that is audited', async () => {
      const places = async (...of: [letter: string, state: 'current' | 'next' | 'outgoing'][]) => {
        const told = of.map(([letter, state]) => seen('server-authority', letter, { state }));
        await recordKeys(db, DEFAULT_TENANT, told, day(30), day(30));
        const [servers] = (await keyRotations(db, DEFAULT_TENANT)).filter(
          ({ purpose }) => purpose === 'server-authority',
        );
        return servers;
      };
      const [first, second] = ['1', '2'].map((letter) => letter.repeat(64));
      expect(await places(['1', 'current'])).toMatchObject({ step: 'steady', current: first });
      expect(await places(['1', 'current'], ['2', 'next'])).toMatchObject({ step: 'begun', next: second });
      expect(await places(['2', 'current'], ['1', 'outgoing'])).toMatchObject({
        step: 'switched',
        current: second,
        outgoing: first,
      });
      expect(await places(['2', 'current'])).toMatchObject({ step: 'steady', outgoing: null });
      const audited = await listAudit(db, { limit: 9, offset: 0, action: 'key.state', subject: first });
      expect(audited.map(({ details }) => details?.['to'])).toEqual(['former', 'outgoing']);
    });

    test('devices follow by the image that they run, and by their certificate', async () => {
      const [signs, follows] = ['7', '8'].map((letter) => letter.repeat(64));
      await recordKeys(
        db,
        DEFAULT_TENANT,
        [
          seen('release-root', '7', { state: 'current' }),
          seen('release-root', '8', { state: 'next' }),
          seen('device-authority', '9', { state: 'current' }),
        ],
        day(30),
        day(30),
      );
      const release = await seedRelease(db, '0.3.0', randomBytes(8));
      await recordTrust(db, release.id, [signs ?? '', follows ?? '']);
      const of = async (purpose: string) =>
        (await keyRotations(db, DEFAULT_TENANT)).find((one) => one.purpose === purpose);
      const before = await of('release-root');
      const byNine = await of('device-authority');
      const device = await seedOnlineDevice(db, 'follows');
      await db
        .update(devices)
        .set({
          release: release.id,
          certificateExpiresAt: day(90),
          certificateAuthority: KeyId.parse('9'.repeat(64)),
        })
        .where(eq(devices.id, device.id));
      const after = await of('release-root');
      expect(after?.following).toBe((before?.following ?? 0) + 1);
      expect((await of('device-authority'))?.following).toBe((byNine?.following ?? 0) + 1);
    });

    test('a device that renewed has not followed while a certificate of before may be what it holds', async () => {
      const [before, after] = ['9', '0'].map((letter) => letter.repeat(64));
      await recordKeys(
        db,
        DEFAULT_TENANT,
        [
          seen('device-authority', '0', { state: 'current' }),
          seen('device-authority', '9', { state: 'outgoing' }),
        ],
        day(31),
        day(31),
      );
      const following = async (at: Date) =>
        (await keyRotations(db, DEFAULT_TENANT, at)).find(({ purpose }) => purpose === 'device-authority')
          ?.following;
      const { id } = await seedOnlineDevice(db, 'renews');
      await db
        .update(devices)
        .set({ keySha256: null, lastSeenAt: day(38) })
        .where(eq(devices.id, id));
      const give = (
        [proof, letter]: readonly [string, string],
        authority: string | undefined,
        expiresAt: Date,
        at: Date,
      ) =>
        renewCertificate(
          db,
          { device: id, provenKeySha256: `key ${proof}`, expiredAt: undefined },
          async () => ({
            certificatePem: '',
            serial: `renews ${letter}`,
            expiresAt,
            keySha256: `key ${letter}`,
            ...(authority === undefined ? {} : { authority }),
          }),
          at,
        );
      const none = (await following(day(40))) ?? 0;
      await give(['0', 'a'], before, day(60), day(20));
      expect(await following(day(40))).toBe(none);
      // Given, which is not to say that the device has it: it was not seen since, nor has the one of before ended.
      await give(['a', 'b'], after, day(130), day(40));
      expect([await following(day(41)), await following(day(61))]).toEqual([none, none]);
      await db
        .update(devices)
        .set({ lastSeenAt: day(41) })
        .where(eq(devices.id, id));
      expect([await following(day(42)), await following(day(61))]).toEqual([none, none + 1]);
    });
  });

  describe('what went into builds', () => {
    const digest = (letter: string) => Digest.parse(`sha256:${letter.repeat(64)}`);
    const web = { reference: 'registry.lan/web:1', kind: 'oci', name: 'registry.lan/web' } as const;
    const base = { reference: 'deb:base', kind: 'deb', name: 'base', digest: digest('b') } as const;
    const build = async (version: string, resolved: BuildResult['resolved'], edge: string) => {
      const asked = await createBuild(db, { deviceClass: TEST_CLASS, version }, new Date());
      const imageFiles = [
        { name: 'base.yml', text: 'kernel' },
        { name: 'edge.yml', text: edge },
      ];
      const request = JSON.stringify({ imageFiles });
      await db.execute(
        sql`update builds set state = 'signing', request = ${request}::jsonb where id = ${asked.id}`,
      );
      const result = { ...resultOf(asked), resolved };
      return createRelease(db, result, signedAs(asked.release), new Date());
    };
    const resultOf = ({ id, release, version, counter }: Build): BuildResult => ({
      v: 1,
      build: id,
      release,
      version,
      counter,
      deviceClass: TEST_CLASS,
      arch: 'amd64',
      timeFloor: 0,
      rootHash: RootHash.parse('0'.repeat(64)),
      verityDataBlocks: 1,
      artifacts: [],
      request: digest('0'),
      components: [],
    });
    const signedAs = (release: ReleaseId): SignResult => ({
      v: 1,
      release,
      bundle: { digest: digest('0'), size: 1 },
      manifest: digest('0'),
    });

    test('is one row for each content, with the releases that hold it; builds that end at once do not collide', async () => {
      const first = { ...web, version: '1', digest: digest('1') };
      const second = { ...web, version: '2', digest: digest('2') };
      const made = await Promise.all([
        build('7.0.0', [first, base], 'a'),
        build('7.0.1', [base, second], 'b'),
        build('7.0.2', [second, { ...second, reference: 'registry.lan/web:stable' }], 'b'),
        build('7.0.3', undefined, 'b'),
      ]);
      const ids = made.map((release) => release?.id ?? '');
      const all = { limit: 10, offset: 0 };
      const list = (filter: Partial<ComponentFilter>) =>
        listComponents(db, DEFAULT_TENANT, { ...all, ...filter }, undefined);
      const found = await list({ name: 'registry.lan/*' });
      const byVersion = new Map(found.map((one) => [one.version, one]));
      expect(new Set(byVersion.keys())).toEqual(new Set(['1', '2']));
      expect(byVersion.get('2')).toMatchObject({
        builds: 2,
        deviceClasses: [TEST_CLASS],
        digest: digest('2'),
      });
      const holders = async (id: ComponentId | undefined) =>
        (
          await getComponent(db, DEFAULT_TENANT, id ?? ComponentId.parse('cmp_0000000000000000'), undefined)
        ).releases?.map((release) => release.id);
      expect(new Set(await holders(byVersion.get('2')?.id))).toEqual(new Set([ids[1], ids[2]]));
      expect(await holders(byVersion.get('1')?.id)).toEqual([ids[0]]);
      expect(await codeThrownBy(holders(undefined))).toBe('NOT_FOUND');
      const names = async (filter: Partial<ComponentFilter>) =>
        (await list(filter)).map(({ name, version }) => `${name} ${version}`);
      expect(await names({ kind: 'deb' })).toEqual(['base null']);
      expect(await names({ release: made[0]?.id })).toEqual(['base null', 'registry.lan/web 1']);
      expect(await names({ release: made[3]?.id })).toEqual([]);
      expect(await names({ deviceClass: ClassName.parse('another') })).toEqual([]);
      expect(await names({ name: 'registry.lan/we' })).toEqual([]);

      const images = await listImages(db, DEFAULT_TENANT, { ...all, deviceClass: TEST_CLASS }, undefined);
      expect(images.map(({ path, builds }) => `${path} ${builds}`).sort()).toEqual([
        'base.yml 4',
        'edge.yml 1',
        'edge.yml 3',
      ]);
      const edge = images.find(({ path, builds }) => path === 'edge.yml' && builds === 1);
      expect(edge?.digest).toBe(`sha256:${createHash('sha256').update('a').digest('hex')}`);
      const shownImage = (near: SQL | undefined) =>
        getImage(db, DEFAULT_TENANT, edge?.id ?? ImageId.parse('img_0000000000000000'), near);
      expect((await shownImage(undefined)).releases?.map(({ id }) => id)).toEqual([ids[0]]);

      const { id: device } = await seedDevice(db, 'runs-components');
      await db.execute(sql`update devices set release = ${ids[0] ?? ''} where id = ${device}`);
      expect(await shownImage(undefined)).toMatchObject({ devices: 1, releases: [{ devices: 1 }] });
      expect(await shownImage(sql`false`)).toMatchObject({ devices: 0, releases: [{ devices: 0 }] });
      expect((await list({ kind: 'deb' }))[0]).toMatchObject({ name: 'base', devices: 1 });
    });
  });

  describe('builds', () => {
    test('counters of a class rise without a gap, also when asked for at once', async () => {
      const deviceClass = ClassName.parse('edge-counters');
      const made = await Promise.all(
        Array.from({ length: 8 }, () => createBuild(db, { deviceClass, version: '1.0.0' }, new Date())),
      );
      expect(made.map(({ counter }) => counter).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(new Set(made.flatMap(({ id, release }) => [id, release])).size).toBe(16);
    });

    test('a finished build moves no more', async () => {
      const build = await createBuild(db, { deviceClass: TEST_CLASS, version: '1.0.0' }, new Date());
      const failure = { code: 'BUILD_FAILED', message: 'no' } as const;
      expect((await failBuild(db, build.id, failure, new Date()))?.state).toBe('failed');
      expect(await failBuild(db, build.id, failure, new Date())).toBeUndefined();
      expect(await moveBuild(db, build.id, ['queued', 'building'], { state: 'signing' })).toBeUndefined();
      expect(await getBuild(db, build.id)).toMatchObject({ state: 'failed', code: 'BUILD_FAILED' });
    });
  });

  test('a token is known by its hash alone', async () => {
    await admitToken(db, { text: 'swt_secret', name: 'ci', role: 'viewer' });
    await admitToken(db, { text: 'swt_secret', name: 'ci', role: 'viewer' });
    expect(await actorOfToken(db, 'swt_secret')).toMatchObject({ name: 'ci', role: 'viewer' });
    expect(await actorOfToken(db, 'swt_secret2')).toBeUndefined();
  });

  describe('claims', () => {
    const arch = 'amd64';
    const issueFor = (key: string) => async (device: DeviceId) => ({
      certificatePem: `certificate of ${device}`,
      serial: randomBytes(16).toString('hex'),
      keySha256: key,
      expiresAt: new Date(Date.now() + 86_400_000),
    });
    type Asked = Omit<EnrolmentAsked, 'keySha256'>;
    /** as a device with that key comes */
    const redeemClaim = (asked: Asked, key: string, issue: Parameters<typeof redeem>[2], now = new Date()) =>
      redeem(db, { ...asked, keySha256: key }, issue, now);
    const newClaim = async (): Promise<string> => {
      const asked = { deviceClass: TEST_CLASS, ttl: 60, arch } as const;
      return (await createClaim(db, asked, new Date())).token ?? '';
    };

    test('one token makes one device, whoever comes at once', async () => {
      const token = await newClaim();
      const asked = { token, deviceClass: TEST_CLASS, arch } as const;
      const results = await Promise.all(
        ['a', 'b', 'c', 'd'].map((key) => codeThrownBy(redeemClaim(asked, key, issueFor(key)))),
      );
      expect(results.sort()).toEqual(['CLAIM_INVALID', 'CLAIM_INVALID', 'CLAIM_INVALID', 'nothing']);
    });

    test('the same key may ask again', async () => {
      const token = await newClaim();
      const asked = { token, deviceClass: TEST_CLASS, arch } as const;
      const first = await redeemClaim(asked, 'same', issueFor('same'));
      const second = await redeemClaim(asked, 'same', issueFor('same'));
      expect(second.device.id).toBe(first.device.id);
      expect((await listAudit(db, { limit: 1, offset: 0 }))[0]).toMatchObject({
        action: 'device.enrol',
        subject: first.device.id,
        details: { again: true },
      });
    });

    test('a key that the device has left behind opens nothing, also after it was claimed anew', async () => {
      const token = await newClaim();
      const asked = { token, deviceClass: TEST_CLASS, arch } as const;
      const { device } = await redeemClaim(asked, 'stolen', issueFor('stolen'));
      await revokeDevice(db, device.id, 'admin', new Date());
      const claim = { deviceClass: TEST_CLASS, deviceId: device.id, ttl: 60, arch } as const;
      const anew = (await createClaim(db, claim, new Date())).token ?? '';
      await redeemClaim({ ...asked, token: anew }, 'fresh', issueFor('fresh'));
      expect(await codeThrownBy(redeemClaim(asked, 'stolen', issueFor('stolen')))).toBe('CLAIM_INVALID');
      const renewal = { device: device.id, provenKeySha256: 'fresh', expiredAt: undefined };
      await renewCertificate(db, renewal, async () => issueFor('next')(device.id), new Date());
      const again = redeemClaim({ ...asked, token: anew }, 'fresh', issueFor('fresh'));
      expect(await codeThrownBy(again)).toBe('CLAIM_INVALID');
    });

    test('a refused request leaves the claim unused', async () => {
      const token = await newClaim();
      const asked = { token, deviceClass: TEST_CLASS, arch } as const;
      const failing = async () => Promise.reject(new Error('bad request'));
      expect(await codeThrownBy(redeemClaim(asked, 'k', failing))).toBe('INTERNAL');
      expect(await codeThrownBy(redeemClaim(asked, 'k', issueFor('k')))).toBe('nothing');
    });

    test('a token that is unknown, expired or for something else is refused', async () => {
      const token = await newClaim();
      const asked: Asked = { token, deviceClass: TEST_CLASS, arch };
      const later = new Date(Date.now() + 61_000);
      const other = ClassName.parse('edge-other');
      const refused = (change: Partial<typeof asked>, now = new Date()) =>
        codeThrownBy(redeemClaim({ ...asked, ...change }, 'k', issueFor('k'), now));
      expect(await refused({ token: 'swc_nothing' })).toBe('CLAIM_INVALID');
      expect(await refused({}, later)).toBe('CLAIM_INVALID');
      expect(await refused({ deviceClass: other })).toBe('CLAIM_INVALID');
      expect(await refused({ arch: 'arm64' })).toBe('CLAIM_INVALID');
    });
  });

  describe('history', () => {
    const hours = (at: string, n: number): Date => new Date(Date.parse(at) + n * 3_600_000);
    const said = (load1: number): Telemetry => ({
      v: 1,
      bootId: 'b',
      uptime: 60,
      health: 'ok',
      services: [],
      memoryAvailable: 25,
      memoryTotal: 100,
      load1,
    });

    test('metrics are kept by the hour, and after two days a point of each hour is left', async () => {
      const [device, other] = [DeviceId.parse('metrics-1'), DeviceId.parse('metrics-2')];
      const since = new Date('2026-03-01T22:00:00Z');
      const point = (of: DeviceId, n: number, load: number) => ({
        device: of,
        telemetry: said(load),
        at: hours(since.toISOString(), n),
      });
      // Also two of one hour at once.
      await recordMetrics(db, [point(device, 0, 1), point(other, 0, 9), point(device, 0.5, 3)]);
      await recordMetrics(db, [point(device, 1, 5), point(device, 2, 7)]);
      const until = hours(since.toISOString(), 3);
      const seen = async (stepS: number) => {
        const { metrics } = await getDeviceMetrics(db, device, since, until, stepS);
        return Object.fromEntries(metrics.map(({ name, values }) => [name, values]));
      };
      const hourly = { load: [2, 5, 7], memory_used: [75, 75, 75], cpu_temp: [null, null, null] };
      expect(await seen(3600)).toMatchObject(hourly);
      expect((await seen(1800))['load']).toEqual([1, 3, 5, null, 7, null]);

      const later = hours(since.toISOString(), 49);
      expect(await condenseMetrics(db, 1, later)).toBe(1);
      while ((await condenseMetrics(db, 1, later)) > 0);
      expect(await seen(3600)).toMatchObject(hourly);
      // The hour that is not two days old yet stays as it is.
      expect((await seen(1800))['load']).toEqual([2, null, 5, null, 7, null]);
      const rows = await db.select().from(deviceMetrics);
      expect(rows.map(({ step }) => step).sort((a, b) => a - b)).toEqual([300, 300, 3600, 3600]);
    });

    test('a snapshot is kept once in ten minutes, and what runs now ends the line', async () => {
      const { id } = await seedOnlineDevice(db, 'snapshot-1');
      const now = new Date();
      await takeSnapshot(db, now);
      await takeSnapshot(db, now);
      const { times, series } = await versionHistory(db, hours(now.toISOString(), -1), now);
      expect(times).toHaveLength(2);
      const { version } = await getDevice(db, id);
      expect(series.find((one) => one.version === version)?.counts.at(-1)).toBeGreaterThan(0);
    });

    test('of some devices the history is what they say and what is on record of their updates', async () => {
      const { id } = await seedOnlineDevice(db, 'timeline-1');
      const now = new Date(Date.now() + 1000);
      const { times, total, series } = await versionTimeline(
        db,
        eq(devices.id, id),
        hours(now.toISOString(), -1),
        now,
      );
      expect([times.length, total[0], total.at(-1)]).toEqual([7, 0, 1]);
      const { version } = await getDevice(db, id);
      expect(series.map((one) => [one.version, one.counts.at(-1)])).toEqual([[version, 1]]);
    });

    test('a device that changed ran before what it ran before, each version for its time', async () => {
      const { id } = await seedOnlineDevice(db, 'timeline-2');
      const now = new Date();
      await db
        .update(devices)
        .set({ enrolledAt: hours(now.toISOString(), -3.5) })
        .where(eq(devices.id, id));
      for (const [connection, version, ago] of [
        [2, '1.0.0', 3],
        [3, '2.0.0', 2],
        [4, '1.0.0', 1],
      ] as const) {
        const slots = { a: { state: 'GOOD' as const, version }, b: { state: 'EMPTY' as const } };
        await recordBirth(db, birthOf(id, { slots, connection, bootId: `b-${connection}` }), false, now);
        await db
          .update(deviceRuns)
          .set({ at: hours(now.toISOString(), -ago) })
          .where(and(eq(deviceRuns.device, id), gt(deviceRuns.at, hours(now.toISOString(), -0.5))));
      }
      const { series, total } = await versionTimeline(
        db,
        eq(devices.id, id),
        hours(now.toISOString(), -4),
        now,
      );
      const hourly = (line: readonly number[] = []): number[] => line.filter((_, at) => at % 6 === 0);
      expect(hourly(total)).toEqual([0, 1, 1, 1, 1]);
      // Nothing that it first said is a change.
      expect(series.map((one) => [one.version, hourly(one.counts)])).toEqual([
        ['2.0.0', [0, 0, 1, 0, 0]],
        ['1.0.0', [0, 1, 0, 1, 1]],
      ]);
    });

    test('the overview has what needs somebody', async () => {
      await seedRelease(db, '999.0.0', Buffer.from('newest'));
      const { id } = await seedOnlineDevice(db, 'behind-1');
      const slots = { a: { state: 'GOOD' as const, version: '1.0.0' }, b: { state: 'EMPTY' as const } };
      await recordBirth(db, birthOf(id, { activeSlot: 'a', slots, connection: 2 }), false, new Date());
      const server = { storeIsFull: true, workers: 0, builds: 1 };
      const overview = await getOverview(db, DEFAULT_TENANT, 'fleet', server, new Date());
      const codes = overview.attention.map(({ code }) => code);
      expect(codes).toEqual(expect.arrayContaining(['STORE_FULL', 'NO_GATEWAY', 'NO_BUILD_WORKER']));
      const behind = overview.attention.find(({ code }) => code === 'DEVICES_BEHIND');
      const query = behind?.target.kind === 'devices' ? behind.target.query : '';
      expect((await countDevices(db, query, new Date())).total).toBe(behind?.count);
      expect(overview.activity).toContainEqual(
        expect.objectContaining({ kind: 'release', version: '999.0.0' }),
      );
      expect((await getOverview(db, DEFAULT_TENANT, [], server, new Date())).counts.total).toBe(0);
    });
  });

  describe('presence', () => {
    test('the time zone of a device is what its last birth said', async () => {
      const { id } = await seedOnlineDevice(db, 'zone-1');
      expect(await getDevice(db, id)).toMatchObject({ timeZone: null, utcOffset: null });
      const vienna = { timeZone: 'Europe/Vienna', utcOffset: 3600 };
      await recordBirth(db, birthOf(id, { connection: 2, ...vienna }), false, new Date());
      expect(await getDevice(db, id)).toMatchObject(vienna);
      await recordBirth(db, birthOf(id, { connection: 3, utcOffset: -12_600 }), false, new Date());
      expect(await getDevice(db, id)).toMatchObject({ timeZone: null, utcOffset: -12_600 });
    });

    test('a death counts for the connection it names', async () => {
      const { id } = await seedOnlineDevice(db, 'presence-1');
      await recordBirth(db, birthOf(id, { connection: 2 }), false, new Date());
      expect(await recordDeath(db, id, 1)).toBeUndefined();
      expect((await getDevice(db, id)).online).toBe(true);
      expect((await recordDeath(db, id, 2))?.online).toBe(false);
    });

    test('retained messages give the same in either order', async () => {
      const { id } = await seedDevice(db, 'presence-2');
      await recordDeath(db, id, 7);
      expect((await recordBirth(db, birthOf(id, { connection: 7 }), true, new Date()))?.online).toBe(false);
      expect((await recordBirth(db, birthOf(id, { connection: 8 }), true, new Date()))?.online).toBe(true);
    });

    test('many say many things at once: each what it would alone, those of one device in order', async () => {
      const [a, b, c] = await Promise.all(
        ['presence-4', 'presence-5', 'presence-6'].map(async (name) => (await seedDevice(db, name)).id),
      );
      if (a === undefined || b === undefined || c === undefined) throw new Error('three devices');
      const birth = (device: DeviceId, over: Partial<Birth> = {}, retained = false): Said => ({
        kind: 'birth',
        device,
        birth: birthOf(device, over),
        retained,
      });
      const death = (device: DeviceId, connection: number): Said => ({
        kind: 'death',
        device,
        death: { v: 1, connection, reason: 'lost' },
      });
      const telemetry = (device: DeviceId, bootId: string, uptime: number): Said => ({
        kind: 'telemetry',
        device,
        telemetry: {
          v: 1,
          bootId,
          uptime,
          health: 'ok',
          services: [],
          memoryAvailable: 1,
          memoryTotal: 2,
          load1: 0,
        },
      });
      const said = [
        birth(a, { connection: 3 }),
        birth(b, { connection: 5 }),
        death(a, 3),
        // of an earlier connection of the same boot, by another way
        birth(b, { connection: 4 }),
        telemetry(c, 'boot-1', 1),
        birth(a, { connection: 4 }),
        telemetry(c, 'boot-1', 2),
        // counts anew: it has booted
        birth(b, { connection: 1, bootId: 'boot-2' }),
        birth(DeviceId.parse('nobody')),
        death(a, 3),
        telemetry(b, 'boot-2', 1),
      ];
      const outcomes = await recordPresence(db, said, new Date());
      expect(outcomes.map(({ kind }) => kind)).toEqual([
        'recorded',
        'recorded',
        'recorded',
        'late',
        'recorded',
        'recorded',
        'recorded',
        'recorded',
        'refused',
        'late',
        'recorded',
      ]);
      expect(outcomes.map((outcome) => outcome.kind === 'recorded' && outcome.isKnown)).toEqual([
        true,
        true,
        true,
        false,
        false,
        true,
        false,
        true,
        false,
        false,
        true,
      ]);
      expect(outcomes.map((outcome) => outcome.kind === 'recorded' && outcome.device.online)).toEqual([
        true,
        true,
        false,
        false,
        true,
        true,
        true,
        true,
        false,
        false,
        true,
      ]);
      expect((await getDevice(db, b)).bootId).toBe('boot-2');
      expect((await getDevice(db, c)).telemetry?.uptime).toBe(2);
    });

    test('a birth for another class or architecture changes nothing', async () => {
      const { id } = await seedDevice(db, 'presence-3');
      expect(await recordBirth(db, birthOf(id, { arch: 'arm64' }), false, new Date())).toBeUndefined();
      expect(await recordBirth(db, birthOf('nobody'), false, new Date())).toBeUndefined();
    });
  });

  describe('rollouts', () => {
    const bundle = Buffer.from('a bundle');
    let count = 0;
    const start = async (names: number, limits = { failureThreshold: 1, maxInFlight: 100 }) => {
      count += 1;
      const round = count;
      const devices = await Promise.all(
        Array.from({ length: names }, (_, n) => seedOnlineDevice(db, `round-${round}-${n}`)),
      );
      const release = await seedRelease(db, `1.0.${round}`, bundle);
      const rollout = await createRollout(
        db,
        { release: release.id, devices: devices.map(({ id }) => id), ...limits },
        new Date(),
      );
      await planRollout(db, rollout.id, new Date());
      onTestFinished(async () => {
        await abortRollout(db, rollout.id, 'the test ended', new Date()).catch(() => undefined);
      });
      return { rollout: rollout.id, release, devices: devices.map(({ id }) => id) };
    };
    const executionOn = async (device: DeviceId) => {
      const [execution] = await listExecutions(db, { device, limit: 1, offset: 0 });
      if (execution === undefined) throw new Error('no execution');
      return execution;
    };
    const seqs = new Map<DeviceId, number>();
    const report = async (device: DeviceId, state: ExecutionState, over: Partial<Status> = {}) => {
      const { id, release } = await executionOn(device);
      const seq = (seqs.get(device) ?? 0) + 1;
      seqs.set(device, seq);
      const status = { v: 1, seq, execution: id, release, state, bootId: 'boot-1', slot: 'a' } as const;
      return recordStatus(db, device, { ...status, ...over }, new Date());
    };
    const noDevice = (release: Release) => ({ release: release.id, failureThreshold: 1, maxInFlight: 1 });

    test('a revoked device is taken out: nothing is asked of it or served to it, whatever it says', async () => {
      const { rollout, release, devices } = await start(2);
      const [gone, stays] = devices;
      if (gone === undefined || stays === undefined) throw new Error('start made two devices');
      expect(await bundleFor(db, gone)).toMatchObject({ release: release.id });
      expect(await revokeDevice(db, gone, 'admin', new Date())).toMatchObject({ online: false });
      expect((await executionOn(gone)).state).toBe('CANCELED');
      expect((await desiredOf(db, gone))?.assignment).toBeNull();
      expect(await bundleFor(db, gone)).toBeUndefined();
      expect(await recordBirth(db, birthOf(gone, { connection: 2 }), false, new Date())).toBeUndefined();
      const memory = { memoryAvailable: 1, memoryTotal: 1 };
      const gauges = { uptime: 1, load1: 0, services: [], ...memory };
      const said: Telemetry = { v: 1, bootId: 'boot-1', health: 'ok', ...gauges };
      expect(await recordTelemetry(db, gone, said, new Date())).toBeUndefined();
      expect((await getDevice(db, gone)).online).toBe(false);
      for (const state of ['DOWNLOADING', 'REBOOTING', 'COMMITTED'] as const) await report(stays, state);
      await planRollout(db, rollout, new Date());
      expect((await getRollout(db, rollout)).state).toBe('completed');
      const again = createRollout(db, { ...noDevice(release), devices: [gone] }, new Date());
      expect(await codeThrownBy(again)).toBe('DEVICE_REVOKED');
    });

    test('what happened to a device is one list, newest first, whatever part of it is asked for', async () => {
      const { release, devices } = await start(1);
      const [id] = devices;
      if (id === undefined) throw new Error('start made a device');
      const request = { name: 'reboot' } as const;
      const command = await createCommand(db, id, request, new Date());
      await recordAudit(db, {
        actor: 'anna',
        action: 'device.reboot',
        subject: id,
        details: { command: command.id },
      });
      await changeDevice(db, id, { addTags: ['dock'] }, 'bert');
      const gone: Death = { v: 1, connection: 1, reason: 'shutdown' };
      await recordPresence(db, [{ kind: 'death', device: id, death: gone }], new Date());
      await recordBirth(db, birthOf(id, { connection: 2 }), false, new Date());
      await recordDeath(db, id, 2);
      await recordBirth(db, birthOf(id, { connection: 3 }), false, new Date());
      await revokeDevice(db, id, 'carl', new Date());

      const list = (page: Partial<Parameters<typeof listDeviceEvents>[2]> = {}) =>
        listDeviceEvents(db, id, { limit: 100, offset: 0, ...page }, new Date());
      const all = await list();
      expect(all.map(({ at }) => at)).toEqual(
        all
          .map(({ at }) => at)
          .toSorted()
          .toReversed(),
      );
      expect(new Set(all.map((event) => event.id)).size).toBe(all.length);
      const of = async (kind: DeviceEvent['kind']) => list({ kinds: [kind], count: true });
      expect(await of('presence')).toMatchObject([
        { online: false, reason: null, until: null },
        { online: true, until: expect.any(String) as unknown },
        { online: false, reason: 'lost' },
        { online: true, reason: null },
        { online: false, reason: 'shutdown' },
        { online: true },
      ]);
      expect(await of('update')).toMatchObject([
        { version: release.version, execution: { device: id, state: 'CANCELED' } },
      ]);
      expect(await of('command')).toMatchObject([{ actor: 'anna', command: { id: command.id, request } }]);
      expect(await of('change')).toMatchObject([{ actor: 'bert', action: 'device.change' }]);
      const certificates = await of('certificate');
      expect(certificates).toMatchObject([
        { actor: 'carl', action: 'device.revoke' },
        { action: 'device.enrol' },
      ]);
      expect(certificates.total).toBe(2);
      const walked: DeviceEvent[] = [];
      for (let after: string | undefined = ''; after !== undefined;) {
        const part = await list({ limit: 3, ...(after === '' ? {} : { after }) });
        walked.push(...part);
        after = part.next;
      }
      expect(walked).toEqual([...all]);
      expect(await listCertificates(db, id, { limit: 10, offset: 0 })).toMatchObject([
        { revokedAt: expect.any(String) as unknown, listed: false, current: false, keyType: null },
      ]);
    });

    test('what would follow is told from how earlier updates went, and nothing stays of it', async () => {
      const { rollout, devices } = await start(6);
      const [failing, ...others] = devices;
      if (failing === undefined) throw new Error('no device');
      await report(failing, 'FAILED', { code: 'DISK_FULL', message: 'no room' });
      for (const device of others)
        for (const state of ['DOWNLOADING', 'REBOOTING', 'COMMITTED'] as const)
          await report(device, state, { bytesReceived: 3, bytesReused: 9 });
      // As if each state had taken 100 s.
      await db.execute(sql`update execution_history as history set at = timestamptz '2026-01-01' + nth * interval '100 s'
        from (select id, row_number() over (partition by execution order by id) as nth from execution_history) as step
        where step.id = history.id`);
      const next = await seedRelease(db, '2.0.0', Buffer.alloc(1000));
      const before = await rowsOf(db, z.unknown(), sql`select id from rollouts`);
      const asked = { ...noDevice(next), devices };
      const previewed = previewRollout(db, asked, null, new Date());
      expect(await codeThrownBy(previewed)).toBe('CONFLICT');
      await abortRollout(db, rollout, 'the test goes on', new Date()).catch(() => undefined);
      expect(await previewRollout(db, asked, null, new Date())).toMatchObject({
        devices: 6,
        online: 6,
        bytes: { most: 6000, expected: 1500 },
        duration: { likely: 6 * 300 },
        basis: { updates: 5, of: 'class' },
      });
      expect(await rowsOf(db, z.unknown(), sql`select id from rollouts`)).toEqual(before);
      expect(await listFailures(db, rollout)).toMatchObject([
        {
          code: 'DISK_FULL',
          devices: 1,
          examples: [{ device: failing, message: 'no room', state: 'FAILED' }],
        },
      ]);
    });

    test('an offer is asked of the device once, with what it needs to fetch the bundle', async () => {
      const { rollout, release, devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      const execution = await executionOn(device);
      expect(await desiredOf(db, device)).toEqual({
        v: 1,
        seq: 1,
        assignment: {
          execution: execution.id,
          rollout,
          release: release.id,
          version: release.version,
          bundle: release.bundle,
          expiresAt: expect.any(Number),
        },
      });
      expect((await planRollout(db, rollout, new Date())).actions).toEqual([]);
    });

    test('a device goes through to COMMITTED and is asked nothing more', async () => {
      const { rollout, devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      for (const state of [
        'ACCEPTED',
        'DOWNLOADING',
        'VERIFIED',
        'INSTALLING',
        'REBOOTING',
        'TRIAL',
      ] as const) {
        expect((await report(device, state)).kind).toBe('counted');
      }
      const last = await report(device, 'COMMITTED', {
        bootId: 'boot-2',
        slot: 'b',
        bytesReceived: 5,
        bytesReused: 3,
      });
      expect(last).toMatchObject({ kind: 'counted', over: true });
      expect(await desiredOf(db, device)).toEqual({ v: 1, seq: 2, assignment: null });
      expect((await planRollout(db, rollout, new Date())).actions).toEqual([{ kind: 'complete' }]);
      const execution = await executionOn(device);
      expect(execution).toMatchObject({
        state: 'COMMITTED',
        bytesReceived: 5,
        bytesReused: 3,
        bytesDone: bundle.length,
      });
      expect(execution.history.map(({ state }) => state)).toEqual([
        'OFFERED',
        'ACCEPTED',
        'DOWNLOADING',
        'VERIFIED',
        'INSTALLING',
        'REBOOTING',
        'TRIAL',
        'COMMITTED',
      ]);
      expect(execution.history.at(-1)?.bootId).toBe('boot-2');
      expect(await getRollout(db, rollout)).toMatchObject({ state: 'completed', counts: { COMMITTED: 1 } });
    });

    test('the policy of a rollout reaches devices with the offer, and once more where it is changed before they have armed', async () => {
      const { rollout, devices } = await start(2);
      const [waiting, armed] = devices;
      if (waiting === undefined || armed === undefined) throw new Error('no device');
      await report(waiting, 'DEFERRED', { code: 'INSTALL_HELD', message: 'until 02:00' });
      for (const state of ['INSTALLING', 'REBOOTING'] as const) await report(armed, state);
      expect(await desiredOf(db, waiting)).not.toHaveProperty('assignment.windows');

      const policy = { windows: [{ days: [7], from: '02:00', to: '04:00' }], deadline: 2_000_000_000 };
      expect(await setRolloutPolicy(db, rollout, policy)).toMatchObject({ policy });
      const applied = await planRollout(db, rollout, new Date());
      expect(applied.actions).toMatchObject([{ kind: 'instruct' }]);
      expect(applied.devices).toEqual([waiting]);
      expect(await desiredOf(db, waiting)).toMatchObject({ seq: 2, assignment: policy });
      expect(await desiredOf(db, armed)).toMatchObject({ seq: 1 });
      expect((await planRollout(db, rollout, new Date())).actions).toEqual([]);

      await setRolloutPolicy(db, rollout, { mode: 'soft' });
      await planRollout(db, rollout, new Date());
      const asked = await desiredOf(db, waiting);
      expect(asked).not.toHaveProperty('assignment.windows');
      // Agents that know nothing of consent download, and wait.
      expect(asked).toMatchObject({ seq: 3, assignment: { mode: 'download', consent: true } });
      expect((await planRollout(db, rollout, new Date())).actions).toEqual([]);
      expect(await executionOn(waiting)).toMatchObject({ state: 'DEFERRED', code: 'INSTALL_HELD' });
      await abortRollout(db, rollout, 'enough', new Date());
      expect(await codeThrownBy(setRolloutPolicy(db, rollout, policy))).toBe('CONFLICT');
    });

    test('the log of a failed boot stays with the execution', async () => {
      const { devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      for (const state of ['INSTALLING', 'REBOOTING', 'TRIAL'] as const) await report(device, state);
      await report(device, 'ROLLED_BACK', { code: 'TRIAL_PANIC', log: 'Kernel panic - not syncing' });
      expect(await executionOn(device)).toMatchObject({
        code: 'TRIAL_PANIC',
        log: 'Kernel panic - not syncing',
      });
    });

    test('an outcome counts that came before the reports it follows on', async () => {
      const [device] = (await start(1)).devices;
      if (device === undefined) throw new Error('no device');
      await report(device, 'INSTALLING', { seq: 4 });
      expect(await report(device, 'COMMITTED', { seq: 7 })).toMatchObject({ kind: 'counted', over: true });
      expect(await report(device, 'REBOOTING', { seq: 5 })).toMatchObject({ kind: 'refused' });
      expect((await executionOn(device)).state).toBe('COMMITTED');
    });

    test('a report counts once, forward, and for its own device', async () => {
      const { devices } = await start(2);
      const [device, other] = devices;
      if (device === undefined || other === undefined) throw new Error('no device');
      await report(device, 'DOWNLOADING', { seq: 11 });
      expect(await report(device, 'FAILED', { seq: 11 })).toEqual({ kind: 'duplicate' });
      expect(await report(device, 'ACCEPTED', { seq: 9 })).toMatchObject({
        kind: 'refused',
        why: 'report 11 is newer',
      });
      const theirs = (await executionOn(other)).id;
      expect(await report(device, 'FAILED', { seq: 13, execution: theirs })).toMatchObject({
        kind: 'refused',
      });
      expect(await report(device, 'COMMITTED', { seq: 12 })).toMatchObject({ kind: 'refused' });
      const unknown = ExecutionId.parse('exe_0000000000000000');
      expect(await report(device, 'FAILED', { seq: 14, execution: unknown })).toMatchObject({
        kind: 'refused',
      });
      expect((await executionOn(device)).state).toBe('DOWNLOADING');
      expect((await executionOn(other)).state).toBe('OFFERED');
    });

    test('reports that are recorded together leave what they leave one by one, however they are split', async () => {
      const { rollout, release } = await start(1);
      const tag = engine.toLowerCase();
      let world = 0;
      /** Two devices: the first with an execution and one that an emergency stop ended, the second with one. */
      const build = async (states: readonly [ExecutionState, ExecutionState]) => {
        world += 1;
        const mark = String(world).padStart(15, '0');
        const id = (letter: string): ExecutionId => ExecutionId.parse(`exe_${letter}${mark}`);
        const names = ['x', 'y'].map((letter) => DeviceId.parse(`batch-${tag}-${world}-${letter}`));
        const [x, y] = names;
        if (x === undefined || y === undefined) throw new Error('two names');
        const ids = [id('a'), id('b'), id('c')] as const;
        const assignment = {
          execution: ids[0],
          rollout,
          release: release.id,
          version: release.version,
          bundle: release.bundle,
          expiresAt: 1,
        };
        await db.insert(devices).values(
          [x, y].map((name, at) => ({
            id: name,
            deviceClass: TEST_CLASS,
            arch: release.arch,
            desiredSeq: 1,
            assignment: { ...assignment, execution: at === 0 ? ids[0] : ids[2] },
          })),
        );
        const base = { rollout, release: release.id, bytesTotal: 8, deadlineAt: new Date(0) };
        await db.insert(executions).values([
          { ...base, id: ids[0], device: x, state: states[0] },
          { ...base, id: ids[1], device: x, state: 'CANCELED', haltedAt: new Date(0) },
          { ...base, id: ids[2], device: y, state: states[1] },
        ]);
        const number = (text: string): string => text.replaceAll(mark, '#');
        const result = async (outcomes: readonly unknown[]) => {
          const rows = await db.select().from(executions).where(inArray(executions.id, ids));
          const steps = await db
            .select()
            .from(executionHistory)
            .where(inArray(executionHistory.execution, ids))
            .orderBy(executionHistory.id);
          const reports = await db.select().from(deviceReports).where(inArray(deviceReports.device, names));
          const asked = await db.select().from(devices).where(inArray(devices.id, names));
          const text = JSON.stringify({
            outcomes,
            executions: rows
              .toSorted((a, b) => (a.id < b.id ? -1 : 1))
              .map((row) => ({ ...row, device: '' })),
            // Steps of one execution are in order, those of several need not be.
            history: ids.map((one) =>
              steps.filter(({ execution }) => execution === one).map((step) => ({ ...step, id: 0 })),
            ),
            reports: reports
              .map((row) => ({ ...row, device: row.device.at(-1) }))
              .toSorted((a, b) => `${a.device}${a.seq}`.localeCompare(`${b.device}${b.seq}`)),
            asked: asked
              .toSorted((a, b) => a.id.localeCompare(b.id))
              .map((one) => [one.desiredSeq, one.assignment?.execution]),
          });
          return number(text).replace(/"(createdAt|updatedAt)":"[^"]*"/g, '');
        };
        return { names, ids: [...ids, ExecutionId.parse('exe_unknown000000000')], result };
      };
      const now = new Date(1_800_000_000_000);
      const oneReport = fc.record({
        who: fc.constantFrom(0, 0, 1),
        execution: fc.constantFrom(0, 0, 1, 1, 2, 2, 3),
        seq: fc.integer({ min: 1, max: 9 }),
        state: fc.constantFrom<ExecutionState>(
          'DOWNLOADING',
          'REBOOTING',
          'TRIAL',
          'COMMITTED',
          'ROLLED_BACK',
          'FAILED',
        ),
        local: fc.constantFrom(undefined, undefined, undefined, true as const),
        bytesReceived: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
        isLast: fc.boolean(),
        isDue: fc.constantFrom(true, true, false),
      });
      const live = fc.constantFrom<ExecutionState>('OFFERED', 'DOWNLOADING', 'TRIAL', 'COMMITTED');
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(live, live),
          fc.array(oneReport, { minLength: 2, maxLength: 10 }),
          async (states, said) => {
            const [together, alone] = [await build(states), await build(states)];
            const reportsIn = ({ names, ids }: typeof alone): StatusReport[] =>
              said.map(({ who, execution, seq, state, local, bytesReceived, isDue }) => ({
                device: DeviceId.parse(names[who]),
                isDue,
                status: {
                  v: 1,
                  seq,
                  state,
                  execution: ExecutionId.parse(ids[execution]),
                  release: release.id,
                  bootId: 'b',
                  slot: 'a',
                  ...(local === undefined ? {} : { local }),
                  ...(bytesReceived === undefined ? {} : { bytesReceived }),
                },
              }));
            const [first, second]: StatusOutcome[][] = [[], []];
            let batch: StatusReport[] = [];
            for (const [at, one] of reportsIn(together).entries()) {
              batch.push(one);
              if (said[at]?.isLast !== true && at < said.length - 1) continue;
              first?.push(...(await recordStatuses(db, batch, now)));
              batch = [];
            }
            for (const one of reportsIn(alone)) second?.push(...(await recordStatuses(db, [one], now)));
            expect(await together.result(first ?? [])).toBe(await alone.result(second ?? []));
          },
        ),
        { numRuns: 15 },
      );
    });

    test('a report that comes before the one before it waits, unless it is due', async () => {
      const { devices: names } = await start(1);
      const [device] = names;
      if (device === undefined) throw new Error('no device');
      const { id: execution, release } = await executionOn(device);
      const made = (seq: number, state: ExecutionState, isDue = false): StatusReport => ({
        device,
        status: { v: 1, seq, execution, release, state, bootId: 'boot-1', slot: 'a' },
        isDue,
      });
      const take = async (...reports: StatusReport[]) =>
        (await recordStatuses(db, reports, new Date())).map(({ kind }) => kind);
      expect(await take(made(1, 'INSTALLING'))).toEqual(['counted']);
      // REBOOTING is on its way by another gateway.
      expect(await take(made(3, 'TRIAL'), made(4, 'COMMITTED'))).toEqual(['early', 'early']);
      expect(await take(made(2, 'REBOOTING'), made(4, 'COMMITTED'), made(3, 'TRIAL'))).toEqual([
        'counted',
        'early',
        'counted',
      ]);
      expect(await take(made(4, 'COMMITTED'), made(3, 'TRIAL'))).toEqual(['counted', 'duplicate']);
      expect((await executionOn(device)).history.map(({ state }) => state)).toEqual([
        'OFFERED',
        'INSTALLING',
        'REBOOTING',
        'TRIAL',
        'COMMITTED',
      ]);
      expect(await take(made(9, 'FAILED'))).toEqual(['early']);
      expect(await take(made(9, 'FAILED', true))).toEqual(['refused']);
    });

    test('what a device installed by itself is on record, once, and touches no execution', async () => {
      const { devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      const execution = ExecutionId.parse('exe_ofthedevice00000');
      const outcome = { execution, local: true, code: 'TRIAL_GATE_FAILED', message: 'service:web' } as const;
      expect(await report(device, 'DOWNLOADING', { seq: 20, execution, local: true })).toEqual({
        kind: 'local',
      });
      expect(await report(device, 'ROLLED_BACK', { seq: 21, ...outcome })).toEqual({ kind: 'local' });
      expect(await report(device, 'ROLLED_BACK', { seq: 21, ...outcome })).toEqual({ kind: 'duplicate' });
      const installs = (await listAudit(db, { limit: 100, offset: 0 })).filter(
        ({ action, subject }) => action === 'device.install' && subject === device,
      );
      expect(installs.map(({ details }) => details)).toMatchObject([
        { state: 'ROLLED_BACK', code: 'TRIAL_GATE_FAILED', message: 'service:web' },
      ]);
      expect((await executionOn(device)).state).toBe('OFFERED');
      // The word alone opens no execution of another device, nor closes its own out of turn.
      const own = (await executionOn(device)).id;
      expect(await report(device, 'COMMITTED', { seq: 22, execution: own, local: true })).toMatchObject({
        kind: 'refused',
      });
    });

    test('numbers that devices choose may be as large as the protocol lets them', async () => {
      const { devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      expect((await report(device, 'DOWNLOADING', { seq: Number.MAX_SAFE_INTEGER })).kind).toBe('counted');
      const connection = Number.MAX_SAFE_INTEGER;
      expect((await recordBirth(db, birthOf(device, { connection }), false, new Date()))?.online).toBe(true);
      expect((await recordDeath(db, device, connection))?.online).toBe(false);
    });

    test('a failure stops the rollout and cancels what is not armed; a trial ends by itself', async () => {
      const { rollout, devices } = await start(3);
      const [bad, idle, trying] = devices;
      if (bad === undefined || idle === undefined || trying === undefined) throw new Error('no device');
      for (const state of ['INSTALLING', 'REBOOTING', 'TRIAL'] as const) await report(trying, state);
      for (const state of ['INSTALLING', 'REBOOTING', 'TRIAL'] as const) await report(bad, state);
      await report(bad, 'ROLLED_BACK', { code: 'TRIAL_GATE_FAILED', message: 'probe page' });
      const { devices: changed } = await planRollout(db, rollout, new Date());
      expect([...changed].sort()).toEqual([idle, trying]);
      expect(await getRollout(db, rollout)).toMatchObject({
        state: 'stopped',
        reason: expect.stringContaining('TRIAL_GATE_FAILED'),
        counts: { ROLLED_BACK: 1, CANCELED: 1, TRIAL: 1 },
      });
      for (const device of devices) expect((await desiredOf(db, device))?.assignment).toBeNull();
      expect(await rolloutsToPlan(db)).toContain(rollout);
      expect((await report(trying, 'COMMITTED')).kind).toBe('counted');
      expect(await rolloutsToPlan(db)).not.toContain(rollout);
    });

    test('a commit after the server gave up is a fact', async () => {
      const { rollout, devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      await report(device, 'INSTALLING');
      await abortRollout(db, rollout, 'test', new Date());
      await planRollout(db, rollout, new Date());
      expect(await report(device, 'TRIAL')).toMatchObject({ kind: 'refused' });
      expect((await report(device, 'COMMITTED')).kind).toBe('counted');
      expect((await getExecution(db, (await executionOn(device)).id)).state).toBe('COMMITTED');
    });

    test('progress of another device, or of what is over, is ignored', async () => {
      const { devices } = await start(2);
      const [device, other] = devices;
      if (device === undefined || other === undefined) throw new Error('no device');
      const progress = {
        v: 1,
        execution: (await executionOn(device)).id,
        phase: 'DOWNLOADING',
        bytesDone: 4,
        bytesTotal: 8,
        bytesReceived: 4,
        bytesReused: 0,
      } as const;
      await report(device, 'DOWNLOADING');
      const say = async (of: DeviceId, over: { readonly bytesDone?: number } = {}) =>
        recordProgress(db, [{ device: of, progress: { ...progress, ...over } }], new Date());
      expect(await say(other)).toEqual([]);
      expect(await say(device)).toEqual([progress.execution]);
      const both = [2, 6].map((bytesDone) => ({ device, progress: { ...progress, bytesDone } }));
      expect(await recordProgress(db, both, new Date())).toEqual([progress.execution]);
      expect((await executionOn(device)).bytesDone).toBe(6);
      await report(device, 'FAILED');
      expect(await say(device, { bytesDone: 8 })).toEqual([]);
    });

    test('what is late times out and stops the rollout', async () => {
      const { rollout, devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      const { actions } = await planRollout(db, rollout, new Date(Date.now() + 30 * 86_400_000));
      expect(actions.map(({ kind }) => kind)).toEqual(['timeOut', 'stop']);
      expect((await executionOn(device)).state).toBe('TIMED_OUT');
      expect((await getRollout(db, rollout)).reason).toContain('TIMED_OUT');
    });

    test('only published releases, only devices of the class, and one rollout at a time', async () => {
      const draft = await seedRelease(db, '2.0.0', bundle);
      await changeRelease(db, draft.id, ['published'], 'withdrawn');
      expect(await codeThrownBy(createRollout(db, noDevice(draft), new Date()))).toBe('CONFLICT');
      const { release, devices } = await start(1);
      expect(await codeThrownBy(createRollout(db, noDevice(release), new Date()))).toBe('CONFLICT');
      expect(await codeThrownBy(createRollout(db, { ...noDevice(release), devices }, new Date()))).toBe(
        'CONFLICT',
      );
    });

    test('a device that enrols anew begins anew', async () => {
      const { rollout, devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      await report(device, 'DOWNLOADING', { seq: 5 });
      const execution = (await executionOn(device)).id;
      await seedDevice(db, device);
      expect((await getExecution(db, execution)).state).toBe('CANCELED');
      expect((await desiredOf(db, device))?.assignment).toBeNull();
      expect((await getDevice(db, device)).online).toBe(false);
      expect(await report(device, 'FAILED', { seq: 5 })).toMatchObject({ kind: 'refused' });
      await planRollout(db, rollout, new Date());
      expect((await getRollout(db, rollout)).state).toBe('completed');
    });
  });
});
