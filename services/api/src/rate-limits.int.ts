import { fastify } from 'fastify';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admitToken } from '@slipway/fleet';
import { until } from '@slipway/fleet/testing';
import { Problem } from '@slipway/protocol';
import { limitConnection, limitRates } from './rate-limits.ts';
import { runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await runApi({ perMinute: 20, failedPerMinute: 5 });
  await admitToken(api.db, { text: 'swt_other', name: 'other', role: 'viewer' });
  // Until Redis answers in time nobody is counted.
  await until('a request that counts', async () =>
    (await ask('swt_other')).headers.get('ratelimit-remaining') === '20' ? undefined : true,
  );
});
afterAll(() => api.close());

const ask = async (token: string) => {
  const answer = await fetch(`${api.url()}/v1/groups`, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
};
const limited = ({ status, headers, body }: Awaited<ReturnType<typeof ask>>): void => {
  expect([status, Problem.parse(body).code]).toEqual([429, 'RATE_LIMITED']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
};

test('a token has so many requests a minute, whatever others do', async () => {
  const first = await ask(api.token);
  expect([first.status, first.headers.get('ratelimit-limit')]).toEqual([200, '20']);
  expect(first.headers.get('ratelimit-remaining')).toBe('19');
  expect(first.headers.get('ratelimit-reset')).toMatch(/^\d+$/);
  for (let at = 1; at < 20; at++) expect((await ask(api.token)).status).toBe(200);
  limited(await ask(api.token));
  expect((await ask('swt_other')).status).toBe(200);
});

test('who guesses tokens is held up by address, which keeps nobody out who has one', async () => {
  for (let at = 0; at < 5; at++) expect((await ask(`swt_guess${at}`)).status).toBe(401);
  limited(await ask('swt_guess5'));
  expect((await ask('swt_other')).status).toBe(200);
});

test('notices for hooks are held up by address, whatever they say; who has a token goes on', async () => {
  const notice = async (at: number) => {
    const path = `/hooks/trg_${String(at).padStart(16, '0')}`;
    const headers = { authorization: `Bearer of-${at}` };
    const answer = await fetch(`${api.url()}${path}`, { method: 'POST', headers, body: '{}' });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  };
  for (let at = 0; at < 20; at++) expect((await notice(at)).status).toBe(404);
  limited(await notice(20));
  expect((await ask('swt_other')).status).toBe(200);
});

test('a Redis that is away limits nobody, also those without a good token', async () => {
  // Nothing listens there.
  const redis = limitConnection(new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true }));
  const app = fastify();
  const refuseTooMany = await limitRates(app, redis, { perMinute: 1, failedPerMinute: 1 });
  app.get('/', async (request, reply) => {
    await refuseTooMany(request, reply);
    return 'as always';
  });
  for (let at = 0; at < 3; at++) expect((await app.inject('/')).statusCode).toBe(200);
  await app.close();
  redis.disconnect();
});
