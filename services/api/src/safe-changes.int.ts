import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '@slipway/client';
import { Redis } from 'ioredis';
import { redisOptions } from '@slipway/fleet';
import { seedDevice } from '@slipway/fleet/testing';
import { ClaimToken, codeOf, Group, Problem } from '@slipway/protocol';
import { runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await runApi();
});
afterAll(() => api.close());

const ask = async (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) => {
  const answer = await fetch(`${api.url()}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${api.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};
const codeIn = (text: string): string => Problem.parse(JSON.parse(text)).code;
const groupNames = async (): Promise<string[]> =>
  (await api.client().groups.list().all()).map(({ name }) => name);

describe('Idempotency-Key', () => {
  const key = 'a-key-of-the-caller';
  const create = (body: unknown, own = key) => ask('POST', '/v1/groups', { 'idempotency-key': own }, body);

  test('gives the answer of the first to the same request, and refuses another one', async () => {
    const first = await create({ name: 'once' });
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
    const again = await create({ name: 'once' });
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    const other = await create({ name: 'twice' });
    expect([other.status, codeIn(other.text)]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect(await groupNames()).toEqual(['once']);
  });

  test('also where the answer was a refusal', async () => {
    const own = 'a-key-that-fails';
    const first = await create({ name: 'once' }, own);
    expect([first.status, codeIn(first.text)]).toEqual([409, 'CONFLICT']);
    await api.client().groups.delete('once');
    expect((await create({ name: 'once' }, own)).text).toBe(first.text);
    expect(await groupNames()).toEqual([]);
  });

  test('is of one route', async () => {
    await api.client().groups.create({ name: 'listed' });
    const device = await seedDevice(api.db, 'in-it');
    const headers = { 'idempotency-key': key };
    const added = await ask('POST', '/v1/groups/listed/devices', headers, { devices: [device.id] });
    expect(added.status).toBe(200);
  });

  test('of many at once lets one through', async () => {
    const made = await Promise.all(
      Array.from({ length: 12 }, () => create({ name: 'race' }, 'a-key-of-many')),
    );
    expect(made.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    const refused = made.filter(({ status }) => status === 409);
    for (const { text, headers } of refused)
      expect([codeIn(text), headers.get('retry-after')]).toEqual(['IDEMPOTENCY_IN_PROGRESS', '1']);
    const created = new Set(made.filter(({ status }) => status === 201).map(({ text }) => text));
    expect(created.size).toBe(1);
  });

  test.each(['short', 'with a space in it', 'x'.repeat(129)])('%j is none', async (own) => {
    const answer = await create({ name: 'never' }, own);
    expect([answer.status, codeIn(answer.text)]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('keeps no secret that Redis could give away', async () => {
    const headers = { 'idempotency-key': 'a-key-for-a-secret' };
    const body = { deviceClass: 'edge-test' };
    const { token = '' } = ClaimToken.parse(
      JSON.parse((await ask('POST', '/v1/claims', headers, body)).text),
    );
    expect(token).toMatch(/^swc_/);
    const again = await ask('POST', '/v1/claims', headers, body);
    expect(again.text).toContain(token);
    const redis = new Redis(redisOptions(api.config.redisUrl));
    const keys = await redis.keys('slipway:idempotency:*');
    const types = await Promise.all(keys.map((name) => redis.type(name)));
    const slots = keys.filter((_name, at) => types[at] === 'string');
    const values = await Promise.all(slots.map((name) => redis.get(name)));
    const left = await Promise.all(keys.map((name) => redis.ttl(name)));
    redis.disconnect();
    expect(values.length).toBeGreaterThan(3);
    expect(Math.min(...left)).toBeGreaterThan(0);
    expect(values.filter((text) => text === null || /swc_|edge-test/.test(text))).toEqual([]);
  });

  test('is sent by the client, which asks again where an answer was lost on its way', async () => {
    let cut = 2;
    const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { method = 'GET', url = '', headers } = request;
      const passed = ['authorization', 'content-type', 'idempotency-key'].map((name): [string, string] => [
        name,
        String(headers[name]),
      ]);
      const answer = await fetch(`${api.url()}${url}`, {
        method,
        headers: passed,
        body: await text(request),
      });
      const body = await answer.text();
      // The server did it, and nobody hears of it.
      if (cut-- > 0) request.socket.destroy();
      else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body);
    };
    const proxy = createServer((request, response) => void forward(request, response));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
    const { port } = proxy.address() as AddressInfo;
    const client = createClient({ url: `http://127.0.0.1:${port}`, token: api.token });
    const group = await client.groups.create({ name: 'behind-a-bad-line' });
    proxy.close();
    expect(cut).toBe(-1);
    expect(await api.client().groups.get('behind-a-bad-line')).toEqual(group);
  });
});

describe('ETags', () => {
  const patch = (path: string, etag: string, body: unknown, name = 'if-match') =>
    ask('PATCH', path, { [name]: etag }, body);
  const etagOf = async (path: string): Promise<string> => (await ask('GET', path)).headers.get('etag') ?? '';

  test('are strong, and save the bytes of what has not changed', async () => {
    await api.client().groups.create({ name: 'tagged' });
    const etag = await etagOf('/v1/groups/tagged');
    expect(etag).toMatch(/^"[\w-]{27}"$/);
    for (const given of [etag, `"x", W/${etag}`, '*']) {
      const same = await ask('GET', '/v1/groups/tagged', { 'if-none-match': given });
      expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', etag]);
    }
    expect((await ask('GET', '/v1/groups/tagged', { 'if-none-match': '"x"' })).status).toBe(200);
    await api.client().groups.update('tagged', { description: 'other' });
    expect(await etagOf('/v1/groups/tagged')).not.toBe(etag);
    expect((await ask('GET', '/v1/groups')).headers.get('etag')).toBeNull();
  });

  test('keep one from undoing what another did', async () => {
    await api.client().groups.create({ name: 'both' });
    const seen = await etagOf('/v1/groups/both');
    expect((await patch('/v1/groups/both', seen, { description: 'of ann' })).status).toBe(200);
    const late = await patch('/v1/groups/both', seen, { description: 'of bob' });
    expect([late.status, codeIn(late.text)]).toEqual([412, 'PRECONDITION_FAILED']);
    expect(await api.client().groups.get('both')).toMatchObject({ description: 'of ann' });
    expect((await patch('/v1/groups/both', `W/${await etagOf('/v1/groups/both')}`, {})).status).toBe(412);
    expect((await ask('DELETE', '/v1/groups/both', { 'if-match': seen })).status).toBe(412);
    expect((await ask('DELETE', '/v1/groups/both', { 'if-match': '*' })).status).toBe(204);
    expect((await ask('DELETE', '/v1/groups/both', { 'if-match': '*' })).status).toBe(412);
  });

  test('let one of many through that change at once', async () => {
    await api.client().groups.create({ name: 'crowd' });
    for (let round = 0; round < 3; round++) {
      const seen = await etagOf('/v1/groups/crowd');
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          patch('/v1/groups/crowd', seen, { description: `${round} of ${at}` }),
        ),
      );
      const taken = answers.filter(({ status }) => status === 200);
      expect(taken.length).toBe(1);
      expect(answers.filter(({ status }) => status === 412).length).toBe(7);
      const { description } = Group.parse(JSON.parse(taken[0]?.text ?? ''));
      expect((await api.client().groups.get('crowd')).description).toBe(description);
    }
  });

  test('of a device count for its parts; what is to be made must not be there', async () => {
    const { id } = await seedDevice(api.db, 'parts');
    const seen = await etagOf(`/v1/devices/${id}`);
    await api.client().devices.update(id, { name: 'other' });
    const late = await ask(
      'PUT',
      `/v1/devices/${id}/class`,
      { 'if-match': seen },
      { deviceClass: 'edge-test' },
    );
    expect(late.status).toBe(412);
    const path = '/v1/channels/edge-test/new';
    expect((await ask('PUT', path, { 'if-none-match': '*' }, {})).status).toBe(200);
    expect((await ask('PUT', path, { 'if-none-match': '*' }, { floor: '1.0.0' })).status).toBe(412);
    const none = await ask('DELETE', '/v1/registrations/x', { 'if-match': '*' });
    expect([none.status, codeIn(none.text)]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('the client tells what another has changed by a code', async () => {
    const client = api.client();
    await client.groups.create({ name: 'typed' });
    const code = await client.groups
      .update('typed', { description: 'x' }, { headers: { 'if-match': '"old"' } })
      .catch(codeOf);
    expect(code).toBe('PRECONDITION_FAILED');
  });
});
