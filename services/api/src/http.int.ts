import { execFileSync } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createClient } from '@slipway/client';
import { admitToken } from '@slipway/fleet';
import { seedDevice, seedDraft, until } from '@slipway/fleet/testing';
import { Problem, TenantId, type LiveEvent } from '@slipway/protocol';
import { makeAuthority, makeLeaf, signCms, validFor } from '@slipway/signing';
import { z } from 'zod';
import { openBreakableWay } from './testing/breakable-way.ts';
import { runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await runApi();
  await admitToken(api.db, { text: 'swt_viewer', name: 'viewer', role: 'viewer' });
});
afterAll(() => api.close());

const ask = (path: string, init: RequestInit = {}, token = api.token) => {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  return fetch(`${api.url()}${path}`, { ...init, headers });
};
const post = (path: string, body: string, type = 'application/json', token = api.token) =>
  ask(path, { method: 'POST', body, headers: { 'content-type': type } }, token);
const problemOf = async (answer: Response): Promise<Problem> => {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = Problem.parse(await answer.json());
  expect(problem.status).toBe(answer.status);
  return problem;
};

const Told = z.object({ kind: z.string(), head: z.object({ sequence: z.int() }).optional() });

const build = JSON.stringify({ deviceClass: 'edge-test', version: '1.0.0' });

describe('who asks', () => {
  test.each(['', 'Bearer', 'Bearer swt_wrong', 'Basic YTpi', `Bearer ${'x'.repeat(300)}`])(
    'is refused with the header %j',
    async (authorization) => {
      const answer = await fetch(`${api.url()}/v1/builds`, { headers: { authorization } });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect((await problemOf(answer)).code).toBe('AUTH_REQUIRED');
    },
  );

  test('every route but health, login, setup and documentation asks for a token', async () => {
    const spec = await (await fetch(`${api.url()}/openapi.json`)).json();
    const { paths } = z
      .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(spec);
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
    expect(routes.length).toBeGreaterThan(20);
    const open: string[] = [];
    for (const { method, path } of routes) {
      const answer = await fetch(`${api.url()}${path}`, { method });
      await answer.body?.cancel();
      if (answer.status !== 401) open.push(`${method} ${path}`);
    }
    expect(open.sort()).toEqual(['GET /v1/health', 'GET /v1/setup', 'POST /v1/login', 'POST /v1/setup']);
  });

  test('a viewer reads but changes nothing', async () => {
    expect((await ask('/v1/devices', {}, 'swt_viewer')).status).toBe(200);
    const answer = await post('/v1/builds', build, 'application/json', 'swt_viewer');
    expect([answer.status, (await problemOf(answer)).code]).toEqual([403, 'FORBIDDEN']);
  });

  test('the admin token is for our eyes only', async () => {
    expect((await stat(api.config.adminTokenFile)).mode & 0o777).toBe(0o600);
  });
});

describe('bodies', () => {
  test.each([
    ['text/plain', build],
    ['application/x-www-form-urlencoded', 'deviceClass=edge-test&version=1.0.0'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/xml', '<a/>'],
  ])('of type %s are refused', async (type, body) => {
    const answer = await post('/v1/builds', body, type);
    expect([answer.status, (await problemOf(answer)).code]).toEqual([415, 'REQUEST_INVALID']);
  });

  test.each([
    ['not json', '{'],
    ['nothing', ''],
    ['a key too many', JSON.stringify({ deviceClass: 'edge-test', version: '1.0.0', counter: 9 })],
    ['a wrong type', JSON.stringify({ deviceClass: 'edge-test', version: 1 })],
    ['a name that is a path', JSON.stringify({ deviceClass: '../etc', version: '1.0.0' })],
    ['a version that is none', JSON.stringify({ deviceClass: 'edge-test', version: 'v1; rm -rf /' })],
  ])('with %s are refused', async (_what, body) => {
    const answer = await post('/v1/builds', body);
    expect([answer.status, (await problemOf(answer)).code]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('the field is named', async () => {
    const problem = await problemOf(await post('/v1/builds', JSON.stringify({ version: '1.0.0' })));
    expect(problem.details).toMatchObject({ fields: [{ path: 'deviceClass' }] });
  });

  test('of more than a few kilobytes are refused', async () => {
    const answer = await post('/v1/builds', JSON.stringify({ deviceClass: 'x'.repeat(300_000) }));
    expect([answer.status, (await problemOf(answer)).code]).toEqual([413, 'REQUEST_INVALID']);
  });
});

describe('what is not there', () => {
  test.each([
    ['/v1/nothing', 404, 'NOT_FOUND'],
    ['/v1/builds/bld_0000000000000000', 404, 'NOT_FOUND'],
    ['/v1/builds/bld_0000000000000000/log', 404, 'NOT_FOUND'],
    ['/v1/builds/bld_0000000000000000/artifacts/..%2f..%2fadmin-token', 400, 'REQUEST_INVALID'],
    ['/v1/builds/..%2f..%2fadmin-token/log', 400, 'REQUEST_INVALID'],
    ['/v1/device-classes/nothing', 404, 'CLASS_UNKNOWN'],
    ['/v1/devices?limit=100000', 400, 'REQUEST_INVALID'],
    ['/v1/devices?colour=red', 400, 'REQUEST_INVALID'],
  ])('%s', async (path, status, code) => {
    const answer = await ask(path);
    expect([answer.status, (await problemOf(answer)).code]).toEqual([status, code]);
  });

  test('a rollout of a release that is not there', async () => {
    const answer = await post('/v1/rollouts', JSON.stringify({ release: 'rel_0000000000000000' }));
    expect((await problemOf(answer)).code).toBe('NOT_FOUND');
  });
});

describe('the server describes itself', () => {
  test('by OpenAPI 3.1, with the names of the protocol', async () => {
    const spec = z
      .object({
        openapi: z.string(),
        components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
      })
      .parse(await (await fetch(`${api.url()}/openapi.json`)).json());
    expect(spec.openapi).toBe('3.1.0');
    expect(Object.keys(spec.components.schemas)).toEqual(
      expect.arrayContaining(['Build', 'Device', 'Execution', 'Release', 'Rollout']),
    );
  });

  test('by a page that needs nothing from elsewhere', async () => {
    const answer = await fetch(`${api.url()}/docs/`);
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'self' /);
    const page = await answer.text();
    const sources = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((source) => /^(?:https?:)?\/\//.test(source))).toEqual([]);
    const script = await fetch(
      new URL(sources.find((source) => source.endsWith('.js')) ?? '', `${api.url()}/docs/`),
    );
    expect(script.status).toBe(200);
    expect(script.headers.get('content-type')).toContain('javascript');
  });

  test('as healthy', async () => {
    expect(await (await fetch(`${api.url()}/v1/health`)).json()).toEqual({
      status: 'ok',
      database: 'ok',
      redis: 'ok',
      store: 'ok',
    });
  });
});

describe('lists', () => {
  test('name their next part, and how long they are if asked', async () => {
    const { claims } = api.client();
    const made: string[] = [];
    for (let at = 0; at < 5; at++) made.unshift((await claims.create({ deviceClass: 'edge-test' })).id);
    const answer = await ask('/v1/claims?limit=2&count=true');
    expect(answer.headers.get('x-total-count')).toBe('5');
    expect(answer.headers.get('link')).toMatch(/^<\/v1\/claims\?limit=2&after=[\w-]+>; rel="next"$/);
    const walked: string[] = [];
    for await (const { id } of claims.list({ limit: 2 })) walked.push(id);
    expect(walked).toEqual(made);
    expect((await claims.list({ limit: 2 }).all(3)).map(({ id }) => id)).toEqual(made.slice(0, 3));
    expect((await claims.list({ count: true }).page()).total).toBe(5);
    expect((await ask('/v1/claims?limit=5')).headers.get('link')).toBeNull();
  });

  test('refuse a cursor that is none', async () => {
    const answer = await ask('/v1/claims?after=x');
    expect([answer.status, (await problemOf(answer)).code]).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('live events', () => {
  const open = async (search = '', last?: string, token = api.token) => {
    const abort = new AbortController();
    const answer = await ask(
      `/v1/events${search}`,
      {
        signal: abort.signal,
        headers: last === undefined ? {} : { 'last-event-id': last },
      },
      token,
    );
    const seen: { id: string; kind: string }[] = [];
    let text = '';
    const reading = (async () => {
      for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += piece;
        const events = text.matchAll(/id: (.+)\nevent: (.+)\ndata: .+\n\n/g);
        seen.splice(0, seen.length, ...[...events].map(([, id = '', kind = '']) => ({ id, kind })));
      }
    })().catch(() => undefined);
    const close = async () => {
      abort.abort();
      await reading;
    };
    const data = (): unknown[] =>
      [...text.matchAll(/\ndata: (.+)\n/g)].map(([, json = '']) => JSON.parse(json));
    return { seen, close, data, kinds: () => seen.map(({ kind }) => kind) };
  };
  const change = async (name: string) => (await api.client().groups.create({ name })).id;

  test('go on after the last one that a reader had, or say that some are missing', async () => {
    const first = await open('?kind=group');
    await change('live-1');
    await until('an event', () => first.seen[0]);
    await first.close();
    await change('live-2');
    await change('live-3');
    const again = await open('?kind=group', first.seen[0]?.id);
    await until('what was missed', () => again.seen.length === 2 || undefined);
    expect(again.kinds()).toEqual(['group', 'group']);
    await again.close();
    const lost = await open('?kind=group', 'elsewhere-7');
    await until('a reset', () => lost.seen[0]);
    await change('live-4');
    await until('what comes then', () => lost.seen[1]);
    expect(lost.kinds()).toEqual(['reset', 'group']);
    await lost.close();
  });

  test('are those of the tenant of who asks', async () => {
    const stop = {
      stopped: false,
      reason: null,
      actor: null,
      at: null,
      offers: 0,
      trials: 0,
      gateways: 0,
      offersAtBroker: 0,
    };
    const reader = await open('?kind=stop');
    api.events.publish({ kind: 'stop', stop, tenant: TenantId.parse('other') });
    api.events.publish({ kind: 'stop', stop });
    await until('ours', () => reader.seen[0]);
    await reader.close();
    expect(reader.data()).toMatchObject([{ kind: 'stop', tenant: 'default' }]);
  });

  test('are those that are asked for', async () => {
    await seedDevice(api.db, 'live-a');
    await seedDevice(api.db, 'live-b');
    const [devices, one] = [await open('?kind=device,rollout'), await open('?device=live-b')];
    await change('live-5');
    await api.client().devices.update('live-a', { name: 'x' });
    await api.client().devices.update('live-b', { name: 'x' });
    await until('both', () => (devices.seen.length === 2 && one.seen.length === 1) || undefined);
    expect([devices.kinds(), one.kinds()]).toEqual([['device', 'device'], ['device']]);
    await Promise.all([devices.close(), one.close()]);
    expect((await ask('/v1/events?kind=nothing')).status).toBe(400);
  });

  test('tell admins, and nobody else, that the audit log has grown and webhooks were posted to', async () => {
    const webhook = await api.client().webhooks.create({ url: 'http://127.0.0.1:9/' });
    const [admin, viewer] = [await open(), await open('', undefined, 'swt_viewer')];
    const { id } = await api.client().webhooks.ping(webhook.id);
    const group = await change('live-6');
    const { sequence } = await api.client().audit.getHead();
    const isTold = (): boolean =>
      admin.data().some((one) => (Told.parse(one).head?.sequence ?? 0) >= sequence);
    await until('the entry', () => isTold() || undefined);
    await until('the delivery', () => admin.kinds().includes('delivery') || undefined);
    expect(admin.data()).toContainEqual({ kind: 'delivery', tenant: 'default', webhook: webhook.id });
    await api.client().groups.delete(group);
    await until('the end', () => viewer.seen.length === 2 || undefined);
    expect([id, viewer.kinds()]).toEqual([expect.stringMatching(/^msg_/), ['group', 'group']]);
    await Promise.all([admin.close(), viewer.close()]);
  });
});

describe('the client, when its connection breaks,', () => {
  const read = (url: string, token: string) => {
    const abort = new AbortController();
    const seen: LiveEvent[] = [];
    const client = createClient({ url, token, retries: 0 });
    const reading = (async () => {
      for await (const event of client.events.stream({ kind: 'group' }, { signal: abort.signal }))
        seen.push(event);
    })();
    return {
      names: () => seen.map((event) => (event.kind === 'group' ? event.group.name : event.kind)),
      reading,
      close: () => {
        abort.abort();
        return reading;
      },
    };
  };
  const change = (name: string) => api.client().groups.create({ name });

  test('connects again and drops nothing, also of what came before its first event', async () => {
    const way = await openBreakableWay(api.url());
    onTestFinished(way.cut);
    const { names, close } = read(way.url, api.token);
    await until('the place to go on from', () => /\nid: \S+\n\n/.test(way.passed()) || undefined);
    await way.cut();
    for (const name of ['cut-1', 'cut-2']) await change(name);
    await way.mend();
    await until('what was missed', () => names().length >= 2 || undefined);
    await change('cut-3');
    await until('what is new', () => names().includes('cut-3') || undefined);
    await way.cut();
    await change('cut-4');
    await way.mend();
    await until('what was missed then', () => names().includes('cut-4') || undefined);
    expect(names()).toEqual(['cut-1', 'cut-2', 'cut-3', 'cut-4']);
    await close();
  });

  test('does not go on with what will not pass, nor where it never got an answer', async () => {
    const way = await openBreakableWay(api.url());
    await admitToken(api.db, { text: 'swt_leaves', name: 'leaves', role: 'viewer' });
    const { reading } = read(way.url, 'swt_leaves');
    await until('the stream', () => way.passed().includes(': live') || undefined);
    await way.cut();
    const { tokens } = api.client();
    const found = (await tokens.list({ all: true }).all()).find(({ name }) => name === 'leaves');
    await tokens.delete(found?.id ?? '');
    await way.mend();
    await expect(reading).rejects.toMatchObject({ code: 'AUTH_REQUIRED' });
    await way.cut();
    await expect(read(way.url, api.token).reading).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('keys', () => {
  test('are those that the server was started with; what is no certificate is left out', async () => {
    const { keys, status } = api.client();
    const found = await keys.list().all();
    expect(found.map(({ purpose }) => purpose)).toEqual([
      'device-authority',
      'enrolment-server',
      'server-authority',
    ]);
    const [authority] = found;
    expect(authority).toMatchObject({ state: 'current', subject: 'CN=test devices' });
    expect(authority?.certificate.trim()).toBe(api.deviceCa.trim());
    const id = authority?.id ?? '';
    expect(await keys.get(id.slice(0, 8))).toEqual({ ...authority, releases: 0, devices: 0 });
    expect((await ask(`/v1/keys/${id.slice(0, 7)}`)).status).toBe(400);
    expect((await status.get()).warnings).toEqual([]);
    await api.db.execute(`update keys set not_after = now() + interval '29 days' where id = '${id}'`);
    expect((await status.get()).warnings).toEqual([
      expect.stringMatching(
        /^the certificate of the device-authority \(CN=test devices, key [0-9a-f]{16}\) ends at 20/,
      ),
    ]);
    await api.db.execute(`update keys set not_after = now() - interval '1 second' where id = '${id}'`);
    expect((await status.get()).warnings).toEqual([expect.stringContaining(') ended at 20')]);
    expect(await keys.get(id)).toMatchObject({ state: 'expired' });
  });

  test('are those of the bundles too, also of releases from before it was looked at', async () => {
    const validity = validFor(10);
    const root = await makeAuthority({ commonName: 'r', kind: 'rsa-2048', pathLength: 0, validity });
    const leaf = await makeLeaf({ commonName: 's', usage: 'codeSigning', validity }, 'rsa-2048', root);
    const release = await seedDraft(api.db, '1.0.0', Buffer.from('bundle'));
    const bundles = join(api.config.storeDir, 'bundles');
    await mkdir(bundles, { recursive: true });
    const signature = signCms(Buffer.from('{}'), {
      leafKeyPem: leaf.keyPem,
      leafCertPem: leaf.certificatePem,
      chainPem: root.certificatePem,
    });
    await writeFile(join(bundles, 'manifest.json'), '{}');
    await writeFile(join(bundles, 'manifest.p7s'), signature);
    const names = ['manifest.json', 'manifest.p7s'];
    execFileSync('tar', ['--format=ustar', '-cf', `${release.id}.tar`, ...names], { cwd: bundles });
    await api.stop();
    await api.start();
    const [signer] = await until('the signer', async () => {
      const found = await api.client().keys.list({ purpose: 'release-signer' }).all();
      return found.length > 0 ? found : undefined;
    });
    expect(signer).toMatchObject({ subject: 'CN=s', state: 'current', lastUsedAt: release.createdAt });
    expect(await api.client().keys.get(signer?.id ?? '')).toMatchObject({ releases: 1 });
  });
});

describe('the tenant', () => {
  test('is shown to who may read, and renamed by admins', async () => {
    const { tenant } = api.client();
    expect(await tenant.update({ name: ' Harbour pumps ' })).toMatchObject({ name: 'Harbour pumps' });
    const seen = await ask('/v1/tenant', {}, 'swt_viewer');
    expect(await seen.json()).toEqual(await tenant.get());
    const [entry] = await api.client().audit.list({ action: 'tenant.rename' }).all();
    expect(entry).toMatchObject({ actor: 'admin', subject: 'default', details: { name: 'Harbour pumps' } });
    const empty = await ask('/v1/tenant', {
      method: 'PATCH',
      body: JSON.stringify({ name: ' ' }),
      headers: { 'content-type': 'application/json' },
    });
    expect((await problemOf(empty)).code).toBe('REQUEST_INVALID');
  });
});

test('changes come as server-sent events', async () => {
  const abort = new AbortController();
  const client = api.client();
  const seen: LiveEvent[] = [];
  const stream = client.events.stream({}, { signal: abort.signal });
  const reading = (async () => {
    for await (const event of stream) seen.push(event);
  })();
  // The stream is open once an event comes; builds are made until one does.
  const { deviceClass } = { deviceClass: (await client.deviceClasses.list())[0]?.name };
  if (deviceClass === undefined) throw new Error('no class');
  const event = await until('an event', async () => {
    if (seen.length === 0) await client.builds.create({ deviceClass, version: '1.0.0' });
    return seen[0];
  });
  expect(event).toMatchObject({ kind: 'build', build: { state: 'queued', deviceClass } });
  abort.abort();
  await reading;
});
