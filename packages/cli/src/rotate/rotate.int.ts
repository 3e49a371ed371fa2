import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  keyIdOf,
  makeDeviceAuthority,
  makeReleaseTree,
  makeServerAuthority,
  makeServerIdentity,
  makeServiceIdentity,
  readAuthorities,
  signCms,
  splitCertificates,
  verifyCms,
} from '@slipway/signing';
import { z } from 'zod';
import { callIn } from '../testing/call.ts';

let data: string;
const path = (name: string): string => join(data, name);
const certificate = async (name: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(path(name)));

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'slipway-rotate-'));
  const tree = await makeReleaseTree('test');
  const ca = await makeServerAuthority('test');
  const server = await makeServerIdentity(ca, 'slipway', ['10.0.2.2', 'edge.example']);
  const gateway = await makeServiceIdentity(ca, 'gateway');
  const devices = await makeDeviceAuthority('test');
  const files = {
    'signer/keys/leaf.pem': tree.leaf.certificatePem,
    'signer/keys/leaf.key.pem': tree.leaf.keyPem,
    'signer/keys/intermediate.pem': tree.intermediate.certificatePem,
    'signer/keys/root.pem': tree.root.certificatePem,
    'signer/keys/secure-boot/db.pem': 'another key',
    'signer/offline/intermediate.key.pem': tree.intermediate.keyPem,
    'signer/offline/root.key.pem': tree.root.keyPem,
    'pki/release-root.pem': tree.root.certificatePem,
    'pki/device/ca.pem': devices.certificatePem,
    'pki/device/ca.key.pem': devices.keyPem,
    'pki/qualifier/server.pem': server.certificatePem,
    'pki/qualifier/server.key.pem': server.keyPem,
    'pki/server/ca.pem': ca.certificatePem,
    'pki/server/ca.key.pem': ca.keyPem,
    'pki/server/server.pem': server.certificatePem,
    'pki/server/server.key.pem': server.keyPem,
    'pki/server/gateway.pem': gateway.certificatePem,
    'pki/server/gateway.key.pem': gateway.keyPem,
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(path(name)), { recursive: true, mode: 0o700 });
    await writeFile(path(name), text, { mode: 0o400 });
  }
});
afterAll(() => rm(data, { recursive: true, force: true }));

test('the next key of the signer is by the same intermediate, and all else stays', async () => {
  const before = await certificate('signer/keys/leaf.pem');
  const { status, out } = await callIn(data)('keys', 'rotate', 'release-signer', '--data', data);
  expect([status, out]).toEqual([0, expect.stringContaining('Restart the instance')]);
  const after = await certificate('signer/keys/leaf.pem');
  expect(after.fingerprint256).not.toBe(before.fingerprint256);
  const intermediate = await certificate('signer/keys/intermediate.pem');
  expect(after.verify(intermediate.publicKey)).toBe(true);
  expect(after.checkPrivateKey(createPrivateKey(await readFile(path('signer/keys/leaf.key.pem'))))).toBe(
    true,
  );
  expect((await stat(path('signer/keys/leaf.key.pem'))).mode & 0o777).toBe(0o400);
  expect(await readFile(path('signer/keys/secure-boot/db.pem'), 'utf8')).toBe('another key');
  expect((await readdir(path('signer'))).sort()).toEqual(['keys', 'offline']);
});

test('servers keep their names and their authority', async () => {
  const { status, out } = await callIn(data)('keys', 'rotate', 'servers', '--data', data, '--json');
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ rotated: [{ name: 'server' }, { name: 'gateway' }] });
  const ca = await certificate('pki/server/ca.pem');
  const server = await certificate('pki/server/server.pem');
  expect(server.verify(ca.publicKey)).toBe(true);
  expect([server.checkIP('10.0.2.2'), server.checkHost('edge.example')]).toEqual([
    '10.0.2.2',
    'edge.example',
  ]);
  const gateway = await certificate('pki/server/gateway.pem');
  expect(gateway.checkPrivateKey(createPrivateKey(await readFile(path('pki/server/gateway.key.pem'))))).toBe(
    true,
  );
});

const text = (name: string): Promise<string> => readFile(path(name), 'utf8');
const Said = z.object({ step: z.string(), rotated: z.array(z.object({ name: z.string() })) });
const rotate = async (...words: string[]) => {
  const { status, out, err } = await callIn(data)('keys', 'rotate', ...words, '--data', data, '--json');
  return {
    status,
    err,
    said: status === 0 ? Said.parse(JSON.parse(out)) : undefined,
  };
};
/** What devices would say of something that is signed now. */
const isTakenBy = async (rootPem: string): Promise<boolean> => {
  const content = Buffer.from('a release');
  const [leafKeyPem, leafCertPem, chainPem] = await Promise.all(
    ['leaf.key.pem', 'leaf.pem', 'intermediate.pem'].map((name) => text(`signer/keys/${name}`)),
  );
  const signature = signCms(content, {
    leafKeyPem: leafKeyPem ?? '',
    leafCertPem: leafCertPem ?? '',
    chainPem: chainPem ?? '',
  });
  return verifyCms({ content, signature, rootPem }).then(
    () => true,
    () => false,
  );
};

test('the next intermediate is by the root, on a medium; devices take what its signer signs', async () => {
  const root = await text('signer/keys/root.pem');
  const before = await text('signer/keys/intermediate.pem');
  const medium = path('medium');
  await cp(path('signer/offline'), medium, { recursive: true });
  // What lies beside a medium is on the disk of the machine, and a mount point cannot be renamed.
  await mkdir(`${medium}.new`);
  const folder = await stat(medium);
  expect(await rotate('release-intermediate', '--offline', medium)).toMatchObject({
    status: 0,
    said: { step: 'rotate', rotated: [{ name: 'release-intermediate' }, { name: 'release-signer' }] },
  });
  expect((await stat(medium)).ino).toBe(folder.ino);
  expect((await readdir(medium)).sort()).toEqual(['intermediate.key.pem', 'root.key.pem']);
  expect(await readdir(`${medium}.new`)).toEqual([]);
  expect(await text('signer/keys/intermediate.pem')).not.toBe(before);
  expect(await isTakenBy(root)).toBe(true);
  // Its key is on the medium, and no longer the one that lies here.
  expect((await rotate('release-signer')).err).toContain('KEY_MISMATCH');
  expect((await rotate('release-signer', '--offline', medium)).status).toBe(0);
  expect(await isTakenBy(root)).toBe(true);
  for (const folder of [path('signer/offline'), `${medium}.new`]) await rm(folder, { recursive: true });
});

test('the next root is trusted before it signs, and the one before until the end', async () => {
  const before = await text('signer/keys/root.pem');
  const plan = await callIn(data)('keys', 'rotate', 'release-root', '--data', data, '--dry-run');
  expect(plan.out).toMatch(/^release-root: begin\n- The next root is made[^]*Nothing was done/);
  expect(await text('signer/keys/root.pem')).toBe(before);

  // No key of a root comes to lie on the server because somebody forgot the medium, or took another one.
  const root = (...words: string[]) => rotate('release-root', '--offline', path('medium'), ...words);
  const refusedWith = async (offline: string): Promise<number> =>
    (await rotate('release-root', '--force', '--offline', path(offline))).status;
  await mkdir(path('stranger'));
  await cp(path('pki/server/server.key.pem'), path('stranger/root.key.pem'));
  expect([await refusedWith('signer/offline'), await refusedWith('stranger')]).toEqual([66, 65]);
  for (const folder of ['next', 'former']) {
    await cp(path('stranger'), path(`medium/${folder}`), { recursive: true });
    expect(await refusedWith('medium')).toBe(65);
    await rm(path(`medium/${folder}`), { recursive: true });
  }
  expect((await readdir(path('signer'))).sort()).toEqual(['keys']);

  expect((await root()).said?.step).toBe('begin');
  // Cut before the files say so: what was made is gone on with.
  const begun = await text('medium/next/root.key.pem');
  for (const file of ['signer/keys/root.pem', 'pki/release-root.pem']) {
    await rm(path(file));
    await writeFile(path(file), before);
  }
  expect((await root()).said?.step).toBe('begin');
  expect(await text('medium/next/root.key.pem')).toBe(begun);
  const both = await text('pki/release-root.pem');
  expect(splitCertificates(both)).toHaveLength(2);
  expect([await isTakenBy(before), await isTakenBy(both)]).toEqual([true, true]);

  // Nobody says that devices have followed.
  const early = await root('--step', 'switch');
  expect([early.status, early.err]).toEqual([75, expect.stringContaining('ROTATION_TOO_EARLY')]);
  expect((await root('--step', 'finish', '--force')).status).toBe(64);
  expect([await refusedWith('signer/offline'), await refusedWith('stranger')]).toEqual([66, 65]);
  const former = await text('medium/root.key.pem');
  for (const folder of ['signer', 'medium'])
    await cp(path(folder), path(`begun/${folder}`), { recursive: true });
  expect((await root('--force')).said?.step).toBe('switch');
  // Cut after the medium, and before what signs.
  await rm(path('signer'), { recursive: true });
  await cp(path('begun/signer'), path('signer'), { recursive: true });
  expect((await root('--force')).said?.step).toBe('switch');
  expect([await text('medium/root.key.pem'), await text('medium/former/root.key.pem')]).toEqual([
    begun,
    former,
  ]);
  expect([await isTakenBy(before), await isTakenBy(both)]).toEqual([false, true]);

  // As commands of before left it, which did without the medium at the switch.
  await rm(path('medium'), { recursive: true });
  await cp(path('begun/medium'), path('medium'), { recursive: true });
  expect((await root('--force')).said?.step).toBe('finish');
  expect(await text('medium/root.key.pem')).toBe(begun);
  const after = await text('pki/release-root.pem');
  expect(splitCertificates(after)).toHaveLength(1);
  expect(await isTakenBy(after)).toBe(true);
  // What there is of keys is of the root that is left.
  expect((await rotate('release-intermediate', '--offline', path('medium'))).status).toBe(0);
  expect(await isTakenBy(after)).toBe(true);
  expect((await readdir(path('medium'))).sort()).toEqual(['intermediate.key.pem', 'root.key.pem']);
  expect((await readdir(path('signer'))).sort()).toEqual(['keys']);
});

/** As OpenSSL has it, which the broker is built on. */
const isVerified = (purpose: string, authorities: string, certificate: string): boolean => {
  try {
    execFileSync(
      'openssl',
      ['verify', '-purpose', purpose, '-CAfile', path(authorities), path(certificate)],
      {
        stdio: 'ignore',
      },
    );
    return true;
  } catch {
    return false;
  }
};

test('the next authority of servers is trusted before they show it, and names and addresses stay', async () => {
  await cp(path('pki/server/ca.pem'), path('first.pem'));
  expect((await rotate('server-authority')).said?.step).toBe('begin');
  await cp(path('pki/server/ca.pem'), path('both.pem'));
  const seenBy = (): boolean[] =>
    ['first.pem', 'both.pem', 'pki/server/ca.pem'].map((trusted) =>
      isVerified('sslserver', trusted, 'pki/server/server.pem'),
    );
  expect(seenBy()).toEqual([true, true, true]);
  expect((await rotate('server-authority', '--force')).said?.step).toBe('switch');
  expect(seenBy()).toEqual([false, true, true]);
  expect((await certificate('pki/server/server.pem')).checkIP('10.0.2.2')).toBe('10.0.2.2');
  expect(isVerified('sslclient', 'pki/server/ca.pem', 'pki/server/gateway.pem')).toBe(true);
  expect(isVerified('sslserver', 'pki/server/ca.pem', 'pki/qualifier/server.pem')).toBe(true);
  expect((await rotate('server-authority', '--force')).said?.step).toBe('finish');
  expect(seenBy()).toEqual([false, true, true]);
  expect(readAuthorities(await text('pki/server/ca.pem'), await text('pki/server/ca.key.pem'))).toHaveLength(
    1,
  );
  // Servers rotate below the authority that is left.
  expect((await rotate('servers')).status).toBe(0);
  expect(seenBy()).toEqual([false, true, true]);
});

test('devices are given certificates by the next authority while the one before is trusted', async () => {
  const ids = async () => splitCertificates(await text('pki/device/ca.pem')).map((pem) => keyIdOf(pem));
  const [first] = await ids();
  // An earlier rotation was cut while it put one folder in the place of the other.
  await rename(path('pki/device'), path('pki/device.old'));
  expect((await rotate('device-authority')).said?.step).toBe('switch');
  const both = readAuthorities(await text('pki/device/ca.pem'), await text('pki/device/ca.key.pem'));
  expect(await ids()).toEqual([expect.not.stringMatching(first ?? ''), first]);
  expect(both).toHaveLength(2);
  expect((await rotate('device-authority')).err).toContain('ROTATION_TOO_EARLY');
  expect((await rotate('device-authority', '--force')).said?.step).toBe('finish');
  expect(await ids()).toEqual([keyIdOf(both[0].certificatePem)]);
});

test('without the key above it nothing is changed', async () => {
  const before = await readFile(path('signer/keys/leaf.pem'), 'utf8');
  const { status, err } = await callIn(data)('keys', 'rotate', 'release-signer', '--data', data);
  expect([status, err]).toEqual([66, expect.stringContaining('intermediate.key.pem')]);
  expect(await readFile(path('signer/keys/leaf.pem'), 'utf8')).toBe(before);
});
