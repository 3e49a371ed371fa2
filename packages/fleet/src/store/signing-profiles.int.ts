import { randomBytes } from 'node:crypto';
import { DEFAULT_TENANT, KeyId, SigningProfile, type DeviceId, type Release } from '@slipway/protocol';
import { eq, ne } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../database.ts';
import { devices, releases } from '../schema.ts';
import { openTestDatabase } from '../testing/index.ts';
import { seedDevice, seedRelease, TEST_CLASS } from '../testing/seed.ts';
import { keyRotations } from './key-rotations.ts';
import { listKeys, recordKeys, recordTrust, type SeenKey } from './keys.ts';
import { classesByProfile, devicesBehindProfile, hasOtherProfile } from './signing-profiles.ts';

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let db: Database;
beforeAll(async () => {
  database = await openTestDatabase();
  db = database.db;
});
afterAll(() => database.close());

const pumps = SigningProfile.parse('pumps');
const idOf = (letter: string): KeyId => KeyId.parse(letter.repeat(64));
const NOW = new Date('2026-03-01T00:00:00Z');
const root = (letter: string, state: SeenKey['state'], profile?: SigningProfile): SeenKey => ({
  purpose: 'release-root',
  certificatePem: letter,
  keySha256: idOf(letter),
  subject: `CN=${letter}`,
  serial: '01',
  notBefore: new Date('2020-01-01'),
  notAfter: new Date('2050-01-01'),
  ...(state === undefined ? {} : { state }),
  ...(profile === undefined ? {} : { profile }),
});

const put = async (
  release: Release,
  signing: SigningProfile | undefined,
  trusts: string,
): Promise<Release> => {
  if (signing !== undefined) await db.update(releases).set({ signing }).where(eq(releases.id, release.id));
  await recordTrust(db, release.id, trusts.split('').map(idOf));
  return release;
};
const runs = async (device: { readonly id: DeviceId }, release: Release): Promise<void> => {
  await db.update(devices).set({ release: release.id }).where(eq(devices.id, device.id));
};

test('roots of one profile leave those of another in their place', async () => {
  await recordKeys(
    db,
    DEFAULT_TENANT,
    [root('a', 'current'), root('b', 'current', pumps), root('c', 'next', pumps)],
    NOW,
    NOW,
  );
  // A server that says nothing of the other profile takes nothing from it.
  await recordKeys(db, DEFAULT_TENANT, [root('a', 'current')], NOW, NOW);
  const keys = await listKeys(db, DEFAULT_TENANT, { limit: 9, offset: 0, profile: pumps }, NOW);
  expect(keys.map(({ profile, state, subject }) => [profile, state, subject])).toEqual([
    ['pumps', 'current', 'CN=b'],
    ['pumps', 'next', 'CN=c'],
  ]);
});

test('devices follow the rotation of the profile that signs for them, and refuse another until they trust it', async () => {
  const [one, two, lost] = [
    await seedDevice(db, 'one'),
    await seedDevice(db, 'two'),
    await seedDevice(db, 'lost'),
  ];
  const plain = await put(await seedRelease(db, '1.0.0', randomBytes(8)), undefined, 'a');
  for (const device of [one, two]) await runs(device, plain);
  const behind = (bySigner = false) => devicesBehindProfile(db, TEST_CLASS, pumps, idOf('b'), bySigner);
  const counts = async () =>
    (await keyRotations(db, DEFAULT_TENANT))
      .filter(({ purpose }) => purpose === 'release-root')
      .map(({ profile, step, devices: many, following }) => [profile, step, many, following]);

  expect(await hasOtherProfile(db, TEST_CLASS, pumps)).toBe(true);
  expect(await hasOtherProfile(db, TEST_CLASS, SigningProfile.parse('default'))).toBe(false);
  expect(await behind()).toBe(3);
  expect(await counts()).toEqual([
    ['default', 'steady', 3, 2],
    ['pumps', 'begun', 0, 0],
  ]);

  // Signed by the profile before, and trusting both.
  await runs(one, await put(await seedRelease(db, '1.1.0', randomBytes(8)), undefined, 'ab'));
  expect([await behind(), await behind(true)]).toEqual([2, 3]);
  const moved = await put(await seedRelease(db, '1.2.0', randomBytes(8)), pumps, 'bc');
  await runs(one, moved);
  expect(await behind()).toBe(2);
  // What runs something that is not known here gets what its class is signed by.
  expect(await counts()).toEqual([
    ['default', 'steady', 1, 1],
    ['pumps', 'begun', 2, 1],
  ]);
  // Withdrawn, a release still runs where it runs.
  await db.update(releases).set({ state: 'withdrawn' }).where(ne(releases.signing, pumps));
  expect([await hasOtherProfile(db, TEST_CLASS, pumps), await behind()]).toEqual([true, 2]);
  await db.update(releases).set({ state: 'published' }).where(ne(releases.signing, pumps));
  for (const state of ['pending', 'revoked', 'decommissioned'] as const) {
    await db.update(devices).set({ state }).where(eq(devices.id, two.id));
    expect(await behind()).toBe(state === 'decommissioned' ? 1 : 2);
  }
  await db.update(devices).set({ state: 'active' }).where(eq(devices.id, two.id));
  for (const device of [two, lost]) await runs(device, moved);
  expect([await behind(), await behind(true)]).toEqual([0, 0]);
  expect(await classesByProfile(db)).toEqual(
    new Map([
      ['default', [TEST_CLASS]],
      ['pumps', [TEST_CLASS]],
    ]),
  );
});
