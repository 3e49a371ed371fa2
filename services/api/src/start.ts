import { openFleetSnapshots } from './fleet-snapshots.ts';
import { mkdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import {
  assertRedisDurable,
  redisOptions,
  sealWebhooks,
  type Database,
  type FleetEvents,
} from '@slipway/fleet';
import {
  COMMAND_QUEUE,
  ROLLOUT_QUEUE,
  type CommandJob,
  type QueueCounts,
  type RolloutJob,
  type WebhookId,
} from '@slipway/protocol';
import { readAuthorities } from '@slipway/signing';
import type { Logger } from 'pino';
import { admitAdminToken } from './admin-token.ts';
import { openArtifactStore } from './artifact-store.ts';
import { openAuditWatch } from './audit-watch.ts';
import { openBuildFlow } from './build-flow.ts';
import type { ApiConfig } from './config.ts';
import { enrolApp } from './enrol-app.ts';
import { openKnownKeys } from './known-keys.ts';
import { openExamples } from './example-images.ts';
import { openImageRepository } from './image-repository.ts';
import { operatorApp } from './operator-app.ts';
import { openGitMirrors } from './git/mirrors.ts';
import { openLoginWatch } from './login-watch.ts';
import { openQualificationFlow } from './qualifications/flow.ts';
import { offerSetup } from './setup-token.ts';
import { openReleaseContents } from './release-contents.ts';
import { finishEditsAtStart } from './repository/finish-edits-at-start.ts';
import { openRepositoryFiles } from './repository/repository-files.ts';
import { openRepositoryHistory } from './repository/repository-history.ts';
import { openRetention } from './retention/retention.ts';
import { openRevocations } from './revocations.ts';
import { openSecretBox } from './secret-box.ts';
import { openSigningProfiles } from './signing-profiles.ts';
import { openSources } from './sources.ts';
import { openClassTriggerWatch } from './triggers/class-trigger-watch.ts';
import { openTriggerFlow } from './triggers/trigger-flow.ts';
import { openVirtualDevices } from './virtual-devices.ts';
import { parseAllowed } from './webhooks/addresses.ts';
import { openCourier } from './webhooks/courier.ts';

/** As `recordKeys` counts on. */
const NOTE_KEYS_MS = 12 * 3_600_000;

export type StartApi = {
  readonly config: ApiConfig;
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
};

export type RunningApi = {
  /** of the operators' listener, such as `http://127.0.0.1:8080` */
  readonly url: string;
  /** of the listener for devices, as bound; what devices use is `config.enrolUrl` */
  readonly enrolUrl: string;
  readonly close: () => Promise<void>;
};

/**
 * Starts both listeners and catches up with builds that moved while the API was down.
 *
 * @throws {SlipwayError} REDIS_NOT_DURABLE, CONFIG_INVALID
 */
export const startApi = async ({ config, db, events, logger }: StartApi): Promise<RunningApi> => {
  await using undo = new AsyncDisposableStack();
  const redis = new Redis(redisOptions(config.redisUrl));
  redis.on('error', (error) => logger.warn({ err: error }, 'redis connection failed'));
  undo.defer(() => redis.disconnect());
  await assertRedisDurable(redis);
  await mkdir(config.storeDir, { recursive: true });
  await admitAdminToken(db, config.adminTokenFile);
  const setupTokenFile = config.setupTokenFile ?? join(dirname(config.adminTokenFile), 'setup-token');
  if (await offerSetup(db, setupTokenFile))
    logger.info({ file: setupTokenFile }, 'there are no users yet; slipway setup makes the first');

  const images = openImageRepository(config.imagesDir);
  const secrets = await openSecretBox(
    config.secretsKeyFile ?? join(dirname(config.adminTokenFile), 'secrets.key'),
  );
  const store = openArtifactStore(config.storeDir, config.storeMinFreeBytes);
  const [serverCa, releaseRoot, caCert, caKey, cert, key] = await Promise.all(
    [
      config.serverCaFile,
      config.releaseRootFile,
      config.deviceCaCertFile,
      config.deviceCaKeyFile,
      config.enrolCertFile,
      config.enrolKeyFile,
    ].map((file) => readFile(file, 'utf8')),
  );
  const need = (text: string | undefined): string => text ?? '';

  const profiles = await openSigningProfiles(need(releaseRoot), config.profilesDir);
  const sources = openSources(db, openGitMirrors(join(config.storeDir, 'git')), secrets, profiles);
  const knownKeys = openKnownKeys(db, store, logger);
  const noteOwn = () =>
    knownKeys.noteOwn([
      ...profiles.names.map((name) => ['release-root', profiles.rootOf(name), name] as const),
      ['device-authority', need(caCert)],
      ['server-authority', need(serverCa)],
      ['enrolment-server', need(cert)],
    ]);
  await noteOwn();
  const noting = setInterval(() => void noteOwn(), NOTE_KEYS_MS);
  undo.defer(() => clearInterval(noting));
  const caughtUp = knownKeys.catchUp();
  undo.defer(() => caughtUp);
  const contents = openReleaseContents(db, store, logger);
  undo.defer(() => contents.close());

  const qualifications = openQualificationFlow({ db, events, logger, redis, redisUrl: config.redisUrl });
  undo.defer(() => qualifications.close());
  const builds = await openBuildFlow({
    db,
    events,
    logger,
    store,
    images,
    qualifications,
    noteSigner: knownKeys.noteSigner,
    contentsOf: contents.read,
    redisUrl: config.redisUrl,
    equalBuildsMs: (config.equalBuildsSeconds ?? 600) * 1000,
    retries: {
      attempts: config.buildAttempts ?? 4,
      delayMs: (config.buildRetrySeconds ?? 10) * 1000,
    },
    deployment: {
      enrolUrl: config.enrolUrl,
      serverCa: need(serverCa),
    },
    profiles,
  });
  undo.defer(() => builds.close());
  const options = {
    connection: redisOptions(config.redisUrl),
    defaultJobOptions: { removeOnComplete: true, removeOnFail: { age: 86_400 } },
  };
  const rollouts = new Queue<RolloutJob>(ROLLOUT_QUEUE, options);
  const commands = new Queue<CommandJob>(COMMAND_QUEUE, options);
  for (const queue of [rollouts, commands]) {
    queue.on('error', (error) => logger.warn({ err: error }, 'queue connection failed'));
    undo.defer(() => queue.close());
  }
  const wakePlanner = async (rolloutId: string): Promise<void> => {
    await rollouts.add('plan', { v: 1, rolloutId });
  };
  const sendCommand = async (commandId: string): Promise<void> => {
    await commands.add('send', { v: 1, commandId });
  };

  const deviceAuthorities = readAuthorities(need(caCert), need(caKey));
  const revocations = await openRevocations(db, deviceAuthorities, logger);
  undo.defer(() => revocations.close());

  const flow = openTriggerFlow({
    db,
    events,
    logger,
    builds,
    images,
    sources,
    store,
    wakePlanner,
    cacheDir: config.cacheDir ?? join(config.storeDir, 'cache'),
  });
  undo.defer(() => flow.close());
  const history = openRepositoryHistory(config.imagesDir);
  const finishing = await finishEditsAtStart({ db, history, logger, directory: config.imagesDir });
  undo.defer(() => finishing.close());
  const files = openRepositoryFiles(config.imagesDir);
  const watch = openClassTriggerWatch({
    db,
    files,
    sources,
    logger,
    fetchEveryMs: (config.fetchSourcesSeconds ?? 300) * 1000,
    onRead: flow.look,
  });
  undo.defer(() => watch.close());
  const triggers = {
    look: () => {
      flow.look();
      watch.look();
    },
    seal: (secret: string, id: string) => secrets.seal(secret, `trigger:${id}`),
    open: (sealed: string, id: string) => secrets.open(sealed, `trigger:${id}`),
  };
  const sealWebhook = (secret: string, id: WebhookId): string => secrets.seal(secret, `webhook:${id}`);
  await sealWebhooks(db, sealWebhook);
  const courier = openCourier(db, logger, {
    open: (sealed, id) => secrets.open(sealed, `webhook:${id}`),
    allowed: parseAllowed(config.webhookAllow ?? []),
    timeoutMs: config.webhookTimeoutMs,
    onMoved: (webhook) => events.publish({ kind: 'delivery', webhook }),
  });
  undo.defer(() => courier.close());
  const auditWatch = openAuditWatch(db, events, logger);
  undo.defer(() => auditWatch.close());
  const logins = openLoginWatch(db, logger);
  undo.defer(() => logins.close());
  const { storeDir, retention: limits } = config;
  const retention = openRetention({ db, redis, storeDir, logger, limits });
  undo.defer(() => retention.close());

  const snapshots = openFleetSnapshots(db, logger);
  undo.defer(() => snapshots.close());
  const virtualDevices =
    config.virtualDevicesDir === undefined
      ? undefined
      : await openVirtualDevices({
          db,
          events,
          logger,
          store,
          folder: config.virtualDevicesDir,
          max: config.maxVirtualDevices ?? 2,
        });
  undo.defer(async () => virtualDevices?.close());

  const operators = await operatorApp(
    {
      db,
      events,
      images,
      files,
      history,
      sources,
      triggers,
      examples: openExamples(
        images,
        config.exampleImagesDir,
        config.packCacheDir ?? config.cacheDir ?? join(config.storeDir, 'cache'),
      ),
      virtualDevices,
      store,
      profiles,
      builds,
      qualifications,
      revocations,
      courier,
      sealWebhook,
      setupTokenFile,
      wakePlanner,
      sendCommand,
      exportsDir: config.exportsDir,
      retention,
      queues: () => Promise.all([rollouts, commands].map(countsOf)),
    },
    redis,
    logger,
    { perMinute: config.perMinute ?? 6000, failedPerMinute: config.failedPerMinute ?? 60 },
    config.dashboardDir,
  );
  undo.defer(() => operators.close());
  const devices = await enrolApp({
    db,
    events,
    logger,
    tls: { cert: need(cert), key: need(key) },
    deviceAuthorities,
    revocations,
    mqttUrl: config.deviceMqttUrl,
    perMinute: config.enrolPerMinute,
  });
  undo.defer(() => devices.close());
  const url = await operators.listen({ host: config.host, port: config.port });
  await devices.listen({ host: config.enrolHost, port: config.enrolPort });
  const enrolPort = portOf(devices.server.address());
  logger.info({ url, enrolPort }, 'api is up');

  const running = undo.move();
  return {
    url,
    enrolUrl: `https://${config.enrolHost}:${enrolPort}/v1/enrol`,
    close: () => running.disposeAsync(),
  };
};

const portOf = (address: string | AddressInfo | null): number =>
  address === null || typeof address === 'string' ? 0 : address.port;

const countsOf = async (queue: Queue): Promise<QueueCounts> => {
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
  const { waiting = 0, active = 0, delayed = 0, failed = 0 } = counts;
  return { name: queue.name, waiting, active, delayed, failed };
};
