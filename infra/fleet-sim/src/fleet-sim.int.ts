import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CLAIM_TOKEN,
  makeAuthorities,
  makeRelease,
  randomRoot,
  startBroker,
  startCloud,
} from '@slipway/device-agent/fixture';
import {
  createRollout,
  getDevice,
  getRollout,
  listExecutions,
  rollBackRollout,
  setRolloutPolicy,
} from '@slipway/fleet';
import { seedDevice, startTestBroker, TEST_CLASS, until } from '@slipway/fleet/testing';
import { runGateway } from '@slipway/gateway/testing';
import {
  ClassName,
  isTerminal,
  minutesAhead,
  TenantId,
  type DeviceId,
  type Execution,
  type RolloutId,
} from '@slipway/protocol';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { conductOf } from './conformance/compare.ts';
import { readFixtures } from './conformance/fixture.ts';
import { replay } from './conformance/replay.ts';
import { enrolDevices } from './enrol.ts';
import { simNames, type SimIdentity } from './options.ts';
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

test('in a soft rollout people at the devices accept, defer and refuse; what is only downloaded waits for its policy', async () => {
  const faults = { declines: 0.3, defers: 0.5, deferSeconds: 1, accepts: 1 };
  const { sim, names } = await start('soft-', 10, { faults });
  const asked = async (version: string, mode: 'soft' | 'download') => {
    const { id } = await server.release(version, randomBytes(1000));
    const limits = { failureThreshold: 1, maxInFlight: 1000 };
    const rollout = await createRollout(
      server.db,
      { release: id, devices: [...names], ...limits, policy: { mode } },
      new Date(),
    );
    await server.wake(rollout.id);
    return rollout.id;
  };
  const ends = (rollout: RolloutId) =>
    until('the end', async () => (await getRollout(server.db, rollout)).state === 'completed' || undefined);

  const soft = await asked('4.0.0', 'soft');
  await ends(soft);
  const known = await executionsOf(soft);
  const of = (code: string) =>
    known.filter(({ history }) => history.some((entry) => entry.code === code)).map(({ state }) => state);
  expect(new Set(of('INSTALL_REFUSED'))).toEqual(new Set(['CANCELED']));
  expect(new Set(of('INSTALL_DEFERRED'))).toEqual(new Set(['COMMITTED']));
  expect(known.filter(({ state }) => state === 'COMMITTED').length).toBe(10 - of('INSTALL_REFUSED').length);

  const download = await asked('5.0.0', 'download');
  const waits = async () => {
    const now = await executionsOf(download);
    return now.length === 10 && now.every(({ code }) => code === 'INSTALL_DOWNLOADED') ? now : undefined;
  };
  expect((await until('all downloads', waits)).map(({ state }) => state)).toEqual(Array(10).fill('DEFERRED'));
  await setRolloutPolicy(server.db, download, {});
  await server.wake(download);
  await ends(download);
  expect(await sim.until('reports', ({ inState }) => inState.COMMITTED === 10)).toMatchObject({
    doubleInstalls: 0,
    doubleArms: 0,
  });
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

test('a device enrols, connects with its certificate, and takes a release', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-sim-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const authorities = await makeAuthorities();
  const broker = await startBroker(folder, authorities);
  onTestFinished(() => broker.stop());
  const cloud = await startCloud(authorities, broker);
  onTestFinished(() => cloud.stop());
  const ca = authorities.servers.certificatePem;
  const identities: SimIdentity[] = [];
  const { deviceClass, arch } = { deviceClass: ClassName.parse('edge-x86'), arch: 'amd64' } as const;
  await enrolDevices({
    url: `${cloud.enrolUrl}/v1/enrol`,
    ca,
    token: CLAIM_TOKEN,
    deviceClass,
    arch,
    count: 1,
    onIdentity: (identity) => identities.push(identity),
  });
  const tenant = TenantId.parse('t');
  const mutualTls = { url: broker.url, ca, identities };
  const sim = startFleetSim({
    mqttUrl: broker.url,
    names: [],
    mutualTls,
    tenant,
    deviceClass,
    arch,
    speed: null,
  });
  onTestFinished(() => sim.close());
  const release = await makeRelease(folder, authorities, {
    version: '2.0.0',
    counter: 2,
    root: randomRoot(1),
  });
  cloud.publish(release);
  await cloud.desire(1, release);
  expect(await cloud.outcome(1)).toMatchObject({ state: 'COMMITTED', slot: 'b' });
  expect(await sim.until('an end', ({ inState }) => inState.COMMITTED === 1)).toMatchObject({
    refused: 0,
    drops: 0,
  });
});

test('asked what a real device was asked, a simulated one does the same, in the same order', async () => {
  const broker = await startTestBroker();
  onTestFinished(() => broker.stop());
  const { commit, rollback } = readFixtures();
  const [committed, rolledBack] = await replay(broker.url, [commit, rollback]);
  expect(committed).toEqual(conductOf(commit));
  expect(rolledBack).toEqual(conductOf(rollback));
});
