import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { recordBirth, redisOptions } from '@slipway/fleet';
import { announceQualifier } from '@slipway/fleet/qualifiers';
import { birthOf, seedDevice, seedRelease, until } from '@slipway/fleet/testing';
import {
  Build,
  BuiltComponent,
  ClaimToken,
  Device,
  ERRORS,
  Release,
  type QualifyResult,
} from '@slipway/protocol';
import { contentsOf } from '@slipway/sbom/testing';
import { z } from 'zod';
import { IMAGE_FILE, runApi, type TestApi } from './testing/running-api.ts';
import { sbomOf } from './testing/sbom-of.ts';
import { startQualifier, startWorkers } from './testing/workers.ts';

/** The `slipway` command against a running server, as a person at a shell has it. */
const launcher = fileURLToPath(new URL('../../../packages/cli/bin/slipway', import.meta.url));

let api: TestApi;
let workers: ReturnType<typeof startWorkers>;
beforeAll(async () => {
  api = await runApi();
  const reference = 'registry.lan/web:1';
  const digest = `sha256:${'1'.repeat(64)}`;
  workers = startWorkers(api.config.redisUrl, api.config.storeDir, {
    sbom: (version) => sbomOf('libssl3t64', version === '1.0.0' ? '3.5.7-1' : '3.5.8-1', 'openssl'),
    contents: contentsOf({ 'usr/bin/web': 'oci:web' }),
    result: { resolved: [{ reference, kind: 'oci', name: 'registry.lan/web', version: '1', digest }] },
  });
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

/** What stands on a terminal of eight lines after all that was written to it. */
const screenOf = (written: string): string[] => {
  const lines = Array.from({ length: 8 }, () => '');
  let [row, column] = [0, 0];
  const tokens = written.replaceAll('\u001b[', '␛').matchAll(/␛(\d*[A-Z])|(\r?\n)|([^␛\r\n]+)/g);
  for (const [, code, end, text] of tokens) {
    const line = lines[row] ?? '';
    if (code === 'H') [row, column] = [0, 0];
    else if (code === '2J') lines.fill('');
    else if (code === 'K' || code === 'J') {
      lines[row] = line.slice(0, column);
      if (code === 'J') lines.fill('', row + 1);
    } else if (end !== undefined) [row, column] = [row + 1, 0];
    else if (text !== undefined) {
      lines[row] = line.slice(0, column).padEnd(column) + text + line.slice(column + text.length);
      column += text.length;
    }
  }
  return lines;
};

test('from a build to a published release on this disk', async () => {
  const watched = await slipway('builds', 'create', 'edge-test', '--version', '1.0.0', '--watch');
  expect(watched.status).toBe(0);
  expect(watched.err).toMatch(/bld_[a-z0-9]{16} {2}edge-test 1\.0\.0 {2}succeeded\n$/);
  const [build] = await json(z.array(Build), 'builds', 'list');
  if (build === undefined) throw new Error('no build');
  expect((await slipway('builds', 'show', build.id)).out).toMatch(/uki\.efi +\d+ B +sha256:/);
  expect((await slipway('builds', 'log', build.id, '--watch')).out).toBe('resolved\nassembled\n');

  const [web] = await json(z.array(BuiltComponent), 'components', 'list', '--release', build.release);
  expect((await slipway('component', 'show', web?.id ?? '')).out).toMatch(
    new RegExp(`name +registry.lan/web\\n[^]*\n${build.release} +edge-test +1.0.0 +draft\\n`),
  );
  expect((await slipway('images', 'list', '--path', '*.yml')).out).toMatch(
    /\nimg_[a-z0-9]{16} +edge.yml +sha256:[0-9a-f]{12} +edge-test +1 +20/,
  );

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
  expect(aborted).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^ROLLOUT_ABORTED: Rollout \w+ aborted: aborted by admin\.\n/),
  });
});

test('packages are found, and what a release changes is told', async () => {
  await slipway('builds', 'create', 'edge-test', '--version', '1.0.1', '--watch');
  const [fresh, old] = await json(z.array(Release), 'releases', 'list');
  await seedDevice(api.db, 'gate-7');
  const slots = { a: { state: 'GOOD' as const, release: old?.id }, b: { state: 'EMPTY' as const } };
  await recordBirth(api.db, birthOf('gate-7', { slots }), false, new Date());

  await slipway('releases', 'publish', fresh?.id ?? '');
  const found = await slipway('packages', 'find', 'openssl', '<', '3.5.8');
  expect(found.out).toMatch(/^query +package\.openssl < 3\.5\.8\ndevices +1\n +edge-test +1\n/);
  expect(found.out).toContain(
    `edge-test 1.0.1 is free of this:\n  slipway rollouts create ${fresh?.id} --query 'package.openssl < 3.5.8'\n`,
  );
  expect((await slipway('packages', 'find', 'openssl < 3.5.8', '--devices')).out).toMatch(/\ngate-7 .*\n$/);
  expect((await slipway('complete', 'package', 'lib')).out).toBe('libssl3t64\n');
  const back = await slipway('releases', 'diff', fresh?.id ?? '', old?.id ?? '', '--exit-code');
  expect(back.status).toBe(1);
  expect(back.out).toMatch(/\ndowngraded packages\nTYPE .*\ndeb +libssl3t64 +3\.5\.8-1 +3\.5\.7-1\n$/);
  expect((await slipway('releases', 'packages', old?.id ?? '')).out).toMatch(
    /libssl3t64 +3\.5\.7-1 +openssl 3\.5\.7-1\n$/,
  );
});

test('a rollout in waves is previewed, waits for a second person, and each step says what follows', async () => {
  const release = await seedRelease(api.db, '3.0.0', Buffer.from('in waves'));
  for (const name of ['wave-1', 'wave-2']) await seedDevice(api.db, name);
  const asked = [release.id, '--device', 'wave-1', '--device', 'wave-2', '--max-in-flight', '1'];
  const waves = ['--wave', 'canary: device=wave-1; soak=1h; approval', '--wave', 'rest; success=50%'];
  const preview = await slipway('rollouts', 'create', ...asked, ...waves, '--dry-run');
  expect(preview.out).toMatch(/^3\.0\.0 of edge-test to 2 devices, 0 of them online\n/);
  expect(preview.out).toMatch(/\n1 canary +wave-1 +1 +0 [^\n]+ after approval\n2 +everybody left +1 +0 /);
  const mistaken = await slipway('rollouts', 'create', ...asked, '--wave', '10%; sok=1h');
  expect(mistaken).toMatchObject({ status: 64, err: expect.stringContaining('\n  10%; sok=1h\n       ^^^') });

  const made = await slipway('rollouts', 'create', ...asked, ...waves);
  expect(made.out).toMatch(/^3\.0\.0 of edge-test to 2 devices[^\n]+; 2 waves; [^\n]+approved\nROLLOUT/);
  const id = /rol_\w+/.exec(made.out)?.[0] ?? '';
  expect(await slipway('rollouts', 'approve', id)).toMatchObject({
    status: 77,
    err: expect.stringContaining('SECOND_PERSON_NEEDED'),
  });
  expect((await slipway('rollouts', 'pause', id, '--reason', 'a look')).out).toMatch(/is paused: [^]+resume/);
  expect((await slipway('rollouts', 'show', id)).out).toMatch(/reason +paused by admin: a look\n/);
  expect((await slipway('rollouts', 'resume', id)).out).toMatch(/goes on: it is running/);
  const end = ['--end-at', '2h', '--on-failure', 'pause'];
  const limits = await slipway(
    'rollouts',
    'limits',
    id,
    '--failure-percent',
    '5',
    '--max-in-flight',
    '7',
    ...end,
  );
  expect(limits.out).toMatch(/\nstops at +1 or 5 % failed\non failure +pauses\nat once +7\n[^]+\nends +20/);
  expect((await slipway('rollouts', 'waves', id)).out).toMatch(/^WAVE +WHO [^]+\n2 +everybody left /);
  expect((await slipway('rollouts', 'abort', id)).out).toMatch(/is aborted for good/);
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
    /\n[0-9a-f]{16} +device-authority +- +current +\d+ .*CN=/,
  );
  expect((await slipway('tenant', 'rename', 'Harbour')).out).toMatch(/^tenant +default\nname +Harbour\n/);
});

const options = () => ({
  cwd: api.path('.'),
  env: { PATH: process.env['PATH'], SLIPWAY_DATA: api.path('.') },
});

test('--watch goes on with what changes, until it is interrupted', async () => {
  await seedDevice(api.db, 'watched');
  const child = spawn(launcher, ['devices', 'list', '-q', 'id = watched', '--watch'], options());
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await until('the first line', () => /^watched .*\n/.test(out) || undefined);
  await api.client().devices.update('watched', { addTags: ['seen'] });
  await until('the change', () => /\nwatched .*seen/.test(out) || undefined);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(out.trim().split('\n').length).toBe(2);
  expect(out).not.toContain('\u001b');
});

test('--watch on a terminal draws in place, and leaves it as it was', async () => {
  for (const name of ['screen-1', 'screen-2']) await seedDevice(api.db, name);
  const words = `devices list -q 'id ~ screen-*' --watch`;
  const shell = `stty cols 60 rows 8; exec ${launcher} ${words}`;
  const child = spawn('script', ['-qec', shell, '/dev/null'], options());
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  onTestFinished(() => void child.kill());
  const screen = () => screenOf(out);
  await until('the table', () => screen()[2]?.startsWith('screen-2 ') || undefined);
  expect(screen()[0]).toMatch(/^DEVICE +CLASS +ONLINE/);
  await api.client().devices.decommission('screen-1');
  await until('the table without it', () => screen()[1]?.startsWith('screen-2 ') || undefined);
  expect(screen().slice(2).join('')).toBe('');
  expect(screen().filter((line) => line.length > 60)).toEqual([]);
  expect(out.split('\u001b[2J').length).toBe(2);
  child.stdin.write('\u0003');
  expect(await ended).toBe(130);
  // Neither the cursor nor another screen was ever asked of the terminal.
  expect(out).not.toContain('\u001b[?');
});

test('a list of devices is imported whole or not at all, and every bad line is named', async () => {
  const list = (...lines: string[]) =>
    writeFileSync(api.path('devices.csv'), `serial,device_id,class,tags\n${lines.join('\n')}\n`);
  const given = async () => (await api.client().registrations.list().all()).map(({ deviceId }) => deviceId);
  const refused = async () => {
    const { status, err } = await slipway('devices', 'import', 'devices.csv');
    expect([status, await given()]).toEqual([65, []]);
    return err.split('\n').flatMap((line) => /line \d+: .*/.exec(line) ?? []);
  };
  list('SN-1,gw-1,edge-test,"gate north"', 'SN-2,gw-2,Edge,', 'SN-3,gw-3', ',gw-4,edge-test,');
  expect(await refused()).toEqual([
    expect.stringMatching(/^line 3: deviceClass: /),
    'line 4: expected 4 values, found 2',
    expect.stringMatching(/^line 5: expected serial or keySha256/),
  ]);
  list('SN-1,gw-1,edge-test,', 'SN-2,gw-2,edge-none,', '', 'SN-1,gw-3,edge-test,', 'SN-4,gw-1,edge-test,');
  expect(await refused()).toEqual([
    'line 3: there is no class edge-none',
    'line 5: serial SN-1 stands on line 2 already',
    'line 6: deviceId gw-1 stands on line 2 already',
  ]);

  list('SN-1,gw-1,edge-test,"gate north"', 'SN-2,gw-2,edge-test,');
  expect((await slipway('devices', 'import', 'devices.csv')).out).toMatch(
    /\ngw-1 +edge-test +SN-1 .* gate north +-\ngw-2 +edge-test +SN-2 .*\n$/,
  );
  const again = await slipway('devices', 'import', 'devices.csv', '--json');
  expect(again.status).toBe(65);
  expect(JSON.parse(again.err)).toMatchObject({
    code: 'IMPORT_INVALID',
    details: { lines: [{ line: 2 }, { line: 2 }, { line: 3 }, { line: 3 }], total: 4 },
  });
  expect((await slipway('registrations', 'delete', 'gw-2')).out).toBe('gw-2: forgotten\n');
  expect((await slipway('registrations', 'list')).out).toMatch(/^DEVICE +CLASS .*\ngw-1 .*\n$/);
  expect((await slipway('registrations', 'delete', 'gw-2')).status).toBe(66);
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

test('a release is qualified and followed to its end; who waits publishes it then', async () => {
  await slipway('builds', 'create', 'edge-test', '--version', '1.0.2', '--watch');
  const [fresh] = await json(z.array(Release), 'releases', 'list');
  const id = fresh?.id ?? '';
  let outcome: Partial<QualifyResult> & Pick<QualifyResult, 'state'> = {
    state: 'failed',
    code: 'TRIAL_GATE_FAILED',
    message: 'probe page',
  };
  const isSeen = Promise.withResolvers<void>();
  const qualifier = startQualifier(api.config.redisUrl, async () => {
    await isSeen.promise;
    return outcome;
  });
  const redis = new Redis(redisOptions(api.config.redisUrl));
  try {
    const startedAt = new Date().toISOString();
    const cannot = { arm64: 'no firmware' };
    const known = {
      id: 'q-1',
      host: 'here',
      pid: 1,
      arches: ['amd64' as const],
      cannot,
      releases: fresh === undefined ? [] : [fresh.id],
    };
    await announceQualifier(redis, { ...known, startedAt }, 600_000);
    expect((await slipway('workers', 'list')).out).toMatch(
      /^BUILDER [^]*\nQUALIFIER [^\n]+\nq-1 +here +amd64 .* rel_\w+ +not arm64: no firmware\n$/,
    );
    await slipway('releases', 'qualify', id);
    const child = spawn(launcher, ['builds', 'watch', fresh?.build ?? ''], options());
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    await until('the qualification to be told', () => err.includes(`${id}  qualification `) || undefined);
    isSeen.resolve();
    expect(await ended).toBe(ERRORS.QUALIFICATION_FAILED.exit);
    expect(out).toMatch(/^BUILD [^]*\nRELEASE [^\n]+\nrel_\w+ +failed +TRIAL_GATE_FAILED: probe page\n$/);
    expect(err).toMatch(/\nQUALIFICATION_FAILED: Release /);
    const failed = await slipway('releases', 'qualify', id, '--watch');
    expect(failed.status).toBe(ERRORS.QUALIFICATION_FAILED.exit);
    expect(failed.out).toMatch(/code +TRIAL_GATE_FAILED\nmessage +probe page/);
    expect((await slipway('releases', 'publish', id, '--wait')).err).toMatch(/^QUALIFICATION_FAILED: /);
    outcome = { state: 'passed', steps: [{ step: 'boot', seconds: 12.34, cpuSeconds: 5 }] };
    await slipway('releases', 'qualify', id);
    expect((await slipway('releases', 'publish', id, '--wait')).status).toBe(0);
    expect((await slipway('releases', 'show', id)).out).toMatch(
      /state +published\n[^]*qualification +passed\n[^]*\nboot +12\.3 s +5\.0 s\nin all +12\.3 s/,
    );
    expect((await slipway('releases', 'console', id)).err).toMatch(/^NOT_FOUND: /);
  } finally {
    redis.disconnect();
    await qualifier.close();
  }
});

test('why, diff and report read builds and releases of the server', async () => {
  const builds = await json(z.array(Build), 'builds', 'list', '--state', 'succeeded');
  const releases = await json(z.array(Release), 'releases', 'list');
  const release = releases.find(({ version }) => version === '1.0.0');
  const first = builds.find(({ id }) => id === release?.build);
  const later = builds.find(({ id, artifacts }) => id !== first?.id && artifacts.length > 0);
  if (release === undefined || first === undefined || later === undefined)
    throw new Error('expected builds of the tests before');
  for (const image of [first.id, release.id])
    expect((await slipway('why', '/usr/bin/web', image)).out).toMatch(/^put there by +oci:web$/m);
  expect(await slipway('diff', first.id, release.id)).toEqual({
    status: 0,
    out: 'no differences\n',
    err: '',
  });
  const diff = await slipway('diff', first.id, later.id);
  expect(diff).toMatchObject({ status: 1, err: '' });
  expect(diff.out).toMatch(/3\.5\.7-1 +3\.5\.8-1$/m);
  expect((await slipway('report', '-o', '-', release.id)).out).toContain('/usr/bin/web');
  const none = await slipway('why', 'etc', 'bld_0000000000000000');
  expect(none).toMatchObject({ status: 66, out: '' });
});

test('what class files name is listed, and approved of where that is asked for', async () => {
  expect((await slipway('trigger', 'take', 'approval')).out).toMatch(/^-: approval$/m);
  const file = api.path('images/classes/edge-test.yml');
  const before = readFileSync(file, 'utf8');
  onTestFinished(() => writeFileSync(file, before));
  writeFileSync(file, `${before}triggers: [{ on: cron, schedule: '0 3 * * 1' }]\n`);
  const shown = await until('the look at it', async () => {
    const { out } = await slipway('trigger', 'named');
    return out.includes('waiting') ? out : undefined;
  });
  expect(shown).toMatch(/^- +edge-test +0 3 \* \* 1 \(UTC\) +waiting +-$/m);
  expect((await slipway('trigger', 'approve')).out).toMatch(/^- .* taken +-$/m);
  expect((await slipway('triggers', 'list')).out).toMatch(
    /^edge-test\.cron .* yes +classes\/edge-test\.yml$/m,
  );
  const edit = await slipway('trigger', 'edit', 'edge-test.cron', '--max-builds', '9');
  expect([edit.status, edit.err]).toEqual([65, expect.stringContaining('named by classes/edge-test.yml')]);
  expect((await slipway('trigger', 'edit', 'edge-test.cron', '--disable')).status).toBe(0);
  expect((await slipway('trigger', 'take', 'sometimes')).status).toBe(64);
});
