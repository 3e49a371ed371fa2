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

  expect(await channels.publish('edge-test', 'stable', first.id)).toMatchObject({
    release: first.id,
    version: '1.0.0',
    floor: null,
  });
  await channels.publish('edge-test', 'stable', second.id);
  const changed = await channels.change('edge-test', 'stable', {
    floor: '1.0.0',
    steppingStones: [first.id],
  });
  expect(changed).toMatchObject({
    floor: '1.0.0',
    steppingStones: [{ release: first.id, version: '1.0.0' }],
    version: '1.1.0',
  });
  expect(await codeThrownBy(channels.publish('edge-other', 'stable', second.id))).toBe('REQUEST_INVALID');
  expect(await codeThrownBy(channels.get('edge-test', 'nope'))).toBe('NOT_FOUND');

  await seedDevice(api.db, 'gate-1');
  expect(await channels.follow('gate-1', 'stable')).toMatchObject({ id: 'gate-1', channel: 'stable' });
  expect((await devices.get('gate-1')).channel).toBe('stable');
  expect((await channels.list()).map(({ name, devices: count }) => [name, count])).toEqual([['stable', 1]]);

  expect((await releases.deprecate(second.id)).state).toBe('deprecated');
  expect((await releases.publish(second.id)).state).toBe('published');
  expect((await releases.withdraw(second.id)).state).toBe('withdrawn');
  expect(await channels.get('edge-test', 'stable')).toMatchObject({ release: null, version: null });
  expect(
    (await channels.history('edge-test', 'stable')).map(({ event, version }) => [event, version]),
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
  const { channels } = createClient({ url: api.url(), token: 'swt_operator' });
  await seedDevice(api.db, 'gate-2');
  await channels.follow('gate-2', 'stable');
  expect(await channels.follow('gate-2', null)).not.toHaveProperty('channel');
  const draft = await seedDraft(api.db, '1.2.0', Buffer.from('three'));
  expect(await codeThrownBy(channels.publish('edge-test', 'stable', draft.id))).toBe('FORBIDDEN');
  expect(await codeThrownBy(channels.change('edge-test', 'stable', { floor: '9.0.0' }))).toBe('FORBIDDEN');
});
