import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAudit } from '@slipway/fleet';
import { ClassName, EnrolResponse } from '@slipway/protocol';
import { codeOfAnswer, post } from './testing/post.ts';
import { runApi, type TestApi } from './testing/running-api.ts';

const run = promisify(execFile);

let api: TestApi;
let directory: string;
beforeAll(async () => {
  api = await runApi();
  directory = await mkdtemp(join(tmpdir(), 'slipway-csr-'));
});
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

/** A key and a request for it, made by openssl as a device would. */
const newCsr = async (
  name: string,
  algorithm = 'EC',
  option = 'ec_paramgen_curve:P-256',
): Promise<string> => {
  const [key, csr] = [join(directory, `${name}.key`), join(directory, `${name}.csr`)];
  await run('openssl', ['genpkey', '-algorithm', algorithm, '-pkeyopt', option, '-out', key]);
  await run('openssl', ['req', '-new', '-key', key, '-subj', '/CN=admin', '-out', csr]);
  return readFile(csr, 'utf8');
};

const deviceClass = ClassName.parse('edge-test');
const newToken = async (): Promise<string> => (await api.client().claims.create({ deviceClass })).token ?? '';
const enrol = async (token: string, csr: string, change: Record<string, unknown> = {}) =>
  post(api.enrolUrl(), { v: 1, token, csr, deviceClass, arch: 'amd64', ...change }, api.serverCa);

describe('enrolment', () => {
  test('gives a certificate for the device of the claim, and an entry in the fleet', async () => {
    const claim = await api.client().claims.create({ deviceClass });
    const answer = await enrol(claim.token ?? '', await newCsr('good'));
    expect(answer.status).toBe(200);
    const enrolled = EnrolResponse.parse(answer.body);
    expect(enrolled).toMatchObject({
      deviceId: claim.deviceId,
      tenant: 'default',
      mqttUrl: api.config.deviceMqttUrl,
    });
    const certificate = new X509Certificate(enrolled.certificate);
    // The subject is ours, whatever the request asked for.
    expect(certificate.subject).toBe(`CN=${claim.deviceId}`);
    expect(certificate.verify(new X509Certificate(api.deviceCa).publicKey)).toBe(true);

    const device = await api.client().devices.get(claim.deviceId ?? '');
    expect(device).toMatchObject({ deviceClass, arch: 'amd64', online: false });
    expect(Date.parse(device.certificateExpiresAt ?? '')).toBe(certificate.validToDate.getTime());
    const [entry] = await listAudit(api.db, { limit: 1, offset: 0 });
    expect(entry).toMatchObject({
      action: 'device.enrol',
      subject: claim.deviceId,
      details: { claim: claim.id },
    });
    const listed = (await api.client().claims.list().all()).find(({ id }) => id === claim.id);
    expect(listed?.usedAt).not.toBeNull();
    expect(listed).not.toHaveProperty('token');
  });

  test('takes a token once, except from the key that used it', async () => {
    const token = await newToken();
    const csr = await newCsr('first');
    expect((await enrol(token, csr)).status).toBe(200);
    expect((await enrol(token, csr)).status).toBe(200);
    const second = await enrol(token, await newCsr('second'));
    expect([second.status, codeOfAnswer(second.body)]).toEqual([403, 'CLAIM_INVALID']);
  });

  test('refuses tokens that are unknown or for something else', async () => {
    const csr = await newCsr('refused');
    const token = await newToken();
    const answers = [
      await enrol('swc_0123456789abcdef', csr),
      await enrol(token, csr, { deviceClass: 'edge-other' }),
      await enrol(token, csr, { arch: 'arm64' }),
    ];
    expect(answers.map(({ body }) => codeOfAnswer(body))).toEqual(Array(3).fill('CLAIM_INVALID'));
    expect((await enrol(token, csr)).status).toBe(200);
  });

  test('refuses requests that prove no P-256 key, and leaves the token unused', async () => {
    const token = await newToken();
    const good = await newCsr('proof');
    const lines = good.trim().split('\n');
    const bytes = Buffer.from(lines.slice(1, -1).join(''), 'base64');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const forged = `${lines[0]}\n${bytes.toString('base64')}\n${lines.at(-1)}\n`;
    for (const csr of [
      'nothing',
      forged,
      await newCsr('p384', 'EC', 'ec_paramgen_curve:P-384'),
      await newCsr('rsa', 'RSA', 'rsa_keygen_bits:2048'),
    ]) {
      const answer = await enrol(token, csr);
      expect([answer.status, codeOfAnswer(answer.body)]).toEqual([400, 'CSR_INVALID']);
    }
    expect((await enrol(token, good)).status).toBe(200);
  });

  test('refuses what is not of the form', async () => {
    const csr = await newCsr('form');
    const extra = await enrol(await newToken(), csr, { deviceId: 'me-please' });
    expect([extra.status, codeOfAnswer(extra.body)]).toEqual([400, 'REQUEST_INVALID']);
    const plain = await post(api.enrolUrl(), {}, api.serverCa, 'text/plain');
    expect([plain.status, codeOfAnswer(plain.body)]).toEqual([415, 'REQUEST_INVALID']);
    const elsewhere = await post(api.enrolUrl().replace('/enrol', '/claims'), {}, api.serverCa);
    expect([elsewhere.status, codeOfAnswer(elsewhere.body)]).toEqual([404, 'NOT_FOUND']);
  });
});

test('a stranger who guesses is slowed down', async () => {
  const slow = await runApi({ enrolPerMinute: 3 });
  const csr = await newCsr('stranger');
  const asked = { v: 1, token: 'swc_0123456789abcdef', csr, deviceClass, arch: 'amd64' };
  const answers = [];
  for (let n = 0; n < 4; n += 1) {
    answers.push(await post(slow.enrolUrl(), asked, slow.serverCa));
  }
  await slow.close();
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 429]);
  expect(codeOfAnswer(answers.at(-1)?.body)).toBe('RATE_LIMITED');
  expect(Number(answers.at(-1)?.retryAfter)).toBeGreaterThan(0);
});
