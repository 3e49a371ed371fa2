import { createHash, randomBytes } from 'node:crypto';
import {
  Arch,
  ClassName,
  DeviceId,
  Digest,
  RootHash,
  type Birth,
  type Device,
  type Release,
  type TriggerId,
} from '@slipway/protocol';
import { eq } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { triggers } from '../schema.ts';
import { createBuild, moveBuild } from '../store/builds.ts';
import { createClaim } from '../store/claims.ts';
import { recordBirth } from '../store/record-presence.ts';
import { redeemClaim } from '../store/redeem-claim.ts';
import { changeRelease, createRelease } from '../store/releases.ts';

export const TEST_CLASS = ClassName.parse('edge-test');
const arch = Arch.parse('amd64');

/** A draft whose bundle has these bytes. */
export const seedDraft = async (db: Database, version: string, bundle: Buffer): Promise<Release> => {
  const now = new Date();
  const build = await createBuild(db, { deviceClass: TEST_CLASS, version }, now);
  await moveBuild(db, build.id, ['queued'], { state: 'signing' });
  const digest = Digest.parse(`sha256:${createHash('sha256').update(bundle).digest('hex')}`);
  const release = await createRelease(
    db,
    {
      v: 1,
      build: build.id,
      release: build.release,
      version,
      counter: build.counter,
      deviceClass: TEST_CLASS,
      arch,
      timeFloor: Math.floor(now.getTime() / 1000),
      rootHash: RootHash.parse('0'.repeat(64)),
      verityDataBlocks: 1,
      artifacts: [],
      request: digest,
      components: [],
    },
    { v: 1, release: build.release, bundle: { digest, size: bundle.length }, manifest: digest },
    now,
  );
  if (release === undefined) throw new Error('the release was there already');
  return release;
};

/** The same, published. */
export const seedRelease = async (db: Database, version: string, bundle: Buffer): Promise<Release> => {
  const draft = await seedDraft(db, version, bundle);
  return changeRelease(db, draft.id, ['draft'], 'published');
};

/** An enrolled device that has never been online. */
export const seedDevice = async (db: Database, name: string): Promise<Device> => {
  const now = new Date();
  const deviceId = DeviceId.parse(name);
  const claim = await createClaim(db, { deviceClass: TEST_CLASS, deviceId, ttl: 60, arch }, now);
  const enrolment = await redeemClaim(
    db,
    { token: claim.token ?? '', keySha256: name, deviceClass: TEST_CLASS, arch },
    async () => ({
      certificatePem: 'none',
      serial: randomBytes(16).toString('hex'),
      keySha256: name,
      expiresAt: new Date(now.getTime() + 86_400_000),
    }),
    now,
  );
  return enrolment.device;
};

export const birthOf = (device: string, over: Partial<Birth> = {}): Birth => ({
  v: 1,
  deviceId: DeviceId.parse(device),
  deviceClass: TEST_CLASS,
  arch,
  bootId: 'boot-1',
  connection: 1,
  agentVersion: '0.1.0',
  activeSlot: 'a',
  slots: { a: { state: 'GOOD' }, b: { state: 'EMPTY' } },
  health: 'ok',
  services: [],
  ...over,
});

/** An enrolled device that is online. */
export const seedOnlineDevice = async (db: Database, name: string): Promise<Device> => {
  await seedDevice(db, name);
  const device = await recordBirth(db, birthOf(name), false, new Date());
  if (device === undefined) throw new Error('the device was not enrolled');
  return device;
};

/** As if its time had come. */
export const makeTriggerDue = async (db: Database, trigger: TriggerId, due: Date): Promise<void> => {
  await db.update(triggers).set({ nextAt: due }).where(eq(triggers.id, trigger));
};
