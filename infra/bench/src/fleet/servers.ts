import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { startTestBroker, startTestPostgres, startTestRedis, until } from '@slipway/fleet/testing';
import { freePort } from '@slipway/vm';
import { SlipwayError } from '@slipway/protocol';
import { makeDeviceAuthority, makeServerAuthority, makeServerIdentity } from '@slipway/signing';
import { writeApiFiles } from './api-files.ts';

/** A broker with a door for whoever says who he is, and one for certificates of devices. */
const startBroker = async (dir: string) => {
  const [serverCa, deviceCa] = [await makeServerAuthority('bench'), await makeDeviceAuthority('bench')];
  const server = await makeServerIdentity(serverCa, 'localhost', ['localhost', '127.0.0.1']);
  const file = (name: string): string => join(dir, name);
  await writeFile(file('device-ca.pem'), deviceCa.certificatePem);
  await writeFile(file('server.pem'), server.certificatePem);
  await writeFile(file('server.key'), server.keyPem, { mode: 0o600 });
  const port = await freePort();
  const broker = await startTestBroker([
    // Started as root it would change to an account that cannot read the key.
    `user ${userInfo().username}`,
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    `cafile ${file('device-ca.pem')}`,
    `certfile ${file('server.pem')}`,
    `keyfile ${file('server.key')}`,
    'require_certificate true',
    'use_identity_as_username true',
    'tls_version tlsv1.2',
  ]);
  return {
    broker,
    deviceCa,
    serverCa,
    mutualTls: { url: `mqtts://127.0.0.1:${port}`, ca: serverCa.certificatePem },
  };
};

/** Everything but the devices; ends with what is returned. */
export const startServers = async (root: string, dir: string, gateways: number) => {
  await using undo = new AsyncDisposableStack();
  await mkdir(join(dir, 'store', 'bundles'), { recursive: true });
  const postgres = await startTestPostgres({ syncs: true });
  if (postgres === undefined) throw new SlipwayError('CONFIG_INVALID', 'expected PostgreSQL to be installed');
  undo.defer(() => postgres.stop());
  const redis = await startTestRedis();
  undo.defer(() => redis.stop());
  const { broker, deviceCa, serverCa, mutualTls } = await startBroker(dir);
  undo.defer(() => broker.stop());

  const running = undo.move();
  const startService = (name: 'api' | 'gateway', settings: Readonly<Record<string, string>>): number => {
    const child = spawn(process.execPath, [join(root, 'services', name, 'src', 'main.ts')], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        SLIPWAY_STORE: join(dir, 'store'),
        REDIS_URL: redis.url,
        DATABASE_URL: postgres.url,
        LOG_LEVEL: 'error',
        ...settings,
      },
    });
    const ended = once(child, 'exit');
    running.defer(async () => {
      child.kill();
      await ended;
    });
    return child.pid ?? 0;
  };
  const startApi = async (): Promise<number> => {
    const ports = { api: await freePort(), enrol: await freePort() };
    const pid = startService('api', await writeApiFiles(join(dir, 'api'), { serverCa, deviceCa }, ports));
    await until('the API', () => fetch(`http://127.0.0.1:${ports.api}/v1/health`).catch(() => undefined));
    return pid;
  };
  /** The API comes first: one migrates the database before the others come. */
  const startServices = async (): Promise<void> => {
    pids.api.push(await startApi());
    for (let number = 1; number <= gateways; number += 1)
      pids.gateway.push(
        startService('gateway', {
          SLIPWAY_GATEWAY_MQTT_URL: broker.url,
          SLIPWAY_GATEWAY_CLIENT_ID: `gateway-${number}`,
        }),
      );
  };
  const pids = {
    gateway: Array<number>(),
    api: Array<number>(),
    broker: [broker.pid],
    database: [postgres.pid],
    redis: [redis.pid()],
  };
  return {
    postgresUrl: postgres.url,
    newDatabase: postgres.newDatabase,
    redisUrl: redis.url,
    brokerUrl: broker.url,
    mutualTls,
    deviceCa,
    pids,
    startServices,
    restartBroker: async (): Promise<void> => {
      await broker.restart();
      pids.broker = [broker.pid];
    },
    close: () => running.disposeAsync(),
  };
};
export type Servers = Awaited<ReturnType<typeof startServers>>;
