import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@slipway/client';
import { createRollout } from '@slipway/fleet';
import { until } from '@slipway/fleet/testing';
import { seedDevice, seedDraft, seedOnlineDevice, seedRelease, TEST_CLASS } from '@slipway/fleet/testing';
import { isBuildOver, RolloutCreate } from '@slipway/protocol';
import { newKeyAndCsr } from './csr.ts';
import { post } from './post.ts';
import { newGitRepository } from './git-repository.ts';
import { CLASS_FILE, IMAGE_FILE, type TestApi } from './running-api.ts';
import { contentsOf } from '@slipway/sbom/testing';
import { sbomOf } from './sbom-of.ts';
import { startWorkers } from './workers.ts';

/** A request that succeeds, as far as it is not in the path of the route. */
export type Asked = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** absent: those of the admin token */
  readonly headers?: Readonly<Record<string, string>>;
};

const deviceClass = TEST_CLASS;

/**
 * What each route needs to succeed, by the name of its operation, made anew for each request. **A new route with
 * parameters or a body gets a line here**; the test of generated requests fails until it has one.
 */
export const makeSeeds = async (api: TestApi): Promise<Readonly<Record<string, () => Promise<Asked>>>> => {
  const client = api.client();
  let made = 0;
  const next = (): string => `seed-${++made}`;

  const web = { reference: 'web:1', kind: 'oci', name: 'web', digest: `sha256:${'1'.repeat(64)}` };
  const workers = startWorkers(api.config.redisUrl, api.config.storeDir, {
    result: { resolved: [web] },
    sbom: () => sbomOf('zlib1g', '1:1.3.1-1', 'zlib'),
    contents: contentsOf({ 'usr/bin/web': 'oci:web' }),
  });
  const { id: built, release: signed } = await client.builds.create({ deviceClass, version: '1.0.0' });
  await until('the end of the build', async () => {
    const build = await client.builds.get(built);
    return isBuildOver(build) || undefined;
  });
  await workers.close();

  const device = async () => (await seedDevice(api.db, next())).id;
  const { id: online } = await seedOnlineDevice(api.db, next());
  const draft = async () => (await seedDraft(api.db, `2.0.${++made}`, Buffer.from(next()))).id;
  const published = async () => (await seedRelease(api.db, `3.0.${++made}`, Buffer.from(next()))).id;
  const qualified = async () => {
    const id = await published();
    const folder = join(api.config.storeDir, 'qualifications', id);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'console.log'), 'it boots\n');
    return id;
  };
  const build = async () => (await client.builds.create({ deviceClass, force: true })).id;
  const cancelled = async () => (await client.builds.cancel(await build())).id;
  const claim = async () => (await client.claims.create({ deviceClass })).id;
  const view = async () => (await client.views.create({ name: next() })).id;
  const group = async () => (await client.groups.create({ name: next() })).id;
  const rollout = async () =>
    (await client.rollouts.create({ release: await published(), devices: [await device()] })).id;
  // Whoever asks for the approval may not be the one who created it.
  const pendingRollout = async () => {
    const asked = { release: await published(), devices: [await device()], approval: true };
    return (await createRollout(api.db, RolloutCreate.parse(asked), new Date(), null, 'ann')).id;
  };
  const registration = async () => {
    const [known] = await client.registrations.create({ devices: [{ deviceClass, serial: next() }] });
    return known?.deviceId ?? '';
  };
  const pending = async () => {
    const id = next();
    const { token } = await client.claims.create({ deviceClass, deviceId: id, approval: 'required' });
    const { csr } = await newKeyAndCsr();
    await post(api.enrolUrl(), { v: 1, deviceClass, arch: 'amd64', token, csr }, api.serverCa);
    return id;
  };
  const channel = async () => {
    const name = next();
    await client.channels.replace(deviceClass, name, {});
    return name;
  };
  const command = async () => (await client.devices.createCommand(online, { name: 'reboot' })).id;

  const repository = await newGitRepository(api.path('repository'));
  await repository.commit({ 'classes/edge-git.yml': CLASS_FILE, 'edge.yml': IMAGE_FILE });
  await repository.git('config', 'receive.denyCurrentBranch', 'ignore');
  const noted = async (): Promise<Asked> => ({
    params: { id: await source() },
    body: { changes: [{ path: `${next()}.txt`, was: null, text: 'a note' }] },
  });
  const source = async () => (await client.sources.create({ name: next(), url: repository.url })).id;
  const on = { kind: 'cron', schedule: '30 2 * * *' } as const;
  const trigger = async () => (await client.triggers.create({ name: next(), on })).id;
  const ownClassFiles = () =>
    until('a look at class files', async () => (await client.classTriggers.list())[0]?.at ?? undefined);
  // Of a network that there is none of: nothing is sent.
  const url = 'https://192.0.2.1/hook';
  const webhook = async () => (await client.webhooks.create({ url })).id;
  const delivery = async (): Promise<Asked> => {
    const id = await webhook();
    return { params: { id, delivery: (await client.webhooks.ping(id)).id } };
  };

  // Of a disk that is none: it fails before anything is started.
  await writeFile(join(api.config.storeDir, 'builds', built, 'disk.img'), 'no disk');
  const disk = { name: 'disk.img', size: 7, digest: `sha256:${'d'.repeat(64)}` };
  await api.db.execute(
    `update builds set artifacts = artifacts || '${JSON.stringify([disk])}'::jsonb where id = '${built}'`,
  );
  const roomForVirtual = async () => {
    for (const { id } of await client.virtualDevices.list()) await client.virtualDevices.delete(id);
  };
  const virtual = async () => {
    await roomForVirtual();
    return (await client.virtualDevices.create({ deviceClass })).id;
  };
  const unpacked = async (): Promise<Asked> => {
    const folder = join(api.config.imagesDir, 'components', next());
    await mkdir(join(folder, 'files'), { recursive: true });
    await writeFile(join(folder, 'component.yml'), 'name: note\nversion: 1.0.0\n');
    await writeFile(join(folder, 'files', 'note'), 'a note\n');
    return {};
  };

  const password = 'correct horse battery';
  const user = async () => (await client.users.create({ name: next(), password, role: 'viewer' })).name;
  const session = async () => {
    const { session: own, token = '' } = await client.login.create({ name: await user(), password });
    return { id: own.id, token, headers: { authorization: `Bearer ${token}` } };
  };

  const by = (id: () => Promise<string>, body?: unknown) => async (): Promise<Asked> => ({
    params: { id: await id() },
    ...(body === undefined ? {} : { body }),
  });
  const ofChannel = (body?: unknown) => async (): Promise<Asked> => ({
    params: { deviceClass, name: await channel() },
    ...(body === undefined ? {} : { body }),
  });
  const ofCommand = async (): Promise<Asked> => ({ params: { id: online, command: await command() } });
  const finished = by(async () => built);
  const saved = async (): Promise<Asked> => {
    const path = `${next()}.txt`;
    await client.repository.replaceFile(path, { text: path });
    return { params: { path } };
  };

  return {
    'deviceClasses.get': async () => ({ params: { name: deviceClass } }),

    'builds.create': async () => ({ body: { deviceClass, force: true } }),
    'builds.get': finished,
    'builds.cancel': by(build),
    'builds.retry': by(cancelled),
    'builds.listArtifacts': finished,
    'builds.getLog': finished,
    'builds.getArtifact': async () => ({ params: { id: built, name: 'uki.efi' } }),
    'builds.streamEvents': finished,
    'builds.getContents': async () => ({ params: { id: built }, query: { under: '/usr', depth: '2' } }),
    'builds.findContents': async () => ({ params: { id: built }, query: { text: 'bin' } }),
    'builds.difference': async () => ({ params: { id: built }, query: { from: built } }),
    'builds.listSteps': finished,
    'builds.getLogLines': async () => ({ params: { id: built }, query: { from: '-1' } }),
    'builds.findLogLines': async () => ({ params: { id: built }, query: { text: 'assembled' } }),

    'repository.getFile': async () => ({ params: { path: 'edge.yml' } }),
    'repository.replaceFile': async () => ({
      params: { path: 'classes/edge-test.yml' },
      body: { text: `${CLASS_FILE}# ${next()}\n`, message: 'a remark' },
    }),
    'repository.edit': async () => ({
      body: { changes: [{ path: `${next()}.txt`, was: null, text: 'a note' }] },
    }),
    'repository.validate': async () => ({ body: { path: 'edge.yml', text: IMAGE_FILE } }),
    'repository.listChanges': saved,
    'repository.getFileAt': async () => {
      const { params = {} } = await saved();
      const [change] = await client.repository.listChanges(params['path'] ?? '');
      return { params: { ...params, commit: change?.commit ?? '' } };
    },
    'repository.getSchema': async () => ({ params: { kind: 'image' } }),

    'releases.get': by(published),
    'releases.publish': by(draft),
    'releases.getQualification': by(published),
    'releases.qualify': by(draft),
    'releases.getConsole': by(qualified),
    'releases.deprecate': by(published),
    'releases.withdraw': by(published),
    'releases.getBundle': by(async () => signed),
    'releases.listArtifacts': by(async () => signed),
    'releases.getArtifact': async () => ({ params: { id: signed, name: 'disk.img' } }),
    'releases.getSignature': by(async () => signed),
    'releases.downloads': by(async () => signed),
    'releases.listHistory': by(published),
    'releases.getUse': by(published),
    'releases.listPackages': by(async () => signed),
    'releases.difference': async () => ({ params: { id: signed }, query: { from: signed } }),
    'packages.coverage': async () => ({ query: { query: 'zlib >= 1:1.2', days: '7' } }),
    'packages.find': async () => ({ query: { query: 'zlib >= 1:1.2' } }),

    'channels.get': ofChannel(),
    'channels.replace': ofChannel({ floor: '1.0.0' }),
    'channels.createRelease': async () => ({
      ...(await ofChannel()()),
      body: { release: await published() },
    }),
    'channels.listHistory': ofChannel(),
    'devices.replaceChannel': async () => ({
      params: { id: await device() },
      body: { channel: await channel() },
    }),

    'rollouts.create': async () => ({ body: { release: await published(), devices: [await device()] } }),
    'rollouts.preview': async () => ({ body: { release: await published(), devices: [await device()] } }),
    'rollouts.get': by(rollout),
    'rollouts.listWaves': by(rollout),
    'rollouts.listFailures': by(rollout),
    'rollouts.progress': by(rollout),
    'rollouts.getSummary': by(rollout),
    'rollouts.consequences': by(rollout),
    'rollouts.listExecutions': by(rollout),
    'rollouts.replacePolicy': by(rollout, { mode: 'download' }),
    'rollouts.abort': by(rollout),
    'rollouts.update': by(rollout, { maxInFlight: 20, failurePercent: 5, maxPerMinute: null, priority: 60 }),
    'rollouts.pause': by(rollout, { reason: 'a look at the canaries' }),
    'rollouts.resume': by(async () => (await client.rollouts.pause(await rollout(), {})).id),
    'rollouts.approve': by(pendingRollout, { comment: 'good' }),
    'rollouts.rollback': by(rollout, { reason: 'it is slow' }),

    'devices.get': by(device),
    'devices.update': by(device, { name: 'in the cellar', tags: ['canary'], attributes: { floor: -1 } }),
    'devices.listExecutions': by(device),
    'devices.timeline': by(device),
    'devices.listCertificates': by(device),
    'devices.createCommand': by(async () => online, { name: 'identify', seconds: 5 }),
    'devices.listCommands': by(async () => online),
    'devices.getCommand': ofCommand,
    'devices.listCommandLog': ofCommand,
    'devices.getDesired': by(device),
    'devices.getMetrics': by(device),
    'devices.bulk': async () => ({
      body: { devices: [online], action: { kind: 'change', addTags: ['canary'] } },
    }),
    'views.create': async () => ({ body: { name: next(), query: 'online', columns: ['version'] } }),
    'views.update': by(view, { query: 'not online', shared: true }),
    'views.delete': by(view),
    'devices.acceptMany': async () => ({ body: { devices: [await pending()] } }),
    'devices.accept': by(pending),
    'devices.reject': by(pending),
    'devices.revoke': by(device),
    'devices.decommission': by(device),
    'devices.replaceClass': by(device, { deviceClass }),

    'sources.create': async () => ({ body: { name: next(), url: repository.url } }),
    'sources.get': by(source),
    'sources.update': by(source, { branch: 'next' }),
    'sources.delete': by(source),
    'sources.fetch': by(source),
    'sources.listDeviceClasses': by(source),
    'sources.listFiles': by(source),
    'sources.getFile': async () => ({ params: { id: await source(), path: 'edge.yml' } }),
    'sources.listChanges': async () => ({ params: { id: await source(), path: 'edge.yml' } }),
    'sources.validate': by(source, { path: 'edge.yml', text: IMAGE_FILE }),
    'sources.edit': noted,
    'sources.patch': noted,

    'triggers.create': async () => ({ body: { name: next(), on } }),
    'triggers.get': by(trigger),
    'triggers.update': by(trigger, { windowSeconds: 60 }),
    'triggers.delete': by(trigger),
    'triggers.run': by(trigger, {}),
    'triggers.listDeliveries': by(trigger),
    'classTriggers.update': async () => ({ params: { place: await source() }, body: { mode: 'approval' } }),
    'classTriggers.approve': async () => ({ params: { place: '-' }, body: { at: await ownClassFiles() } }),

    'components.get': by(async () => (await client.components.list().all(1))[0]?.id ?? ''),
    'components.listPackages': by(async () => (await client.components.list().all(1))[0]?.id ?? ''),
    'images.get': by(async () => (await client.images.list().all(1))[0]?.id ?? ''),
    'keys.get': by(async () => (await client.keys.list().all(1))[0]?.id ?? ''),
    'exampleImages.put': unpacked,
    'virtualDevices.create': async () => {
      await roomForVirtual();
      return { body: { deviceClass } };
    },
    'virtualDevices.get': by(virtual),
    'virtualDevices.start': by(virtual),
    'virtualDevices.stop': by(virtual),
    'virtualDevices.delete': by(virtual),
    'virtualDevices.streamConsole': by(virtual),

    'tenant.update': async () => ({ body: { name: next() } }),

    'emergencyStop.replace': async () => ({ body: { reason: 'a drill' } }),
    'retention.run': async () => ({ body: { dryRun: true } }),

    'groups.create': async () => ({ body: { name: next(), query: 'tag = canary' } }),
    'groups.get': by(group),
    'groups.update': by(group, { description: 'those in the cellar' }),
    'groups.delete': by(group),
    'groups.listDevices': by(group),
    'groups.addDevices': by(group, { devices: [online] }),
    'groups.removeDevices': by(group, { devices: [online] }),

    'claims.create': async () => ({ body: { deviceClass } }),
    'claims.get': by(claim),
    'claims.listUses': by(claim),
    'claims.revoke': by(claim),
    'registrations.create': async () => ({ body: { devices: [{ deviceClass, serial: next() }] } }),
    'registrations.delete': by(registration),

    'webhooks.create': async () => ({ body: { url, events: ['build.finished'] } }),
    'webhooks.get': by(webhook),
    'webhooks.update': by(webhook, { enabled: false }),
    'webhooks.delete': by(webhook),
    'webhooks.rotate': by(webhook, { overlapSeconds: 60 }),
    'webhooks.ping': by(webhook),
    'webhooks.listDeliveries': by(webhook),
    'webhooks.getDelivery': delivery,
    'webhooks.redeliverDelivery': delivery,
    // The first of all that need users.
    'setup.create': async () => {
      const token = await readFile(api.path('setup-token'), 'utf8').catch(() => 'used');
      return { body: { token: token.trim(), name: next(), password } };
    },
    'login.create': async () => ({ body: { name: await user(), password } }),
    'logout.create': async () => ({ headers: (await session()).headers }),
    'me.setPassword': async () => ({
      headers: (await session()).headers,
      body: { current: password, password: 'another password' },
    }),
    'sessions.list': async () => ({ headers: (await session()).headers }),
    'sessions.delete': by(async () => (await session()).id),
    'tokens.list': async () => ({ headers: (await session()).headers }),
    'tokens.create': async () => ({
      headers: (await session()).headers,
      body: { name: next(), scopes: ['read'], days: 1 },
    }),
    'tokens.delete': by(async () => {
      const { token } = await session();
      const own = createClient({ url: api.url(), token });
      return (await own.tokens.create({ name: next(), scopes: ['read'] })).id;
    }),
    'users.create': async () => ({ body: { name: next(), password, role: 'viewer' } }),
    'users.delete': by(user),
    'users.get': by(user),
    'users.update': by(user, { role: 'operator' }),
    'users.setPassword': by(user, { password }),
  };
};
