import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createClient } from '@slipway/client';
import { startTestPostgres, startTestRedis, until } from '@slipway/fleet/testing';
import type { ApiConfig } from './config.ts';
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

  const serve = async (config: ApiConfig, port = '0') => {
    const started = start({
      DATABASE_URL: postgres?.url ?? '',
      REDIS_URL: config.redisUrl,
      SLIPWAY_API_PORT: port,
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
      if (started.said.err !== '') throw new Error(started.said.err);
      return /"url":"([^"]+)"/.exec(started.said.out)?.[1];
    });
    return { ...started, url };
  };

  test('a process of its own serves, and ends when it is told to; one killed comes back to readers of events', async () => {
    const { config, remove } = await prepareApi(redis.url);
    onTestFinished(remove);
    const first = await serve(config);
    expect(first.said.out).toMatch(/"engine":"PostgreSQL/);
    expect(await (await fetch(`${first.url}/v1/health`)).json()).toMatchObject({ status: 'ok' });

    const token = (await readFile(config.adminTokenFile, 'utf8')).trim();
    const client = createClient({ url: first.url, token });
    const stop = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of client.events.stream({ kind: 'group' }, { signal: stop.signal }))
        seen.push(event.kind === 'group' ? event.group.name : event.kind);
    })();
    // The stream has no word for its beginning: ask until the first change is seen.
    let newest = '';
    for (let n = 0; seen.length === 0; n++)
      newest = (await client.groups.create({ name: `before-${n}` })).name;
    await until('the newest', () => seen.includes(newest) || undefined);
    first.child.kill('SIGKILL');
    await first.ended;
    const before = seen.length;

    const second = await serve(config, new URL(first.url).port);
    await until('word of what is lost', () => seen[before]);
    await client.groups.create({ name: 'after' });
    await until('what is new', () => seen.includes('after') || undefined);
    expect(seen.slice(before)).toEqual(['reset', 'after']);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    stop.abort();
    await reading;
  });
});
