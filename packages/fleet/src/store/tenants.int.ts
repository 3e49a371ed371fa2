import { randomBytes } from 'node:crypto';
import { ClassName, DEFAULT_TENANT, DeviceId, TenantId } from '@slipway/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database, OpenDatabase } from '../database.ts';
import { testEngines } from '../testing/engines.ts';
import { TEST_CLASS } from '../testing/seed.ts';
import { codeThrownBy } from '../testing/thrown.ts';
import { actorOfToken } from './actors.ts';
import { listAudit } from './audit.ts';
import { renewCertificate } from './certificates.ts';
import { createClaim } from './claims.ts';
import { revokeDevice } from './device-lifecycle.ts';
import { redeemClaim as redeem, type EnrolmentAsked } from './redeem-claim.ts';
import { getTenant, renameTenant } from './tenants.ts';
import { admitToken } from './tokens.ts';

describe.each(await testEngines())('on %s', (_engine, open) => {
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
});
