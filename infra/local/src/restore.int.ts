import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CLASS_FILE, IMAGE_FILE, newKeyAndCsr, post } from '@slipway/api/testing';
import { createClient, type Client } from '@slipway/client';
import { openDatabase } from '@slipway/fleet';
import { seedRelease, startTestPostgres, TEST_CLASS, until } from '@slipway/fleet/testing';
import { connectDevice, type ScriptedDevice } from '@slipway/gateway/testing';
import {
  DeviceId,
  EnrolResponse,
  SigningProfile,
  type Assignment,
  type Birth,
  type Release,
  type Rollout,
  type RolloutId,
  type Telemetry,
} from '@slipway/protocol';
import { readSigningKeys } from '@slipway/signer';
import { signCms, verifyCms } from '@slipway/signing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { layoutOf, ROOT } from './layout.ts';
import { startLocal, type Local } from './start.ts';

/** A whole instance is lost and comes back from a backup that was taken while all of it was at work. */
const run = promisify(execFile);
const launcher = join(ROOT, 'packages', 'cli', 'bin', 'slipway');
const id = DeviceId.parse('gate-1');

let folder: string;
let running: Local | undefined;
const devices = new Set<ScriptedDevice>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-restore-'));
  await mkdir(join(folder, 'images', 'classes'), { recursive: true });
  await writeFile(join(folder, 'images', 'classes', `${TEST_CLASS}.yml`), CLASS_FILE);
  await writeFile(join(folder, 'images', 'edge.yml'), IMAGE_FILE);
});
afterAll(async () => {
  for (const device of devices) device.drop();
  await running?.close();
  await rm(folder, { recursive: true, force: true });
});

const start = async (dataDir: string): Promise<Local> => {
  running = await startLocal({ dataDir, imagesDir: join(folder, 'images'), deviceHost: '127.0.0.1' });
  return running;
};

/** As a person at a shell has it; about the instance that runs, where no other is named. */
const slipway = (...words: string[]): Promise<string> => slipwayWith({}, ...words);
const slipwayWith = (settings: Readonly<Record<string, string>>, ...words: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], HOME: folder, SLIPWAY_DATA: running?.up.dataDir, ...settings };
    execFile(launcher, words, { cwd: folder, env }, (error, out, err) =>
      error === null ? resolve(out) : reject(new Error(`slipway ${words.join(' ')}: ${err}`)),
    );
  });

/** Published releases with bundles in the store of an instance that does not run yet. */
const seedReleases = async (dataDir: string, versions: readonly string[]): Promise<Release[]> => {
  const layout = layoutOf(dataDir);
  await mkdir(layout.bundlesDir, { recursive: true });
  const { db, close } = await openDatabase({ dataDir: layout.databaseDir });
  const releases: Release[] = [];
  for (const version of versions) {
    const bundle = Buffer.from(`bundle ${version}`);
    const release = await seedRelease(db, version, bundle);
    await writeFile(join(layout.bundlesDir, `${release.id}.tar`), bundle);
    releases.push(release);
  }
  await close();
  return releases;
};

const runs = ({ id: release, version, rootHash }: Release): Partial<Birth> => ({
  activeSlot: 'b',
  slots: { a: { state: 'EMPTY' }, b: { state: 'GOOD', release, version, rootHash } },
});

const telemetry = (uptime: number): Telemetry => ({
  v: 1,
  bootId: 'boot-1',
  uptime,
  health: 'ok',
  services: [],
  memoryAvailable: 1,
  memoryTotal: 2,
  load1: 0,
});

/** Writes of operators and reports of a device, in this order, again and again; each but telemetry is there before the next begins. */
const startLoad = (client: Client, device: ScriptedDevice) => {
  const load = { isRunning: true, begun: 0, done: 0 };
  const work = async (): Promise<void> => {
    const assignment = await device.assignment();
    while (load.isRunning) {
      const n = (load.begun += 1);
      await client.claims.create({ deviceClass: TEST_CLASS, note: `load ${n}` });
      await client.groups.create({ name: `load-${n}` });
      await client.devices.update(id, { attributes: { load: n } });
      await device.send('telemetry', telemetry(n));
      await device.report(assignment, 'DOWNLOADING', { message: `load ${n}` });
      load.done = n;
      await setImmediate();
    }
  };
  const working = work();
  // Told by `stop`.
  working.catch(() => undefined);
  const reach = (n: number) =>
    Promise.race([until(`${n} rounds of load`, () => (load.done >= n ? true : undefined)), working]);
  return {
    counts: () => ({ begun: load.begun, done: load.done }),
    reach,
    stop: async () => {
      load.isRunning = false;
      await working;
    },
  };
};

/** How many rounds of the load an instance knows of, by each kind of its writes. */
const loadIn = async (client: Client, rollout: RolloutId) => {
  const claims = (await client.claims.list().all()).filter(({ note }) => note?.startsWith('load ') === true);
  const groups = (await client.groups.list().all()).map(({ name }) => name);
  const audited = async (action: string) =>
    (await client.audit.list({ action }).all()).map(({ subject }) => subject);
  const device = await client.devices.get(id);
  const [execution] = await client.rollouts.listExecutions(rollout).all();
  const reports = execution?.history.filter(({ state }) => state === 'DOWNLOADING').length ?? 0;
  return {
    notes: claims.map(({ note }) => note ?? '').sort(),
    claims: claims.map((claim) => String(claim.id)).sort(),
    claimsAudited: (await audited('claim.create')).sort(),
    groups: groups.sort(),
    groupsAudited: (await audited('group.create')).length,
    attribute: Number(device.attributes['load'] ?? 0),
    uptime: device.telemetry?.uptime ?? 0,
    reports,
  };
};
const firstOf = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_none, at) => `${prefix}${at + 1}`).sort();

const offerOf = (device: ScriptedDevice, rollout: Rollout): Promise<Assignment> =>
  until(`the offer of ${rollout.version}`, async () => {
    const assignment = await device.assignment();
    return assignment.rollout === rollout.id ? assignment : undefined;
  });

/** The device installs what it is offered and boots it, up to the end of the rollout. */
const install = async (client: Client, device: ScriptedDevice, release: Release, rollout: Rollout) => {
  const assignment = await offerOf(device, rollout);
  for (const state of ['DOWNLOADING', 'REBOOTING', 'TRIAL', 'COMMITTED'] as const)
    await device.report(assignment, state);
  await device.bear(runs(release));
  await device.released();
  await ended(client, rollout);
};

const ended = (client: Client, rollout: Rollout): Promise<Rollout> =>
  until(`the end of ${rollout.id}`, async () => {
    const now = await client.rollouts.get(rollout.id);
    return now.state === 'running' ? undefined : now;
  });

const MadeProfile = z.object({ root: z.string(), rootFile: z.string() });
/** A signing profile, as the command makes it beside the instance that runs. */
const makeProfile = async (dataDir: string) => {
  const words = ['keys', 'profile', 'create', 'pumps', '--data', dataDir, '--json'];
  const { root, rootFile } = MadeProfile.parse(JSON.parse(await slipway(...words)));
  return { root, rootPem: await readFile(rootFile, 'utf8') };
};
/** The instance knows the profile, and what its key signs is trusted by whoever has trusted it before. */
const expectProfile = async (made: Awaited<ReturnType<typeof makeProfile>>, dataDir: string) => {
  const profiles: unknown = JSON.parse(await slipway('keys', 'profile', 'list', '--json'));
  expect(profiles).toMatchObject([{ name: 'default' }, { name: 'pumps', root: made.root, classes: [] }]);
  const { signerKeysDir, profileKeysDir, profilesDir } = layoutOf(dataDir);
  const keys = (await readSigningKeys(signerKeysDir)).of(SigningProfile.parse('pumps'));
  const content = Buffer.from('a release');
  await verifyCms({ content, signature: signCms(content, keys), rootPem: made.rootPem });
  for (const name of ['leaf.key.pem', 'secure-boot/db.key.pem'])
    expect((await stat(join(profileKeysDir, 'pumps', name))).mode & 0o777, `of ${name}`).toBe(0o400);
  expect((await stat(join(profilesDir, 'pumps', 'secure-boot', 'PK.auth'))).size).toBeGreaterThan(0);
};

test('an instance comes back from a backup made under load: nothing half, its token and devices are good, numbers go on', async () => {
  const [lost, restored, file] = ['lost', 'restored', 'backup'].map((name) => join(folder, name));
  if (lost === undefined || restored === undefined || file === undefined) throw new Error('three names');
  const [first, second, third] = await seedReleases(lost, ['1.0.0', '1.1.0', '1.2.0']);
  if (first === undefined || second === undefined || third === undefined) throw new Error('three releases');

  const before = await start(lost);
  const token = (await readFile(before.up.adminTokenFile, 'utf8')).trim();
  const serverCa = await readFile(before.up.serverCaFile, 'utf8');
  const client = createClient({ url: before.up.apiUrl, token });
  const profile = await makeProfile(lost);
  const claim = await client.claims.create({ deviceClass: TEST_CLASS, deviceId: id });
  const { key, csr } = await newKeyAndCsr();
  const request = { v: 1, token: claim.token, csr, deviceClass: TEST_CLASS, arch: 'amd64' };
  const enrolled = EnrolResponse.parse((await post(before.up.enrolUrl, request, serverCa)).body);
  const identity = { ca: serverCa, cert: enrolled.certificate, key };
  const connect = async (connection: number, reports = 0): Promise<ScriptedDevice> => {
    const connected = await connectDevice(enrolled.mqttUrl, id, { connection, reports, tls: identity });
    devices.add(connected);
    return connected;
  };
  const device = await connect(1);
  await device.bear();
  await install(client, device, first, await client.rollouts.create({ release: first.id }));

  const underWay = await client.rollouts.create({ release: second.id });
  await offerOf(device, underWay);
  const load = startLoad(client, device);
  await load.reach(5);
  const atStart = load.counts();
  const keys = join(folder, 'identity');
  await run('age-keygen', ['-o', keys]);
  const { stdout: recipient } = await run('age-keygen', ['-y', keys]);
  const made = await slipway('backup', file, '--data', lost, '--recipient', recipient.trim());
  const atEnd = load.counts();
  expect(made).toContain(file);
  expect(atEnd.done).toBeGreaterThan(atStart.done);

  // What the backup knows nothing of: more load, the end of the rollout, another one.
  await load.reach(atEnd.begun + 5);
  await load.stop();
  await install(client, device, second, underWay);
  const forgotten = await offerOf(device, await client.rollouts.create({ release: third.id }));
  await device.report(forgotten, 'DOWNLOADING');
  const seen = Math.max(...device.seqs());
  await device.leave();
  await before.close();
  await rm(lost, { recursive: true });

  await slipway('backup', 'verify', file, '--identity', keys);
  expect(await slipway('restore', file, '--data', restored, '--identity', keys)).toContain('emergency stop');
  const after = await start(restored);
  expect(after.up.apiUrl).toBe(before.up.apiUrl);
  await expectProfile(profile, restored);
  const again = createClient({ url: after.up.apiUrl, token });

  // One moment: what was answered before is in, what began after is not, and no write is there in part.
  const there = await loadIn(again, underWay.id);
  const rounds = there.notes.length;
  expect(rounds).toBeGreaterThanOrEqual(atStart.done);
  expect(rounds).toBeLessThanOrEqual(atEnd.begun);
  expect(there.notes).toEqual(firstOf(rounds, 'load '));
  expect(there.claimsAudited).toEqual([...there.claims, String(claim.id)].sort());
  expect(there.groups).toEqual(firstOf(there.groups.length, 'load-'));
  expect(there.groupsAudited).toBe(there.groups.length);
  const inOrder = [rounds, there.groups.length, there.attribute, there.reports];
  expect(inOrder).toEqual(inOrder.toSorted((a, b) => b - a));
  expect(rounds - there.reports).toBeLessThanOrEqual(1);
  // Telemetry is recorded a moment later, and nobody waits for it.
  expect(there.uptime).toBeGreaterThan(0);
  expect(there.uptime).toBeLessThanOrEqual(there.attribute);
  await slipway('audit', 'verify');

  // By the certificate it had all along, at the address it was given when it enrolled.
  expect((await again.devices.get(id)).online).toBe(false);
  const back = await connect(2, device.reports());
  await back.released();
  await back.bear(runs(second));
  await until('the device to be online', async () =>
    (await again.devices.get(id)).online ? true : undefined,
  );
  expect(Math.min(...back.seqs())).toBeGreaterThan(seen);
  // What it still has to say of work that the server never heard of is acknowledged, or it would say it for ever.
  await back.report(forgotten, 'FAILED');
  // It runs what it was offered when the backup was made.
  expect(await ended(again, underWay)).toMatchObject({ state: 'completed' });

  // Nothing is offered before somebody has looked.
  const next = await again.rollouts.create({ release: third.id });
  expect(await again.emergencyStop.get()).toMatchObject({ stopped: true, actor: 'restore', offers: 0 });
  expect(await again.rollouts.listExecutions(next.id).all()).toEqual([]);
  await slipway('resume');
  await install(again, back, third, next);
  // Births are recorded apart from reports, a moment later.
  const born = await until('the birth of 1.2.0', async () => {
    const known = await again.devices.get(id);
    return known.version === '1.2.0' ? known : undefined;
  });
  expect(born.online).toBe(true);
  const seqs = back.seqs();
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(seqs).size).toBeGreaterThanOrEqual(3);
}, 240_000);

const Rows = z.object({ rows: z.array(z.unknown()) });
/** Rows that no restore changes, of a database that nobody else has open. */
const rowsIn = async (place: Parameters<typeof openDatabase>[0]) => {
  const { db, engine, close } = await openDatabase(place);
  try {
    const tables: Record<string, unknown[]> = {};
    for (const table of ['claims', 'groups', 'releases', 'device_reports', 'tokens'])
      tables[table] = Rows.parse(await db.execute(`select t::text as row from ${table} t order by 1`)).rows;
    return { engine: engine.split(/[ ,]/)[0], tables };
  } finally {
    await close();
  }
};

test('a backup of the embedded database is restored into PostgreSQL by the command, and one of that back', async () => {
  const postgres = await startTestPostgres();
  if (postgres === undefined) throw new Error('expected PostgreSQL: npm run setup');
  onTestFinished(() => postgres.stop());
  const place = (name: string): string => join(folder, name);
  const url = await postgres.newDatabase();
  const settings = { DATABASE_URL: url };
  const identity = ['--identity', place('identity')];
  await slipwayWith(settings, 'restore', place('backup'), '--data', place('on-server'), ...identity);
  const onServer = await rowsIn({ url });
  await slipwayWith(settings, 'backup', place('backup-of-server'), '--data', place('on-server'));
  await slipway('restore', place('backup-of-server'), '--data', place('embedded'));
  const embedded = await rowsIn({ dataDir: layoutOf(place('embedded')).databaseDir });
  expect([onServer.engine, embedded.engine]).toEqual(['PostgreSQL', 'PGlite']);
  expect(embedded.tables).toEqual(onServer.tables);
  expect(Object.values(onServer.tables).filter((rows) => rows.length === 0)).toEqual([]);
  const [token, again] = await Promise.all(
    ['on-server', 'embedded'].map((name) => readFile(place(`${name}/admin-token`), 'utf8')),
  );
  expect(again).toBe(token);
});
