import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type Client } from '@slipway/client';
import { startTestPostgres, startTestRedis } from '@slipway/fleet/testing';
import { freePort } from '@slipway/vm';
import { SlipwayError } from '@slipway/protocol';
import {
  makeDeviceAuthority,
  makeReleaseTree,
  makeSecureBootTree,
  makeServerAuthority,
  makeServerIdentity,
  type Identity,
} from '@slipway/signing';
import { serverProcess, type ServerProcess } from './server-process.ts';
import { makeSmallImages } from './small-images.ts';

/** Everything that builds, each in a process of its own on this machine, PostgreSQL and Redis among them. */
export type BuildGround = {
  readonly client: Client;
  readonly storeDir: string;
  /** the image repository */
  readonly images: string;
  readonly adminToken: string;
  readonly apiUrl: string;
  readonly signingLog: string;
  /** what may be killed: it is started again */
  readonly victims: Readonly<Record<'builder-a' | 'builder-b' | 'api' | 'redis', ServerProcess>>;
  /** what may be killed as well, where more is at stake than builds */
  readonly others: Readonly<Record<'signer' | 'database', ServerProcess>>;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly enrolUrl: string;
  /** who vouches for servers */
  readonly serverCa: Identity;
  readonly close: () => Promise<void>;
};

/**
 * @param root of the checkout
 * @param folder empty; everything lies in it
 * @throws {SlipwayError} TOOL_MISSING without PostgreSQL
 */
export const makeBuildGround = async (root: string, folder: string): Promise<BuildGround> => {
  await using undo = new AsyncDisposableStack();
  const at = (...names: string[]): string => join(folder, ...names);
  const postgres = await startTestPostgres();
  if (postgres === undefined)
    throw new SlipwayError('TOOL_MISSING', 'expected initdb and postgres on the PATH; install PostgreSQL');
  undo.defer(() => postgres.stop());
  const redis = await startTestRedis();
  undo.defer(() => redis.stop());

  const images = await makeSmallImages(folder);
  const [release, secureBoot, deviceCa, serverCa] = await Promise.all([
    makeReleaseTree('campaign'),
    makeSecureBootTree('campaign'),
    makeDeviceAuthority('campaign'),
    makeServerAuthority('campaign'),
  ]);
  const server = await makeServerIdentity(serverCa, 'enrolment', ['127.0.0.1']);
  for (const name of ['store', 'store/builds', 'cache', 'agent', 'logs']) await mkdir(at(name));
  for (const name of ['keys', 'keys/secure-boot', 'signer']) await mkdir(at(name), { mode: 0o700 });
  const files: Readonly<Record<string, string>> = {
    'server-ca.pem': serverCa.certificatePem,
    'enrol.pem': server.certificatePem,
    'enrol.key': server.keyPem,
    'device-ca.pem': deviceCa.certificatePem,
    'device-ca.key': deviceCa.keyPem,
    'keys/leaf.key.pem': release.leaf.keyPem,
    'keys/leaf.pem': release.leaf.certificatePem,
    'keys/intermediate.pem': release.intermediate.certificatePem,
    'keys/root.pem': release.root.certificatePem,
    'keys/secure-boot/db.key.pem': secureBoot.db.keyPem,
    'keys/secure-boot/db.pem': secureBoot.db.certificatePem,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(at(name), text);

  const [port, enrolPort] = [await freePort(), await freePort()];
  const enrolUrl = `https://127.0.0.1:${enrolPort}/v1/enrol`;
  const program = (name: string): string => join(root, 'services', name, 'src', 'main.ts');
  const shared = { SLIPWAY_STORE: at('store'), REDIS_URL: redis.url };
  const api = serverProcess(
    'api',
    program('api'),
    {
      ...shared,
      DATABASE_URL: postgres.url,
      SLIPWAY_API_PORT: String(port),
      SLIPWAY_ENROL_PORT: String(enrolPort),
      SLIPWAY_ENROL_PER_MINUTE: '1000000',
      SLIPWAY_ENROL_CERT_FILE: at('enrol.pem'),
      SLIPWAY_ENROL_KEY_FILE: at('enrol.key'),
      SLIPWAY_DEVICE_CA_CERT_FILE: at('device-ca.pem'),
      SLIPWAY_DEVICE_CA_KEY_FILE: at('device-ca.key'),
      SLIPWAY_SERVER_CA_FILE: at('server-ca.pem'),
      SLIPWAY_RELEASE_ROOT_FILE: at('keys/root.pem'),
      SLIPWAY_ENROL_URL: enrolUrl,
      SLIPWAY_DEVICE_MQTT_URL: 'mqtts://127.0.0.1:8883',
      SLIPWAY_IMAGES: images,
      SLIPWAY_ADMIN_TOKEN_FILE: at('admin-token'),
    },
    '"msg":"api is up"',
    at('logs'),
  );
  const builder = (name: string): ServerProcess =>
    serverProcess(
      name,
      program('builder'),
      {
        ...shared,
        // No image repository: what it builds from comes from the store, as on another machine.
        SLIPWAY_CACHE: at('cache'),
        SLIPWAY_AGENT_BUNDLES: at('agent'),
        SLIPWAY_BUILDER_NAME: name,
        SLIPWAY_STALLED_MS: '2000',
      },
      '"msg":"builder is up"',
      at('logs'),
    );
  const signer = serverProcess(
    'signer',
    program('signer'),
    { ...shared, SLIPWAY_SIGNER_KEYS: at('keys'), SLIPWAY_SIGNER_STATE: at('signer') },
    '"msg":"signer is up"',
    at('logs'),
  );
  const victims = {
    'builder-a': builder('builder-a'),
    'builder-b': builder('builder-b'),
    api,
    redis: { name: 'redis', kill: () => redis.kill(), start: () => redis.start() },
  };
  const processes = [api, victims['builder-a'], victims['builder-b'], signer];
  for (const process of processes) undo.defer(() => process.kill());
  await Promise.all(processes.map((process) => process.start()));
  const token = (await readFile(at('admin-token'), 'utf8')).trim();
  const running = undo.move();
  const apiUrl = `http://127.0.0.1:${port}`;
  return {
    client: createClient({ url: apiUrl, token }),
    apiUrl,
    adminToken: token,
    images,
    storeDir: at('store'),
    signingLog: at('signer', 'log.jsonl'),
    victims,
    others: {
      signer,
      database: { name: 'database', kill: () => postgres.kill(), start: () => postgres.start() },
    },
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    enrolUrl,
    serverCa,
    close: () => running.disposeAsync(),
  };
};
