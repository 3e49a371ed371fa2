import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, LiveEvent, TenantId } from '@slipway/protocol';
import { assertRedisDurable, redisOptions } from './redis.ts';
import { relayEvents } from './relay-events.ts';
import { startTestRedis } from './testing/redis-server.ts';
import { until } from './testing/until.ts';

let redis: Awaited<ReturnType<typeof startTestRedis>>;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.stop());

const event = (percent: number): LiveEvent =>
  LiveEvent.parse({
    kind: 'build',
    build: {
      id: 'bld_0000000000000000',
      release: 'rel_0000000000000000',
      deviceClass: 'edge-test',
      version: '1.0.0',
      counter: 1,
      state: 'building',
      step: 'root',
      percent,
      code: null,
      message: null,
      artifacts: [],
      priority: 'normal',
      causes: [],
      inputDigest: null,
      source: null,
      arch: null,
      needs: [],
      queue: null,
      attempts: 0,
      worker: null,
      retryOf: null,
      cancelledAt: null,
      createdAt: '2026-01-01T00:00:00.000Z',
      startedAt: null,
      finishedAt: null,
    },
  });

test('an event reaches every process once, and says whose it is', async () => {
  const connect = (): Redis => new Redis(redisOptions(redis.url));
  const [one, other] = await Promise.all([
    relayEvents(connect, TenantId.parse('first')),
    relayEvents(connect, TenantId.parse('second')),
  ]);
  const seen = { one: 0, other: 0 };
  const tenants = new Set<string | undefined>();
  one.subscribe(() => (seen.one += 1));
  other.subscribe((found) => {
    seen.other += 1;
    if (found.kind !== 'reset') tenants.add(found.tenant);
  });
  one.publish(event(1));
  other.publish(event(2));
  await until('both events at both ends', () => (seen.one >= 2 && seen.other >= 2 ? true : undefined));
  expect(seen).toEqual({ one: 2, other: 2 });
  expect(tenants).toEqual(new Set(['first', 'second']));
  await Promise.all([one.close(), other.close()]);
});

test('a Redis that forgets on a crash is refused', async () => {
  const forgetful = await startTestRedis({ appendOnly: false });
  const connection = new Redis(redisOptions(forgetful.url));
  const code = await assertRedisDurable(connection).then(() => 'accepted', codeOf);
  connection.disconnect();
  await forgetful.stop();
  expect(code).toBe('REDIS_NOT_DURABLE');
});
