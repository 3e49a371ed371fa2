import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeReleaseTree, signCms, splitCertificates, verifyCms } from '@slipway/signing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { callIn } from '../testing/call.ts';

let data: string;
const path = (name: string): string => join(data, name);
const text = (name: string): Promise<string> => readFile(path(name), 'utf8');
const Said = z.looseObject({ code: z.string().optional(), step: z.string().optional() });
const call = async (...words: string[]) => {
  const { status, out, err } = await callIn(data)('keys', ...words, '--data', data, '--json');
  return { status, said: Said.parse(JSON.parse(status === 0 ? out : err)) };
};
/** The code that a command is refused with. */
const codeOf = async (...words: string[]) => (await call(...words)).said.code;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'slipway-profiles-'));
  const tree = await makeReleaseTree('test');
  const files = {
    'signer/keys/leaf.pem': tree.leaf.certificatePem,
    'signer/keys/leaf.key.pem': tree.leaf.keyPem,
    'signer/keys/intermediate.pem': tree.intermediate.certificatePem,
    'signer/keys/root.pem': tree.root.certificatePem,
    'signer/offline/intermediate.key.pem': tree.intermediate.keyPem,
    'signer/offline/root.key.pem': tree.root.keyPem,
    'pki/release-root.pem': tree.root.certificatePem,
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(path(name)), { recursive: true, mode: 0o700 });
    await writeFile(path(name), content, { mode: 0o400 });
  }
});
afterAll(() => rm(data, { recursive: true, force: true }));

/** Whether devices with this root take what the keys in a folder sign. */
const isTakenBy = async (rootPem: string, keys: string): Promise<boolean> => {
  const content = Buffer.from('a release');
  const signature = signCms(content, {
    leafKeyPem: await text(`${keys}/leaf.key.pem`),
    leafCertPem: await text(`${keys}/leaf.pem`),
    chainPem: await text(`${keys}/intermediate.pem`),
  });
  return verifyCms({ content, signature, rootPem }).then(
    () => true,
    () => false,
  );
};
const OWN = 'signer/keys/profiles/pumps';
const ROOT = 'pki/profiles/pumps/release-root.pem';

test('a profile is made with all of its keys, once', async () => {
  const made = await call('profile', 'create', 'pumps');
  expect(made.said).toMatchObject({ profile: 'pumps', rootFile: path(ROOT) });
  const root = await text(ROOT);
  expect([await isTakenBy(root, OWN), await isTakenBy(root, 'signer/keys')]).toEqual([true, false]);
  expect(await isTakenBy(await text('pki/release-root.pem'), OWN)).toBe(false);
  expect(await readdir(path('signer/offline/profiles/pumps'))).toEqual([
    'KEK.key.pem',
    'PK.key.pem',
    'intermediate.key.pem',
    'root.key.pem',
  ]);
  expect((await readdir(path('pki/profiles/pumps/secure-boot'))).sort()).toContain('db.auth');
  // With what devices enrol, so that an instance finds it again.
  const enrolled = await readdir(path('pki/profiles/pumps/secure-boot'));
  expect((await readdir(path(`${OWN}/secure-boot`))).sort()).toEqual(['db.key.pem', ...enrolled].sort());

  const keys = await text(`${OWN}/leaf.key.pem`);
  for (const name of ['pumps', 'default']) expect(await codeOf('profile', 'create', name)).toBe('CONFLICT');
  expect(await codeOf('profile', 'create', '../keys')).toBe('USAGE');
  expect(await text(`${OWN}/leaf.key.pem`)).toBe(keys);
});

test('private keys are for nobody else, and nothing unfinished lies beside them', async () => {
  const modeOf = async (name: string): Promise<number> => (await stat(path(name))).mode & 0o777;
  const offline = 'signer/offline/profiles/pumps';
  for (const folder of ['signer/keys/profiles', OWN, `${OWN}/secure-boot`, offline])
    expect(await modeOf(folder), `of ${folder}`).toBe(0o700);
  const keys = [`${OWN}/leaf.key.pem`, `${OWN}/secure-boot/db.key.pem`];
  for (const name of await readdir(path(offline))) keys.push(`${offline}/${name}`);
  expect(keys).toHaveLength(6);
  for (const name of keys) {
    expect(await text(name)).toContain('PRIVATE KEY');
    expect(await modeOf(name), `of ${name}`).toBe(0o400);
  }
  expect(await readdir(path('signer/keys/profiles'))).toEqual(['pumps']);
  const entries = await readdir(path('pki/profiles/pumps'), { recursive: true, withFileTypes: true });
  const shown = entries.filter((entry) => entry.isFile());
  expect(shown.map(({ name }) => name)).toContain('release-root.pem');
  for (const { parentPath, name } of shown)
    expect(await readFile(join(parentPath, name), 'utf8'), `in ${name}`).not.toContain('PRIVATE');
});

const LONGEST = 'x'.repeat(63);

test.each([
  '..',
  '.',
  'a/b',
  '../keys',
  'Pumps',
  'pumps.old',
  'pumps.new',
  '-pumps',
  'pümps',
  '',
  `${LONGEST}x`,
])('%j is no name of a profile, for making one and for rotating it', async (name) => {
  const before = await readdir(data, { recursive: true });
  expect(await codeOf('profile', 'create', '--', name)).toBe('USAGE');
  expect((await call('rotate', 'release-signer', `--profile=${name}`)).status).toBe(64);
  expect(await readdir(data, { recursive: true })).toEqual(before);
});

test('a profile of the longest name signs as others do', async () => {
  expect((await call('profile', 'create', LONGEST)).said).toMatchObject({ profile: LONGEST });
  const root = await text(`pki/profiles/${LONGEST}/release-root.pem`);
  const keys = `signer/keys/profiles/${LONGEST}`;
  expect([await isTakenBy(root, keys), await isTakenBy(root, OWN)]).toEqual([true, false]);
  expect((await call('rotate', 'release-signer', '--profile', LONGEST)).status).toBe(0);
  expect(await isTakenBy(root, keys)).toBe(true);
  for (const folder of ['signer/keys', 'signer/offline', 'pki'])
    await rm(path(`${folder}/profiles/${LONGEST}`), { recursive: true });
});

test('keys on a medium that may be the only ones of a profile are not written over', async () => {
  await mkdir(path('medium/profiles/gates'), { recursive: true });
  expect(await codeOf('profile', 'create', 'gates', '--offline', path('medium'))).toBe('KEY_MISMATCH');
  expect(await readdir(path('signer/keys/profiles'))).toEqual(['pumps']);
});

test('a profile that was cut while it was made is not known before it is whole, and is gone on with', async () => {
  expect((await call('profile', 'create', 'valves')).status).toBe(0);
  const keys = 'signer/keys/profiles/valves';
  const [root, key] = [await text(`${keys}/root.pem`), await text(`${keys}/leaf.key.pem`)];
  // As between the keys on the medium and those of the signer.
  await rename(path(keys), path(`${keys}.unfinished`));
  await rm(path('pki/profiles/valves'), { recursive: true });
  expect((await call('profile', 'create', 'valves')).status).toBe(0);
  expect([await text(`${keys}/root.pem`), await text(`${keys}/leaf.key.pem`)]).toEqual([root, key]);
  expect(await text('pki/profiles/valves/release-root.pem')).toBe(root);
  expect(await readdir(path('pki/profiles/valves/secure-boot'))).toContain('db.auth');

  // What the medium has belongs to something else.
  await rename(path(keys), path(`${keys}.unfinished`));
  await rm(path('pki/profiles/valves'), { recursive: true });
  await rm(path('signer/offline/profiles/valves/root.key.pem'));
  await copyFile(path('signer/offline/root.key.pem'), path('signer/offline/profiles/valves/root.key.pem'));
  expect(await codeOf('profile', 'create', 'valves')).toBe('KEY_MISMATCH');
  expect(await readdir(path('pki/profiles'))).toEqual(['pumps']);
  for (const gone of [`${keys}.unfinished`, 'signer/offline/profiles/valves'])
    await rm(path(gone), { recursive: true });
});

test('a profile rotates by itself, and the default one without it', async () => {
  const [root, leaf] = [await text(ROOT), await text('signer/keys/leaf.pem')];
  const before = await text(`${OWN}/leaf.pem`);
  const rotate = (what: string, ...words: string[]) => call('rotate', what, '--profile', 'pumps', ...words);
  expect((await rotate('release-signer')).said).toMatchObject({ profile: 'pumps', step: 'rotate' });
  expect(await text(`${OWN}/leaf.pem`)).not.toBe(before);
  expect((await rotate('release-intermediate')).status).toBe(0);
  expect(await isTakenBy(root, OWN)).toBe(true);
  expect(await text('signer/keys/leaf.pem')).toBe(leaf);

  const own = await text(`${OWN}/leaf.pem`);
  expect((await call('rotate', 'release-signer')).status).toBe(0);
  expect(await text('signer/keys/leaf.pem')).not.toBe(leaf);
  expect(await text(`${OWN}/leaf.pem`)).toBe(own);
});

test('the next root of a profile is trusted before it signs, and the one before until the end', async () => {
  const other = await text('signer/keys/root.pem');
  const before = await text(ROOT);
  const step = async (...words: string[]) =>
    (await call('rotate', 'release-root', '--profile', 'pumps', ...words)).said.step;
  expect(await step()).toBe('begin');
  const both = await text(ROOT);
  expect(splitCertificates(both)).toHaveLength(2);
  // Nobody says that devices have followed.
  expect(await codeOf('rotate', 'release-root', '--profile', 'pumps')).toBe('ROTATION_TOO_EARLY');
  expect(await step('--force')).toBe('switch');
  expect([await isTakenBy(before, OWN), await isTakenBy(both, OWN)]).toEqual([false, true]);
  expect(await step('--force')).toBe('finish');
  const after = await text(ROOT);
  expect(splitCertificates(after)).toHaveLength(1);
  expect(await isTakenBy(after, OWN)).toBe(true);
  expect(await text('signer/keys/root.pem')).toBe(other);
  expect((await readdir(path('signer/offline/profiles/pumps'))).sort()).not.toContain('former');
});

test('what no profile has, and profiles that are not there, are refused', async () => {
  expect(await codeOf('rotate', 'servers', '--profile', 'pumps')).toBe('USAGE');
  expect(await call('rotate', 'release-signer', '--profile', 'gates')).toMatchObject({
    status: 66,
    said: { code: 'SIGNING_PROFILE_UNKNOWN' },
  });
});
