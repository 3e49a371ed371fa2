import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { recordBirth } from '@slipway/fleet';
import { birthOf, seedDevice, until } from '@slipway/fleet/testing';
import { BuildRequest, ClassName, codeOf, ERRORS, isBuildOver, type Release } from '@slipway/protocol';
import { keyIdOf, makeReleaseTree, type ReleaseTree } from '@slipway/signing';
import { CLASS_FILE, runApi, type TestApi } from './testing/running-api.ts';
import { writeSignedBundle } from './testing/signed-bundle.ts';
import { startWorkers } from './testing/workers.ts';

const launcher = fileURLToPath(new URL('../../../packages/cli/bin/slipway', import.meta.url));

let api: TestApi;
let workers: ReturnType<typeof startWorkers> | undefined;
let plain: ReleaseTree;
let pumps: ReleaseTree;
beforeAll(async () => {
  [plain, pumps, api] = await Promise.all([makeReleaseTree('plain'), makeReleaseTree('pumps'), runApi()]);
  await api.stop();
  await writeFile(api.config.releaseRootFile, plain.root.certificatePem);
  await mkdir(api.path('profiles/pumps'), { recursive: true });
  await writeFile(api.path('profiles/pumps/release-root.pem'), pumps.root.certificatePem);
  Object.assign(api.config, { profilesDir: api.path('profiles') });
  await api.start();
  workers = startWorkers(api.config.redisUrl, api.config.storeDir);
});
afterEach(() => write('default'));
afterAll(async () => {
  await workers?.close();
  await api.close();
});

const deviceClass = ClassName.parse('edge-test');
const write = (signing: string, alsoTrusts: readonly string[] = []): Promise<void> =>
  writeFile(
    api.path('images/classes/edge-test.yml'),
    `${CLASS_FILE}signing: ${signing}\nalsoTrusts: [${alsoTrusts.join(', ')}]\n`,
  );
const build = async (change: { readonly changeSigning?: boolean } = {}) => {
  const { builds, releases } = api.client();
  const { id, release } = await builds.create({ deviceClass, ...change });
  await until('the end of the build', async () => isBuildOver(await builds.get(id)) || undefined);
  const text = await readFile(join(api.config.storeDir, 'builds', id, 'request.json'), 'utf8');
  const { deployment } = BuildRequest.parse(JSON.parse(text));
  return { release: await releases.get(release), trusts: deployment.releaseRoot };
};
const codeThrownBy = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing',
    (error: unknown) => codeOf(error),
  );
const run = async (device: string, { id, version }: Release): Promise<void> => {
  const slots = { a: { state: 'GOOD', release: id, version }, b: { state: 'EMPTY' } } as const;
  await recordBirth(api.db, birthOf(device, { slots }), false, new Date());
};
/** What is said of the signature of a release that these keys have signed. */
const signatureBy = async (tree: ReleaseTree, release: Release) => {
  await writeSignedBundle(api.config.storeDir, release, Buffer.alloc(3 * 4096, 'root'), tree);
  const { state, code } = await api.client().releases.getSignature(release.id);
  return [state, code];
};

test('a class moves from one profile to another, and no device is left behind unasked', async () => {
  const { keys } = api.client();
  await seedDevice(api.db, 'gate');
  const before = await build();
  expect(before.release.signing).toBeUndefined();
  expect(before.trusts).toBe(plain.root.certificatePem);
  await run('gate', before.release);

  await write('pumps');
  expect(ERRORS.SIGNING_PROFILE_CHANGED.http).toBe(409);
  expect(await codeThrownBy(build())).toBe('SIGNING_PROFILE_CHANGED');
  expect(await codeThrownBy(build({ changeSigning: true }))).toBe('nothing');

  await write('default', ['pumps']);
  const both = await build();
  expect(both.trusts).toBe(plain.root.certificatePem + pumps.root.certificatePem);
  expect(await signatureBy(plain, both.release)).toEqual(['valid', null]);
  await run('gate', both.release);

  await write('pumps');
  const after = await build();
  expect(after.release.signing).toBe('pumps');
  expect(after.trusts).toBe(pumps.root.certificatePem);
  expect(await signatureBy(plain, after.release)).toEqual(['invalid', 'BUNDLE_SIGNER_UNTRUSTED']);
  expect(await signatureBy(pumps, after.release)).toEqual(['valid', null]);

  expect(await keys.listProfiles()).toEqual([
    { name: 'default', root: keyIdOf(plain.root.certificatePem), classes: [deviceClass] },
    { name: 'pumps', root: keyIdOf(pumps.root.certificatePem), classes: [deviceClass] },
  ]);
  const roots = await keys.list({ profile: 'pumps', purpose: 'release-root' }).all();
  expect(roots.map(({ profile, state, subject }) => [profile, state, subject])).toEqual([
    ['pumps', 'current', 'CN=pumps release root'],
  ]);
});

test('with Secure Boot the firmware decides, of which it is not known whom it trusts', async () => {
  await write('default', ['pumps']);
  await run('gate', (await build({ changeSigning: true })).release);
  const file = api.path('images/classes/edge-test.yml');
  await write('pumps');
  await writeFile(file, `${await readFile(file, 'utf8')}secureBoot: true\n`);
  expect(await codeThrownBy(build())).toBe('SIGNING_PROFILE_CHANGED');
});

/** As a person at a shell of the machine that the instance runs on; the code that it ends with. */
const verify = (release: Release, ...words: string[]): Promise<string> =>
  new Promise((resolve) => {
    const options = { cwd: api.path('.'), env: { PATH: process.env['PATH'], SLIPWAY_DATA: api.path('.') } };
    const bundle = join(api.config.storeDir, 'bundles', `${release.id}.tar`);
    execFile(launcher, ['bundle', 'verify', bundle, ...words], options, (error, out, err) =>
      resolve(error === null ? out.slice(0, 'verified'.length) : err.slice(0, err.indexOf(':'))),
    );
  });

test('a bundle is verified by the root of the profile that its release is by, as the server has it', async () => {
  const { releaseRootFile, adminTokenFile, profilesDir } = api.config;
  const up = { apiUrl: api.url(), adminTokenFile, releaseRootFile, profilesDir };
  await writeFile(api.path('up.json'), JSON.stringify(up));
  await write('pumps');
  const { release } = await build({ changeSigning: true });
  const sign = (tree: ReleaseTree) =>
    writeSignedBundle(api.config.storeDir, release, Buffer.alloc(3 * 4096, 'root'), tree);

  await sign(pumps);
  expect(await verify(release)).toBe('verified');
  expect(await verify(release, '--profile', 'pumps')).toBe('verified');
  expect(await verify(release, '--profile', 'default')).toBe('BUNDLE_SIGNER_UNTRUSTED');
  expect(await verify(release, '--profile', 'pipes')).toBe('SIGNING_PROFILE_UNKNOWN');
  // By keys of the instance, and not those of the profile.
  await sign(plain);
  expect(await verify(release)).toBe('BUNDLE_SIGNER_UNTRUSTED');
  // A class that the server knows the release not to be of.
  await writeSignedBundle(
    api.config.storeDir,
    { ...release, deviceClass: ClassName.parse('edge-other') },
    Buffer.alloc(3 * 4096, 'root'),
    pumps,
  );
  expect(await verify(release)).toBe('BUNDLE_CLASS_MISMATCH');
});

test('what is checked before it is saved tells a profile that is not known', async () => {
  const { repository } = api.client();
  const path = 'classes/edge-test.yml';
  const text = `${CLASS_FILE}signing: pump\n`;
  const { problems } = await repository.validate({ path, text });
  expect(problems).toMatchObject([
    { file: path, line: text.split('\n').length - 1, key: 'signing', suggestion: 'pumps' },
  ]);
  expect(await codeThrownBy(repository.replaceFile(path, { text }))).toBe('SPEC_INVALID');
  expect(await repository.validate({ path, text: text.replace('pump', 'pumps') })).toMatchObject({
    problems: [],
  });
});

test('a profile that is not known is refused before anything is built', async () => {
  for (const [signing, alsoTrusts] of [
    ['pipes', []],
    ['default', ['pipes']],
  ] as const) {
    await write(signing, alsoTrusts);
    await expect(api.client().builds.create({ deviceClass })).rejects.toMatchObject({
      code: 'SIGNING_PROFILE_UNKNOWN',
      message: expect.stringContaining('known: default, pumps') as unknown,
    });
  }
  expect(ERRORS.SIGNING_PROFILE_UNKNOWN.http).toBe(422);
});

test('what was cancelled is built once more only where devices would take it, and by the keys of today', async () => {
  const { builds } = api.client();
  await run('gate', (await build({ changeSigning: true })).release);
  await workers?.close();
  workers = undefined;
  const cancelled = async (changeSigning: boolean) => {
    const { id } = await builds.create({ deviceClass, changeSigning, force: true });
    return (await builds.cancel(id)).id;
  };
  await write('pumps');
  const left = await cancelled(true);
  expect(await codeThrownBy(builds.retry(left))).toBe('SIGNING_PROFILE_CHANGED');

  await write('default', ['pumps']);
  const before = await cancelled(false);
  expect(await codeThrownBy(builds.retry(before).then(({ id }) => builds.cancel(id)))).toBe('nothing');
  await api.stop();
  const next = await makeReleaseTree('next');
  await writeFile(api.config.releaseRootFile, plain.root.certificatePem + next.root.certificatePem);
  await api.start();
  await expect(api.client().builds.retry(before)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('Start a new build') as unknown,
  });
});
