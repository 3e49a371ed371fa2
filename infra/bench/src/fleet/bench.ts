import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { openDatabase, type Database } from '@slipway/fleet';
import { simNames } from '@slipway/fleet-sim';
import { ClassName, ExecutionId } from '@slipway/protocol';
import { askSql } from '../queries/ask-sql.ts';
import { figuresOf } from './figures.ts';
import { createFleet, seedDevices, until, type Fleet } from './fleet.ts';
import { startLoad } from './load.ts';
import { FLEET_HELP, parseFleetOptions, type FleetOptions } from './options.ts';
import { renderFleet, renderPhase } from './report.ts';
import type { FleetBench, Size } from './result.ts';
import { begin, isOver, publish, replay } from './roll-out.ts';
import { measureRows } from './rows.ts';
import { startServers, type Servers } from './servers.ts';
import { createWatch, type Watch } from './watch.ts';

type Print = (line: string) => void;
type Bench = {
  readonly options: FleetOptions;
  readonly dir: string;
  readonly servers: Servers;
  readonly db: Database;
  readonly fleet: Fleet;
  readonly watch: Watch;
  readonly print: Print;
};

const since = (start: number): number => (performance.now() - start) / 1000;
const Count = z.object({ count: z.coerce.number() });
const count = async (db: Database, what: string): Promise<number> =>
  (await askSql(db, Count, `select count(*) from ${what}`))[0]?.count ?? 0;

/** The fleet at four sizes: what each device costs, whatever their number. */
const grow = async ({ options, fleet, watch, print }: Bench): Promise<Size[]> => {
  const { devices } = options;
  const certificates = Math.round((devices * 2) / 15);
  const taking = Math.round((devices * 2) / 3);
  const wanted = [Math.round(devices / 15), Math.round(devices / 3), taking];
  const sizes: Size[] = [];
  const measure = async (add: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await add();
    const connectSeconds = since(start);
    // Telemetry that was begun with the connection is over.
    await delay(3000);
    const end = watch.begin();
    await delay(options.seconds * 1000);
    const size = { devices: fleet.count(), connectSeconds, phase: end(), memoryBytes: watch.memory() };
    sizes.push(size);
    print(`${size.devices} devices: ${renderPhase(size.phase)}`);
  };
  for (const size of wanted) await measure(() => fleet.add(size - fleet.count()));
  await measure(() => fleet.addOthers(devices - taking, certificates));
  return sizes;
};

const rollOut = async (bench: Bench): Promise<FleetBench['rollout']> => {
  const { servers, db, fleet, watch, dir, print } = bench;
  const sims = fleet.sims().slice(0, -1);
  const sum = (of: (sim: (typeof sims)[number]) => number): number =>
    sims.reduce((all, sim) => all + of(sim), 0);
  const devices = sum((sim) => sim.seen().devices);
  print(`a release for ${devices} devices …`);
  const release = await publish(db, dir, '1.0.0');
  const end = watch.begin();
  const start = performance.now();
  const rollout = await begin(servers, db, release, { failureThreshold: 1, maxInFlight: devices });
  await until('every offer', async () => sum((sim) => sim.seen().offered) >= devices);
  const offeredSeconds = since(start);
  await until('every commit', async () => sum((sim) => sim.seen().inState.COMMITTED ?? 0) >= devices);
  await until('the end of the rollout', () => isOver(db, rollout));
  const settledSeconds = since(start);
  const phase = end();
  print(
    `offered in ${offeredSeconds.toFixed(1)} s, settled in ${settledSeconds.toFixed(1)} s: ${renderPhase(phase)}`,
  );
  const { mostInFlight } = await replay(db, rollout, 1);
  const doubleInstalls = sum((sim) => sim.seen().doubleInstalls + sim.seen().doubleArms);
  return { devices, offeredSeconds, settledSeconds, mostInFlight, doubleInstalls, phase };
};

const FAILING = ClassName.parse('edge-test');

/** Devices on many of which the release fails: it stops where it was told to. */
const failExactly = async ({ servers, db, fleet, dir, options, print }: Bench) => {
  const devices = Math.min(300, options.devices);
  const limits = { failureThreshold: Math.max(2, Math.round(devices / 15)), maxInFlight: 40 };
  print(`a release that fails on a third of ${devices} devices …`);
  const sim = await fleet.addFailing(devices, 0.35, FAILING);
  const release = await publish(db, dir, '2.0.0');
  // The others say things meanwhile: in the order of their ids nobody waits for us while we wait for them.
  await db.execute(
    `with others as (select tenant, id from devices where id not like 'bad-%' order by id for update)
     update devices set state = 'pending' from others where devices.id = others.id and devices.tenant = others.tenant`,
  );
  const rollout = await begin(servers, db, release, limits);
  await until('the stop', () => isOver(db, rollout));
  await sim.until('what is under way', ({ acknowledged, made }) => {
    return acknowledged === Object.values(made).reduce((all, one) => all + one, 0);
  });
  await db.execute(`update devices set state = 'active' where state = 'pending'`);
  return { ...limits, ...(await replay(db, rollout, limits.failureThreshold)) };
};

const REPORTERS = 300;

const report = async (bench: Bench): Promise<FleetBench['reports']> => {
  const { servers, db, watch, dir, options, print } = bench;
  if (options['report-seconds'] === 0) return undefined;
  print('reports as fast as they are acknowledged …');
  const release = await publish(db, dir, '3.0.0');
  const reporters = simNames('load-', REPORTERS).map((id, at) => ({
    id,
    execution: ExecutionId.parse(`exe_load${String(at).padStart(12, '0')}`),
  }));
  await seedDevices(
    db,
    reporters.map(({ id }) => id),
    ClassName.parse('edge-load'),
  );
  await db.execute(`insert into rollouts (id, release, device_class, version, failure_threshold, max_in_flight, devices)
    values ('rol_load000000000000', '${release.id}', 'edge-load', '3.0.0', 1, 1000, '[]')`);
  await db.execute(`insert into executions (id, rollout, device, release, state, bytes_total, deadline_at)
    select 'exe_load' || lpad(n::text, 12, '0'), 'rol_load000000000000', 'load-' || lpad(n::text, 5, '0'),
      '${release.id}', 'DOWNLOADING', 1024, now() + interval '1 day' from generate_series(0, ${REPORTERS - 1}) as row(n)`);
  const load = startLoad(new URL(servers.brokerUrl), reporters, release.id);
  try {
    await Promise.race([delay(3000), load.failed]);
    const [before, start, end] = [load.acknowledged(), performance.now(), watch.begin()];
    await Promise.race([delay(options['report-seconds'] * 1000), load.failed]);
    const perSecond = (load.acknowledged() - before) / since(start);
    const phase = end();
    load.stop();
    let last = -1;
    await until('the last acknowledgements', async () => {
      await delay(1000);
      const isQuiet = load.acknowledged() === last;
      last = load.acknowledged();
      return isQuiet;
    });
    print(`${perSecond.toFixed(0)} reports a second: ${renderPhase(phase)}`);
    return {
      perSecond,
      acknowledged: load.acknowledged(),
      inDatabase: await count(db, `device_reports where device like 'load-%'`),
      milliseconds: { p50: load.quantile(0.5), p99: load.quantile(0.99) },
      phase,
    };
  } finally {
    load.close();
  }
};

const restart = async ({ servers, db, fleet, watch, print }: Bench): Promise<FleetBench['restart']> => {
  print('the broker is restarted …');
  const total = fleet.connected();
  await db.execute('create table bench_before as select id, connection from devices where online');
  const [start, end] = [performance.now(), watch.begin()];
  const before = fleet.connects();
  await servers.restartBroker();
  let [last, mostInASecond] = [before, 0];
  const timer = setInterval(() => {
    mostInASecond = Math.max(mostInASecond, fleet.connects() - last);
    last = fleet.connects();
  }, 1000);
  // A birth of before the gateway was back comes as a retained one; it has the number of the new connection as well.
  const isRecorded =
    'devices join bench_before before using (id) where devices.connection > before.connection';
  await until(
    'every device to be back',
    async () => fleet.connected() >= total && fleet.connects() - before >= total,
  );
  await until('every birth', async () => (await count(db, isRecorded)) >= total);
  clearInterval(timer);
  const result = { seconds: since(start), mostInASecond, phase: end() };
  print(`back in ${result.seconds.toFixed(1)} s: ${renderPhase(result.phase)}`);
  return result;
};

/**
 * `npm run bench -- fleet`
 *
 * @param root of the checkout
 * @returns exit status: 1 if a goal is missed
 */
export const benchFleet = async (root: string, args: readonly string[], print: Print): Promise<number> => {
  const options = parseFleetOptions(args);
  if (options.help) {
    print(FLEET_HELP);
    return 0;
  }
  const dir = resolve(options.dir ?? join(root, '.slipway', 'bench', 'fleet'));
  const json = resolve(options.json ?? join(dir, 'fleet.json'));
  await rm(join(dir, 'store'), { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  await using undo = new AsyncDisposableStack();
  const servers = await startServers(root, dir, options.gateways);
  undo.defer(() => servers.close());
  const { db, engine, close } = await openDatabase({ url: servers.postgresUrl });
  undo.defer(close);
  const rows =
    options.rows === 0 ? undefined : await measureRows(await servers.newDatabase(), options.rows, print);
  await servers.startServices();
  const fleet = createFleet(servers, db);
  undo.defer(() => fleet.close());
  const ownCpu = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const watch = createWatch(servers, () => [ownCpu(), ...fleet.seen().map(({ cpuSeconds }) => cpuSeconds)]);
  const bench: Bench = { options, dir, servers, db, fleet, watch, print };
  print(`${engine}, ${options.gateways} gateway(s): devices connect …`);
  const sizes = await grow(bench);
  const rollout = await rollOut(bench);
  const reports = await report(bench);
  const restarted = await restart(bench);
  const thresholds = await failExactly(bench);

  const measured = {
    v: 1,
    bench: 'fleet',
    at: new Date().toISOString(),
    database: engine,
    processors: availableParallelism(),
    devices: options.devices,
    gateways: options.gateways,
    mutualTls: Math.round((options.devices * 2) / 15),
    sizes,
    rollout,
    thresholds,
    ...(reports === undefined ? {} : { reports }),
    restart: restarted,
    ...(rows === undefined ? {} : { rows }),
  } as const;
  const result: FleetBench = { ...measured, figures: figuresOf(measured) };
  print(`\n${renderFleet(result)}\n`);
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  print(json);
  return result.figures.every(({ isMet }) => isMet) ? 0 : 1;
};
