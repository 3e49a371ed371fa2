import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createClient, type Client } from '@slipway/client';
import { createFleetEvents } from '@slipway/fleet';
import { openTestDatabase, startTestRedis } from '@slipway/fleet/testing';
import { makeDeviceAuthority, makeServerAuthority, makeServerIdentity } from '@slipway/signing';
import type { ApiConfig } from '../config.ts';
import { startApi } from '../start.ts';

export const CLASS_FILE = `name: edge-test
arch: amd64
images: [../edge.yml]
qualification: off
`;
export const IMAGE_FILE = `kernel: {image: 'deb:k'}
packages: {k: {install: [linux]}}
`;

/** A folder with all that an API needs: image repository, certificates, and its configuration. */
export const prepareApi = async (redisUrl: string, change: Partial<ApiConfig> = {}) => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-api-'));
  const path = (name: string): string => join(directory, name);
  await mkdir(path('images/classes'), { recursive: true });
  const [deviceCa, serverCa] = await Promise.all([makeDeviceAuthority('test'), makeServerAuthority('test')]);
  const server = await makeServerIdentity(serverCa, 'enrolment', ['127.0.0.1']);
  const files = {
    'images/classes/edge-test.yml': CLASS_FILE,
    'images/edge.yml': IMAGE_FILE,
    'server-ca.pem': serverCa.certificatePem,
    'release-root.pem': 'the root of releases',
    'enrol.pem': server.certificatePem,
    'enrol.key': server.keyPem,
    'device-ca.pem': deviceCa.certificatePem,
    'device-ca.key': deviceCa.keyPem,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path(name), text);

  const config: ApiConfig = {
    host: '127.0.0.1',
    port: 0,
    perMinute: 1_000_000,
    failedPerMinute: 1_000_000,
    enrolHost: '127.0.0.1',
    enrolPort: 0,
    enrolCertFile: path('enrol.pem'),
    enrolKeyFile: path('enrol.key'),
    enrolPerMinute: 1000,
    deviceCaCertFile: path('device-ca.pem'),
    deviceCaKeyFile: path('device-ca.key'),
    serverCaFile: path('server-ca.pem'),
    releaseRootFile: path('release-root.pem'),
    enrolUrl: 'https://10.0.2.2:8443/v1/enrol',
    deviceMqttUrl: 'mqtts://10.0.2.2:8883',
    imagesDir: path('images'),
    storeDir: path('store'),
    exportsDir: path('exports'),
    virtualDevicesDir: path('virtual-devices'),
    adminTokenFile: path('admin-token'),
    redisUrl,
    fetchSourcesSeconds: 0,
    ...change,
  };
  return {
    config,
    path,
    serverCa: serverCa.certificatePem,
    deviceCa: deviceCa.certificatePem,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
};

/** An API on free ports, with its own image repository, certificates, Redis and database. */
export const runApi = async (change: Partial<ApiConfig> = {}) => {
  const [database, redis] = await Promise.all([openTestDatabase(), startTestRedis()]);
  const { config, path, serverCa, deviceCa, remove } = await prepareApi(redis.url, change);
  const events = createFleetEvents();
  const logger = pino({ level: 'silent' });
  const start = () => startApi({ config, db: database.db, events, logger });
  let api = await start();
  const token = (await readFile(config.adminTokenFile, 'utf8')).trim();
  const clientOf = (url: string): Client => createClient({ url, token });
  return {
    db: database.db,
    events,
    config,
    token,
    path,
    url: () => api.url,
    enrolUrl: () => api.enrolUrl,
    client: () => clientOf(api.url),
    serverCa,
    deviceCa,
    stop: () => api.close(),
    start: async () => {
      api = await start();
    },
    close: async () => {
      await api.close();
      await Promise.all([database.close(), redis.stop()]);
      await remove();
    },
  };
};

export type TestApi = Awaited<ReturnType<typeof runApi>>;
