import { execFile, execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAudit, revocationList } from '@slipway/fleet';
import {
  ClassName,
  DeviceId,
  EnrolResponse,
  RENEWAL_GRACE_DAYS,
  RenewResponse,
  renewalProof,
} from '@slipway/protocol';
import { keySha256Of, makeDeviceAuthority } from '@slipway/signing';
import { codeOfAnswer, post } from './testing/post.ts';
import { runApi, type TestApi } from './testing/running-api.ts';

/** Every key, request, proof and certificate here is made by openssl, as a device makes them. */
const run = promisify(execFile);
const deviceClass = ClassName.parse('edge-test');
const DAY_S = 86_400;

let api: TestApi;
let directory: string;
const path = (name: string): string => join(directory, name);
beforeAll(async () => {
  api = await runApi();
  directory = await mkdtemp(join(tmpdir(), 'slipway-renew-'));
});
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

const newKey = async (name: string): Promise<void> => {
  await run('openssl', [
    'genpkey',
    '-algorithm',
    'EC',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-out',
    path(name),
  ]);
};
const newCsr = async (key: string): Promise<string> =>
  (await run('openssl', ['req', '-new', '-key', path(key), '-subj', '/CN=whatever'])).stdout;
const sign = (key: string, text: string): string =>
  execFileSync('openssl', ['dgst', '-sha256', '-sign', path(key)], { input: text }).toString('base64');

type Certified = { readonly issuer?: string; readonly ends: number; readonly usage?: string };
/** A certificate for a key, with what the authority of the API would never write. */
const certify = async (key: string, id: string, how: Certified): Promise<string> => {
  const issuer = how.issuer ?? 'device-ca';
  await writeFile(
    path('extensions'),
    `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,${how.usage ?? 'clientAuth'}\n`,
  );
  const { stdout: csr } = await run('openssl', ['req', '-new', '-key', path(key), '-subj', `/CN=${id}`]);
  await writeFile(path('csr'), csr);
  const end = new Date((Date.now() / 1000 + how.ends) * 1000).toISOString().replace(/[-:T]|\.\d+/g, '');
  const { stdout } = await run('openssl', [
    'x509',
    '-req',
    '-in',
    path('csr'),
    '-CA',
    issuer === 'device-ca' ? api.path('device-ca.pem') : path(`${issuer}.pem`),
    '-CAkey',
    issuer === 'device-ca' ? api.path('device-ca.key') : path(`${issuer}.key`),
    '-extfile',
    path('extensions'),
    '-not_before',
    '19700101000000Z',
    '-not_after',
    end,
  ]);
  return stdout;
};

let number = 0;
/** A device that enrolled with a claim, as a name, its key file and its certificate. */
const newDevice = async () => {
  number += 1;
  const key = `device-${number}.key`;
  await newKey(key);
  const claim = await api.client().claims.create({ deviceClass });
  const csr = await newCsr(key);
  const answer = await post(
    api.enrolUrl(),
    { v: 1, token: claim.token, csr, deviceClass, arch: 'amd64' },
    api.serverCa,
  );
  const { certificate, issuedAt } = EnrolResponse.parse(answer.body);
  return { id: DeviceId.parse(claim.deviceId), key, certificate, issuedAt, token: claim.token, csr };
};

type Asked = {
  readonly id: string;
  readonly key: string;
  readonly certificate: string;
  readonly csr: string;
  readonly proof?: string;
  readonly of?: string;
};
const renew = async ({ id, key, certificate, csr, proof, of = id }: Asked) =>
  post(
    api.enrolUrl().replace('/enrol', `/devices/${of}/renew`),
    { v: 1, certificate, csr, proof: proof ?? sign(key, renewalProof(DeviceId.parse(of), csr)) },
    api.serverCa,
  );
const nextKey = async (name: string): Promise<string> => {
  await newKey(name);
  return newCsr(name);
};
const outcome = (answer: Awaited<ReturnType<typeof renew>>) =>
  answer.status === 200 ? 'renewed' : `${answer.status} ${codeOfAnswer(answer.body)}`;

describe('renewal', () => {
  test('gives a certificate for a new key to the holder of the present one', async () => {
    const device = await newDevice();
    const csr = await nextKey('next.key');
    const answer = await renew({ ...device, csr });
    expect(answer.status).toBe(200);
    const renewed = RenewResponse.parse(answer.body);
    expect(renewed).toMatchObject({
      deviceId: device.id,
      tenant: 'default',
      mqttUrl: api.config.deviceMqttUrl,
    });
    const certificate = new X509Certificate(renewed.certificate);
    expect(certificate.subject).toBe(`CN=${device.id}`);
    expect(certificate.verify(new X509Certificate(api.deviceCa).publicKey)).toBe(true);
    const publicKey = (await run('openssl', ['pkey', '-in', path('next.key'), '-pubout'])).stdout;
    expect(certificate.publicKey.export({ type: 'spki', format: 'pem' })).toBe(publicKey);
    expect(device.issuedAt).toBeGreaterThan(0);
    expect(renewed.issuedAt).toBeGreaterThanOrEqual(device.issuedAt ?? Number.NaN);
    expect((await api.client().devices.get(device.id)).certificateExpiresAt).toBe(
      certificate.validToDate.toISOString(),
    );
    const [entry] = await listAudit(api.db, { limit: 1, offset: 0 });
    expect(entry).toMatchObject({ action: 'device.renew', subject: device.id });
    expect(entry?.details).not.toHaveProperty('expiredAt');
  });

  test('a device cut off before the answer asks again with the same keys, or another next key', async () => {
    const device = await newDevice();
    const csr = await nextKey('again.key');
    expect(outcome(await renew({ ...device, csr }))).toBe('renewed');
    expect(outcome(await renew({ ...device, csr }))).toBe('renewed');
    const last = await renew({ ...device, csr: await nextKey('other.key') });
    expect(outcome(last)).toBe('renewed');
    // The key from before the last but one renewal opens nothing any more.
    const { certificate } = RenewResponse.parse(last.body);
    const third = { ...device, key: 'other.key', certificate, csr: await nextKey('third.key') };
    expect(outcome(await renew(third))).toBe('renewed');
    expect(outcome(await renew({ ...device, csr }))).toBe('403 CERTIFICATE_INVALID');
  });

  test('an expired certificate is renewed within the grace period, and that is on record', async () => {
    const device = await newDevice();
    const certificate = await certify(device.key, device.id, { ends: (1 - RENEWAL_GRACE_DAYS) * DAY_S });
    const csr = await nextKey('late.key');
    expect(outcome(await renew({ ...device, certificate, csr }))).toBe('renewed');
    const [entry] = await listAudit(api.db, { limit: 1, offset: 0 });
    expect(entry).toMatchObject({
      action: 'device.renew',
      subject: device.id,
      details: { expiredAt: new X509Certificate(certificate).validToDate.toISOString() },
    });
  });

  test('beyond the grace period a new claim for the same id brings the device back', async () => {
    const device = await newDevice();
    const certificate = await certify(device.key, device.id, { ends: -(1 + RENEWAL_GRACE_DAYS) * DAY_S });
    const csr = await nextKey('too-late.key');
    expect(outcome(await renew({ ...device, certificate, csr }))).toBe('403 CERTIFICATE_EXPIRED');
    const claim = await api.client().claims.create({ deviceClass, deviceId: device.id });
    const body = { v: 1, token: claim.token, csr, deviceClass, arch: 'amd64' };
    const answer = await post(api.enrolUrl(), body, api.serverCa);
    expect(EnrolResponse.parse(answer.body).deviceId).toBe(device.id);
    // What the old key could do, it can no more.
    expect(outcome(await renew({ ...device, csr }))).toBe('403 CERTIFICATE_INVALID');
  });

  test('a revoked device is refused, by its certificate and by the claim it used, until it is claimed anew', async () => {
    const device = await newDevice();
    const csr = await nextKey('revoked.key');
    expect((await api.client().devices.revoke(device.id)).revokedAt).not.toBeNull();
    expect(outcome(await renew({ ...device, csr }))).toBe('403 DEVICE_REVOKED');
    const body = { v: 1, token: device.token, csr: device.csr, deviceClass, arch: 'amd64' };
    expect(codeOfAnswer((await post(api.enrolUrl(), body, api.serverCa)).body)).toBe('DEVICE_REVOKED');
    const claim = await api.client().claims.create({ deviceClass, deviceId: device.id });
    expect((await post(api.enrolUrl(), { ...body, token: claim.token, csr }, api.serverCa)).status).toBe(200);
    expect((await api.client().devices.get(device.id)).revokedAt).toBeNull();
    expect(outcome(await renew({ ...device, csr }))).toBe('403 CERTIFICATE_INVALID');
    const actions = (await listAudit(api.db, { limit: 10, offset: 0 })).map(({ action }) => action);
    expect(actions).toContain('device.revoke');
  });

  test('refuses who cannot prove the certificate', async () => {
    const device = await newDevice();
    const other = await newDevice();
    const csr = await nextKey('proof.key');
    const stranger = await makeDeviceAuthority('stranger');
    await writeFile(path('stranger.pem'), stranger.certificatePem);
    await writeFile(path('stranger.key'), stranger.keyPem);
    const ends = 60 * DAY_S;
    const attempts: Record<string, Asked> = {
      'the new key proves itself': {
        ...device,
        csr,
        proof: sign('proof.key', renewalProof(device.id, csr)),
      },
      'a proof over another request': {
        ...device,
        csr,
        proof: sign(device.key, renewalProof(device.id, other.csr)),
      },
      'a proof for another device': {
        ...device,
        csr,
        proof: sign(device.key, renewalProof(other.id, csr)),
      },
      'the certificate of another device': { ...device, of: other.id, csr },
      'another authority': {
        ...device,
        csr,
        certificate: await certify(device.key, device.id, { issuer: 'stranger', ends }),
      },
      'a leaf as authority': {
        ...device,
        csr,
        certificate: await (async () => {
          await writeFile(path('leaf.pem'), other.certificate);
          await writeFile(path('leaf.key'), await readFile(path(other.key)));
          return certify(device.key, device.id, { issuer: 'leaf', ends });
        })(),
      },
      'another use': {
        ...device,
        csr,
        certificate: await certify(device.key, device.id, { ends, usage: 'serverAuth' }),
      },
      'a key we never saw': {
        ...device,
        csr,
        key: 'proof.key',
        certificate: await certify('proof.key', device.id, { ends }),
      },
      'the authority itself': { ...device, csr, certificate: api.deviceCa },
      'no certificate': { ...device, csr, certificate: 'none' },
    };
    const seen: Record<string, string> = {};
    for (const [name, asked] of Object.entries(attempts)) seen[name] = outcome(await renew(asked));
    expect(seen).toEqual(
      Object.fromEntries(Object.keys(attempts).map((name) => [name, '403 CERTIFICATE_INVALID'])),
    );
    expect(outcome(await renew({ ...device, csr: 'none' }))).toBe('400 CSR_INVALID');
    expect(outcome(await renew({ ...device, csr }))).toBe('renewed');
  });

  test('follows to the next authority while the one before is trusted', async () => {
    const device = await newDevice();
    const [next, files] = [
      await makeDeviceAuthority('next'),
      [api.path('device-ca.pem'), api.path('device-ca.key')],
    ];
    const before = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    const restart = async (...texts: string[]) => {
      await api.stop();
      for (const [at, file] of files.entries()) await writeFile(file, texts[at] ?? '');
      await api.start();
    };
    const devicesOf = async () =>
      (await api.client().keys.listRotations()).find(({ purpose }) => purpose === 'device-authority');
    await restart(`${next.certificatePem}${before[0]}`, `${next.keyPem}${before[1]}`);
    const list = (await revocationList(api.db))?.pem ?? '';
    expect(list.match(/BEGIN X509 CRL/g)).toHaveLength(2);
    const behind = await devicesOf();
    expect(behind).toMatchObject({ step: 'switched', following: 0 });

    const answer = await renew({ ...device, csr: await nextKey('follows.key') });
    expect(outcome(answer)).toBe('renewed');
    const certificate = new X509Certificate(RenewResponse.parse(answer.body).certificate);
    expect(certificate.verify(new X509Certificate(next.certificatePem).publicKey)).toBe(true);
    // The answer may not have reached it, and the certificate of before is good for some time.
    expect(await devicesOf()).toMatchObject({ devices: behind?.devices, following: 0 });
    await api.db.execute(`update devices set last_seen_at = now() where id = '${device.id}'`);
    const own = keySha256Of(certificate.publicKey);
    await api.db.execute(
      `update device_certificates set expires_at = now() where device = '${device.id}' and key_sha256 <> '${own}'`,
    );
    expect(await devicesOf()).toMatchObject({ devices: behind?.devices, following: 1 });

    const left = await newDevice();
    await restart(before[0] ?? '', before[1] ?? '');
    expect(outcome(await renew({ ...left, csr: await nextKey('left.key') }))).toBe('403 CERTIFICATE_INVALID');
    expect((await revocationList(api.db))?.pem.match(/BEGIN X509 CRL/g)).toHaveLength(1);
  });
});
