import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createClient } from '@slipway/client';
import { admitToken } from '@slipway/fleet';
import { seedDraft, until } from '@slipway/fleet/testing';
import { codeOf } from '@slipway/protocol';
import { runApi, type TestApi } from './testing/running-api.ts';
import { signHeaders } from './webhooks/signature.ts';

type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };
const received: Received[] = [];
let answer: (response: ServerResponse, url: string) => void;
const take = (response: ServerResponse): void => void response.writeHead(204).end();
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end('as you see');

let api: TestApi;
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      answer(response, request.url ?? '');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  url = `http://127.0.0.1:${address === null || typeof address === 'string' ? 0 : address.port}`;
  api = await runApi({ webhookAllow: ['127.0.0.1'], webhookTimeoutMs: 1000 });
  await admitToken(api.db, { text: 'swt_releaser', name: 'releaser', role: 'releaser' });
});
afterAll(async () => {
  await api.close();
  server.closeAllConnections();
  server.close();
});
afterEach(async () => {
  for (const { id } of await api.client().webhooks.list().all()) await api.client().webhooks.delete(id);
  received.length = 0;
});

const hooks = () => api.client().webhooks;
const verify = ({ headers, body }: Received, secret: string): boolean => {
  const id = String(headers['webhook-id']);
  const at = new Date(Number(headers['webhook-timestamp']) * 1000);
  const good = signHeaders(id, at, body, [secret])['webhook-signature'];
  return String(headers['webhook-signature']).split(' ').includes(good);
};
const codeThrownBy = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing' as const,
    (error: unknown) => codeOf(error),
  );

test('a ping is signed by the secret that was shown once, and by both while a rotation overlaps', async () => {
  answer = take;
  const { secret, ...webhook } = await hooks().create({ url: `${url}/hook` });
  expect(secret).toMatch(/^whsec_/);
  expect(await hooks().get(webhook.id)).toEqual(webhook);
  const ping = await hooks().ping(webhook.id);
  expect(ping).toMatchObject({ event: 'ping', state: 'delivered', attempts: 1 });
  const [first] = received;
  expect(first?.headers).toMatchObject({ 'webhook-id': ping.id, 'content-type': 'application/json' });
  expect(first?.body).toBe(ping.body);
  expect(received.map((one) => verify(one, secret))).toEqual([true]);
  expect(received.map((one) => verify(one, 'whsec_AAAA'))).toEqual([false]);

  const after = await hooks().rotate(webhook.id, {});
  await hooks().ping(webhook.id);
  await hooks().rotate(webhook.id, { overlapSeconds: 0 });
  await hooks().ping(webhook.id);
  const [, both, neither] = received;
  expect([secret, after.secret].map((one) => both !== undefined && verify(both, one))).toEqual([true, true]);
  expect([secret, after.secret].map((one) => neither !== undefined && verify(neither, one))).toEqual([
    false,
    false,
  ]);
});

test('the database holds no secret that is used again; what an older version kept is still good, and sealed at the next start', async () => {
  answer = take;
  const { id, secret } = await hooks().create({ url });
  const next = await hooks().rotate(id, {});
  const given = { credentials: 'a-token-of-a-forge', hook: 'a-secret-of-a-hook' };
  const source = await api.client().sources.create({
    name: 'sealed',
    url: 'https://git.example/images.git',
    credentials: { kind: 'token', token: given.credentials },
  });
  const on = { kind: 'push', forge: 'github' } as const;
  await api.client().triggers.create({ name: 'sealed', source: source.id, on, secret: given.hook });
  const dumped = async (): Promise<string> => {
    const { file } = await api.client().databaseExports.create();
    return readFile(file, 'utf8');
  };
  const isIn = async (texts: readonly string[]): Promise<boolean[]> => {
    const dump = await dumped();
    return texts.map((text) => dump.includes(text.replace('whsec_', '')));
  };
  expect(await isIn([id, secret, next.secret, ...Object.values(given)])).toEqual([
    true,
    ...[1, 2, 3, 4].map(() => false),
  ]);

  const plain = `whsec_${Buffer.from('as it was kept before').toString('base64')}`;
  await api.db.execute(`update webhooks set secret = '${plain}', previous_secret = null where id = '${id}'`);
  await hooks().ping(id);
  expect(await isIn([plain])).toEqual([true]);
  await api.stop();
  await api.start();
  expect(await isIn([plain])).toEqual([false]);
  await hooks().ping(id);
  expect(received.map((one) => verify(one, plain))).toEqual([true, true]);

  // Sealed with a key that is lost.
  await api.db.execute(`update webhooks set secret = '1:AAAA' where id = '${id}'`);
  expect((await hooks().ping(id)).tries).toMatchObject([{ failure: 'secret_lost' }]);
  const again = await hooks().rotate(id, { overlapSeconds: 0 });
  await hooks().ping(id);
  expect(received.slice(2).map((one) => verify(one, again.secret))).toEqual([true]);
});

test.each([
  ['an error', status(500), { status: 500, failure: 'status', detail: 'as you see' }],
  ['a redirect', status(302, { location: '/elsewhere' }), { status: 302, failure: 'redirect' }],
  ['silence', () => undefined, { status: null, failure: 'timeout' }],
  ['an end without answer', (response: ServerResponse) => response.destroy(), { failure: 'connection' }],
  [
    'an answer without end',
    (response: ServerResponse) => {
      response.writeHead(200);
      const more = (error?: Error | null): void => {
        if (error === undefined || error === null) response.write('x'.repeat(65_536), more);
      };
      more();
    },
    { status: 200, failure: null },
  ],
  ['410', status(410), { status: 410, failure: 'status' }],
])('%s is on record, and costs little', async (_name, answers, expected) => {
  answer = answers;
  const { id } = await hooks().create({ url });
  const { tries } = await hooks().ping(id);
  expect(tries).toHaveLength(1);
  expect(tries[0]).toMatchObject(expected);
  expect(tries[0]?.detail?.length ?? 0).toBeLessThanOrEqual(512);
  expect(received).toHaveLength(1);
  expect(await hooks().get(id)).toMatchObject({ enabled: tries[0]?.status !== 410 });
});

test('an event is tried until it is taken, under one id, and on demand once more', async () => {
  let tries = 0;
  answer = (response) => ((tries += 1) < 2 ? status(503)(response) : take(response));
  const { id, secret } = await hooks().create({ url, events: ['build.finished'] });
  await seedDraft(api.db, '1.0.0', Buffer.from('bundle'));
  await until('the first try', () => (received.length > 0 ? true : undefined));
  // Not in five seconds: now.
  await until('the second try', async () => {
    await api.db.execute(
      `update webhook_deliveries set next_at = now() where state = 'pending' and attempts = 1 and exists
        (select from webhook_attempts where delivery = webhook_deliveries.id and ms is not null)`,
    );
    const [delivery] = await hooks().listDeliveries(id, { state: 'delivered' }).all();
    return delivery;
  });
  expect(received).toHaveLength(2);
  const [delivery] = await hooks().listDeliveries(id).all();
  const ids = new Set(received.map(({ headers }) => headers['webhook-id']));
  expect([...ids]).toEqual([delivery?.id]);
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  expect(received.every((one) => verify(one, secret))).toBe(true);
  expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
    type: 'build.finished',
    data: { state: 'succeeded', version: '1.0.0', deviceClass: 'edge-test' },
  });

  await hooks().redeliverDelivery(id, delivery?.id ?? '');
  await until('the third try', () => (received.length === 3 ? true : undefined));
  expect(received[2]?.headers['webhook-id']).toBe(delivery?.id);
});

test('what was committed while no server ran, or in a try that it was killed in, is told by the next one', async () => {
  answer = take;
  const { id } = await hooks().create({ url, events: ['build.finished'] });
  await api.stop();
  await seedDraft(api.db, '2.0.0', Buffer.from('another'));
  // As a server leaves it that was killed in a try, two minutes ago.
  await api.db.execute(
    `insert into webhook_attempts (delivery, number, at) select id, 1, now() from webhook_deliveries`,
  );
  await api.db.execute(
    `update webhook_deliveries set attempts = 1, tries = 1, next_at = now() - interval '1 second'`,
  );
  await api.start();
  const delivery = await until('the delivery', async () => {
    const [one] = await hooks().listDeliveries(id, { state: 'delivered' }).all();
    return one;
  });
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([delivery.id]);
  const { tries } = await hooks().getDelivery(id, delivery.id);
  expect(tries.map(({ failure }) => failure)).toEqual(['interrupted', null]);
});

test('addresses that are not public are refused when it is connected, unless the configuration allows them', async () => {
  answer = take;
  const { port } = new URL(url);
  for (const host of ['127.0.0.2', '[::1]', '169.254.169.254', '10.0.0.1']) {
    const { id } = await hooks().create({ url: `http://${host}:${port}/` });
    const { state, tries } = await hooks().ping(id);
    expect([host, state, tries.map(({ failure }) => failure)]).toEqual([host, 'failed', ['address_refused']]);
  }
  expect(received).toEqual([]);
});

test('only an admin has to do with webhooks, and URLs hold no secrets', async () => {
  const other = createClient({ url: api.url(), token: 'swt_releaser' });
  expect(await codeThrownBy(other.webhooks.list().all())).toBe('FORBIDDEN');
  for (const bad of ['ftp://example.org/', 'https://me:secret@example.org/', 'example.org'])
    expect(await codeThrownBy(hooks().create({ url: bad }))).toBe('REQUEST_INVALID');
  const { id } = await hooks().create({ url });
  expect(await codeThrownBy(hooks().getDelivery(id, 'msg_0000000000000000'))).toBe('NOT_FOUND');
});
