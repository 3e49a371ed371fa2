import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHUNK_BYTES } from '@slipway/protocol';
import { makeLeaf, validFor } from '@slipway/signing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Identity } from './enrol/identity.ts';
import { makeAuthorities, type Authorities } from './fixture/authorities.ts';
import { startBroker, type Broker } from './fixture/broker.ts';
import { DEVICE, startCloud, type Cloud } from './fixture/cloud.ts';
import { bundleAgent, makeDevice, type AgentProgram, type DiskDevice } from './fixture/disk-device.ts';
import { makeRelease, randomRoot, type Release } from './fixture/release.ts';

/** The whole agent: its certificate is renewed, refused, and its disk provisioned anew. */
const CHUNKS = 2;
const POLL = { timeout: 180_000, interval: 50 };
let ground: string;
let agent: AgentProgram;
let authorities: Authorities;
let factory: Release;
let broker: Broker;
let cloud: Cloud;
let device: DiskDevice;

beforeAll(async () => {
  ground = await mkdtemp(join(tmpdir(), 'slipway-provisioning-'));
  agent = await bundleAgent(ground);
  authorities = await makeAuthorities();
  factory = await makeRelease(join(ground, 'releases'), authorities, {
    version: '1.0.0',
    counter: 10,
    root: randomRoot(CHUNKS),
  });
});
afterAll(async () => {
  await rm(ground, { recursive: true, force: true });
});
beforeEach(async () => {
  const directory = await mkdtemp(join(ground, 'run-'));
  broker = await startBroker(directory, authorities);
  cloud = await startCloud(authorities, broker);
  const releases = new Map([[factory.rootHash as string, factory]]);
  device = await makeDevice(
    agent,
    join(directory, 'device'),
    authorities,
    cloud.enrolUrl,
    releases,
    factory,
    CHUNKS * CHUNK_BYTES,
  );
});
afterEach(async (context) => {
  await device.cutPower();
  if (context.task.result?.state === 'fail') console.error(device.output(), broker.output());
  await cloud.stop();
  await broker.stop();
});

const births = (): number => cloud.seen.filter(({ kind }) => kind === 'birth').length;
const identityFile = () => device.path('data/slipway/identity/identity.json');
const identity = async (): Promise<Identity> =>
  Identity.parse(JSON.parse(await readFile(identityFile(), 'utf8')));
const publicKeyOf = ({ certificate }: Identity) =>
  new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' });

/** Half of the life of the certificate has passed, as far as the files of the device tell. */
const age = async (): Promise<Identity> => {
  const before = await identity();
  const past = { ...before, issuedAt: 1, obtainedAt: 1, renewAt: 2 };
  await writeFile(identityFile(), JSON.stringify(past));
  return before;
};

test('at half the life of its certificate the device connects with a new one for a new key', async () => {
  await device.boot();
  await cloud.until('the first birth', () => births() === 1);
  expect((await identity()).renewAt).toBeGreaterThan(Date.now() / 1000 + 40 * 86_400);
  const before = await age();
  await device.restartAgent();
  await cloud.until('the renewal', () => cloud.renewals.length === 1);
  await cloud.until('births with either certificate', () => births() === 3);
  await device.restartAgent();
  await cloud.until('a birth after the restart', () => births() === 4);
  const after = await identity();
  expect(publicKeyOf(after)).not.toBe(publicKeyOf(before));
  expect(cloud.renewals).toHaveLength(1);
  expect(cloud.enrolments).toHaveLength(1);
  await expect.poll(() => device.output(), POLL).toContain('the next certificate is in use');
});

test('with an identity of the factory the device connects without asking for one, and its key leaves the ESP', async () => {
  const { keyPem, certificatePem } = await makeLeaf(
    { commonName: DEVICE, usage: 'clientAuth', validity: validFor(30) },
    'p-256',
    authorities.devices,
  );
  await rm(device.path('esp/slipway/claim.json'));
  await writeFile(
    device.path('esp/slipway/identity.json'),
    JSON.stringify({
      v: 1,
      deviceId: DEVICE,
      tenant: 't',
      certificate: certificatePem,
      key: keyPem,
      mqttUrl: broker.url,
    }),
  );
  await device.boot();
  await cloud.until('the birth', () => births() === 1);
  expect(cloud.enrolments).toHaveLength(0);
  await expect(readFile(device.path('esp/slipway/identity.json'))).rejects.toThrow('ENOENT');
  expect((await stat(device.path('data/slipway/identity/key.pem'))).mode & 0o777).toBe(0o600);
  // It does not tell when it was given, and has less than half of the usual life left: the next one is asked for.
  await cloud.until('the renewal', () => cloud.renewals.length === 1);
  await expect.poll(() => device.output(), POLL).toContain('the next certificate is in use');
});

test.each(['DEVICE_REVOKED', 'CERTIFICATE_EXPIRED'] as const)(
  'a renewal refused with %s is told by its code and costs nothing else',
  async (code) => {
    await device.boot();
    await cloud.until('the first birth', () => births() === 1);
    const before = await age();
    cloud.refuseRenewals(code);
    await device.restartAgent();
    await cloud.until('the renewal', () => cloud.renewals.length === 1);
    await cloud.until('a birth all the same', () => births() === 2);
    expect((await identity()).certificate).toBe(before.certificate);
    await expect.poll(() => device.output(), POLL).toContain(`certificate not renewed: ${code}`);
    expect(device.output()).not.toContain('fatal');
  },
);
