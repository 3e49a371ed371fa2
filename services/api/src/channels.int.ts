import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admitToken, listAudit, recordBirth } from '@slipway/fleet';
import { birthOf, seedDevice, seedDraft } from '@slipway/fleet/testing';
import { createClient } from '@slipway/client';
import { CHUNK_BYTES, codeOf } from '@slipway/protocol';
import { makeReleaseTree } from '@slipway/signing';
import { runApi, type TestApi } from './testing/running-api.ts';
import { writeSignedBundle } from './testing/signed-bundle.ts';

let api: TestApi;
beforeAll(async () => {
  api = await runApi();
  await admitToken(api.db, { text: 'swt_operator', name: 'olga', role: 'operator' });
});
afterAll(() => api.close());

const codeThrownBy = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing' as const,
    (error: unknown) => codeOf(error),
  );

test('a channel from its first release to the withdrawal of it', async () => {
  const { channels, releases, devices } = api.client();
  const first = await seedDraft(api.db, '1.0.0', Buffer.from('one'));
  const second = await seedDraft(api.db, '1.1.0', Buffer.from('two'));

  expect(await channels.createRelease('edge-test', 'stable', { release: first.id })).toMatchObject({
    release: first.id,
    version: '1.0.0',
    floor: null,
  });
  await channels.createRelease('edge-test', 'stable', { release: second.id });
  const changed = await channels.replace('edge-test', 'stable', {
    floor: '1.0.0',
    steppingStones: [first.id],
  });
  expect(changed).toMatchObject({
    floor: '1.0.0',
    steppingStones: [{ release: first.id, version: '1.0.0' }],
    version: '1.1.0',
  });
  expect(await codeThrownBy(channels.createRelease('edge-other', 'stable', { release: second.id }))).toBe(
    'REQUEST_INVALID',
  );
  expect(await codeThrownBy(channels.get('edge-test', 'nope'))).toBe('NOT_FOUND');

  await seedDevice(api.db, 'gate-1');
  expect(await devices.replaceChannel('gate-1', { channel: 'stable' })).toMatchObject({
    id: 'gate-1',
    channel: 'stable',
  });
  expect((await devices.get('gate-1')).channel).toBe('stable');
  expect((await channels.list().all()).map(({ name, devices: count }) => [name, count])).toEqual([
    ['stable', 1],
  ]);

  expect((await releases.deprecate(second.id)).state).toBe('deprecated');
  expect((await releases.publish(second.id)).state).toBe('published');
  expect((await releases.withdraw(second.id)).state).toBe('withdrawn');
  expect(await channels.get('edge-test', 'stable')).toMatchObject({ release: null, version: null });
  expect(
    (await channels.listHistory('edge-test', 'stable').all()).map(({ event, version }) => [event, version]),
  ).toEqual([
    ['withdrawn', '1.1.0'],
    ['published', '1.1.0'],
    ['published', '1.0.0'],
  ]);
  const actions = (await listAudit(api.db, { limit: 100, offset: 0 })).map(({ action }) => action);
  expect(actions).toEqual(
    expect.arrayContaining(['channel.publish', 'channel.change', 'device.channel', 'release.deprecate']),
  );
});

test('an operator has devices follow channels, and publishes nothing', async () => {
  const { channels, devices } = createClient({ url: api.url(), token: 'swt_operator' });
  await seedDevice(api.db, 'gate-2');
  await devices.replaceChannel('gate-2', { channel: 'stable' });
  expect(await devices.replaceChannel('gate-2', { channel: null })).not.toHaveProperty('channel');
  const draft = await seedDraft(api.db, '1.2.0', Buffer.from('three'));
  expect(await codeThrownBy(channels.createRelease('edge-test', 'stable', { release: draft.id }))).toBe(
    'FORBIDDEN',
  );
  expect(await codeThrownBy(channels.replace('edge-test', 'stable', { floor: '9.0.0' }))).toBe('FORBIDDEN');
});

test('of a release is told who signed it, what devices would load, who uses it, and what became of it', async () => {
  const tree = await makeReleaseTree('test');
  await api.stop();
  await writeFile(api.config.releaseRootFile, tree.root.certificatePem);
  await api.start();
  const { releases, channels } = api.client();
  const [old, fresh] = [
    await seedDraft(api.db, '2.0.0', Buffer.from('old')),
    await seedDraft(api.db, '2.1.0', Buffer.from('new')),
  ];
  const { storeDir } = api.config;
  const root = (last: string): Buffer =>
    Buffer.concat([Buffer.alloc(CHUNK_BYTES, 'root'), Buffer.alloc(2 * 4096, last)]);
  await writeSignedBundle(storeDir, old, root('old'), tree);
  await writeSignedBundle(storeDir, fresh, root('new'), tree);

  expect(await releases.getSignature(fresh.id)).toMatchObject({
    state: 'valid',
    code: null,
    chain: [
      { purpose: 'release-signer', subject: 'CN=test release signing', algorithm: 'RSA 3072' },
      { purpose: 'release-intermediate' },
      { purpose: 'release-root' },
    ],
    signed: { version: '2.1.0', files: [{ name: 'uki.efi' }, { name: 'root.img', chunks: 2 }, {}] },
  });
  const bundle = join(storeDir, 'bundles', `${fresh.id}.tar`);
  const bytes = await readFile(bundle);
  await writeFile(bundle, bytes.toString('latin1').replace('"2.1.0"', '"2.2.0"'), 'latin1');
  expect(await releases.getSignature(fresh.id)).toMatchObject({
    state: 'invalid',
    code: 'BUNDLE_SIGNATURE_INVALID',
    chain: [{ purpose: 'release-signer' }, {}, { purpose: 'release-root' }],
    signed: null,
  });
  await writeFile(bundle, bytes);

  await channels.createRelease('edge-test', 'beta', { release: fresh.id, force: true });
  await releases.deprecate(fresh.id);
  for (const device of ['runs-1', 'runs-2', 'silent']) await seedDevice(api.db, device);
  const slot = { state: 'GOOD', release: old.id, version: '2.0.0' } as const;
  const slots = { a: slot, b: { state: 'EMPTY' } } as const;
  for (const device of ['runs-1', 'runs-2'])
    await recordBirth(api.db, birthOf(device, { slots }), false, new Date());
  const full = CHUNK_BYTES + 2 * 4096 + 'a kernel'.length;
  expect(await releases.downloads(fresh.id)).toMatchObject({
    full,
    current: 0,
    from: expect.arrayContaining([
      {
        release: old.id,
        version: '2.0.0',
        devices: 2,
        bytes: 2 * 4096,
        reused: full - 2 * 4096,
        known: true,
        refused: false,
      },
      expect.objectContaining({ release: null, bytes: full, known: false }),
    ]) as unknown,
  });
  expect(await releases.downloads(old.id)).toMatchObject({ current: 2 });
  expect(await releases.getUse(fresh.id)).toEqual({
    release: fresh.id,
    devices: 0,
    rollouts: [],
    channels: [{ name: 'beta', devices: 0 }],
    steppingStoneOf: [],
  });
  expect((await releases.listHistory(fresh.id)).map(({ what, actor }) => [what, actor])).toEqual([
    ['signed', null],
    ['channel-published', 'admin'],
    ['deprecated', 'admin'],
  ]);
  await rm(bundle);
  expect(await releases.getSignature(fresh.id)).toMatchObject({ state: 'gone', chain: [] });
});
