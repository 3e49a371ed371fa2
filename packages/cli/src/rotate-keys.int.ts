import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  makeReleaseTree,
  makeServerAuthority,
  makeServerIdentity,
  makeServiceIdentity,
} from '@slipway/signing';
import { callIn } from './testing/call.ts';

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
  const files = {
    'signer/keys/leaf.pem': tree.leaf.certificatePem,
    'signer/keys/leaf.key.pem': tree.leaf.keyPem,
    'signer/keys/intermediate.pem': tree.intermediate.certificatePem,
    'signer/keys/root.pem': tree.root.certificatePem,
    'signer/keys/secure-boot/db.pem': 'another key',
    'signer/offline/intermediate.key.pem': tree.intermediate.keyPem,
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

test('without the key above it nothing is changed', async () => {
  const before = await readFile(path('signer/keys/leaf.pem'), 'utf8');
  await rm(path('signer/offline'), { recursive: true });
  const { status, err } = await callIn(data)('keys', 'rotate', 'release-signer', '--data', data);
  expect([status, err]).toEqual([66, expect.stringContaining('intermediate.key.pem')]);
  expect(await readFile(path('signer/keys/leaf.pem'), 'utf8')).toBe(before);
});
