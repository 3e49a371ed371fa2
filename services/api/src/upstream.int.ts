import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  makeKey,
  serve,
  writeSuite,
  type MadePackage,
  type Served,
  type SigningKey,
} from '@slipway/components/testing';
import { sourcePath } from '@slipway/fleet';
import { makeTriggerDue, until } from '@slipway/fleet/testing';
import { systemPackages } from '@slipway/image';
import { parseImageFiles } from '@slipway/image-spec';
import { assertFresh, LOCK_FILE, lockInputs, parseLock, type Lock } from '@slipway/lock';
import { copy, makeLayout, startRegistry, type TestRegistry } from '@slipway/oci/testing';
import type { BuildId, Digest, TriggerCreated, TriggerDelivery } from '@slipway/protocol';
import { newGitRepository, type GitRepository } from './testing/git-repository.ts';
import { CLASS_FILE, runApi, type TestApi } from './testing/running-api.ts';

const SECRET = 'secret-of-the-registry';
/** What Slipway itself puts into images comes from the same archive. */
const SYSTEM = ['busybox', 'crun', 'e2fsprogs', 'systemd-boot-efi'];
const packageOf = (name: string, version: string): MadePackage => ({ name, version, arch: 'all' });

let folder: string;
let archive: string;
let api: TestApi;
let repository: GitRepository;
let key: SigningKey;
let served: Served;
let registry: TestRegistry;
let upstream: TriggerCreated;
let pushed: TriggerCreated;
const publish = (...packages: MadePackage[]): Promise<void> => writeSuite(archive, 'stable', packages, key);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-upstream-'));
  archive = join(folder, 'archive');
  [api, repository, key] = await Promise.all([runApi(), newGitRepository(), makeKey(folder)]);
  await repository.commit({ 'archive.asc': key.publicKey });
  await Promise.all([
    publish(packageOf('app', '1.0-1'), ...SYSTEM.map((name) => packageOf(name, '1'))),
    api.client().sources.create({ name: 'images', url: repository.url }),
  ]);
  served = await serve(archive);
  const of = { source: 'images', windowSeconds: 0, maxBuilds: 50 };
  [upstream, pushed] = await Promise.all([
    api.client().triggers.create({ ...of, name: 'upstream', on: { kind: 'upstream' } }),
    api.client().triggers.create({
      ...of,
      name: 'pushed',
      enabled: false,
      on: { kind: 'registry', sender: 'distribution' },
      secret: SECRET,
    }),
  ]);
  registry = await startRegistry(folder, {
    top: `notifications:
  endpoints:
    - name: slipway
      url: ${api.url()}${pushed.hook}
      headers: {Authorization: [Bearer ${SECRET}]}
      timeout: 10s
      threshold: 5
      backoff: 1s
`,
  });
  await repository.commit({ 'classes/edge-test.yml': CLASS_FILE, 'edge.yml': imageFile() });
}, 600_000);
afterAll(async () => {
  await registry.stop();
  await Promise.all([api.close(), repository.remove(), served.close(), key.close()]);
  await rm(folder, { recursive: true, force: true });
});

const imageName = (name: string): string => `${registry.host}/acme/${name}:v1`;
const imageFile = (): string => `\
agent: {enabled: false}
debian: [{uri: '${served.uri}', suites: [stable], components: [main], keyring: archive.asc}]
kernel: {image: 'deb:base'}
packages: {base: {install: [app], dependencies: none}}
init: ['${imageName('app')}', '${imageName('web')}']
`;

/** Moves the tag of an image. @returns the digest that an amd64 lock has then */
const push = async (name: string, text: string): Promise<Digest | undefined> => {
  const layout = await makeLayout(
    join(folder, `${name}-${text}`),
    [{ architecture: 'amd64', layers: [{ text, compression: 'gzip' }] }],
    'v1',
  );
  const to = `docker://${imageName(name)}`;
  await copy(`oci:${layout.path}:v1`, to, '--all', '--preserve-digests', '--dest-tls-verify=false');
  return layout.manifests[0];
};

const deliveries = ({ id }: TriggerCreated): Promise<TriggerDelivery[]> =>
  api.client().triggers.listDeliveries(id).all();
/** Those of a trigger whose runs have ended, the newest first, once there are so many. */
const ended = (trigger: TriggerCreated, count: number): Promise<TriggerDelivery[]> =>
  until(`${count} runs of ${trigger.name}`, async () => {
    const all = (await deliveries(trigger)).filter(({ run }) => run !== null);
    const isOver = ({ run, builds }: TriggerDelivery): boolean =>
      run !== null &&
      run.state !== 'waiting' &&
      run.state !== 'running' &&
      builds.every(({ state }) => state !== 'waiting');
    return all.length >= count && all.every(isOver) ? all : undefined;
  });
let looks = 0;
/** Has the upstream trigger look once more. */
const look = async (): Promise<TriggerDelivery> => {
  await makeTriggerDue(api.db, upstream.id, new Date());
  const [newest] = await ended(upstream, ++looks);
  if (newest === undefined) throw new Error('no delivery');
  return newest;
};
const nothing = (why: string) => ({
  verdict: 'accepted',
  run: { state: 'ignored', message: expect.stringContaining(`edge-test: ${why}`) },
  builds: [],
});
const builds = async (): Promise<BuildId[]> =>
  (await api.client().builds.list().all()).map(({ id }) => id).sort();

/** The one build of a delivery: its cause, and the lock that it is built by. */
const built = async ({ builds: made, run }: TriggerDelivery) => {
  expect([run?.state, made.map(({ state }) => state)]).toEqual(['done', ['building']]);
  const id = made[0]?.build ?? '';
  const { source, causes } = await api.client().builds.get(id);
  if (source === null) throw new Error('a build of nothing');
  const tree = sourcePath(api.config.storeDir, source);
  const text = await readFile(join(tree, LOCK_FILE), 'utf8');
  const lock = parseLock(text, LOCK_FILE);
  // The builder takes it as it is.
  const spec = parseImageFiles([{ name: 'edge.yml', text: await readFile(join(tree, 'edge.yml'), 'utf8') }]);
  const inputs = lockInputs(spec, { baseDir: tree, lockDir: tree }, { packages: systemPackages(spec) });
  assertFresh(lock, inputs, 'amd64', LOCK_FILE);
  return { id, causes, text, ...shown(lock) };
};
const shown = ({ images, debian }: Lock) => ({
  app: images[imageName('app')]?.platforms.amd64,
  web: images[imageName('web')]?.platforms.amd64,
  version: debian.amd64?.['base']?.packages.map(({ name, version }) => `${name} ${version}`),
});

// Each goes on from where the one before left.
let web: Digest | undefined;
let app: Digest | undefined;
let text: string;

test('the first look remembers, the second finds that nothing has changed', async () => {
  web = await push('web', 'one');
  app = await push('app', 'one');
  expect(await look()).toMatchObject(nothing('looked at for the first time'));
  expect(await look()).toMatchObject(nothing('nothing it is made of has changed'));
  expect(await builds()).toEqual([]);
});

test('a tag that moved is one build, with what it stands for now', async () => {
  const before = app;
  app = await push('app', 'two');
  const made = await built(await look());
  expect(made).toMatchObject({ app, web, version: ['app 1.0-1'] });
  expect(made.causes).toMatchObject([
    {
      kind: 'upstream',
      id: upstream.id,
      cause: {
        source: 'images',
        changed: 1,
        changes: [{ kind: 'image', name: imageName('app'), was: before, is: app }],
      },
    },
  ]);
  expect(await builds()).toEqual([made.id]);
});

test('a newer package in the archive is one build, with its version', async () => {
  await publish(packageOf('app', '1.0-1+deb13u1'));
  const made = await built(await look());
  expect(made).toMatchObject({ app, web, version: ['app 1.0-1+deb13u1'] });
  expect(made.causes).toMatchObject([
    {
      cause: {
        changed: 1,
        changes: [{ kind: 'package', set: 'base', name: 'app', was: '1.0-1', is: '1.0-1+deb13u1' }],
      },
    },
  ]);
  expect(await look()).toMatchObject(nothing('nothing it is made of has changed'));
  expect(await builds()).toHaveLength(2);
  ({ text } = made);
});

test('with a lock in the repository that says the same, there is nothing to build', async () => {
  await repository.commit({ [LOCK_FILE]: text });
  expect(await look()).toMatchObject(nothing('nothing it is made of has changed'));
});

test('a lock in the repository that says less than what was pushed is made new for what was pushed', async () => {
  const early = await until('what was pushed until now', async () => {
    const all = await deliveries(pushed);
    return all.length >= 3 ? all : undefined;
  });
  expect(new Set(early.map(({ verdict, reason }) => `${verdict}: ${reason}`))).toEqual(
    new Set(['ignored: the trigger is disabled']),
  );
  await api.client().triggers.update(pushed.id, { enabled: true });
  await publish(packageOf('app', '1.0-2'));
  app = await push('app', 'three');
  const [first] = await ended(pushed, 1);
  if (first === undefined) throw new Error('no delivery');
  expect(first).toMatchObject({ event: 'notification', reason: `${imageName('app')} was pushed` });
  const made = await built(first);
  // The package is as it is locked: nothing was said of it.
  expect(made).toMatchObject({ app, web, version: ['app 1.0-1+deb13u1'] });
  expect(made.causes).toMatchObject([
    { kind: 'registry', id: pushed.id, cause: { changes: [{ name: imageName('app'), is: app }] } },
  ]);

  await push('app', 'three');
  const [again] = await ended(pushed, 2);
  expect(again).toMatchObject(nothing(`its lock has what ${imageName('app')} stands for already`));

  // Another image: the one that was pushed before stays.
  web = await push('web', 'two');
  const [other] = await ended(pushed, 3);
  if (other === undefined) throw new Error('no delivery');
  expect(await built(other)).toMatchObject({ app, web, version: ['app 1.0-1+deb13u1'] });
  expect(await builds()).toHaveLength(4);
});

test('of two triggers none takes back or builds again what the other has found', async () => {
  const found = await built(await look());
  expect(found).toMatchObject({ app, web, version: ['app 1.0-2'] });
  expect(found.causes).toMatchObject([
    { cause: { changed: 1, changes: [{ kind: 'package', is: '1.0-2' }] } },
  ]);

  web = await push('web', 'three');
  const [after] = await ended(pushed, 4);
  if (after === undefined) throw new Error('no delivery');
  expect(await built(after)).toMatchObject({ app, web, version: ['app 1.0-2'] });
  expect(await look()).toMatchObject(nothing('nothing it is made of has changed'));
  expect(await builds()).toHaveLength(6);
});

test('where another thing follows, the same moved tag is asked for by both, and is one build', async () => {
  await api.client().triggers.update(pushed.id, { rule: { publish: true } });
  web = await push('web', 'four');
  const [first] = await ended(pushed, 5);
  if (first === undefined) throw new Error('no delivery');
  const one = await built(first);
  const other = await built(await look());
  expect(other).toMatchObject({ id: one.id, app, web, version: ['app 1.0-2'] });
  expect(other.causes.map(({ kind }) => kind)).toEqual(['registry', 'upstream']);
  expect(await builds()).toHaveLength(7);
});
