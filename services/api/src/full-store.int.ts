import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { getEmergencyStop, planRollout, unfinishedBuilds } from '@slipway/fleet';
import { seedOnlineDevice, seedRelease } from '@slipway/fleet/testing';
import { codeOf, TenantId } from '@slipway/protocol';
import { z } from 'zod';
import { runApi, type TestApi } from './testing/running-api.ts';

const run = promisify(execFile);
const MIB = 1024 ** 2;

/** A small file system of its own takes root, or sudo, as the set-up does. */
const uid = process.getuid?.() ?? 0;
const asRoot = (command: string, ...args: readonly string[]) =>
  uid === 0 ? run(command, [...args]) : run('sudo', ['-n', command, ...args]);
let place: string;
let api: TestApi;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'slipway-small-'));
  await asRoot('mount', '-t', 'tmpfs', '-o', `size=16m,uid=${uid}`, 'tmpfs', place);
  api = await runApi({ storeDir: join(place, 'store'), storeMinFreeBytes: 8 * MIB });
});
afterAll(async () => {
  await api.close();
  await asRoot('umount', place);
  await rmdir(place);
});

const Health = z.object({ status: z.string(), store: z.string() });
const health = async () => {
  const answer = await fetch(`${api.url()}/v1/health`);
  return { code: answer.status, ...Health.parse(await answer.json()) };
};
const codeThrownBy = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing' as const,
    (error: unknown) => codeOf(error),
  );

test('a store that is full refuses builds, tells so, and leaves rollouts alone', async () => {
  const { builds, rollouts, status } = api.client();
  const ask = (version: string) => builds.create({ deviceClass: 'edge-test', version });
  expect(await health()).toEqual({ code: 200, status: 'ok', store: 'ok' });
  const accepted = await ask('1.0.0');
  const release = await seedRelease(api.db, '0.9.0', Buffer.from('bundle'));
  await seedOnlineDevice(api.db, 'gate-1');

  await mkdir(join(place, 'other'), { recursive: true });
  await writeFile(join(place, 'other', 'file'), Buffer.alloc(10 * MIB, 1));
  const before = await unfinishedBuilds(api.db);
  expect(await codeThrownBy(ask('1.0.1'))).toBe('STORE_FULL');
  expect(await codeThrownBy(builds.cancel(accepted.id).then(() => builds.retry(accepted.id)))).toBe(
    'STORE_FULL',
  );
  expect((await unfinishedBuilds(api.db)).length).toBe(before.length - 1);
  expect(await health()).toEqual({ code: 200, status: 'degraded', store: 'low' });
  expect(await status.get()).toMatchObject({
    state: 'degraded',
    store: { state: 'low', minFreeBytes: 8 * MIB },
    problems: expect.arrayContaining([expect.stringContaining('builds are refused')]),
    stop: { stopped: false },
  });

  const rollout = await rollouts.create({ release: release.id });
  const { actions } = await planRollout(api.db, rollout.id, new Date());
  expect(actions).toEqual([{ kind: 'offer', device: 'gate-1', wave: 0 }]);
  expect(await getEmergencyStop(api.db, TenantId.parse('default'))).toMatchObject({ offers: 1 });

  await rm(join(place, 'other', 'file'));
  expect(await ask('1.0.2')).toMatchObject({ version: '1.0.2', state: 'queued' });
  expect((await health()).status).toBe('ok');
});
