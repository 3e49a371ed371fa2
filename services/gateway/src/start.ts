import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { assertRedisDurable, redisOptions, type Database, type FleetEvents } from '@slipway/fleet';
import { codeOf, COMMAND_QUEUE, ROLLOUT_QUEUE, RolloutId, RolloutJob } from '@slipway/protocol';
import type { Logger } from 'pino';
import { createBlockStream } from './block-stream.ts';
import { openBundleFiles } from './bundle-files.ts';
import { openChannel, type Channel } from './channel.ts';
import { createCommandSender } from './command-sender.ts';
import type { GatewayConfig } from './config.ts';
import { emqxControl } from './broker/emqx.ts';
import { mosquittoControl } from './broker/mosquitto.ts';
import { createHeir } from './heir.ts';
import { createIngest } from './ingest.ts';
import { noteKeys } from './known-keys.ts';
import { createLanes } from './lanes.ts';
import { createLetOut } from './let-out.ts';
import { createMetricsHistory } from './metrics-history.ts';
import { createLiveChanges } from './live-changes.ts';
import { createPlanner } from './planner.ts';
import { createPrecedence } from './precedence.ts';
import { createRebirths } from './rebirths.ts';
import { createRepublishing } from './republish.ts';
import { createStopWatch } from './stop-watch.ts';
import { createUrgent } from './urgent.ts';

export type StartGateway = {
  readonly config: GatewayConfig;
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
};

const DEADLINE_TICK_MS = 1000;
const MAX_LANE_DEPTH = 256;
/** As `recordKeys` counts on. */
const NOTE_KEYS_MS = 12 * 3_600_000;
/** So long other work waits at most for offers to be taken back. */
const URGENT_MS = 10_000;
/** So long reports wait at a time while many devices are offered something. */
const OFFERING_MS = 2000;

/**
 * Connects to the broker and makes rollouts move: by what devices say, by jobs of the API, and by deadlines.
 *
 * @throws {SlipwayError} FORBIDDEN where the broker refuses; REDIS_NOT_DURABLE
 */
export const startGateway = async ({
  config,
  db,
  events,
  logger,
}: StartGateway): Promise<{ readonly close: () => Promise<void> }> => {
  await using undo = new AsyncDisposableStack();
  const redis = new Redis(redisOptions(config.redisUrl));
  redis.on('error', (error) => logger.warn({ err: error }, 'redis connection failed'));
  try {
    await assertRedisDurable(redis);
  } finally {
    redis.disconnect();
  }

  const files = openBundleFiles(config.storeDir);
  undo.defer(() => files.close());
  const lanes = createLanes(MAX_LANE_DEPTH, (lane, error) =>
    logger.error({ lane, code: codeOf(error), err: error }, 'work failed'),
  );
  const { tenant, deadlines } = config;
  const connected = Promise.withResolvers<Channel>();
  const publish: Channel['publish'] = async (...message) => (await connected.promise).publish(...message);
  const urgent = createUrgent(URGENT_MS);
  const offering = createPrecedence(OFFERING_MS, () => performance.now());
  const blocks = createBlockStream({ db, logger, tenant, files, publish });
  const sendCommand = createCommandSender({ db, events, logger, tenant, publish });
  const changes = createLiveChanges({ db, events, logger });
  undo.defer(() => changes.close());
  const planner = createPlanner({
    db,
    changes,
    logger,
    lanes,
    tenant,
    publish,
    sendCommand,
    deadlines,
    urgent,
    offering,
    onAssigned: blocks.forget,
  });
  const metrics = createMetricsHistory(db, logger);
  undo.defer(() => metrics.close());
  const ingest = createIngest({
    db,
    events,
    logger,
    lanes,
    tenant,
    planner,
    blocks,
    changes,
    rebirths: createRebirths(tenant, publish),
    urgent,
    offering,
    metrics,
    publish,
    deadlines,
  });

  const watch = createStopWatch({
    db,
    events,
    logger,
    tenant,
    gateway: config.clientId,
    planner,
    blocks,
    urgent,
  });
  // What a stop has halted meanwhile is taken back before devices see the server again.
  await watch.look();
  undo.defer(() => watch.close());

  const republish = createRepublishing({ db, logger, planner });
  let closing = false;
  let noting = Promise.resolve();
  const note = (): void => {
    noting = connected.promise.then((there) => noteKeys(db, tenant, there.certificates(), logger));
  };
  const channel = await openChannel(
    config,
    {
      onMessage: (message) => {
        if (!closing) ingest.take(message);
      },
      onOnline: (goneSince) => {
        note();
        republish(goneSince);
      },
    },
    logger,
  );
  connected.resolve(channel);
  undo.defer(() => channel.close());
  const noteAgain = setInterval(note, NOTE_KEYS_MS);
  undo.defer(() => noting);
  undo.defer(() => clearInterval(noteAgain));
  undo.defer(() => lanes.idle());
  undo.defer(() => ingest.close());
  undo.defer(() => {
    closing = true;
  });

  const worker = new Worker<RolloutJob>(
    ROLLOUT_QUEUE,
    async (job) => {
      planner.wake(RolloutId.parse(RolloutJob.parse(job.data).rolloutId));
    },
    { connection: redisOptions(config.redisUrl) },
  );
  const commands = new Worker<unknown>(COMMAND_QUEUE, async (job) => sendCommand(job.data), {
    connection: redisOptions(config.redisUrl),
  });
  for (const one of [worker, commands]) {
    one.on('error', (error) => logger.warn({ err: error }, 'queue connection failed'));
    one.on('failed', (job, error) => logger.error({ job: job?.id, err: error }, 'job refused'));
    undo.defer(() => one.close());
  }
  const { broker } = config;
  const control = broker?.kind === 'emqx' ? emqxControl(broker) : mosquittoControl(config, broker);
  if (broker === undefined)
    logger.warn('the broker gets no list of revoked certificates: they are good there until they end');
  const letOut = createLetOut({ db, logger, tenant, control, publish });
  const letOutNow = (): Promise<void> =>
    letOut().catch((error: unknown) => {
      logger.error({ code: codeOf(error), err: error }, 'letting devices out at the broker failed');
    });
  let lettingOut = letOutNow();
  undo.defer(() => lettingOut);
  const inherit = createHeir({
    db,
    logger,
    tenant,
    gateway: config.clientId,
    channel,
    onInherited: async (since) => {
      republish(since);
      await planner.wakeAll();
    },
  });
  let stopping = Promise.resolve();
  undo.defer(() => stopping);
  await planner.wakeAll();
  const tick = setInterval(() => {
    planner.wakeLate().catch((error: unknown) => logger.error({ err: error }, 'looking at deadlines failed'));
    stopping = Promise.all([
      stopping,
      watch
        .look()
        .catch((error: unknown) =>
          logger.error({ code: codeOf(error), err: error }, 'looking for an emergency stop failed'),
        ),
    ]).then(() => undefined);
    lettingOut = Promise.all([lettingOut, letOutNow()]).then(() => undefined);
    stopping = Promise.all([stopping, inherit()]).then(() => undefined);
  }, DEADLINE_TICK_MS);
  undo.defer(() => clearInterval(tick));
  logger.info({ broker: config.mqttUrl }, 'gateway is up');

  const running = undo.move();
  return { close: () => running.disposeAsync() };
};
