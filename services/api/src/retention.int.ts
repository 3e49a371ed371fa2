import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createClient } from '@slipway/client';
import {
  admitToken,
  changeRelease,
  createBuild,
  createRollout,
  failBuild,
  getBuild,
  getRelease,
  recordStatus,
} from '@slipway/fleet';
import { seedDraft, seedOnlineDevice, seedRelease, TEST_CLASS } from '@slipway/fleet/testing';
import { codeOf, ExecutionId, ReleaseId, SIGN_QUEUE, type Release } from '@slipway/protocol';
import { runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
const old = new Date(Date.now() - 400 * 86_400_000);
beforeAll(async () => {
  api = await runApi();
  await admitToken(api.db, { text: 'swt_releaser', name: 'rita', role: 'releaser' });
});
afterAll(() => api.close());

const file = async (name: string, text = 'x'.repeat(1000)): Promise<string> => {
  const path = join(api.config.storeDir, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
};
const filesOf = async ({ build, id }: Release): Promise<void> => {
  await file(`builds/${build}/root.img`);
  await file(`builds/${build}/build.log`);
  await file(`builds/${build}/disk.vmdk`);
  await file(`bundles/${id}.tar`);
  await file(`bundles/${id}.disk.qcow2`);
  await file(`qualifications/${id}/console.log`);
};
const stored = async (): Promise<string[]> => {
  const all = await readdir(api.config.storeDir, { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};
/** Everything is as old as that. */
const age = async (): Promise<void> => {
  const at = old.toISOString();
  await api.db.execute(
    `update builds set created_at = '${at}'::timestamptz, finished_at = '${at}'::timestamptz`,
  );
  await api.db.execute(`update releases set created_at = '${at}'::timestamptz`);
  await api.db.execute(`update device_reports set at = '${at}'::timestamptz`);
};

test('what nobody needs goes, a step at a time; what is published, rolled out or run stays', async () => {
  const bundle = Buffer.from('bundle');
  const published = await seedRelease(api.db, '1.0.0', bundle);
  const onDevice = await seedDraft(api.db, '1.0.1', bundle);
  const rolledOut = await seedRelease(api.db, '1.0.2', bundle);
  const inChannel = await seedDraft(api.db, '1.0.3', bundle);
  const drafts: Release[] = [];
  for (let at = 0; at < 8; at += 1) drafts.push(await seedDraft(api.db, `1.1.${at}`, bundle));
  const withdrawn = await changeRelease(
    api.db,
    (await seedDraft(api.db, '0.9.0', bundle)).id,
    ['draft'],
    'withdrawn',
  );
  const failed = await createBuild(api.db, { deviceClass: TEST_CLASS, version: '0.8.0' }, new Date());
  await failBuild(api.db, failed.id, { code: 'BUILD_FAILED', message: 'no' }, new Date());
  await file(`builds/${failed.id}/build.log`);
  const releases = [published, onDevice, rolledOut, inChannel, ...drafts, withdrawn];
  for (const release of releases) await filesOf(release);
  await api.client().channels.createRelease('edge-test', 'stable', { release: inChannel.id });
  const device = await seedOnlineDevice(api.db, 'gate-1');
  await api.db.execute(`update devices set release = '${onDevice.id}'`);
  const limits = { failureThreshold: 1, maxInFlight: 1 };
  await createRollout(api.db, { release: rolledOut.id, devices: [device.id], ...limits }, new Date());
  const source = await file(`sources/sha256:${'0'.repeat(64)}/edge.yml`);
  await utimes(dirname(source), old, old);
  for (let seq = 1; seq <= 3; seq += 1)
    await recordStatus(
      api.db,
      device.id,
      {
        v: 1,
        seq,
        execution: ExecutionId.parse(`exe_${'0'.repeat(16)}`),
        bootId: 'b',
        slot: 'a',
        release: ReleaseId.parse(`rel_${'0'.repeat(16)}`),
        state: 'COMMITTED',
      },
      new Date(),
    );

  const { retention } = api.client();
  const nothing = await retention.run({ dryRun: true });
  expect(nothing.items.filter(({ count }) => count > 0)).toEqual([
    { kind: 'sources', count: 1, bytes: 1000 },
  ]);
  await age();
  const before = await stored();
  const planned = await retention.run({ dryRun: true });
  expect(await stored()).toEqual(before);
  const count = Object.fromEntries(planned.items.map((item) => [item.kind, item.count]));
  // Of the 8 drafts 5 stay; what a device runs counts as one of the drafts, and stays whatever it is.
  expect(count).toMatchObject({ drafts: 3, sources: 1, reports: 2 });

  const done = await retention.run({});
  expect(Object.fromEntries(done.items.map((item) => [item.kind, item.count]))).toMatchObject({
    drafts: 3,
    artifacts: 4,
    sources: 1,
    reports: 2,
  });
  expect(done.items.find(({ kind }) => kind === 'artifacts')?.bytes).toBe(16_000);
  const after = (await stored()).map((path) => path.slice(api.config.storeDir.length + 1));
  const kept = [published, onDevice, rolledOut, inChannel, ...drafts.slice(3)];
  expect(after.filter((path) => path.startsWith('bundles/')).sort()).toEqual(
    kept.flatMap(({ id }) => [`bundles/${id}.disk.qcow2`, `bundles/${id}.tar`]).sort(),
  );
  for (const { build } of kept) expect(after).toContain(`builds/${build}/root.img`);
  expect(after.filter((path) => path.startsWith('qualifications/')).sort()).toEqual(
    kept.map(({ id }) => `qualifications/${id}/console.log`).sort(),
  );
  expect(after.filter((path) => path.startsWith('sources/'))).toEqual([]);
  expect((await getRelease(api.db, drafts[0]?.id ?? withdrawn.id)).state).toBe('withdrawn');
  expect((await getBuild(api.db, withdrawn.build)).artifacts).toEqual([]);

  const again = await retention.run({});
  expect(again.items.every((item) => item.count === 0)).toBe(true);
  expect([planned.more, done.more, again.more]).toEqual([false, false, false]);
  const runs = await api.client().audit.list({ action: 'retention.run' }).all();
  expect(runs.map(({ actor, details }) => [actor, details])).toEqual([
    ['admin', { items: [] }],
    ['admin', { items: done.items.filter((item) => item.count > 0) }],
  ]);
});

test('records of queues and of answers go, too, also those that Redis itself does not forget', async () => {
  const redis = new Redis(api.config.redisUrl);
  const queue = new Queue(SIGN_QUEUE, { connection: redis });
  const worker = new Worker(SIGN_QUEUE, async () => undefined, {
    connection: { url: api.config.redisUrl, maxRetriesPerRequest: null },
  });
  try {
    const events = new Promise((resolve) => worker.once('completed', resolve));
    await queue.add('sign', {}, { jobId: 'done' });
    await events;
    await queue.add('sign', {}, { jobId: 'waits', delay: 1e9 });
    await redis.zadd(queue.toKey('completed'), old.getTime(), 'done');
    await redis.zadd('slipway:idempotency:of:somebody', old.getTime(), 'an old key', Date.now(), 'a new one');
    const { retention } = api.client();
    const shown = Object.fromEntries((await retention.get()).kinds.map((row) => [row.kind, row]));
    expect(shown['queue-records']).toMatchObject({ there: { count: 1 }, due: { count: 1 } });
    expect(shown['idempotency-keys']?.due.count).toBe(1);
    const before = shown['idempotency-keys']?.there.count ?? 0;
    const { items } = await retention.run({});
    const gone = items.filter(({ count }) => count > 0).map(({ kind }) => kind);
    expect(gone).toEqual(['idempotency-keys', 'queue-records']);
    const after = Object.fromEntries((await retention.get()).kinds.map((row) => [row.kind, row]));
    expect(after['queue-records']).toMatchObject({ there: { count: 0 }, due: { count: 0 } });
    expect(await queue.getJobState('waits')).toBe('delayed');
    // One more came with this very run.
    expect(after['idempotency-keys']?.there.count).toBe(before);
    expect(after['sessions']?.kept).toBe('until they end');
  } finally {
    await worker.close();
    await queue.close();
    redis.disconnect();
  }
});

test('limits are to be seen by all; to apply them takes an admin', async () => {
  const releaser = createClient({ url: api.url(), token: 'swt_releaser' }).retention;
  expect((await releaser.get()).limits.draftsDays).toBe(30);
  expect(
    await releaser.run({}).then(
      () => 'nothing',
      (error: unknown) => codeOf(error),
    ),
  ).toBe('FORBIDDEN');
});
