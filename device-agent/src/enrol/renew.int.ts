import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { agentConfig } from '../config.ts';
import { openEsp } from '../boot/esp.ts';
import { makeAuthorities, type Authorities } from '../fixture/authorities.ts';
import { startBroker, type Broker } from '../fixture/broker.ts';
import { CLAIM_TOKEN, DEVICE, startCloud, type Cloud } from '../fixture/cloud.ts';
import { FAULT, withFaults } from '../fixture/faults.ts';
import { nodeRuntime } from '../runtime/node/index.ts';
import type { Runtime } from '../runtime/port.ts';
import type { EnrolWork } from './ask-server.ts';
import { credentialsOf } from './credentials.ts';
import { enrol } from './enrol.ts';
import { keyPath, readIdentity, readNext, recoverIdentity } from './identity.ts';
import { renew } from './renew.ts';

let ground: string;
let authorities: Authorities;
let broker: Broker;
let cloud: Cloud;
beforeAll(async () => {
  ground = await mkdtemp(join(tmpdir(), 'slipway-renew-'));
  authorities = await makeAuthorities();
  broker = await startBroker(ground, authorities);
});
afterAll(async () => {
  await broker.stop();
  await rm(ground, { recursive: true, force: true });
});
beforeEach(async () => {
  cloud = await startCloud(authorities, broker);
});
afterEach(async () => {
  await cloud.stop();
});

const device = { deviceClass: 'edge-x86', arch: 'amd64' } as Parameters<typeof enrol>[0]['device']; // eslint-disable-line typescript/no-unsafe-type-assertion -- constant ids
let number = 0;
const never = new AbortController().signal;

/** A machine of its own with a claim on its ESP. */
const machine = async () => {
  number += 1;
  const root = join(ground, `machine-${number}`);
  const config = agentConfig(root);
  const lines: string[] = [];
  const runtime = nodeRuntime({
    searchPath: process.env['PATH'] ?? '',
    rebootCommand: null,
    log: (line) => lines.push(line),
  });
  await runtime.files.replace(`${root}/esp/slipway/claim.json`, JSON.stringify({ v: 1, token: CLAIM_TOKEN }));
  const work = (over: Runtime = runtime): EnrolWork => ({
    runtime: over,
    config,
    esp: openEsp(over, config),
    enrolUrl: cloud.enrolUrl,
    serverCa: authorities.servers.certificatePem,
    now: () => runtime.time.now(),
  });
  const enrolled = async (over?: Runtime) => {
    const identity = await enrol({ ...work(over), device, provisioned: true }, never);
    if (identity === undefined) throw new Error('not enrolled');
    return identity;
  };
  /** Key and certificate as they lie in place; throws where they do not belong together. */
  const pair = async () => {
    const identity = await readIdentity(runtime, config);
    const key = createPublicKey(await readFile(keyPath(config), 'utf8'));
    const certificate = new X509Certificate(identity?.certificate ?? '');
    expect(certificate.publicKey.equals(key)).toBe(true);
    return { identity, key, fingerprint: certificate.fingerprint256 };
  };
  return { root, config, runtime, lines, work, enrolled, pair };
};

test('the next certificate is for another key, and the present one stays until the next has worked', async () => {
  const it = await machine();
  const identity = await it.enrolled();
  const before = await it.pair();
  const credentials = await credentialsOf(it.work(), identity);
  expect((await credentials.offer()).identity.certificate).toBe(identity.certificate);
  await credentials.tried(true);

  const next = await renew(it.work(), identity);
  expect(next.certificate).not.toBe(identity.certificate);
  expect(await it.pair()).toEqual(before);
  expect((await credentials.offer()).identity.certificate).toBe(next.certificate);
  await credentials.tried(true);
  const after = await it.pair();
  expect(after.identity?.certificate).toBe(next.certificate);
  expect(await readNext(it.work())).toBeUndefined();
  expect(after.key.equals(before.key)).toBe(false);
});

test('a next certificate that the broker refuses never costs the connection and is given up', async () => {
  const it = await machine();
  const identity = await it.enrolled();
  const before = await it.pair();
  const credentials = await credentialsOf(it.work(), identity);
  const { certificate } = await renew(it.work(), identity);
  const offers: string[] = [];
  for (let connection = 0; connection < 6; connection++) {
    const offer = await credentials.offer();
    offers.push(offer.identity.certificate === certificate ? 'next' : 'present');
    await credentials.tried(offer.identity.certificate !== certificate);
  }
  expect(offers).toEqual(['next', 'present', 'next', 'present', 'next', 'present']);
  expect(await credentials.hasNext()).toBe(false);
  expect(await it.pair()).toEqual(before);
});

test('with the network down the next certificate is not blamed', async () => {
  const it = await machine();
  const credentials = await credentialsOf(it.work(), await it.enrolled());
  await renew(it.work(), credentials.identity());
  for (let connection = 0; connection < 20; connection++) {
    await credentials.offer();
    await credentials.tried(false);
  }
  expect(credentials.failures()).toBe(20);
  expect(await credentials.hasNext()).toBe(true);
});

test('cut at every write, the device keeps a key and certificate that belong together and gets through', async () => {
  const it = await machine();
  await it.enrolled();
  let cuts = 0;
  for (let at = 1; ; at++) {
    const faulty = withFaults(it.runtime, at);
    const identity = (await it.pair()).identity;
    if (identity === undefined) throw new Error('no identity');
    const done = await (async () => {
      const credentials = await credentialsOf(it.work(faulty), identity);
      await renew(it.work(faulty), identity);
      await credentials.offer();
      await credentials.tried(true);
    })().then(
      () => true,
      (error: unknown) => {
        if (!String(error).includes(FAULT)) throw error;
        return false;
      },
    );
    // The agent starts again.
    await recoverIdentity(it.work());
    await it.pair();
    if (done) break;
    cuts += 1;
    const before = await it.pair();
    const restarted = await credentialsOf(it.work(), before.identity ?? identity);
    if (!(await restarted.hasNext())) await renew(it.work(), restarted.identity());
    await restarted.offer();
    await restarted.tried(true);
    expect((await it.pair()).key.equals(before.key)).toBe(false);
    expect(await restarted.hasNext()).toBe(false);
  }
  expect(cuts).toBe(6);
});

test('an identity of the factory is taken over, its key leaves the ESP, and a cut anywhere is made up for', async () => {
  const donor = await machine();
  const made = await donor.enrolled();
  const factory = JSON.stringify({
    v: 1,
    deviceId: DEVICE,
    tenant: 't',
    certificate: made.certificate,
    key: await readFile(keyPath(donor.config), 'utf8'),
    mqttUrl: broker.url,
  });
  const asked = cloud.enrolments.length;
  let cuts = 0;
  for (let at = 1; ; at++) {
    const it = await machine();
    await rm(`${it.root}/esp/slipway/claim.json`);
    await writeFile(`${it.root}/esp/slipway/identity.json`, factory);
    const stop = new AbortController();
    const faulty = withFaults(it.runtime, at, () => stop.abort());
    const first = await enrol({ ...it.work(faulty), device, provisioned: true }, stop.signal);
    const identity = await it.enrolled();
    expect(identity).toMatchObject({ deviceId: DEVICE, claimRemoved: true });
    await it.pair();
    await expect(readFile(`${it.root}/esp/slipway/identity.json`)).rejects.toThrow('ENOENT');
    if (first !== undefined) break;
    cuts += 1;
  }
  expect(cuts).toBeGreaterThan(4);
  expect(cloud.enrolments).toHaveLength(asked);
});

test('an identity of the factory whose key is another is refused by its code', async () => {
  const it = await machine();
  await rm(`${it.root}/esp/slipway/claim.json`);
  await writeFile(
    `${it.root}/esp/slipway/identity.json`,
    JSON.stringify({
      v: 1,
      deviceId: DEVICE,
      tenant: 't',
      certificate: authorities.devices.certificatePem,
      key: await it.runtime.crypto.newKey(),
      mqttUrl: broker.url,
    }),
  );
  const stop = new AbortController();
  const time = {
    ...it.runtime.time,
    sleep: async () => {
      stop.abort();
    },
  };
  expect(
    await enrol({ ...it.work({ ...it.runtime, time }), device, provisioned: true }, stop.signal),
  ).toBeUndefined();
  expect(it.lines.join('\n')).toContain('enrolment failed: IDENTITY_INVALID');
});

test('a new claim on the ESP gives a new identity; one that is refused costs nothing', async () => {
  const it = await machine();
  await it.enrolled();
  const before = await it.pair();
  const claim = `${it.root}/esp/slipway/claim.json`;
  await writeFile(claim, JSON.stringify({ v: 1, token: 'a token that nobody gave' }));
  await it.enrolled();
  expect(await it.pair()).toEqual(before);
  expect(it.lines.at(-1)).toContain('not enrolled anew: CLAIM_INVALID');
  await writeFile(claim, JSON.stringify({ v: 1, token: CLAIM_TOKEN }));
  await it.enrolled();
  const after = await it.pair();
  expect(after.fingerprint).not.toBe(before.fingerprint);
  await expect(readFile(claim)).rejects.toThrow('ENOENT');
});
