import { afterAll, beforeAll, expect, test } from 'vitest';
import { admitToken, type Database } from '@slipway/fleet';
import { seedDevice, seedOnlineDevice, until } from '@slipway/fleet/testing';
import { Device, DeviceCounts, Group, Problem, type LiveEvent } from '@slipway/protocol';
import { z } from 'zod';
import { runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
let db: Database;
beforeAll(async () => {
  api = await runApi();
  db = api.db;
  await admitToken(db, { text: 'swt_viewer', name: 'viewer', role: 'viewer' });
  await admitToken(db, { text: 'swt_operator', name: 'operator', role: 'operator' });
  await seedOnlineDevice(db, 'edge-1');
  await seedDevice(db, 'edge-2');
});
afterAll(() => api.close());

const ask = async (method: string, path: string, body?: unknown, token = 'swt_operator') => {
  const answer = await fetch(`${api.url()}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown), answer };
};
const withQuery = (path: string, query: string): string =>
  `${path}?${new URLSearchParams({ query }).toString()}`;
const idsOf = (body: unknown): string[] =>
  z
    .array(Device)
    .parse(body)
    .map(({ id }) => id);

test('operators name, tag and describe devices; viewers find them by it', async () => {
  const change = { name: 'Pump', addTags: ['wet'], attributes: { floor: 3 } };
  const refused = await ask('PATCH', '/v1/devices/edge-1', change, 'swt_viewer');
  expect(refused.status).toBe(403);
  const changed = await ask('PATCH', '/v1/devices/edge-1', change);
  expect(Device.parse(changed.body)).toMatchObject({ name: 'Pump', tags: ['wet'], attributes: { floor: 3 } });
  const list = await ask(
    'GET',
    withQuery('/v1/devices', 'tag = wet and attr.floor < 4'),
    undefined,
    'swt_viewer',
  );
  expect(idsOf(list.body)).toEqual(['edge-1']);
  expect(idsOf((await ask('GET', withQuery('/v1/devices', 'not online'))).body)).toEqual(['edge-2']);
  const counts = await ask('GET', withQuery('/v1/devices/counts', 'tag = wet'));
  expect(DeviceCounts.parse(counts.body)).toMatchObject({ total: 1, online: 1 });
  expect(DeviceCounts.parse((await ask('GET', '/v1/devices/counts')).body).total).toBe(2);
});

test.each([
  { tags: ['Upper'] },
  { tags: Array.from({ length: 65 }, (_, n) => `t${n}`) },
  { attributes: { Bad: 1 } },
  { attributes: { list: [1] } },
  { attributes: { long: 'x'.repeat(257) } },
  { name: 'two\nlines' },
  { name: '' },
  { serial: 'x' },
])('a change that is none is refused: %j', async (change) => {
  const { status, body } = await ask('PATCH', '/v1/devices/edge-2', change);
  expect([status, Problem.parse(body).code]).toEqual([400, 'REQUEST_INVALID']);
});

test('a query with a fault is told with its place', async () => {
  const { status, body } = await ask('GET', withQuery('/v1/devices', 'online and clas = x'));
  expect(status).toBe(400);
  expect(Problem.parse(body)).toMatchObject({
    code: 'QUERY_INVALID',
    details: { line: 1, column: 12, length: 4 },
    detail: expect.stringContaining('Did you mean class?') as unknown,
  });
});

test('groups are made, shown, filled, changed and deleted, and every change is live', async () => {
  const controller = new AbortController();
  const seen: LiveEvent[] = [];
  const stream = api.client().events.stream({}, { signal: controller.signal });
  const reading = (async () => {
    for await (const event of stream) seen.push(event);
  })().catch((error: unknown) => {
    if (!controller.signal.aborted) throw error;
  });
  const groupEvents = () => seen.flatMap((event) => (event.kind === 'group' ? [event] : []));
  let made: Group | undefined;
  // The stream has no word for its beginning: ask until the first change is seen.
  for (let n = 0; groupEvents().length === 0 && n < 100; n++) {
    const answer = await ask('POST', '/v1/groups', { name: `probe-${n}`, description: 'd' });
    expect(answer.status).toBe(201);
    made = Group.parse(answer.body);
    expect(answer.answer.headers.get('location')).toBe(`/v1/groups/${made.id}`);
  }
  const { name } = Group.parse(made);
  expect((await ask('POST', `/v1/groups/${name}/devices`, { devices: ['edge-2'] })).status).toBe(200);
  expect(idsOf((await ask('GET', `/v1/groups/${name}/devices`)).body)).toEqual(['edge-2']);
  expect(Device.parse((await ask('GET', '/v1/devices/edge-2')).body).groups).toEqual([
    { id: Group.parse(made).id, name },
  ]);
  await ask('POST', `/v1/groups/${name}/devices/remove`, { devices: ['edge-2'] });
  expect(idsOf((await ask('GET', `/v1/groups/${name}/devices`)).body)).toEqual([]);
  expect((await ask('PATCH', `/v1/groups/${name}`, { description: 'new' })).body).toMatchObject({
    description: 'new',
  });
  expect((await ask('POST', '/v1/groups', { name })).status).toBe(409);
  expect((await ask('POST', '/v1/groups', { name: 'grp_aaaaaaaaaaaaaaaa' })).status).toBe(400);
  expect((await ask('POST', '/v1/groups', { name: 'x', query: 'x' })).status).toBe(400);
  expect((await ask('POST', '/v1/groups', { name: 'up', query: 'online' })).status).toBe(201);
  expect(idsOf((await ask('GET', '/v1/groups/up/devices')).body)).toEqual(['edge-1']);
  expect((await ask('DELETE', `/v1/groups/${name}`)).status).toBe(204);
  expect((await ask('GET', `/v1/groups/${name}`)).status).toBe(404);
  await until('the end of the group', () => groupEvents().find(({ deleted }) => deleted));
  controller.abort();
  await reading;
});
