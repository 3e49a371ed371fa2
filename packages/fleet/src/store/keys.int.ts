import { randomBytes } from 'node:crypto';
import { DEFAULT_TENANT, KeyId, type KeyPurpose } from '@slipway/protocol';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database, OpenDatabase } from '../database.ts';
import { devices } from '../schema.ts';
import { testEngines } from '../testing/engines.ts';
import { seedOnlineDevice, seedRelease } from '../testing/seed.ts';
import { codeThrownBy } from '../testing/thrown.ts';
import { listAudit } from './audit.ts';
import { renewCertificate } from './certificates.ts';
import { keyRotations } from './key-rotations.ts';
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

describe.each(await testEngines())('on %s', (_engine, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
  });
  afterAll(() => database.close());

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
});
