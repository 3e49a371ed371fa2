import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, DeviceId } from '@slipway/protocol';
import {
  DEVICE_CERTIFICATE_DAYS,
  type Identity,
  makeDeviceAuthority,
  makeDeviceRequest,
  makeReleaseTree,
  makeServerAuthority,
  makeServerIdentity,
  makeServiceIdentity,
  signDeviceCsr,
} from './index.ts';

let folder: string;
let ca: Identity;
const deviceId = DeviceId.parse('device-a');

const openssl = (line: string): string =>
  execFileSync('openssl', line.split(' '), {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const put = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });

const requestFor = (key: string): string => {
  openssl(`${key} -out device.key`);
  return openssl('req -new -key device.key -subj /CN=whatever -addext basicConstraints=CA:TRUE');
};
const P256 = 'ecparam -name prime256v1 -genkey -noout';

const codeFrom = async (csrPem: string, id: DeviceId = deviceId): Promise<string> =>
  signDeviceCsr({ csrPem, deviceId: id, ca }).then(
    () => 'none',
    (error: unknown) => codeOf(error),
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-certificates-'));
  ca = await makeDeviceAuthority('test');
  put('device-ca.pem', ca.certificatePem);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('makeDeviceRequest', () => {
  test('openssl and the authority take its request, and the key belongs to it', async () => {
    const { keyPem, csrPem } = makeDeviceRequest('sim-1');
    put('sim.csr', csrPem);
    put('sim.key', keyPem);
    expect(openssl('req -in sim.csr -noout -verify -subject')).toContain('sim-1');
    expect(openssl('req -in sim.csr -noout -pubkey')).toBe(openssl('pkey -in sim.key -pubout'));
    const { certificatePem } = await signDeviceCsr({ csrPem, deviceId, ca });
    put('sim.pem', certificatePem);
    expect(openssl('x509 -in sim.pem -noout -pubkey')).toBe(openssl('pkey -in sim.key -pubout'));
  });
});

describe('signDeviceCsr', () => {
  test('certifies the key under the name we give it, for client authentication, for 90 days', async () => {
    const before = Date.now();
    const given = await signDeviceCsr({ csrPem: requestFor(P256), deviceId, ca });
    const { certificatePem, expiresAt } = given;
    put('device.pem', certificatePem);
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.subject).toBe('CN=device-a');
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(new Date(certificate.validFrom).getTime()).toBe(0);
    expect(new Date(certificate.validTo)).toEqual(expiresAt);
    expect(expiresAt.getTime() - before).toBeGreaterThan((DEVICE_CERTIFICATE_DAYS - 1) * 86_400_000);
    expect(expiresAt.getTime() - before).toBeLessThan((DEVICE_CERTIFICATE_DAYS + 1) * 86_400_000);
    expect(openssl('verify -purpose sslclient -CAfile device-ca.pem device.pem')).toMatch(/OK/);
    expect(
      openssl('x509 -in device.pem -noout -fingerprint -sha256').replaceAll(':', '').toLowerCase(),
    ).toContain(given.fingerprint);
    expect(openssl('x509 -in device.pem -noout -issuer')).toContain(given.issuer);
    expect(given.keyType).toBe('EC prime256v1');
    // What the request asked for beyond its key is not taken over.
    expect(openssl('x509 -in device.pem -noout -text')).not.toMatch(/CA:TRUE|whatever/);
  });

  test('the certificate is usable from 1970 on', () => {
    expect(openssl('verify -attime 0 -purpose sslclient -CAfile device-ca.pem device.pem')).toMatch(/OK/);
    expect(readFileSync(join(folder, 'device.pem'), 'utf8')).toMatch(/BEGIN CERTIFICATE/);
  });

  test.each([
    ['a P-384 key', 'ecparam -name secp384r1 -genkey -noout'],
    ['an RSA key', 'genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048'],
    ['an Ed25519 key', 'genpkey -algorithm ED25519'],
  ])('refuses %s', async (_what, key) => {
    expect(await codeFrom(requestFor(key))).toBe('CSR_INVALID');
  });

  test('refuses a request that its key did not sign', async () => {
    const csr = requestFor(P256);
    const der = Buffer.from(csr.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    for (const at of [der.length - 3, 40, Math.floor(der.length / 2)]) {
      const bad = Buffer.from(der);
      bad.writeUInt8(bad.readUInt8(at) ^ 1, at);
      const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${bad.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
      expect(await codeFrom(pem), `byte ${at}`).toBe('CSR_INVALID');
    }
  });

  test.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    [
      'bytes that are no request',
      '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
    ],
    [
      'too much',
      `-----BEGIN CERTIFICATE REQUEST-----\n${'A'.repeat(9000)}\n-----END CERTIFICATE REQUEST-----\n`,
    ],
  ])('refuses %s', async (_what, pem) => {
    expect(await codeFrom(pem)).toBe('CSR_INVALID');
  });

  test('refuses two requests in one', async () => {
    const csr = requestFor(P256);
    expect(await codeFrom(csr + csr)).toBe('CSR_INVALID');
  });

  test.each(['gateway', 'server'])('refuses the name %s, which belongs to the server side', async (name) => {
    expect(await codeFrom(requestFor(P256), DeviceId.parse(name))).toBe('REQUEST_INVALID');
  });
});

describe('the trees', () => {
  test('a server certificate holds for its names and addresses, for servers only', async () => {
    const serverCa = await makeServerAuthority('test');
    const server = await makeServerIdentity(serverCa, 'slipway', ['10.0.2.2', '127.0.0.1', 'localhost']);
    put('server-ca.pem', serverCa.certificatePem);
    put('server.pem', server.certificatePem);
    for (const name of ['-verify_ip 10.0.2.2', '-verify_ip 127.0.0.1', '-verify_hostname localhost']) {
      expect(openssl(`verify -attime 0 -purpose sslserver ${name} -CAfile server-ca.pem server.pem`)).toMatch(
        /OK/,
      );
    }
    expect(() =>
      openssl('verify -purpose sslserver -verify_ip 10.0.2.3 -CAfile server-ca.pem server.pem'),
    ).toThrow(/mismatch/i);
    expect(() => openssl('verify -purpose sslclient -CAfile server-ca.pem server.pem')).toThrow(/purpose/i);
    expect(() => openssl('verify -purpose sslserver -CAfile device-ca.pem server.pem')).toThrow(/issuer/i);

    const gateway = await makeServiceIdentity(serverCa, 'gateway');
    put('gateway.pem', gateway.certificatePem);
    expect(openssl('verify -purpose sslclient -CAfile server-ca.pem gateway.pem')).toMatch(/OK/);
  });

  test('a release tree: critical codeSigning, no authority below the intermediate', async () => {
    const tree = await makeReleaseTree('test');
    put('root.pem', tree.root.certificatePem);
    put('intermediate.pem', tree.intermediate.certificatePem);
    put('leaf.pem', tree.leaf.certificatePem);
    const text = openssl('x509 -in leaf.pem -noout -text');
    expect(text).toMatch(/Extended Key Usage: critical\s+Code Signing/);
    expect(text).toMatch(/Public-Key: \(3072 bit\)/);
    expect(text).toMatch(/Not Before: Jan {2}1 00:00:00 1970/);
    expect(openssl('verify -purpose codesign -CAfile root.pem -untrusted intermediate.pem leaf.pem')).toMatch(
      /OK/,
    );
    expect(openssl('x509 -in intermediate.pem -noout -text')).toMatch(/CA:TRUE, pathlen:0/);
  });
});
