import { createHash } from 'node:crypto';
import {
  ClassName,
  ComponentId,
  DEFAULT_TENANT,
  Digest,
  ImageId,
  RootHash,
  type Build,
  type BuildResult,
  type ComponentFilter,
  type ReleaseId,
  type SignResult,
} from '@slipway/protocol';
import { sql, type SQL } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database, OpenDatabase } from '../database.ts';
import { testEngines } from '../testing/engines.ts';
import { seedDevice, TEST_CLASS } from '../testing/seed.ts';
import { codeThrownBy } from '../testing/thrown.ts';
import { getComponent, getImage, listComponents, listImages } from './build-inputs.ts';
import { createBuild, failBuild, getBuild, moveBuild } from './builds.ts';
import { createRelease } from './releases.ts';

describe.each(await testEngines())('on %s', (_engine, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
  });
  afterAll(() => database.close());

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
});
