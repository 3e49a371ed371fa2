import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import {
  countDevices,
  createRollout,
  getEmergencyStop,
  haltOffers,
  openDatabase,
  redisOptions,
  stopOffers,
} from '@slipway/fleet';
import {
  seedRelease,
  startTestBroker,
  startTestPostgres,
  startTestRedis,
  TEST_CLASS,
} from '@slipway/fleet/testing';
import { ROLLOUT_QUEUE, SlipwayError, TenantId, type RolloutJob } from '@slipway/protocol';
import { connectDevices } from './devices.ts';
import { parseStopOptions, STOP_HELP } from './options.ts';
import { lookAtProcess } from './process.ts';
import { renderStop } from './report.ts';
import type { StopBench } from './result.ts';

const tenant = TenantId.parse('default');
const BUNDLE_BYTES = 4 * 1024 ** 2;
/** As the agent asks for them. */
const BLOCK_BYTES = 32 * 1024;
const PATIENCE_MS = 600_000;

/**
 * `npm run bench -- stop`
 *
 * @param root of the checkout
 * @returns exit status: 1 if the stop took longer than the limit
 */
export const benchStop = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseStopOptions(args);
  if (options.help) {
    print(STOP_HELP);
    return 0;
  }
  const dir = resolve(options.dir ?? join(root, '.slipway', 'bench', 'stop'));
  const json = resolve(options.json ?? join(dir, 'stop.json'));
  await rm(join(dir, 'store'), { recursive: true, force: true });
  await mkdir(join(dir, 'store', 'bundles'), { recursive: true });
  await using undo = new AsyncDisposableStack();
  const postgres = await startTestPostgres();
  if (postgres === undefined) throw new SlipwayError('CONFIG_INVALID', 'expected PostgreSQL to be installed');
  undo.defer(() => postgres.stop());
  const [redis, broker] = [await startTestRedis(), await startTestBroker()];
  undo.defer(() => redis.stop());
  undo.defer(() => broker.stop());
  const { db, engine, close } = await openDatabase({ url: postgres.url });
  undo.defer(close);

  const names = Array.from({ length: options.devices }, (_, at) => `sim-${String(at).padStart(5, '0')}`);
  const bundle = randomBytes(BUNDLE_BYTES);
  const release = await seedRelease(db, '1.0.0', bundle);
  await writeFile(join(dir, 'store', 'bundles', `${release.id}.tar`), bundle);
  await db.execute(`insert into devices (tenant, id, device_class, arch)
    select 'default', 'sim-' || lpad(n::text, 5, '0'), '${TEST_CLASS}', 'amd64'
    from generate_series(0, ${options.devices - 1}) n`);

  const gateway = spawn(process.execPath, [join(root, 'services', 'gateway', 'src', 'main.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      SLIPWAY_GATEWAY_MQTT_URL: broker.url,
      SLIPWAY_STORE: join(dir, 'store'),
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      LOG_LEVEL: 'error',
    },
  });
  const ended = once(gateway, 'exit');
  undo.defer(async () => {
    gateway.kill();
    await ended;
  });
  const pids = { gateway: gateway.pid ?? 0, broker: broker.pid };

  const devices = connectDevices(new URL(broker.url), names, BLOCK_BYTES);
  undo.defer(() => devices.close());
  const { seen } = devices;
  const gone = ended.then(() => {
    throw new Error('the gateway ended');
  });
  gone.catch(() => undefined);
  const wait = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
    const end = performance.now() + PATIENCE_MS;
    while (!(await isSo())) {
      if (performance.now() > end) throw new Error(`waited in vain for ${what}: ${JSON.stringify(seen)}`);
      await Promise.race([delay(10), devices.failed, gone]);
    }
  };
  const since = (start: number): number => (performance.now() - start) / 1000;

  print(`${engine}: ${options.devices} devices connect …`);
  let start = performance.now();
  await devices.open();
  await wait('every device', () => seen.connected === options.devices);
  await wait('every device to be known as online', async () => {
    return (await countDevices(db, '', new Date())).online === options.devices;
  });
  const connectSeconds = since(start);

  print('the release is offered …');
  start = performance.now();
  const rollout = await createRollout(
    db,
    { release: release.id, failureThreshold: 1, maxInFlight: options.devices },
    new Date(),
  );
  const queue = new Queue<RolloutJob>(ROLLOUT_QUEUE, { connection: redisOptions(redis.url) });
  await queue.add('plan', { v: 1, rolloutId: rollout.id });
  await queue.close();
  await wait('every device to have a block', () => seen.served === options.devices);
  const offerSeconds = since(start);
  const [blocks, from] = [seen.blocks, performance.now()];
  await delay(3000);
  const blocksPerSecond = (seen.blocks - blocks) / since(from);

  print('stop …');
  const before = { gateway: lookAtProcess(pids.gateway), broker: lookAtProcess(pids.broker) };
  const asked = performance.now();
  // As the API does it.
  await stopOffers(db, tenant, { actor: 'bench', reason: 'bench' }, new Date());
  await haltOffers(db, tenant, new Date());
  const haltedMs = performance.now() - asked;
  let toldMs: number | undefined;
  await wait('the end of it', async () => {
    const { offersAtBroker } = await getEmergencyStop(db, tenant);
    if (offersAtBroker === 0) toldMs ??= performance.now() - asked;
    return toldMs !== undefined && seen.withdrawn === options.devices && seen.refused === options.devices;
  });
  const after = { gateway: lookAtProcess(pids.gateway), broker: lookAtProcess(pids.broker) };
  const measured = (name: 'gateway' | 'broker') => ({
    cpuSeconds: after[name].cpuSeconds - before[name].cpuSeconds,
    cpuSecondsBefore: before[name].cpuSeconds,
    peakBytes: after[name].peakBytes,
  });

  const result: StopBench = {
    v: 1,
    bench: 'stop',
    at: new Date().toISOString(),
    devices: options.devices,
    database: engine,
    before: { connectSeconds, offerSeconds, blocksPerSecond, blockBytes: BLOCK_BYTES },
    stop: {
      haltedMs,
      withdrawnMs: seen.withdrawnAt - asked,
      lastBlockMs: seen.lastBlockAt - asked,
      refusedMs: seen.refusedAt - asked,
      toldMs: toldMs ?? 0,
      limitMs: options['limit-seconds'] * 1000,
    },
    gateway: measured('gateway'),
    broker: measured('broker'),
  };
  print(`\n${renderStop(result)}\n`);
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  print(json);
  const { withdrawnMs, lastBlockMs, limitMs } = result.stop;
  return Math.max(withdrawnMs, lastBlockMs) <= limitMs ? 0 : 1;
};
