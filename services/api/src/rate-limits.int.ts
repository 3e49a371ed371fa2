import { afterAll, beforeAll, expect, test } from 'vitest';
import { admitToken } from '@slipway/fleet';
import { Problem } from '@slipway/protocol';
import { runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await runApi({ perMinute: 20, failedPerMinute: 5 });
  await admitToken(api.db, { text: 'swt_other', name: 'other', role: 'viewer' });
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
