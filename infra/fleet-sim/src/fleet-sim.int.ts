import { randomBytes } from 'node:crypto';
import { createRollout, getDevice, getRollout, listExecutions, rollBackRollout } from '@slipway/fleet';
import { seedDevice, startTestBroker, TEST_CLASS, until } from '@slipway/fleet/testing';
import { runGateway } from '@slipway/gateway/testing';
import { isTerminal, minutesAhead, type DeviceId, type Execution, type RolloutId } from '@slipway/protocol';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { conductOf } from './conformance/compare.ts';
import { readFixtures } from './conformance/fixture.ts';
import { replay } from './conformance/replay.ts';
import { simNames } from './options.ts';
import { startFleetSim } from './start.ts';

let server: Awaited<ReturnType<typeof runGateway>>;
beforeAll(async () => {
  server = await runGateway();
});
afterAll(() => server.close());

const start = async (
  prefix: string,
  count: number,
  options: Partial<Parameters<typeof startFleetSim>[0]> = {},
  processes = 0,
) => {
  const names = simNames(prefix, count);
  for (const name of names) await seedDevice(server.db, name);
  const input = { mqttUrl: server.brokerUrl, names, deviceClass: TEST_CLASS, speed: null, keepReports: true };
  const sim = startFleetSim({ ...input, ...options }, processes);
  onTestFinished(() => sim.close());
  await sim.until('every device', ({ connected }) => connected === count);
  return { sim, names };
};

const rollOut = async (version: string, devices: readonly DeviceId[]) => {
  const release = await server.release(version, randomBytes(200_000));
  const asked = { release: release.id, devices: [...devices], failureThreshold: 1000, maxInFlight: 1000 };
  const rollout = await createRollout(server.db, asked, new Date());
  await server.wake(rollout.id);
  return rollout.id;
};

const executionsOf = async (rollout: RolloutId): Promise<readonly Execution[]> =>
  listExecutions(server.db, { rollout, limit: 1000, offset: 0 });

test('devices take a release as agents do, and what the server acknowledged is what it knows', async () => {
  const { sim, names } = await start('well-', 6, { download: 'full' });
  const rollout = await rollOut('1.0.0', names);
  const seen = await sim.until('commits', ({ inState }) => inState.COMMITTED === 6);
  expect(seen).toMatchObject({
    offered: 6,
    made: { ACCEPTED: 6, DOWNLOADING: 6, VERIFIED: 6, INSTALLING: 6, REBOOTING: 6, TRIAL: 6 },
    boots: 12,
    blocks: 12,
    doubleInstalls: 0,
    doubleArms: 0,
    drops: 0,
  });
  await until('the end', async () =>
    (await getRollout(server.db, rollout)).state === 'completed' ? true : undefined,
  );
  const told = await sim.until('acknowledgements', ({ acknowledged }) => acknowledged === 6 * 7);
  // What was not acknowledged before the reboot is sent once more after it.
  expect(told.sent).toBeGreaterThanOrEqual(6 * 7);
  const outcomes = (await sim.acknowledged()).filter(({ state }) => isTerminal(state));
  const known = await executionsOf(rollout);
  expect(new Map(outcomes.map(({ execution, state }) => [execution, state]))).toEqual(
    new Map(known.map(({ id, state }) => [id, state])),
  );
});

test('devices are in time zones, which the server is told', async () => {
  const zones = ['Europe/Vienna', 'Asia/Kolkata'];
  const { names } = await start('zone-', 6, { zones });
  const known = await until('births', async () => {
    const devices = await Promise.all(names.map((name) => getDevice(server.db, name)));
    return devices.some(({ timeZone }) => timeZone === null) ? undefined : devices;
  });
  expect(new Set(known.map(({ timeZone }) => timeZone))).toEqual(new Set(zones));
  for (const { timeZone, utcOffset } of known)
    expect(utcOffset).toBe(60 * minutesAhead(timeZone ?? '', Date.now()));
});

test('what fails comes back to the old slot or is refused, over links that drop', async () => {
  const faults = {
    rollBack: 0.3,
    panic: 0.2,
    refuse: 0.2,
    dropsPerMinute: 1,
    skewed: 0.5,
    skewSeconds: 3600,
  };
  const { sim, names } = await start('ill-', 12, { faults, seed: 3 }, 1);
  const rollout = await rollOut('2.0.0', names);
  await until('the end', async () =>
    (await getRollout(server.db, rollout)).state === 'completed' ? true : undefined,
  );
  const seen = await sim.until('acknowledgements', ({ acknowledged, made }) => {
    return acknowledged === Object.values(made).reduce((sum, count) => sum + count, 0);
  });
  const { COMMITTED = 0, ROLLED_BACK = 0, REJECTED = 0 } = seen.inState;
  expect(COMMITTED + ROLLED_BACK + REJECTED).toBe(12);
  expect([COMMITTED > 0, ROLLED_BACK > 0, REJECTED > 0]).toEqual([true, true, true]);
  expect(seen).toMatchObject({ doubleInstalls: 0, doubleArms: 0 });
  const known = await executionsOf(rollout);
  const codes = known.filter(({ state }) => state === 'ROLLED_BACK').map(({ code }) => code);
  expect(new Set(codes)).toEqual(new Set(['TRIAL_GATE_FAILED', 'TRIAL_PANIC']));
  const outcomes = (await sim.acknowledged()).filter(({ state }) => isTerminal(state));
  expect(new Map(outcomes.map(({ execution, state }) => [execution, state]))).toEqual(
    new Map(known.map(({ id, state }) => [id, state])),
  );
});

test('a rollout that is rolled back takes its devices to what they ran before', async () => {
  const { sim, names } = await start('back-', 4);
  const runs = () => Promise.all(names.map(async (name) => (await getDevice(server.db, name)).release));
  const before = await until('births', async () => {
    const releases = await runs();
    return releases.includes(null) ? undefined : releases;
  });
  const rollout = await rollOut('3.0.0', names);
  const stateOf = async () => (await getRollout(server.db, rollout)).state;
  await until('the end', async () => ((await stateOf()) === 'completed' ? true : undefined));
  await rollBackRollout(server.db, rollout, 'it was a mistake', new Date());
  await server.wake(rollout);
  await until('the way back', async () => ((await stateOf()) === 'rolled_back' ? true : undefined));
  expect(await runs()).toEqual(before);
  expect(new Set(before)).not.toContain((await getRollout(server.db, rollout)).release);
  expect(await sim.until('commands', ({ commands }) => commands === 4)).toMatchObject({ doubleArms: 0 });
});

test('asked what a real device was asked, a simulated one does the same, in the same order', async () => {
  const broker = await startTestBroker();
  onTestFinished(() => broker.stop());
  const { commit, rollback } = readFixtures();
  const [committed, rolledBack] = await replay(broker.url, [commit, rollback]);
  expect(committed).toEqual(conductOf(commit));
  expect(rolledBack).toEqual(conductOf(rollback));
});
