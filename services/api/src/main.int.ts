import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startTestPostgres, startTestRedis, until } from '@slipway/fleet/testing';
import { prepareApi } from './testing/running-api.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

const start = (env: Record<string, string>) => {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = once(child, 'close').then(([code]: unknown[]) => code);
  return { child, said, ended };
};

test('a process without settings names them all and exits 78', async () => {
  const { said, ended } = start({});
  expect(await ended).toBe(78);
  expect(said.err).toMatch(/^CONFIG_INVALID: .*SLIPWAY_ENROL_CERT_FILE.*REDIS_URL/s);
});

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(postgres === undefined)('on PostgreSQL', () => {
  let redis: Awaited<ReturnType<typeof startTestRedis>>;
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis.stop());

  test('a process of its own serves, and ends when it is told to', async () => {
    const { config, remove } = await prepareApi(redis.url);
    onTestFinished(remove);
    const { child, said, ended } = start({
      DATABASE_URL: postgres?.url ?? '',
      REDIS_URL: config.redisUrl,
      SLIPWAY_API_PORT: '0',
      SLIPWAY_ENROL_PORT: '0',
      SLIPWAY_ENROL_CERT_FILE: config.enrolCertFile,
      SLIPWAY_ENROL_KEY_FILE: config.enrolKeyFile,
      SLIPWAY_DEVICE_CA_CERT_FILE: config.deviceCaCertFile,
      SLIPWAY_DEVICE_CA_KEY_FILE: config.deviceCaKeyFile,
      SLIPWAY_SERVER_CA_FILE: config.serverCaFile,
      SLIPWAY_RELEASE_ROOT_FILE: config.releaseRootFile,
      SLIPWAY_ENROL_URL: config.enrolUrl,
      SLIPWAY_DEVICE_MQTT_URL: config.deviceMqttUrl,
      SLIPWAY_IMAGES: config.imagesDir,
      SLIPWAY_STORE: config.storeDir,
      SLIPWAY_ADMIN_TOKEN_FILE: config.adminTokenFile,
    });
    const url = await until('the address', () => {
      if (said.err !== '') throw new Error(said.err);
      return /"url":"([^"]+)"/.exec(said.out)?.[1];
    });
    expect(said.out).toMatch(/"engine":"PostgreSQL/);
    expect(await (await fetch(`${url}/v1/health`)).json()).toMatchObject({ status: 'ok' });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
