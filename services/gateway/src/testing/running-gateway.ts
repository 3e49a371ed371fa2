import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { pino } from 'pino';
import { createFleetEvents, redisOptions, type Deadlines } from '@slipway/fleet';
import { openTestDatabase, seedRelease, startTestBroker, startTestRedis } from '@slipway/fleet/testing';
import {
  COMMAND_QUEUE,
  ROLLOUT_QUEUE,
  TenantId,
  type CommandJob,
  type LiveEvent,
  type Release,
  type RolloutJob,
} from '@slipway/protocol';
import { startGateway } from '../start.ts';

/** A gateway between a real broker, a real Redis and an embedded database. */
export const runGateway = async (options: { readonly deadlines?: Deadlines } = {}) => {
  const storeDir = await mkdtemp(join(tmpdir(), 'slipway-store-'));
  await mkdir(join(storeDir, 'bundles'));
  const [database, redis, broker] = await Promise.all([
    openTestDatabase(),
    startTestRedis(),
    startTestBroker(),
  ]);
  const { db } = database;
  const events = createFleetEvents();
  const seen: LiveEvent[] = [];
  events.subscribe((event) => seen.push(event));
  const queue = new Queue<RolloutJob>(ROLLOUT_QUEUE, { connection: redisOptions(redis.url) });
  const commands = new Queue<CommandJob>(COMMAND_QUEUE, { connection: redisOptions(redis.url) });
  const logged: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  const start = () =>
    startGateway({
      config: {
        mqttUrl: broker.url,
        clientId: 'gateway',
        tenant: TenantId.parse('default'),
        storeDir,
        redisUrl: redis.url,
        ...options,
      },
      db,
      events,
      logger,
    });
  let gateway = await start();
  return {
    db,
    events: seen,
    logged,
    brokerUrl: broker.url,
    wake: (rolloutId: string) => queue.add('plan', { v: 1, rolloutId }),
    sendCommand: (commandId: string) => commands.add('send', { v: 1, commandId }),
    release: async (version: string, bundle: Buffer): Promise<Release> => {
      const release = await seedRelease(db, version, bundle);
      await writeFile(join(storeDir, 'bundles', `${release.id}.tar`), bundle);
      return release;
    },
    stopGateway: () => gateway.close(),
    startGateway: async () => {
      gateway = await start();
    },
    close: async () => {
      await gateway.close();
      await Promise.all([queue.close(), commands.close()]);
      await Promise.all([database.close(), redis.stop(), broker.stop()]);
      await rm(storeDir, { recursive: true, force: true });
    },
  };
};
