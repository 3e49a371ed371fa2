import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addMembers, createGroup, type Database } from '@slipway/fleet';
import { seedDevice, seedDraft, seedOnlineDevice, seedRelease, until } from '@slipway/fleet/testing';
import { createClient, type Client } from '@slipway/client';
import { codeOf, GroupCreate, LoggedIn, Problem } from '@slipway/protocol';
import { runApi, type TestApi } from './testing/running-api.ts';

const PASSWORD = 'correct horse battery';

let api: TestApi;
let db: Database;
let setupToken: string;
beforeAll(async () => {
  api = await runApi();
  db = api.db;
  setupToken = (await readFile(api.path('setup-token'), 'utf8')).trim();
});
afterAll(() => api.close());

const ask = async (method: string, path: string, body: unknown, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${api.url()}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: answer.status, body: json, cookie: answer.headers.get('set-cookie') };
};
const codeOfAnswer = ({ body }: { body: unknown }): string => Problem.parse(body).code;
const codeThrownBy = (work: Promise<unknown>) => work.then(() => 'nothing', codeOf);
const as = (token: string): Client => createClient({ url: api.url(), token });
const logIn = async (name: string, password = PASSWORD): Promise<Client> => {
  const { body } = await ask('POST', '/v1/login', { name, password });
  return as(LoggedIn.parse(body).token ?? '');
};

test('the setup token makes the first user, who is admin, once', async () => {
  expect((await stat(api.path('setup-token'))).mode & 0o777).toBe(0o600);
  const first = { name: 'anna', password: PASSWORD };
  const wrong = await ask('POST', '/v1/setup', { ...first, token: 'swx_wrong' });
  expect([wrong.status, codeOfAnswer(wrong)]).toEqual([403, 'SETUP_TOKEN_INVALID']);
  expect(
    (await ask('POST', '/v1/setup', { token: setupToken, name: 'anna', password: 'short' })).status,
  ).toBe(400);
  const taken = await ask('POST', '/v1/setup', { ...first, name: 'admin', token: setupToken });
  expect(codeOfAnswer(taken)).toBe('CONFLICT');
  const made = await ask('POST', '/v1/setup', { ...first, token: setupToken });
  expect(made).toMatchObject({ status: 201, body: { name: 'anna', role: 'admin' } });
  const again = await ask('POST', '/v1/setup', { token: setupToken, name: 'eve', password: PASSWORD });
  expect(codeOfAnswer(again)).toBe('SETUP_TOKEN_INVALID');
  await expect(stat(api.path('setup-token'))).rejects.toMatchObject({ code: 'ENOENT' });
  await api.stop();
  await api.start();
  await expect(stat(api.path('setup-token'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a login that is wrong does not say what of it', async () => {
  const answers = [
    await ask('POST', '/v1/login', { name: 'anna', password: 'wrong' }),
    await ask('POST', '/v1/login', { name: 'nobody', password: 'wrong' }),
  ];
  expect(answers[0]).toMatchObject({ status: 401, body: { code: 'LOGIN_FAILED' } });
  expect(answers[1]?.body).toEqual(answers[0]?.body);
});

describe('a session in a cookie', () => {
  let cookie: string;
  test('is out of reach of scripts and other sites, and told nowhere else', async () => {
    const answer = await ask('POST', '/v1/login', { name: 'anna', password: PASSWORD, cookie: true });
    expect(answer.cookie).toMatch(
      /^slipway_session=sws_[\w-]{32}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(JSON.stringify(answer.body)).not.toContain('sws_');
    [cookie = ''] = answer.cookie?.split(';') ?? [];
    const behindTls = await ask(
      'POST',
      '/v1/login',
      { name: 'anna', password: PASSWORD, cookie: true },
      { 'x-forwarded-proto': 'https' },
    );
    expect(behindTls.cookie).toMatch(/; Secure$/);
  });

  test.each([
    [{}, 403],
    [{ 'x-slipway-request': '1' }, 201],
    [{ 'x-slipway-request': '1', origin: 'https://elsewhere.example' }, 403],
    [{ 'x-slipway-request': '1', origin: 'null' }, 403],
  ])('changes something with the headers %j: %i', async (headers, status) => {
    const body = { name: `group-${status}-${Object.keys(headers).length}` };
    expect((await ask('POST', '/v1/groups', body, { cookie, ...headers })).status).toBe(status);
    expect((await ask('GET', '/v1/me', undefined, { cookie, ...headers })).status).toBe(200);
  });

  test('is no bearer token, and a bearer token is no cookie', async () => {
    const [, token = ''] = cookie.split('=');
    expect((await ask('GET', '/v1/me', undefined, { authorization: `Bearer ${token}` })).status).toBe(401);
    const bearer = `slipway_session=${(await logIn('anna')).connection.token}`;
    expect((await ask('GET', '/v1/me', undefined, { cookie: bearer })).status).toBe(401);
  });

  test('ends by logging out, which takes the cookie back', async () => {
    const out = await ask('POST', '/v1/logout', undefined, { cookie, 'x-slipway-request': '1' });
    expect([out.status, out.cookie]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect((await ask('GET', '/v1/me', undefined, { cookie })).status).toBe(401);
  });
});

test('what outlives a token is made by whoever knows the password, not by a token', async () => {
  const anna = await logIn('anna');
  const made = await anna.tokens.create({ name: 'ci', scopes: ['read', 'admin'] });
  const ci = as(made.token ?? '');
  expect(await ci.me.get()).toMatchObject({ name: 'anna/ci', kind: 'token', access: ['read', 'admin'] });
  expect(await codeThrownBy(ci.tokens.create({ name: 'more', scopes: ['read'] }))).toBe('FORBIDDEN');
  const change = { current: PASSWORD, password: 'another password' };
  expect(await codeThrownBy(ci.me.setPassword(change))).toBe('FORBIDDEN');
  expect(await codeThrownBy(as(api.token).tokens.create({ name: 'x', scopes: ['read'] }))).toBe('FORBIDDEN');
  expect((await anna.tokens.list().all()).map(({ name, token }) => [name, token])).toEqual([
    ['ci', undefined],
  ]);
  expect((await anna.tokens.list({ all: true }).all()).length).toBeGreaterThan(1);
  await anna.tokens.delete(made.id);
  expect(await codeThrownBy(ci.me.get())).toBe('AUTH_REQUIRED');
});

test('people see and end what is theirs, admins everything', async () => {
  const anna = await logIn('anna');
  await anna.users.create({ name: 'bert', password: PASSWORD, role: 'viewer' });
  const bert = await logIn('bert');
  const [own] = await bert.sessions.list();
  expect(await bert.sessions.list()).toMatchObject([{ userName: 'bert', isThis: true }]);
  expect(await codeThrownBy(bert.sessions.list({ all: true }).then(() => undefined))).toBe('FORBIDDEN');
  const [annas] = await anna.sessions.list();
  expect(await codeThrownBy(bert.sessions.delete(annas?.id ?? ''))).toBe('NOT_FOUND');
  await anna.sessions.delete(own?.id ?? '');
  expect(await codeThrownBy(bert.me.get())).toBe('AUTH_REQUIRED');
});

describe('a role on a group', () => {
  let greta: Client;
  let group: string;
  beforeAll(async () => {
    for (const id of ['near-1', 'far-1']) await seedOnlineDevice(db, id);
    for (const id of ['near-2', 'far-2']) await seedDevice(db, id);
    const now = new Date();
    const near = await createGroup(db, GroupCreate.parse({ name: 'near' }), 'test', now);
    group = near.id;
    const { id: far } = await createGroup(db, GroupCreate.parse({ name: 'far' }), 'test', now);
    const [near1, near2] = [await seedDevice(db, 'near-3'), await seedDevice(db, 'near-4')];
    await addMembers(db, group, [near1.id, near2.id], 'test', now);
    await addMembers(db, far, [near2.id], 'test', now);
    const anna = await logIn('anna');
    for (const id of ['near-1', 'near-2']) await anna.groups.addDevices('near', { devices: [id] });
    await anna.users.create({
      name: 'greta',
      password: PASSWORD,
      groupRoles: [{ group, role: 'releaser' }],
    });
    greta = await logIn('greta');
  });

  test('shows its devices, counts them, finds them by queries, and no others', async () => {
    const near = ['near-1', 'near-2', 'near-3', 'near-4'];
    expect((await greta.devices.list().all()).map(({ id }) => id)).toEqual(near);
    expect((await greta.devices.list({ count: true }).page()).total).toBe(4);
    expect((await greta.devices.list({ query: 'online' }).all()).map(({ id }) => id)).toEqual(['near-1']);
    expect(await greta.devices.list({ query: 'group = far and online' }).all()).toEqual([]);
    expect((await greta.devices.counts()).total).toBe(4);
    expect((await greta.groups.list().all()).map(({ name }) => name)).toEqual(['near']);
    expect((await greta.groups.listDevices('near').all()).length).toBe(4);
    expect(await codeThrownBy(greta.groups.listDevices('far').all())).toBe('NOT_FOUND');
    expect((await greta.overview.versions()).total.at(-1)).toBe(4);
    expect(await greta.me.get()).toMatchObject({
      access: [],
      groups: [{ group, access: ['read', 'operate', 'release'] }],
    });
  });

  test('changes and commands its devices, and no others', async () => {
    await greta.devices.update('near-2', { name: 'Pump' });
    await greta.devices.createCommand('near-1', { name: 'reboot' });
    for (const work of [
      () => greta.devices.update('far-2', { name: 'Pump' }),
      () => greta.devices.createCommand('far-1', { name: 'reboot' }),
      () => greta.devices.revoke('far-1'),
      () => greta.devices.get('far-1'),
    ])
      expect(await codeThrownBy(work())).toBe('NOT_FOUND');
    // What reaches beyond: the groups themselves, and everything about the whole fleet.
    for (const work of [
      () => greta.groups.addDevices('near', { devices: ['far-1'] }),
      () => greta.groups.create({ name: 'mine' }),
      () => greta.claims.create({ deviceClass: 'edge-test' }),
      () => greta.users.list().all(),
    ])
      expect(await codeThrownBy(work())).toBe('FORBIDDEN');
  });

  test('rolls out to its devices or to the group, sees and aborts those, and no others', async () => {
    const release = await seedRelease(db, '1.0.0', Buffer.from('one'));
    const anna = await logIn('anna');
    const far = await anna.rollouts.create({ release: release.id, devices: ['far-2'] });
    const both = await anna.rollouts.create({ release: release.id, devices: ['far-1', 'near-2'] });
    const own = await greta.rollouts.create({ release: release.id, devices: ['near-1'] });
    expect(await codeThrownBy(greta.rollouts.create({ release: release.id }))).toBe('FORBIDDEN');
    for (const beyond of [{ devices: ['near-3', 'far-1'] }, { group: 'far' }])
      expect(await codeThrownBy(greta.rollouts.create({ release: release.id, ...beyond }))).toBe('NOT_FOUND');
    expect((await greta.rollouts.list().all()).map(({ id }) => id)).toEqual([own.id]);
    for (const { id } of [far, both]) {
      expect(await codeThrownBy(greta.rollouts.get(id))).toBe('NOT_FOUND');
      expect(await codeThrownBy(greta.rollouts.abort(id))).toBe('NOT_FOUND');
    }
    expect((await greta.rollouts.abort(own.id)).state).toBe('aborted');
    for (const { id } of [far, both]) await anna.rollouts.abort(id);
    const whole = await greta.rollouts.create({ release: release.id, group: 'near' });
    expect((await greta.rollouts.get(whole.id)).group).toBe(group);
    await greta.rollouts.abort(whole.id);

    // A query finds what is theirs of what it would find, whatever it is.
    const found = await greta.rollouts.create({ release: release.id, query: 'id = far-1 or id = near-1' });
    expect(found).toMatchObject({ within: [group], waiting: 1 });
    expect((await greta.rollouts.list().all()).map(({ id }) => id)).toContain(found.id);
    expect(await codeThrownBy(anna.groups.delete('near'))).toBe('CONFLICT');
    await greta.rollouts.abort(found.id);
    const around = greta.rollouts.create({ release: release.id, query: 'online) or (id = far-1' });
    expect(await codeThrownBy(around)).toBe('QUERY_INVALID');
    await expect(greta.rollouts.create({ release: release.id })).rejects.toThrow('groups (near)');
    const wide = await anna.rollouts.create({ release: release.id, query: 'group = near' });
    expect(await codeThrownBy(greta.rollouts.get(wide.id))).toBe('NOT_FOUND');
    await anna.rollouts.abort(wide.id);
  });

  test('tells live of its devices, groups and rollouts, of releases, and of nothing else', async () => {
    const anna = await logIn('anna');
    const stop = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of greta.events.stream({}, { signal: stop.signal })) {
        const name =
          event.kind === 'device' ? event.device.id : event.kind === 'group' ? event.group.name : '';
        seen.push(`${event.kind} ${name}`);
      }
    })();
    // Until it is there, its reader hears nothing.
    await until('the stream', async () => {
      await anna.devices.update('near-2', { name: 'first' });
      return seen[0];
    });
    seen.length = 0;
    await anna.devices.update('far-2', { name: 'x' });
    await anna.groups.update('far', { description: 'x' });
    await anna.builds.create({ deviceClass: 'edge-test' });
    const release = await seedDraft(db, '0.9.0', Buffer.from('live'));
    await anna.releases.publish(release.id);
    const beyond = await anna.rollouts.create({ release: release.id, devices: ['far-2'] });
    const own = await anna.rollouts.create({ release: release.id, devices: ['near-2'] });
    for (const { id } of [beyond, own]) await anna.rollouts.abort(id);
    await anna.groups.update('near', { description: 'x' });
    await anna.devices.update('near-3', { name: 'last' });
    await until('the last', () => seen.find((event) => event === 'device near-3'));
    expect(seen.filter((event) => event !== 'device near-2')).toEqual([
      'release ',
      'rollout ',
      'rollout ',
      'group near',
      'device near-3',
    ]);
    stop.abort();
    await reading.catch(() => undefined);
  });

  test('that is taken away counts at once', async () => {
    await (await logIn('anna')).users.update('greta', { groupRoles: [] });
    expect(await codeThrownBy(greta.devices.get('near-1'))).toBe('FORBIDDEN');
    expect(await codeThrownBy(greta.devices.list().all())).toBe('FORBIDDEN');
  });
});

/** The `slipway` command as a person with a home of their own has it. */
const launcher = fileURLToPath(new URL('../../../packages/cli/bin/slipway', import.meta.url));
const slipway = (words: readonly string[], lines: readonly string[] = []) =>
  new Promise<{ status: number; out: string; err: string }>((resolve) => {
    const env = { PATH: process.env['PATH'], SLIPWAY_URL: api.url(), HOME: api.path('home') };
    const child = execFile(launcher, words, { cwd: api.path('.'), env }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
    child.stdin?.end(lines.map((line) => `${line}\n`).join(''));
  });

test('the command line logs in, makes people and tokens, changes passwords, and forgets', async () => {
  expect(await slipway(['whoami'])).toMatchObject({
    status: 78,
    err: expect.stringContaining('slipway login'),
  });
  expect((await slipway(['login', 'anna'], ['wrong'])).status).toBe(77);
  expect((await slipway(['login', 'anna'], [PASSWORD])).out).toMatch(/^anna on http/);
  const kept = api.path('home/.config/slipway/sessions.json');
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
  expect((await slipway(['whoami'])).out).toMatch(/^name +anna\n[^]*read, operate, release, approve, admin/);
  const made = ['user', 'create', 'hans', '--role', 'viewer', '--group-role', 'near=operator'];
  expect((await slipway(made, [PASSWORD])).out).toMatch(/roles +viewer, operator of grp_/);
  expect((await slipway(['user', 'create', 'x'], [])).err).toMatch(/^USAGE: Expected the new password/);
  expect((await slipway(['user', 'set-role', 'hans', 'boss'])).status).toBe(64);
  expect((await slipway(['user', 'set-role', 'hans', 'operator'])).out).toMatch(/roles +operator\n/);
  expect((await slipway(['user', 'disable', 'hans'])).out).toMatch(/disabled +20/);
  for (const verb of ['disable', 'delete'])
    expect((await slipway(['user', verb, 'anna'])).err).toMatch(/^CONFLICT: anna is the last admin/);
  expect((await slipway(['user', 'list'])).out).toMatch(/hans +operator +20/);
  expect(await slipway(['users', 'delete', 'hans'])).toMatchObject({ status: 0, out: 'hans: deleted\n' });
  expect((await slipway(['user', 'list'])).out).not.toContain('hans');
  const token = await slipway(['token', 'create', 'nightly', '--scope', 'read', '--days', '3']);
  expect(token.out).toMatch(/^swt_/);
  const listed = /(tok_\w+) +nightly +anna +read +20/.exec((await slipway(['token', 'list'])).out);
  expect((await slipway(['token', 'revoke', listed?.[1] ?? ''])).status).toBe(0);
  expect((await slipway(['session', 'list'])).out).toContain('this one');
  expect((await slipway(['user', 'passwd'], [PASSWORD, 'another password'])).status).toBe(0);
  expect((await slipway(['logout'])).status).toBe(0);
  expect((await slipway(['whoami'])).status).toBe(78);
  expect(await readFile(kept, 'utf8')).not.toContain('sws_');
});
