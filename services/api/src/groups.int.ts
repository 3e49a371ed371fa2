import { afterAll, beforeAll, expect, test } from 'vitest';
import { admitToken, type Database } from '@slipway/fleet';
import { seedDevice, seedOnlineDevice, until } from '@slipway/fleet/testing';
import {
  BulkResult,
  Device,
  DeviceCounts,
  DeviceSort,
  Group,
  Problem,
  QueryField,
  View,
  type LiveEvent,
} from '@slipway/protocol';
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

const pages = async (path: string): Promise<string[]> => {
  const ids: string[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const { body, answer }: Awaited<ReturnType<typeof ask>> = await ask('GET', next);
    ids.push(...idsOf(body));
    next = /<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  return ids;
};

test('devices are walked in any order, and a part in the middle is found by its place', async () => {
  for (const name of ['sort-1', 'sort-2', 'sort-3', 'sort-4']) await seedDevice(db, name);
  await seedOnlineDevice(db, 'sort-5');
  await ask('PATCH', '/v1/devices/sort-2', { name: 'Zebra' });
  await ask('PATCH', '/v1/devices/sort-4', { name: 'antelope' });
  const query = 'id ~ sort-*';
  const by = (sort: string, order: string) =>
    pages(
      `${withQuery('/v1/devices', query)}&${new URLSearchParams({ sort, order, limit: '2' }).toString()}`,
    );
  expect(await by('name', 'asc')).toEqual(['sort-1', 'sort-3', 'sort-5', 'sort-4', 'sort-2']);
  expect(await by('name', 'desc')).toEqual(['sort-2', 'sort-4', 'sort-5', 'sort-3', 'sort-1']);
  expect((await by('online', 'desc'))[0]).toBe('sort-5');
  for (const sort of DeviceSort.options)
    expect((await by(sort, 'asc')).sort()).toEqual(['sort-1', 'sort-2', 'sort-3', 'sort-4', 'sort-5']);
  const middle = await ask('GET', `${withQuery('/v1/devices', query)}&offset=2&limit=2&sort=id`);
  expect(idsOf(middle.body)).toEqual(['sort-3', 'sort-4']);
});

const bulk = async (body: object) => BulkResult.parse((await ask('POST', '/v1/devices/bulk', body)).body);

test('many devices are changed at once, and it is told before what would become of how many', async () => {
  for (let n = 0; n < 4; n++) await seedDevice(db, `bulk-${n}`);
  await seedOnlineDevice(db, 'bulk-9');
  const query = 'id ~ bulk-*';
  const change = { kind: 'change', addTags: ['lot-7'], attributes: { floor: 2, code: null } };
  await ask('PATCH', '/v1/devices/bulk-0', { tags: ['lot-7'], attributes: { floor: 2 } });
  await ask('PATCH', '/v1/devices/bulk-1', { tags: ['old'], attributes: { code: 'x', room: 'a' } });
  await ask('PATCH', '/v1/devices/bulk-2', { tags: Array.from({ length: 64 }, (_, n) => `t${n}`) });

  const told = { changed: 3, unchanged: 1, refused: [{ code: 'REQUEST_INVALID', count: 1 }], after: null };
  expect(await bulk({ query, action: change, dryRun: true })).toMatchObject(told);
  expect(idsOf((await ask('GET', withQuery('/v1/devices', 'tag = lot-7'))).body)).toEqual(['bulk-0']);
  expect(await bulk({ query, action: change })).toMatchObject({
    ...told,
    refused: [{ code: 'REQUEST_INVALID', count: 1, devices: ['bulk-2'] }],
  });
  expect(Device.parse((await ask('GET', '/v1/devices/bulk-1')).body)).toMatchObject({
    tags: ['lot-7', 'old'],
    attributes: { floor: 2, room: 'a' },
  });
  const back = { kind: 'change', removeTags: ['lot-7'] };
  expect(await bulk({ query, action: back })).toMatchObject({ changed: 4, unchanged: 1 });

  const command = { kind: 'command', command: { name: 'identify', seconds: 5 } };
  const asked = { changed: 1, refused: [{ code: 'DEVICE_OFFLINE', count: 4 }] };
  expect(await bulk({ query, action: command, dryRun: true })).toMatchObject(asked);
  expect(await bulk({ query, action: command })).toMatchObject(asked);
  expect((await ask('GET', '/v1/devices/bulk-9/commands')).body).toMatchObject([
    { request: command.command },
  ]);

  await ask('POST', '/v1/groups', { name: 'lot' });
  const join = { kind: 'group', group: 'lot', member: true };
  const devices = ['bulk-1', 'bulk-3', 'nowhere'];
  expect(await bulk({ devices, action: join })).toMatchObject({
    changed: 2,
    refused: [{ code: 'NOT_FOUND', count: 1, devices: ['nowhere'] }],
  });
  expect(await bulk({ devices: ['bulk-1', 'bulk-3'], action: join })).toMatchObject({
    changed: 0,
    unchanged: 2,
  });
  expect(idsOf((await ask('GET', '/v1/groups/lot/devices')).body)).toEqual(['bulk-1', 'bulk-3']);
  expect(await bulk({ query, action: { kind: 'channel', channel: 'beta' } })).toMatchObject({
    refused: [{ code: 'NOT_FOUND', count: 5 }],
  });
  expect(await bulk({ query, action: { kind: 'accept' } })).toMatchObject({ changed: 0, unchanged: 5 });
  expect(await bulk({ devices: ['bulk-3'], action: { kind: 'decommission' } })).toMatchObject({ changed: 1 });
  const twice = await ask('POST', '/v1/devices/bulk', { query, devices: ['bulk-1'], action: join });
  expect(twice.status).toBe(400);
  expect((await ask('POST', '/v1/devices/bulk', { query, action: join }, 'swt_viewer')).status).toBe(403);
});

test('more than a batch is done in parts that follow each other', async () => {
  for (let n = 0; n < 51; n++) await seedDevice(db, `part-${String(n).padStart(2, '0')}`);
  const action = { kind: 'decommission' };
  const first = await bulk({ query: 'id ~ part-*', action });
  expect(first).toMatchObject({ changed: 50, after: 'part-49' });
  expect(await bulk({ query: 'id ~ part-*', action, after: first.after })).toMatchObject({
    changed: 1,
    after: null,
  });
});

test('whoever writes a query is told what there is to ask for', async () => {
  await ask('PATCH', '/v1/devices/edge-2', { tags: ['cellar'], attributes: { site: 'bremen' } });
  await ask('POST', '/v1/groups', { name: 'asked-for' });
  const fields = z.array(QueryField).parse((await ask('GET', '/v1/devices/fields')).body);
  const valuesOf = (wanted: string) => fields.find(({ name }) => name === wanted)?.values;
  expect(valuesOf('class')).toEqual(['edge-test']);
  expect(valuesOf('tag')).toContain('cellar');
  expect(valuesOf('attr.site')).toEqual(['bremen']);
  expect(valuesOf('group')).toContain('asked-for');
});

test('views are of who saves them, unless they are shared', async () => {
  const save = (view: object, token?: string) => ask('POST', '/v1/views', view, token);
  const { id } = View.parse((await save({ name: 'Cellar', query: 'tag = cellar' }, 'swt_viewer')).body);
  const seen = async (token: string) =>
    z
      .array(View)
      .parse((await ask('GET', '/v1/views', undefined, token)).body)
      .map(({ name }) => name);
  expect([await seen('swt_viewer'), await seen('swt_operator')]).toEqual([['Cellar'], []]);
  expect((await save({ name: 'Cellar' }, 'swt_viewer')).status).toBe(409);
  expect((await save({ name: 'x', query: 'x' }, 'swt_viewer')).status).toBe(400);
  expect((await ask('PATCH', `/v1/views/${id}`, { shared: true }, 'swt_viewer')).status).toBe(403);
  expect((await ask('PATCH', `/v1/views/${id}`, { name: 'y' }, 'swt_operator')).status).toBe(404);
  const shared = View.parse((await save({ name: 'All', shared: true })).body);
  expect(await seen('swt_viewer')).toEqual(['All', 'Cellar']);
  expect((await ask('DELETE', `/v1/views/${shared.id}`, undefined, 'swt_viewer')).status).toBe(404);
  expect((await ask('DELETE', `/v1/views/${id}`, undefined, 'swt_viewer')).status).toBe(204);
});
