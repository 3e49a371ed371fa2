import { afterAll, beforeAll, expect, test } from 'vitest';
import { admitToken, listAudit } from '@slipway/fleet';
import { seedDevice, seedDraft } from '@slipway/fleet/testing';
import { createClient } from '@slipway/client';
import { codeOf } from '@slipway/protocol';
import { runApi, type TestApi } from './testing/running-api.ts';

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
