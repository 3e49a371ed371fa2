import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedDevice, until } from '@slipway/fleet/testing';
import { Build, ClaimToken, Device, Release } from '@slipway/protocol';
import { z } from 'zod';
import { IMAGE_FILE, runApi, type TestApi } from './testing/running-api.ts';
import { startWorkers } from './testing/workers.ts';

/** The `slipway` command against a running server, as a person at a shell has it. */
const launcher = fileURLToPath(new URL('../../../packages/cli/bin/slipway', import.meta.url));

let api: TestApi;
let workers: ReturnType<typeof startWorkers>;
beforeAll(async () => {
  api = await runApi();
  workers = startWorkers(api.config.redisUrl, api.config.storeDir);
  const up = { v: 1, apiUrl: api.url(), adminTokenFile: api.config.adminTokenFile };
  writeFileSync(api.path('up.json'), JSON.stringify(up));
});
afterAll(async () => {
  await workers.close();
  await api.close();
});

type Ran = { readonly status: number; readonly out: string; readonly err: string };
const slipway = (...words: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const options = { cwd: api.path('.'), env: { PATH: process.env['PATH'], SLIPWAY_DATA: api.path('.') } };
    execFile(launcher, words, options, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
const json = async <S extends z.ZodType>(schema: S, ...words: string[]): Promise<z.infer<S>> => {
  const { status, out, err } = await slipway(...words, '--json');
  expect({ status, err }).toEqual({ status: 0, err: '' });
  return schema.parse(JSON.parse(out));
};

test('from a build to a published release on this disk', async () => {
  const watched = await slipway('builds', 'create', 'edge-test', '--version', '1.0.0', '--watch');
  expect(watched.status).toBe(0);
  expect(watched.err).toMatch(/bld_[a-z0-9]{16} {2}edge-test 1\.0\.0 {2}succeeded\n$/);
  const [build] = await json(z.array(Build), 'builds', 'list');
  if (build === undefined) throw new Error('no build');
  expect((await slipway('builds', 'show', build.id)).out).toMatch(/uki\.efi +\d+ B +sha256:/);
  expect((await slipway('builds', 'log', build.id, '--watch')).out).toBe('resolved\nassembled\n');

  const published = await json(z.array(Release), 'releases', 'publish', build.release);
  expect(published[0]?.state).toBe('published');
  const twice = await slipway('releases', 'publish', build.release);
  expect(twice).toMatchObject({
    status: 75,
    err: expect.stringMatching(/^CONFLICT: .*only a release that is draft/),
  });
  expect((await slipway('releases', 'download', build.release)).status).toBe(0);
  expect(readFileSync(api.path('edge-test-1.0.0.tar'), 'utf8')).toBe(`bundle of ${build.release}`);

  const rollout = await slipway('rollouts', 'create', build.release);
  expect(rollout.out).toMatch(/rol_[a-z0-9]{16} +edge-test +1\.0\.0 +running/);
  const id = /rol_\w+/.exec(rollout.out)?.[0] ?? '';
  expect((await slipway('rollouts', 'abort', id)).status).toBe(0);
  expect((await slipway('rollouts', 'show', id)).out).toMatch(/reason +aborted by admin/);
  const aborted = await slipway('rollouts', 'show', id, '--watch');
  expect(aborted.status).toBe(1);
});

test('a file that does not parse is told as the server tells it', async () => {
  writeFileSync(api.path('images/edge.yml'), `${IMAGE_FILE}servces: []\n`);
  const refused = await slipway('builds', 'create', 'edge-test', '--version', '1.0.0');
  writeFileSync(api.path('images/edge.yml'), IMAGE_FILE);
  expect(refused).toMatchObject({ status: 65, err: expect.stringContaining('edge.yml:3:1: servces') });
});

test('claims and classes', async () => {
  const claim = await json(ClaimToken, 'claims', 'create', '--class', 'edge-test', '--device-id', 'shop-1');
  expect(claim).toMatchObject({ deviceId: 'shop-1', token: expect.stringMatching(/^swc_/) });
  expect((await slipway('claims', 'list')).out).toContain(claim.id);
  expect((await slipway('classes', 'list')).out).toContain('classes/edge-test.yml');
  expect((await slipway('devices', 'show', 'shop-1')).status).toBe(66);
});

test('devices are tagged, named and found; groups hold them', async () => {
  for (const name of ['gate-1', 'gate-2']) await seedDevice(api.db, name);
  expect((await slipway('devices', 'tag', 'canary', 'gate-1', 'gate-2')).out).toMatch(/gate-2 +canary\n$/);
  expect((await slipway('devices', 'untag', 'canary', 'gate-2')).out).toMatch(/gate-2 +-\n$/);
  expect((await slipway('device', 'rename', 'gate-1', 'At the quay')).status).toBe(0);
  const set = await json(Device, 'devices', 'set', 'gate-1', 'floor=-1', 'code="007"', 'site=bremen', 'old=');
  expect(set).toMatchObject({ name: 'At the quay', attributes: { floor: -1, code: '007', site: 'bremen' } });
  const found = async (...words: string[]) =>
    (await json(z.array(Device), 'devices', 'list', ...words)).map(({ id }) => id);
  expect(await found('--query', 'attr.floor < 0 and tag = canary')).toEqual(['gate-1']);
  expect(await found('-q', 'id ~ gate-*', '--no-online')).toEqual(['gate-1', 'gate-2']);
  expect((await slipway('devices', 'count', '-q', 'tag = canary')).out).toMatch(/^devices {2}1\n/);

  const refused = await slipway('devices', 'list', '--query', 'class = a and metrik.cpu_temp > 3');
  expect(refused.status).toBe(65);
  const [first, line = '', caret = ''] = refused.err.split('\n');
  expect(first).toMatch(/^QUERY_INVALID: Line 1, column 15: .*Did you mean metric.cpu_temp/);
  expect([line.indexOf('metrik'), line.length]).toEqual([caret.indexOf('^'), 35]);

  expect((await slipway('groups', 'create', 'cellar', '--description', 'below')).status).toBe(0);
  expect((await slipway('groups', 'create', 'canaries', '--query', 'tag = canary')).status).toBe(0);
  expect((await slipway('group', 'add', 'cellar', 'gate-1', 'gate-2')).out).toMatch(/devices +2\n/);
  expect((await slipway('group', 'remove', 'cellar', 'gate-1')).out).toMatch(/devices +1\n/);
  expect((await json(z.array(Device), 'groups', 'devices', 'canaries')).map(({ id }) => id)).toEqual([
    'gate-1',
  ]);
  expect((await slipway('groups', 'edit', 'canaries', '--name', 'birds')).out).toMatch(/^group +birds\n/);
  expect((await slipway('groups', 'list')).out).toMatch(/birds.*tag = canary[^]*cellar.*listed/);
  expect((await slipway('devices', 'show', 'gate-1')).out).toMatch(/groups +birds\n/);
  expect(await slipway('groups', 'add', 'birds', 'gate-2')).toMatchObject({ status: 75 });
  expect((await slipway('groups', 'delete', 'birds')).out).toBe('birds: deleted\n');
  expect((await slipway('groups', 'show', 'birds')).status).toBe(66);
});

test('names of what there is complete words', async () => {
  await seedDevice(api.db, 'quay-1');
  expect((await slipway('complete', 'device', 'quay')).out).toBe('quay-1\n');
  expect((await slipway('complete', 'class')).out).toBe('edge-test\n');
  expect((await slipway('complete', 'colour')).status).toBe(64);
  expect((await slipway('keys', 'list', '--purpose', 'device-authority')).out).toMatch(
    /\n[0-9a-f]{16} +device-authority +current +\d+ .*CN=/,
  );
  expect((await slipway('tenant', 'rename', 'Harbour')).out).toMatch(/^tenant +default\nname +Harbour\n/);
});

test('--watch goes on with what changes, until it is interrupted', async () => {
  await seedDevice(api.db, 'watched');
  const options = { cwd: api.path('.'), env: { PATH: process.env['PATH'], SLIPWAY_DATA: api.path('.') } };
  const child = spawn(launcher, ['devices', 'list', '-q', 'id = watched', '--watch'], options);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await until('the first line', () => /^watched .*\n/.test(out) || undefined);
  await api.client().devices.update('watched', { addTags: ['seen'] });
  await until('the change', () => /\nwatched .*seen/.test(out) || undefined);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(out.trim().split('\n').length).toBe(2);
});

test('a claim for a batch, and devices that are let out', async () => {
  const claim = await json(ClaimToken, 'claims', 'create', '-c', 'edge-test', '--uses', '3', '--approval');
  expect(claim).toMatchObject({ uses: 3, approval: 'required' });
  expect((await slipway('claims', 'uses', claim.id)).status).toBe(0);
  expect((await slipway('claims', 'revoke', claim.id)).out).toMatch(/revoked +20/);
  await seedDevice(api.db, 'gate-9');
  expect((await slipway('devices', 'revoke', 'gate-9')).out).toMatch(/gate-9 +edge-test +revoked/);
  expect((await slipway('devices', 'decommission', 'gate-9')).out).toMatch(
    /gate-9 +edge-test +decommissioned/,
  );
  expect((await slipway('devices', 'accept', 'gate-9')).status).toBe(75);
});

test('the audit log is listed, exported and verified; a file that was altered names the entry', async () => {
  const listed = await slipway('audit', 'list', '--action', 'claim.create');
  expect(listed.out).toMatch(/SEQUENCE +AT +ACTOR[^]*\n\d+ .* admin +claim\.create +clm_/);
  const verified = await slipway('audit', 'verify');
  const head = /^(\d+) entries, each as it was written; head ([0-9a-f]{64})\n$/.exec(verified.out);
  expect(verified.status).toBe(0);
  expect((await slipway('audit', 'export', 'audit.jsonl')).out).toContain(head?.[2]);
  expect((await slipway('audit', 'export', 'audit.jsonl')).status).toBe(73);
  expect((await slipway('audit', 'verify', 'audit.jsonl', '--head', head?.[2] ?? '')).out).toBe(verified.out);
  const lines = readFileSync(api.path('audit.jsonl'), 'utf8').trimEnd().split('\n');
  writeFileSync(api.path('cut.jsonl'), `${lines.slice(0, -1).join('\n')}\n`);
  expect((await slipway('audit', 'verify', 'cut.jsonl')).status).toBe(0);
  expect((await slipway('audit', 'verify', 'cut.jsonl', '--head', head?.[2] ?? '')).status).toBe(65);
  writeFileSync(api.path('bad.jsonl'), lines.join('\n').replace('"actor":"admin"', '"actor":"nobody"'));
  const bad = await slipway('audit', 'verify', 'bad.jsonl');
  expect([bad.status, bad.err]).toEqual([
    65,
    expect.stringMatching(/^AUDIT_BROKEN: Entry \d+ of the audit log was altered/),
  ]);
  expect((await slipway('audit', 'verify', 'none.jsonl')).status).toBe(66);
});
