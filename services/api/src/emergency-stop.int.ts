import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '@slipway/client';
import { admitToken, listExecutions, planRollout } from '@slipway/fleet';
import { seedOnlineDevice, seedRelease } from '@slipway/fleet/testing';
import { codeOf, type Role } from '@slipway/protocol';
import { runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await runApi();
  for (const role of ['viewer', 'operator', 'releaser', 'approver'] as const)
    await admitToken(api.db, { text: `swt_${role}`, name: role, role });
});
afterAll(() => api.close());

const as = (role: Role) => createClient({ url: api.url(), token: `swt_${role}` }).emergencyStop;
const codeThrownBy = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing' as const,
    (error: unknown) => codeOf(error),
  );

test('who operates stops, who releases lifts; it outlives the API and ends what is under way', async () => {
  const release = await seedRelease(api.db, '1.0.0', Buffer.from('bundle'));
  await seedOnlineDevice(api.db, 'gate-1');
  const rollout = await api.client().rollouts.create({ release: release.id });
  await planRollout(api.db, rollout.id, new Date());
  expect(await as('viewer').get()).toMatchObject({ stopped: false, offers: 1, trials: 0 });

  for (const role of ['viewer', 'approver'] as const)
    expect(await codeThrownBy(as(role).replace({ reason: 'smoke' }))).toBe('FORBIDDEN');
  expect(await codeThrownBy(as('operator').replace({ reason: '  ' }))).toBe('REQUEST_INVALID');
  const stopped = await as('operator').replace({ reason: 'smoke' });
  // No gateway runs here, so the offer is not said to be gone.
  const claimed = { offers: 0, gateways: 0, offersAtBroker: 1 };
  expect(stopped).toMatchObject({ stopped: true, reason: 'smoke', actor: 'operator', ...claimed });
  expect((await api.client().status.get()).problems.join()).toContain('still lie at the broker');
  const [execution] = await listExecutions(api.db, { rollout: rollout.id, limit: 1, offset: 0 });
  expect(execution).toMatchObject({ state: 'CANCELED', message: 'halted by the emergency stop' });

  await api.stop();
  await api.start();
  expect(await as('viewer').get()).toEqual(stopped);
  for (const role of ['viewer', 'operator', 'approver'] as const)
    expect(await codeThrownBy(as(role).delete())).toBe('FORBIDDEN');
  expect(await as('releaser').delete()).toMatchObject({ stopped: false, reason: null, at: null });
});
