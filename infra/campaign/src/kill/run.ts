import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { enrolDevices, outcomeOf, randomOf, SimOptions, startFleetSim } from '@slipway/fleet-sim';
import { ClassName, DeviceId, type BuildId, type Release, type Rollout } from '@slipway/protocol';
import { endWithChildren } from '../power/campaign/end-with-children.ts';
import { askForBuilds, insist, judge as judgeBuilds, untilOver } from '../builds/round.ts';
import { SMALL_CLASSES } from '../builds/small-images.ts';
import { makeKillGround, type KillGround } from './ground.ts';
import { judgeRollout, type Verdict } from './judge.ts';
import { KILL_HELP, parseKillOptions, type KillOptions } from './options.ts';
import { openServerView } from './server-view.ts';
import { VICTIMS, type Victim } from './victims.ts';

const CLASS = ClassName.parse(SMALL_CLASSES[0]);
const LOOK_MS = 200;
const BUILDS = 2;

type Print = (line: string) => void;

export type KillResult = Verdict & {
  readonly kills: Readonly<Record<Victim, number>>;
  /** services that ended by themselves after a kill of another; they were started again */
  readonly ended: readonly string[];
  readonly outcomes: Readonly<Record<string, number>>;
  readonly builds: Readonly<{
    lost: readonly string[];
    doubled: readonly string[];
    broken: readonly string[];
  }>;
  readonly seconds: number;
};

/** A release by the builder and the signer. */
const makeRelease = async ({ client }: KillGround): Promise<Release> => {
  const builds = await untilOver(client, await askForBuilds(client, 1, 1));
  const releases = await client.releases.list({ deviceClass: CLASS }).all();
  const release = releases.find(({ build }) => builds.some(({ id }) => id === build));
  if (release === undefined) throw new Error(`the build did not become a release: ${JSON.stringify(builds)}`);
  return client.releases.publish(release.id);
};

const enrol = async (ground: KillGround, count: number): Promise<DeviceId[]> => {
  const claim = await ground.client.claims.create({
    deviceClass: CLASS,
    uses: count,
    idPattern: 'sim-{n:5}',
  });
  const names: DeviceId[] = [];
  await enrolDevices({
    url: ground.enrolUrl,
    ca: ground.serverCa,
    token: claim.token ?? '',
    deviceClass: CLASS,
    arch: 'amd64',
    count,
    onIdentity: ({ deviceId }) => names.push(deviceId),
  });
  return names;
};

/** Each as often as the others, in another order each time. */
const orderOf = (victims: readonly Victim[], kills: number, random: () => number): Victim[] => {
  const order: Victim[] = [];
  while (order.length < kills) {
    const round = victims.map((victim) => ({ victim, place: random() }));
    order.push(...round.toSorted((one, other) => one.place - other.place).map(({ victim }) => victim));
  }
  return order.slice(0, kills);
};

/** What ends although nobody killed it is started again, as whoever runs servers has it. */
const supervise = async (ground: KillGround, ended: string[], signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    for (const service of Object.values(ground.victims)) {
      if (service.hasEnded?.() !== true) continue;
      ended.push(service.name);
      await service.start().catch(() => undefined);
    }
    await delay(LOOK_MS);
  }
};

const startAgain = async (ground: KillGround, victim: Victim): Promise<void> => {
  for (;;) {
    try {
      await ground.victims[victim].start();
      return;
    } catch {
      await delay(LOOK_MS);
    }
  }
};

/** Kills one service after the other, each when so many more devices are through. */
const killOnAndOn = async (
  ground: KillGround,
  order: readonly Victim[],
  devices: number,
  settled: () => Promise<number>,
  print: Print,
): Promise<void> => {
  for (const [at, victim] of order.entries()) {
    const due = Math.floor((devices * at) / order.length);
    let now = await settled();
    while (now < due) {
      await delay(LOOK_MS);
      now = await settled();
    }
    const began = performance.now();
    await ground.victims[victim].kill();
    await startAgain(ground, victim);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    print(
      `kill ${at + 1} of ${order.length}: ${victim}, ${now} of ${devices} devices through; up after ${seconds} s`,
    );
  }
};

const countsOf = (values: Iterable<string>): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

/** One rollout with its kills. */
export const killDuringRollout = async (
  ground: KillGround,
  options: Pick<KillOptions, 'devices' | 'kills' | 'only' | 'in-flight' | 'seed' | 'speed'>,
  print: Print,
): Promise<KillResult> => {
  const began = performance.now();
  const { devices, seed } = options;
  const maxInFlight = options['in-flight'];
  await using undo = new AsyncDisposableStack();
  const [release, names] = [await makeRelease(ground), await enrol(ground, devices)];
  print(`${release.version} is released, ${names.length} devices are enrolled`);
  const simOptions = SimOptions.parse({
    mqttUrl: ground.simulatedUrl,
    names,
    deviceClass: CLASS,
    version: '0.1.0',
    speed: options.speed,
    seed,
    faults: { rollBack: 0.05, refuse: 0.05 },
    keepReports: true,
  });
  const sim = startFleetSim(simOptions, 1);
  undo.defer(() => sim.close());
  await sim.until('every device', ({ connected }) => connected === devices);

  const first = Math.ceil(devices / 10);
  const limits = { maxInFlight, upTo: [first, Math.ceil(devices / 2), devices] };
  const rollout = await ground.client.rollouts.create({
    release: release.id,
    failureThreshold: devices,
    maxInFlight,
    waves: [{ count: first }, { percent: 50 }, {}],
  });
  const view = openServerView(ground.databaseUrl, rollout.id, names);
  undo.defer(() => view.close());
  const stop = new AbortController();
  const ended: string[] = [];
  const watching = view.watch(limits, stop.signal);
  const supervising = supervise(ground, ended, stop.signal);
  const asked: Promise<BuildId[]> = askForBuilds(ground.client, 2, BUILDS);
  const order = orderOf(options.only, options.kills, randomOf(seed));
  await killOnAndOn(ground, order, devices, view.settled, print);

  const over = await untilCompleted(ground, rollout);
  const seen = await sim.until('every acknowledgement', ({ made, acknowledged }) => {
    return acknowledged === Object.values(made).reduce((sum, count) => sum + count, 0);
  });
  const builds = await untilOver(ground.client, await asked);
  await untilKnown(view, names.length, seen.made.COMMITTED ?? 0, release.version);
  stop.abort();
  const above = await watching;
  await supervising;
  const expected = new Map(names.map((name) => [name, outcomeOf(simOptions, name, release.version)]));
  const verdict = judgeRollout({
    expected,
    rollout: { state: over.state, version: release.version },
    acknowledged: await sim.acknowledged(),
    ...(await view.facts()),
    seen,
    above,
  });
  const { lost, doubled, broken } = await judgeBuilds(ground, await asked, builds);
  const kills = Object.fromEntries(VICTIMS.map((name) => [name, order.filter((one) => one === name).length]));
  return {
    ...verdict,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are all victims
    kills: kills as Record<Victim, number>,
    ended,
    outcomes: countsOf(expected.values()),
    builds: { lost, doubled, broken },
    seconds: Math.round((performance.now() - began) / 1000),
  };
};

const untilCompleted = async (ground: KillGround, { id }: Rollout): Promise<Rollout> => {
  for (;;) {
    const rollout = await insist(() => ground.client.rollouts.get(id));
    if (rollout.state !== 'running') return rollout;
    await delay(LOOK_MS);
  }
};

const PATIENCE_MS = 60_000;

/** The birth after a commit comes after its report; who judges sees what is missing after so long. */
const untilKnown = async (
  view: ReturnType<typeof openServerView>,
  devices: number,
  committed: number,
  version: string,
): Promise<void> => {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const { versions } = await view.facts();
    const running = [...versions.values()].filter((one) => one === version).length;
    if (versions.size === devices && running === committed) return;
    await delay(LOOK_MS);
  }
};

const faultsOf = ({ lost, doubled, above, different, builds }: KillResult): string[] => [
  ...lost.map((what) => `lost: ${what}`),
  ...doubled.map((what) => `doubled: ${what}`),
  ...above.map((what) => `above the limit: ${what}`),
  ...different.map((what) => `different: ${what}`),
  ...builds.lost.map((what) => `build lost: ${what}`),
  ...builds.doubled.map((what) => `build doubled: ${what}`),
  ...builds.broken.map((what) => `build broken: ${what}`),
];

/** @returns exit status */
export const runKill = async (root: string, args: readonly string[], print: Print): Promise<number> => {
  const options = parseKillOptions(args);
  if (options.help) {
    print(KILL_HELP);
    return 0;
  }
  endWithChildren(print);
  const out = resolve(options.out ?? join(root, '.slipway', 'kill-campaign'));
  const json = options.json ?? join(out, 'results.json');
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, 'ground'), { recursive: true });
  const ground = await makeKillGround(root, join(out, 'ground'));
  try {
    const result = await killDuringRollout(ground, options, print);
    await mkdir(dirname(json), { recursive: true });
    await writeFile(json, `${JSON.stringify({ v: 1, options, ...result }, null, 2)}\n`);
    const faults = faultsOf(result);
    for (const fault of faults) print(`  ${fault}`);
    const killed = Object.values(result.kills).reduce((sum, count) => sum + count, 0);
    print(
      `devices ${options.devices} (${Object.entries(result.outcomes)
        .map(([outcome, count]) => `${outcome} ${count}`)
        .join(', ')}), kills ${killed}, ${result.seconds} s`,
    );
    print(
      `lost ${result.lost.length}, doubled ${result.doubled.length}, above a limit ${result.above.length}, different ${result.different.length}; ended by themselves ${result.ended.length}`,
    );
    return faults.length === 0 ? 0 : 1;
  } finally {
    await ground.close();
  }
};
