import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admitToken, createGroup, getAuditHead, listAudit, type Database } from '@slipway/fleet';
import { tablesInOrder } from '@slipway/fleet/backup';
import { seedDevice, seedDraft, seedOnlineDevice, seedRelease, until } from '@slipway/fleet/testing';
import {
  AuditEntry,
  GroupCreate,
  LoggedIn,
  Problem,
  Session,
  SourceName,
  verifyAudit,
} from '@slipway/protocol';
import { z } from 'zod';
import { describeApi } from './openapi/write.ts';
import { newGitRepository, type GitRepository } from './testing/git-repository.ts';
import { CLASS_FILE, IMAGE_FILE, runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
let db: Database;
let repository: GitRepository;
beforeAll(async () => {
  api = await runApi();
  repository = await newGitRepository(api.path('repository'));
  await repository.commit({ 'classes/edge-git.yml': CLASS_FILE, 'edge.yml': IMAGE_FILE });
  await repository.git('config', 'receive.denyCurrentBranch', 'ignore');
  db = api.db;
  await writeFile(api.path('images/classes/edge-other.yml'), CLASS_FILE.replace('edge-test', 'edge-other'));
  await admitToken(db, { text: 'swt_viewer', name: 'viewer', role: 'viewer' });
  await admitToken(db, { text: 'swt_approver', name: 'approver', role: 'approver' });
});
afterAll(() => api.close());

const ask = async (method: string, path: string, body?: unknown, token = api.token) => {
  const answer = await fetch(`${api.url()}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
};
const idOf = (body: unknown): string => z.object({ id: z.string() }).parse(body).id;

/** What a route is asked with: the parts of its path, and its body. */
type Asked = {
  readonly path?: readonly string[];
  readonly body?: unknown;
  /** absent: the admin token */
  readonly token?: string;
  readonly actor?: string;
};

let number = 0;
const pending = async (): Promise<string> => {
  const { id } = await seedDevice(db, `pending-${number++}`);
  await db.execute(`update devices set state = 'pending' where id = '${id}'`);
  return id;
};
const device = async (): Promise<string> => (await seedDevice(db, `device-${number++}`)).id;
const online = async (): Promise<string> => (await seedOnlineDevice(db, `online-${number++}`)).id;
const draft = async (): Promise<string> => (await seedDraft(db, '1.0.0', Buffer.from(`${number++}`))).id;
const release = async (): Promise<string> => (await seedRelease(db, '1.0.0', Buffer.from(`${number++}`))).id;
const group = async (): Promise<string> =>
  (await createGroup(db, GroupCreate.parse({ name: `group-${number++}` }), 'test', new Date())).id;
const made = async (path: string, body: unknown): Promise<string> =>
  idOf((await ask('POST', path, body)).body);
const build = (): Promise<string> =>
  made('/v1/builds', { deviceClass: 'edge-test', version: '1.0.0', force: true });
const SOURCE_URL = 'https://git.example/images.git';
const source = (): Promise<string> => made('/v1/sources', { name: `source-${number++}`, url: SOURCE_URL });
/** What the class files of the image repository are, once they were looked at. */
const ownClassFiles = (): Promise<string> =>
  until('a look at class files', async () => (await api.client().classTriggers.list())[0]?.at ?? undefined);
const trigger = (): Promise<string> =>
  made('/v1/triggers', { name: `trigger-${number++}`, on: { kind: 'cron', schedule: '30 2 * * *' } });
// Of a network that there is none of.
const RECEIVER_URL = 'https://192.0.2.1/hook';
const webhook = (): Promise<string> => made('/v1/webhooks', { url: RECEIVER_URL });
const view = (): Promise<string> => made('/v1/views', { name: `view-${number++}` });
const PASSWORD = 'correct horse battery';
const newUser = (): Promise<string> => made('/v1/users', { name: `user-${number++}`, password: PASSWORD });
/** A user with a session. */
const person = async (): Promise<Required<Pick<Asked, 'token' | 'actor'>>> => {
  const name = `user-${number++}`;
  await made('/v1/users', { name, password: PASSWORD, role: 'viewer' });
  const { token = '' } = LoggedIn.parse((await ask('POST', '/v1/login', { name, password: PASSWORD })).body);
  return { token, actor: name };
};
/** A build that a virtual device can be made of, though not started: its disk is none. */
const withDisk = async (): Promise<void> => {
  for (const { id } of await api.client().virtualDevices.list()) await api.client().virtualDevices.delete(id);
  const id = await build();
  await ask('POST', `/v1/builds/${id}/cancel`);
  await mkdir(api.path(`store/builds/${id}`), { recursive: true });
  await writeFile(api.path(`store/builds/${id}/disk.img`), 'no disk');
  const disk = JSON.stringify([{ name: 'disk.img', size: 7, digest: `sha256:${'d'.repeat(64)}` }]);
  await db.execute(`update builds set state = 'succeeded', artifacts = '${disk}' where id = '${id}'`);
};
const virtualDevice = async (): Promise<string> => {
  await withDisk();
  return made('/v1/virtual-devices', { deviceClass: 'edge-test' });
};
const rollout = async (more: object = {}): Promise<string> =>
  made('/v1/rollouts', { release: await release(), devices: [await device()], ...more });

/** Entries cannot be written while `work` is done. */
const withoutEntries = async <T>(work: () => Promise<T>): Promise<T> => {
  await db.execute(`create or replace function refuse_entry() returns trigger language plpgsql
    as $$ begin raise exception 'no room for an entry'; end $$`);
  await db.execute(
    `create trigger audit_refused before insert on audit for each row execute function refuse_entry()`,
  );
  try {
    return await work();
  } finally {
    await db.execute(`drop trigger audit_refused on audit`);
  }
};
/** What the server changes by itself, and what says nothing of the change. */
const BACKGROUND = [
  'audit',
  'device_alarms',
  // How many devices there are of each kind, added up when there is time.
  'device_deltas',
  'device_tallies',
  'fleet_snapshots',
  'login_failures',
  'login_refusals',
  'revocation_lists',
  'source_mirrors',
  'webhook_attempts',
  'webhook_deliveries',
];
const VOLATILE = ['step', 'last_used_at', 'last_seen_at', 'next_at', 'failing_since'];
/** Of tables of which the server changes a part by itself, the other part. */
const ASKED_FOR: Readonly<Record<string, string>> = {
  // What class files hold is looked at every two seconds, and each source gets a row by that.
  class_trigger_places: `select concat(place, mode, modes) as row from class_trigger_places
    where mode <> 'taken' or modes <> '{}'`,
};
/** A digest of each table. */
const contents = async (): Promise<Record<string, unknown>> => {
  const tables = (await tablesInOrder(db)).filter((table) => !BACKGROUND.includes(table));
  const rowsOf = (table: string): string =>
    ASKED_FOR[table] ??
    `select (to_jsonb(t) - '{${VOLATILE.join(',')}}'::text[])::text as row from "${table}" t`;
  const digests = tables.map(
    (table) => `(select md5(string_agg(row, '' order by row)) from (${rowsOf(table)}) r) as "${table}"`,
  );
  const [found] = z
    .object({ rows: z.array(z.record(z.string(), z.unknown())) })
    .parse(await db.execute(`select ${digests.join(', ')}`)).rows;
  return found ?? {};
};

/** How each route that changes something is asked to change it. A new route needs a row here, or among the exceptions. */
const CHANGES: Readonly<Record<string, () => Promise<Asked>>> = {
  'POST /v1/builds': async () => ({ body: { deviceClass: 'edge-test', version: '1.0.0' } }),
  'POST /v1/builds/{id}/cancel': async () => ({ path: [await build()] }),
  'POST /v1/builds/{id}/retry': async () => {
    const id = await build();
    await ask('POST', `/v1/builds/${id}/cancel`);
    return { path: [id] };
  },
  'PUT /v1/repository/files/{path}': async () => ({
    path: ['notes.txt'],
    body: { text: `note ${number++}`, message: 'a note' },
  }),
  'POST /v1/repository/edits': async () => ({
    body: { changes: [{ path: `note-${number++}.txt`, was: null, text: 'a note' }] },
  }),
  'POST /v1/releases/{id}/publish': async () => ({ path: [await draft()] }),
  'POST /v1/releases/{id}/qualify': async () => ({ path: [await draft()] }),
  'POST /v1/releases/{id}/deprecate': async () => ({ path: [await release()] }),
  'POST /v1/releases/{id}/withdraw': async () => ({ path: [await release()] }),
  'PUT /v1/channels/{deviceClass}/{name}': async () => ({
    path: ['edge-test', 'beta'],
    body: { floor: '0.1.0' },
  }),
  'POST /v1/channels/{deviceClass}/{name}/releases': async () => ({
    path: ['edge-test', 'stable'],
    body: { release: await release() },
  }),
  'PUT /v1/devices/{id}/channel': async () => ({ path: [await device()], body: { channel: null } }),
  'POST /v1/rollouts': async () => ({ body: { release: await release(), devices: [await device()] } }),
  'PUT /v1/rollouts/{id}/policy': async () => ({ path: [await rollout()], body: {} }),
  'POST /v1/rollouts/{id}/abort': async () => ({ path: [await rollout()] }),
  'PATCH /v1/rollouts/{id}': async () => ({ path: [await rollout()], body: { maxInFlight: 20 } }),
  'POST /v1/rollouts/{id}/pause': async () => ({ path: [await rollout()], body: { reason: 'a look' } }),
  'POST /v1/rollouts/{id}/resume': async () => {
    const id = await rollout();
    await ask('POST', `/v1/rollouts/${id}/pause`, {});
    return { path: [id] };
  },
  'POST /v1/rollouts/{id}/approve': async () => {
    const path = [await rollout({ approval: true })];
    return { path, body: { comment: 'good' }, token: 'swt_approver', actor: 'approver' };
  },
  'POST /v1/rollouts/{id}/rollback': async () => ({ path: [await rollout()], body: {} }),
  'POST /v1/example-images': async () => {
    const folder = api.path(`images/components/note-${number++}`);
    await mkdir(`${folder}/files`, { recursive: true });
    await writeFile(`${folder}/component.yml`, 'name: note\nversion: 1.0.0\n');
    await writeFile(`${folder}/files/note`, 'a note\n');
    return {};
  },
  'POST /v1/virtual-devices': async () => {
    await withDisk();
    return { body: { deviceClass: 'edge-test' } };
  },
  'POST /v1/virtual-devices/{id}/start': async () => {
    const id = await virtualDevice();
    await ask('POST', `/v1/virtual-devices/${id}/stop`);
    return { path: [id] };
  },
  'POST /v1/virtual-devices/{id}/stop': async () => ({ path: [await virtualDevice()] }),
  'DELETE /v1/virtual-devices/{id}': async () => ({ path: [await virtualDevice()] }),
  'PATCH /v1/tenant': async () => ({ body: { name: 'Harbour' } }),
  'PATCH /v1/devices/{id}': async () => ({ path: [await device()], body: { name: 'Pump' } }),
  'POST /v1/devices/bulk': async () => ({
    body: { devices: [await device()], action: { kind: 'change', addTags: ['bulk'] } },
  }),
  'POST /v1/views': async () => ({ body: { name: 'made' } }),
  'PATCH /v1/views/{id}': async () => ({ path: [await view()], body: { query: 'online' } }),
  'DELETE /v1/views/{id}': async () => ({ path: [await view()] }),
  'POST /v1/groups': async () => ({ body: { name: 'made' } }),
  'PATCH /v1/groups/{id}': async () => ({ path: [await group()], body: { description: 'new' } }),
  'DELETE /v1/groups/{id}': async () => ({ path: [await group()] }),
  'POST /v1/groups/{id}/devices': async () => ({
    path: [await group()],
    body: { devices: [await device()] },
  }),
  'POST /v1/groups/{id}/devices/remove': async () => ({
    path: [await group()],
    body: { devices: [await device()] },
  }),
  'POST /v1/devices/{id}/commands': async () => ({ path: [await online()], body: { name: 'reboot' } }),
  'POST /v1/claims': async () => ({ body: { deviceClass: 'edge-test' } }),
  'POST /v1/claims/{id}/revoke': async () => ({
    path: [await made('/v1/claims', { deviceClass: 'edge-test' })],
  }),
  'POST /v1/devices/accept': async () => ({ body: { devices: [await pending()] } }),
  'POST /v1/devices/{id}/accept': async () => ({ path: [await pending()] }),
  'POST /v1/devices/{id}/reject': async () => ({ path: [await pending()] }),
  'POST /v1/devices/{id}/revoke': async () => ({ path: [await device()] }),
  'POST /v1/devices/{id}/decommission': async () => ({ path: [await device()] }),
  'PUT /v1/devices/{id}/class': async () => ({
    path: [await device()],
    body: { deviceClass: 'edge-other' },
  }),
  'POST /v1/registrations': async () => ({
    body: { devices: [{ serial: 'R-1', deviceClass: 'edge-test', deviceId: 'registered-1' }] },
  }),
  'DELETE /v1/registrations/{id}': async () => {
    await ask('POST', '/v1/registrations', {
      devices: [{ serial: 'R-2', deviceClass: 'edge-test', deviceId: 'registered-2' }],
    });
    return { path: ['registered-2'] };
  },
  'PUT /v1/emergency-stop': async () => ({ body: { reason: 'smoke' } }),
  'DELETE /v1/emergency-stop': async () => {
    await ask('PUT', '/v1/emergency-stop', { reason: 'smoke' });
    return {};
  },
  'POST /v1/database-exports': async () => ({}),
  'POST /v1/retention/run': async () => ({ body: { dryRun: false } }),
  'POST /v1/sources': async () => ({ body: { name: 'made', url: SOURCE_URL } }),
  'PATCH /v1/sources/{id}': async () => ({ path: [await source()], body: { branch: 'next' } }),
  'POST /v1/sources/{id}/edits': async () => ({
    path: [
      (await api.client().sources.create({ name: SourceName.parse(`git-${number++}`), url: repository.url }))
        .id,
    ],
    body: { changes: [{ path: `note-${number++}.txt`, was: null, text: 'a note' }] },
  }),
  'DELETE /v1/sources/{id}': async () => ({ path: [await source()] }),
  'POST /v1/triggers': async () => ({ body: { name: 'made', on: { kind: 'upstream' } } }),
  'PATCH /v1/triggers/{id}': async () => ({ path: [await trigger()], body: { enabled: false } }),
  'PATCH /v1/class-triggers/{place}': async () => ({ path: ['-'], body: { mode: 'approval' } }),
  'POST /v1/class-triggers/{place}/approve': async () => ({
    path: ['-'],
    body: { at: await ownClassFiles() },
  }),
  'DELETE /v1/triggers/{id}': async () => ({ path: [await trigger()] }),
  'POST /v1/webhooks': async () => ({ body: { url: RECEIVER_URL } }),
  'PATCH /v1/webhooks/{id}': async () => ({ path: [await webhook()], body: { enabled: false } }),
  'DELETE /v1/webhooks/{id}': async () => ({ path: [await webhook()] }),
  'POST /v1/webhooks/{id}/rotate': async () => ({ path: [await webhook()], body: {} }),
  'POST /v1/webhooks/{id}/deliveries/{delivery}/redeliver': async () => {
    const id = await webhook();
    return { path: [id, (await api.client().webhooks.ping(id)).id] };
  },
  'POST /v1/setup': async () => ({
    body: {
      name: 'first',
      password: PASSWORD,
      token: (await readFile(api.path('setup-token'), 'utf8')).trim(),
    },
    actor: 'setup',
  }),
  'POST /v1/login': async () => ({ body: { name: 'first', password: PASSWORD }, actor: 'first' }),
  'POST /v1/logout': person,
  'PUT /v1/me/password': async () => ({
    ...(await person()),
    body: { current: PASSWORD, password: 'another password' },
  }),
  'DELETE /v1/sessions/{id}': async () => {
    const { token, actor } = await person();
    const [own] = z.array(Session).parse((await ask('GET', '/v1/sessions', undefined, token)).body);
    return { path: [own?.id ?? ''], token, actor };
  },
  'POST /v1/tokens': async () => ({ ...(await person()), body: { name: 'ci', scopes: ['read'] } }),
  'DELETE /v1/tokens/{id}': async () => {
    const { token, actor } = await person();
    const { body } = await ask('POST', '/v1/tokens', { name: 'ci', scopes: ['read'] }, token);
    return { path: [idOf(body)], token, actor };
  },
  'POST /v1/users': async () => ({ body: { name: `user-${number++}`, password: PASSWORD } }),
  'PATCH /v1/users/{id}': async () => ({ path: [await newUser()], body: { role: 'viewer' } }),
  'DELETE /v1/users/{id}': async () => ({ path: [await newUser()] }),
  'PUT /v1/users/{id}/password': async () => ({ path: [await newUser()], body: { password: PASSWORD } }),
  // Last, because what it sets off goes on by itself.
  'POST /v1/triggers/{id}/run': async () => ({ path: [await trigger()], body: {} }),
};
/** Routes that are no GET and change nothing worth an entry, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'POST /v1/rollouts/preview': 'changes nothing',
  'POST /v1/repository/validate': 'changes nothing',
  'POST /v1/webhooks/{id}/ping': 'is on record as a delivery, and tells the receiver nothing',
  'POST /v1/sources/{id}/validate': 'changes nothing',
  'POST /v1/sources/{id}/patches': 'changes nothing',
  'POST /v1/sources/{id}/fetch': 'brings a mirror up to date, as every build does',
};

const { paths } = await describeApi();
const changing = Object.entries(paths).flatMap(([path, methods]) =>
  Object.keys(methods)
    .filter((method) => method !== 'get')
    .map((method) => `${method.toUpperCase()} ${path}`),
);

describe('every route that changes something leaves an entry, or changes nothing', () => {
  test('and each of them is tried here', () => {
    expect([...Object.keys(CHANGES), ...Object.keys(EXCEPTIONS)].sort()).toEqual(changing.sort());
  });

  test.each(Object.entries(CHANGES))('%s', async (route, prepare) => {
    const [method = '', template = ''] = route.split(' ');
    const { path = [], body, token, actor = 'admin' } = await prepare();
    const parts = [...path];
    const place = template.replace(/\{\w+\}/g, () => parts.shift() ?? '');
    const unchanged = await contents();
    expect((await withoutEntries(() => ask(method, place, body, token))).status).toBe(500);
    expect(await contents()).toEqual(unchanged);
    const before = await getAuditHead(db);
    const answer = await ask(method, place, body, token);
    expect(answer).toMatchObject({ status: expect.toSatisfy((status: number) => status < 300) as unknown });
    const added = (await getAuditHead(db)).sequence - before.sequence;
    const entries = (await listAudit(db, { limit: 10, offset: 0 })).slice(0, added);
    expect(entries.filter((entry) => entry.actor === actor)).not.toEqual([]);
  });
});

test('a change that is refused leaves none', async () => {
  const before = await getAuditHead(db);
  expect((await ask('POST', '/v1/releases/rel_0000000000000000/publish')).status).toBe(404);
  expect((await ask('POST', '/v1/rollouts', { release: await draft() })).status).toBe(409);
  expect((await getAuditHead(db)).sequence).toBe(before.sequence);
});

test('the log is walked, filtered and verified over the API, by admins', async () => {
  const { audit } = api.client();
  const entries = await audit.list({ order: 'oldest', limit: 7 }).all();
  expect(await verifyAudit(entries)).toEqual(await audit.getHead());
  const groups = z.array(AuditEntry).parse((await ask('GET', '/v1/audit?action=group.')).body);
  expect(new Set(groups.map(({ action }) => action.split('.')[0]))).toEqual(new Set(['group']));
  const refused = await ask('GET', '/v1/audit', undefined, 'swt_viewer');
  expect([refused.status, Problem.parse(refused.body).code]).toEqual([403, 'FORBIDDEN']);
});
