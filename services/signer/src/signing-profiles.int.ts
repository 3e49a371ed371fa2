import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { DEFAULT_PROFILE, MANIFEST_NAME, SIGNATURE_NAME, SigningProfile } from '@slipway/protocol';
import { makeReleaseTree, makeSecureBootTree, type ReleaseTree, type SecureBootTree } from '@slipway/signing';
import { readSigningKeys, signBuild, type SignerConfig } from './index.ts';
import { declare, makeSample, type Sample } from './sample-build.ts';

type Keys = { readonly release: ReleaseTree; readonly boot: SecureBootTree };

const made: Record<string, Keys> = {};
let folder: string;
let config: SignerConfig;

const place = (profile: string): string =>
  profile === 'default' ? config.keysDir : join(config.keysDir, 'profiles', profile);
const write = (name: string, files: Readonly<Record<string, string>>): void => {
  mkdirSync(name, { recursive: true, mode: 0o700 });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(name, file), text);
};
const writeKeys = (profile: string, { release, boot }: Keys): void => {
  write(place(profile), {
    'leaf.key.pem': release.leaf.keyPem,
    'leaf.pem': release.leaf.certificatePem,
    'intermediate.pem': release.intermediate.certificatePem,
    'root.pem': release.root.certificatePem,
  });
  write(join(place(profile), 'secure-boot'), {
    'db.key.pem': boot.db.keyPem,
    'db.pem': boot.db.certificatePem,
  });
};

beforeAll(async () => {
  for (const profile of ['default', 'pumps'])
    made[profile] = {
      release: await makeReleaseTree(profile),
      boot: await makeSecureBootTree(profile),
    };
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-profiles-'));
  config = {
    storeDir: join(folder, 'store'),
    keysDir: join(folder, 'keys'),
    stateDir: join(folder, 'state'),
    redisUrl: '',
  };
  mkdirSync(config.stateDir, { mode: 0o700 });
  for (const [profile, keys] of Object.entries(made)) writeKeys(profile, keys);
  return () => rmSync(folder, { recursive: true, force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Trusts the profile that signs it, unless said otherwise. */
const makeBuild = (number: number, options: Partial<Parameters<typeof makeSample>[2]> = {}): Sample =>
  makeSample(config.storeDir, number, {
    releaseRoot: made[options.signing ?? 'default']?.release.root.certificatePem ?? '',
    ...options,
  });
const sign = async ({ buildId }: Sample) =>
  signBuild(
    {
      config,
      keys: await readSigningKeys(config.keysDir),
      now: () => new Date(),
      onProgress: async () => undefined,
    },
    buildId,
  );
const bundleOf = ({ request }: Sample) => join(config.storeDir, 'bundles', `${request.release}.tar`);

const isSuccess = (command: string, args: readonly string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** As OpenSSL has it, by the root of one profile alone. */
const isByRootOf = (profile: string, sample: Sample): boolean => {
  const out = join(folder, `unpacked-${sample.buildId}`);
  mkdirSync(out, { recursive: true });
  execFileSync('tar', ['-xf', bundleOf(sample), '-C', out]);
  const files = ['-in', join(out, SIGNATURE_NAME), '-content', join(out, MANIFEST_NAME)];
  const trusted = ['-CAfile', join(place(profile), 'root.pem'), '-no-CApath', '-no-CAstore'];
  const how = ['cms', '-verify', '-binary', '-purpose', 'codesign', '-inform', 'DER'];
  return isSuccess('openssl', [...how, ...files, ...trusted, '-out', '/dev/null']);
};
/** As firmware has it that enrolled the keys of one profile. */
const isStartedBy = (profile: string, sample: Sample): boolean => {
  const uki = join(folder, 'uki.efi');
  writeFileSync(uki, execFileSync('tar', ['-xOf', bundleOf(sample), 'uki.efi']));
  return isSuccess('sbverify', ['--cert', join(place(profile), 'secure-boot', 'db.pem'), uki]);
};

test('each class is signed by the keys of its profile, for updates and for firmware, and by no others', async () => {
  const [plain, pumps] = [makeBuild(1), makeBuild(2, { signing: 'pumps' })];
  for (const sample of [plain, pumps]) await sign(sample);
  expect(['default', 'pumps'].map((profile) => isByRootOf(profile, plain))).toEqual([true, false]);
  expect(['default', 'pumps'].map((profile) => isByRootOf(profile, pumps))).toEqual([false, true]);
  const log = readFileSync(join(config.stateDir, 'log.jsonl'), 'utf8').trim().split('\n');
  expect(log.map((line) => /"profile":"(\w+)"/.exec(line)?.[1])).toEqual([undefined, 'pumps']);
});

test('a UKI is signed by the firmware key of the profile', async () => {
  const sample = makeBuild(1, { signing: 'pumps', secureBoot: true });
  // Without a disk, which would have to be a whole one.
  rmSync(join(sample.folder, 'disk.img'));
  declare(sample);
  await sign(sample);
  expect(['default', 'pumps'].map((profile) => isStartedBy(profile, sample))).toEqual([false, true]);
});

test('a profile that the signer has no keys of signs nothing, and no other does it instead', async () => {
  // As a rotation that was cut leaves it.
  for (const keys of Object.values(made)) writeKeys('pipes.old', keys);
  const sample = makeBuild(1, { signing: 'pipes' });
  await expect(sign(sample)).rejects.toMatchObject({
    code: 'SIGNING_PROFILE_UNKNOWN',
    message: expect.stringMatching(/it has: default, pumps\. .*slipway keys profile create pipes/),
  });
  expect(existsSync(bundleOf(sample))).toBe(false);
  expect(existsSync(join(config.stateDir, 'log.jsonl'))).toBe(false);
});

test('a class with Secure Boot is refused where its profile has no firmware key, though another one has', async () => {
  rmSync(join(place('pumps'), 'secure-boot'), { recursive: true });
  const sample = makeBuild(1, { signing: 'pumps', secureBoot: true });
  await expect(sign(sample)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(existsSync(bundleOf(sample))).toBe(false);
});

test('an image that does not trust the profile that signs it is refused, one that trusts others beside it is not', async () => {
  const root = (profile: string): string => made[profile]?.release.root.certificatePem ?? '';
  const stranger = makeBuild(1, { signing: 'pumps', releaseRoot: root('default') });
  await expect(sign(stranger)).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
  expect(existsSync(bundleOf(stranger))).toBe(false);
  const both = makeBuild(2, { signing: 'pumps', releaseRoot: root('default') + root('pumps') });
  await sign(both);
  expect(isByRootOf('pumps', both)).toBe(true);
});

test('while a root takes the place of another, an image from before that trusts the present one is signed', async () => {
  const [present, next] = [made['default'], made['pumps']];
  if (present === undefined || next === undefined) throw new Error('no keys');
  const file = join(place('default'), 'root.pem');
  writeFileSync(file, present.release.root.certificatePem + next.release.root.certificatePem);
  const before = makeBuild(1);
  await sign(before);
  expect(existsSync(bundleOf(before))).toBe(true);
  // Switched: the signer works with the next one, which that image does not know.
  writeKeys('default', next);
  writeFileSync(file, next.release.root.certificatePem + present.release.root.certificatePem);
  await expect(sign(makeBuild(2))).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
  await sign(makeBuild(3, { releaseRoot: readFileSync(file, 'utf8') }));
});

test.each([
  ['is missing', (file: string) => rmSync(file)],
  ['is no key', (file: string) => writeFileSync(file, 'cut')],
  [
    'is that of another certificate',
    (file: string) => writeFileSync(file, made['default']?.release.leaf.keyPem ?? ''),
  ],
])('a profile whose key %s is refused, and the others sign', async (_title, breakFile) => {
  breakFile(join(place('pumps'), 'leaf.key.pem'));
  const broken: string[] = [];
  const keys = await readSigningKeys(config.keysDir, (profile) => broken.push(profile));
  expect(broken).toEqual(['pumps']);
  expect(keys.of(DEFAULT_PROFILE).rootPem).toBe(made['default']?.release.root.certificatePem);
  const pumps = (async () => keys.of(SigningProfile.parse('pumps')))();
  await expect(pumps).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
