import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BuildResult, MANIFEST_NAME, SIGNATURE_NAME, SigningProfile } from '@slipway/protocol';
import { makeReleaseTree, type ReleaseTree } from '@slipway/signing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callIn } from '../testing/call.ts';
import { agentParts } from './class-deployment.ts';
import { bundleSigner, writeClassOutputs } from './class-outputs.ts';

/** Classes that are built beside an instance with signing profiles, by its data directory alone. */
let folder: string;
let roots: Record<'default' | 'pumps', string>;
let pumps: ReleaseTree;
const path = (name: string): string => join(folder, name);
const put = (name: string, text: string): void => {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), text);
};
const env = () => ({ SLIPWAY_DATA: folder });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-class-profiles-'));
  const [plain, other] = await Promise.all([makeReleaseTree('plain'), makeReleaseTree('pumps')]);
  pumps = other;
  roots = { default: plain.root.certificatePem, pumps: pumps.root.certificatePem };
  put('pki/release-root.pem', roots.default);
  put('pki/profiles/pumps/release-root.pem', roots.pumps);
  put('ca.pem', 'whom devices trust as a server');
  put('leaf.key.pem', pumps.leaf.keyPem);
  put('chain.pem', `${pumps.leaf.certificatePem}\n${pumps.intermediate.certificatePem}`);
  const instance = {
    apiUrl: 'http://127.0.0.1:1',
    adminTokenFile: path('admin-token'),
    enrolUrl: 'https://127.0.0.1:1',
    serverCaFile: path('ca.pem'),
    releaseRootFile: path('pki/release-root.pem'),
    profilesDir: path('pki/profiles'),
  };
  put('up.json', JSON.stringify(instance));
  put('images/edge.yml', "kernel: { image: 'deb:kernel' }\npackages: { kernel: { install: [linux] } }\n");
  put('images/classes/gate.yml', 'name: gate\narch: amd64\nimages: [../edge.yml]\nsigning: pipes\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const named = (signing: string, ...alsoTrusts: string[]) => ({
  signing: SigningProfile.parse(signing),
  alsoTrusts: alsoTrusts.map((name) => SigningProfile.parse(name)),
});
/** Whom the image of a class trusts. */
const trustOf = async (deviceClass: ReturnType<typeof named>, releaseRoot?: string) => {
  const server =
    releaseRoot === undefined ? {} : { enrolUrl: 'https://edge.example', serverCa: 'ca.pem', releaseRoot };
  const context = { cwd: folder, env: env() };
  return (await (await agentParts(context, server)).deploymentOf(deviceClass))?.releaseRoot;
};

test('the image of a class trusts the root of its profile, and those that it names beside it', async () => {
  expect(await trustOf(named('default'))).toBe(roots.default);
  expect(await trustOf(named('pumps'))).toBe(roots.pumps);
  expect(await trustOf(named('pumps', 'default', 'pumps'))).toBe(roots.pumps + roots.default);
  expect(await trustOf(named('pumps'), 'pki/release-root.pem')).toBe(roots.default);
  await expect(trustOf(named('default', 'pipes'))).rejects.toMatchObject({ code: 'SIGNING_PROFILE_UNKNOWN' });
});

test('a class of a profile that the instance has not is built by no other', async () => {
  const words = ['--class', 'gate', '--repository', 'images', '--cache', 'cache', '--dir', 'out'];
  const { status, err } = await callIn(folder, env())('build', ...words);
  expect([status, err]).toEqual([66, expect.stringContaining('gate: SIGNING_PROFILE_UNKNOWN: ')]);
});

/** A bundle of a build that is there, by the key of `pumps`, for an image that trusts this. */
const bundleFor = async (releaseRoot: string, name: string) => {
  const digest = `sha256:${'1'.repeat(64)}`;
  const result = BuildResult.parse({
    v: 1,
    build: 'bld_0000000000000000',
    release: 'rel_0000000000000000',
    version: '1.0.0',
    counter: 1,
    deviceClass: 'gate',
    arch: 'amd64',
    timeFloor: 0,
    rootHash: 'ab'.repeat(32),
    verityDataBlocks: 1,
    artifacts: [],
    request: digest,
    components: [],
  });
  for (const file of ['uki.efi', 'root.img', 'sbom.cdx.json']) put(`${name}/${file}`, file.padEnd(3 * 4096));
  put(`${name}/result.json`, JSON.stringify(result));
  const keys = { signKey: 'leaf.key.pem', signCert: 'chain.pem' };
  const signer = await bundleSigner({ cwd: folder }, ['bundle'], keys);
  return writeClassOutputs(path(name), result, ['bundle'], signer, { releaseRoot });
};

test('a bundle is of a key that its image trusts, or there is none', async () => {
  await expect(bundleFor(roots.default, 'stranger')).rejects.toMatchObject({
    code: 'KEY_MISMATCH',
    message: expect.stringMatching(/^the image of gate does not trust what --sign-cert signs: /) as unknown,
  });
  for (const [name, trusted] of [
    ['own', roots.pumps],
    ['moving', roots.default + roots.pumps],
  ] as const) {
    expect(await bundleFor(trusted, name)).toMatchObject([{ format: 'bundle', name: 'gate.bundle.tar' }]);
    // As OpenSSL has it, by the root of the profile alone.
    execFileSync('tar', ['-xf', 'gate.bundle.tar', MANIFEST_NAME, SIGNATURE_NAME], { cwd: path(name) });
    const files = ['-in', SIGNATURE_NAME, '-content', MANIFEST_NAME, '-out', '/dev/null'];
    const by = ['-CAfile', path('pki/profiles/pumps/release-root.pem'), '-no-CApath', '-no-CAstore'];
    const how = ['cms', '-verify', '-binary', '-purpose', 'codesign', '-inform', 'DER'];
    execFileSync('openssl', [...how, ...files, ...by], { cwd: path(name), stdio: 'pipe' });
  }
});
