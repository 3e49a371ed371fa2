import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startApi } from '@slipway/api';
import { createFleetEvents, lockDirectory, openDatabase } from '@slipway/fleet';
import { startGateway } from '@slipway/gateway';
import { codeOf, SlipwayError, TenantId } from '@slipway/protocol';
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { bundleAgent } from './agent-bundle.ts';
import { startBroker } from './broker.ts';
import { type Layout, layoutOf, makeFolders, ROOT } from './layout.ts';
import { makeKeys } from './pki.ts';
import { choosePorts, type Ports } from './ports.ts';
import { openRedis } from './redis.ts';
import { decideIsolation } from './sandbox.ts';
import { readUp, type Up, writeUp } from './up-file.ts';
import { startBuilder, startQualifier, startSigner } from './workers.ts';

export type StartLocal = {
  readonly dataDir: string;
  /** the image repository */
  readonly imagesDir: string;
  /** downloads of the builder, which several instances may share; absent: in the data directory */
  readonly cacheDir?: string;
  readonly ports?: Partial<Ports>;
  /** port without TLS for simulated devices, on loopback; they enrol as fast as they can */
  readonly simListener?: number;
  /** how devices reach this machine; absent: as guests in QEMU's user network do */
  readonly deviceHost?: string;
  /** a Redis of one's own; absent: one is started */
  readonly redisUrl?: string;
  /** a PostgreSQL server; absent: the embedded database */
  readonly databaseUrl?: string;
  /** the built dashboard; absent: none is served */
  readonly dashboardDir?: string | undefined;
  readonly allowUnisolated?: boolean;
  /** lines for people */
  readonly say?: (line: string) => void;
};

export type Local = { readonly up: Up; readonly close: () => Promise<void> };

export const DEFAULT_DEVICE_HOST = '10.0.2.2';
const LOOPBACK = '127.0.0.1';
const ENROL_PER_MINUTE = 60;
const EXAMPLE_IMAGES = join(ROOT, 'infra', 'demo', 'images');

/** @throws {SlipwayError} ALREADY_RUNNING */
const lock = async (layout: Layout) => {
  try {
    return await lockDirectory(layout.dataDir);
  } catch (error) {
    if (codeOf(error) !== 'DATABASE_LOCKED') throw error;
    const up = await readUp(layout.upFile);
    const where = up === undefined ? 'it is just starting' : `process ${up.pid}, API at ${up.apiUrl}`;
    throw new SlipwayError(
      'ALREADY_RUNNING',
      `Slipway already runs on ${layout.dataDir} (${where}). Use it, stop it, or choose another directory with --data.`,
      { cause: error, details: { dataDir: layout.dataDir, ...(up === undefined ? {} : { up }) } },
    );
  }
};

const openLog = (
  layout: Layout,
  name: string,
): { logger: Logger; sink: DestinationStream & { end: () => void } } => {
  const sink = destination({ dest: join(layout.logsDir, `${name}.log`), sync: true });
  return { sink, logger: pino({ name, level: process.env['LOG_LEVEL'] ?? 'info' }, sink) };
};

/**
 * Starts everything on this machine, on loopback: Redis, broker, database, API and gateway in this process, builder,
 * signer and qualifier in sandboxes of their own. What was started is stopped again if anything fails.
 *
 * @throws {SlipwayError} ALREADY_RUNNING, CONFLICT, TOOL_MISSING, TOOL_FAILED, REDIS_NOT_DURABLE, CONFIG_INVALID
 */
export const startLocal = async (options: StartLocal): Promise<Local> => {
  const say = options.say ?? (() => undefined);
  const layout = layoutOf(resolve(options.dataDir));
  const imagesDir = resolve(options.imagesDir);
  const cacheDir = resolve(options.cacheDir ?? layout.cacheDir);
  const deviceHost = options.deviceHost ?? DEFAULT_DEVICE_HOST;
  await mkdir(layout.dataDir, { recursive: true });

  await using undo = new AsyncDisposableStack();
  const held = await lock(layout);
  undo.defer(() => held.release());
  undo.defer(() => rm(layout.upFile, { force: true }));
  await makeFolders(layout);
  const isolation = await decideIsolation(options.allowUnisolated === true, say);
  const ports = await choosePorts(layout.portsFile, options.ports ?? {});
  await Promise.all([makeKeys(layout, deviceHost), bundleAgent(layout)]);

  const redis = await openRedis(layout, options.redisUrl, say);
  undo.defer(() => redis.close());
  const broker = await startBroker(layout, ports, say, options.simListener);
  undo.defer(() => broker.close());
  // To the end: what is still asked of a database that closes fails, and is logged.
  const logs = { api: openLog(layout, 'api'), gateway: openLog(layout, 'gateway') };
  undo.defer(() => {
    for (const { sink } of Object.values(logs)) sink.end();
  });
  const database = await openDatabase(
    options.databaseUrl === undefined ? { dataDir: layout.databaseDir } : { url: options.databaseUrl },
  );
  undo.defer(() => database.close());

  const events = createFleetEvents();
  const mqttUrl = `mqtts://${deviceHost}:${ports.mqtt}`;
  const enrolUrl = `https://${deviceHost}:${ports.enrol}/v1/enrol`;
  const api = await startApi({
    db: database.db,
    events,
    logger: logs.api.logger,
    config: {
      host: LOOPBACK,
      port: ports.api,
      enrolHost: LOOPBACK,
      enrolPort: ports.enrol,
      enrolCertFile: layout.serverCert,
      enrolKeyFile: layout.serverKey,
      enrolPerMinute: options.simListener === undefined ? ENROL_PER_MINUTE : Number.MAX_SAFE_INTEGER,
      deviceCaCertFile: layout.deviceCaCert,
      deviceCaKeyFile: layout.deviceCaKey,
      serverCaFile: layout.serverCaCert,
      releaseRootFile: layout.releaseRoot,
      profilesDir: layout.profilesDir,
      enrolUrl,
      deviceMqttUrl: mqttUrl,
      imagesDir,
      dashboardDir: options.dashboardDir,
      storeDir: layout.storeDir,
      exportsDir: layout.exportsDir,
      exampleImagesDir: EXAMPLE_IMAGES,
      packCacheDir: cacheDir,
      virtualDevicesDir: layout.virtualDevicesDir,
      adminTokenFile: layout.adminTokenFile,
      redisUrl: redis.url,
    },
  });
  undo.defer(() => api.close());
  const gateway = await startGateway({
    db: database.db,
    events,
    logger: logs.gateway.logger,
    config: {
      mqttUrl: `mqtts://${LOOPBACK}:${ports.mqttGateway}`,
      clientId: 'gateway',
      tls: { caFile: layout.serverCaCert, certFile: layout.gatewayCert, keyFile: layout.gatewayKey },
      tenant: TenantId.parse('default'),
      storeDir: layout.storeDir,
      redisUrl: redis.url,
      broker: {
        kind: 'mosquitto',
        revocationFile: layout.revocationFile,
        reload: () => {
          const pid = broker.pid();
          if (pid !== undefined) process.kill(pid, 'SIGHUP');
        },
      },
    },
  });
  undo.defer(() => gateway.close());

  const workers = { layout, imagesDir, cacheDir, redis, isolation, say };
  const started = await Promise.allSettled([
    startBuilder(workers),
    startSigner(workers),
    startQualifier(workers),
  ]);
  for (const outcome of started) if (outcome.status === 'fulfilled') undo.defer(() => outcome.value.close());
  for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;

  const log = (name: string) => join(layout.logsDir, `${name}.log`);
  const names = [
    'api',
    'gateway',
    'builder',
    'signer',
    'qualifier',
    'mosquitto',
    ...(options.redisUrl === undefined ? ['redis'] : []),
  ];
  const up: Up = {
    v: 1,
    pid: process.pid,
    dataDir: layout.dataDir,
    apiUrl: api.url,
    adminTokenFile: layout.adminTokenFile,
    enrolUrl,
    mqttUrl,
    mqttPort: ports.mqtt,
    ...(options.simListener === undefined ? {} : { simMqttUrl: `mqtt://${LOOPBACK}:${options.simListener}` }),
    redisUrl: redis.url,
    storeDir: layout.storeDir,
    imagesDir,
    releaseRootFile: layout.releaseRoot,
    profilesDir: layout.profilesDir,
    serverCaFile: layout.serverCaCert,
    secureBootDir: layout.secureBootDir,
    isolation,
    database: database.engine,
    logs: Object.fromEntries(names.map((name) => [name, log(name)])),
  };
  await writeUp(layout.upFile, up);
  const running = undo.move();
  let closing: Promise<void> | undefined;
  return { up, close: () => (closing ??= running.disposeAsync()) };
};
