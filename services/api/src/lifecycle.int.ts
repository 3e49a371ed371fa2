import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHash, createPublicKey } from 'node:crypto';
import { listAudit } from '@slipway/fleet';
import { ClaimToken, ClaimUse, Device, EnrolResponse, Registration } from '@slipway/protocol';
import { z } from 'zod';
import { newKeyAndCsr } from './testing/csr.ts';
import { codeOfAnswer, post } from './testing/post.ts';
import { runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await runApi();
});
afterAll(() => api.close());

const deviceClass = 'edge-test';
const call = async (method: string, path: string, body?: unknown) => {
  const answer = await fetch(`${api.url()}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${api.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: answer.status, body: json };
};
const newClaim = async (asked: Record<string, unknown>): Promise<ClaimToken> =>
  ClaimToken.parse((await call('POST', '/v1/claims', { deviceClass, ...asked })).body);
const enrol = async (asked: Record<string, unknown>) =>
  post(api.enrolUrl(), { v: 1, deviceClass, arch: 'amd64', ...asked }, api.serverCa);
const deviceOf = async (id: string): Promise<Device> =>
  Device.parse((await call('GET', `/v1/devices/${id}`)).body);

describe('a batch of devices', () => {
  test('enrols by one token, with ids from serial numbers, and the claim tells who came', async () => {
    const claim = await newClaim({ uses: 2, idPattern: 'line-{serial}', note: 'lot 7' });
    expect(claim).toMatchObject({ uses: 2, used: 0, deviceId: null, note: 'lot 7' });
    for (const serial of ['A1', 'A2']) {
      const answer = await enrol({ token: claim.token, serial, csr: (await newKeyAndCsr()).csr });
      expect(EnrolResponse.parse(answer.body).deviceId).toBe(`line-${serial.toLowerCase()}`);
    }
    const third = await enrol({ token: claim.token, serial: 'A3', csr: (await newKeyAndCsr()).csr });
    expect([third.status, codeOfAnswer(third.body)]).toEqual([403, 'CLAIM_INVALID']);
    expect((await call('GET', `/v1/claims/${claim.id}`)).body).toMatchObject({ used: 2 });
    const uses = z.array(ClaimUse).parse((await call('GET', `/v1/claims/${claim.id}/uses`)).body);
    expect(uses.map(({ device, serial, state }) => [device, serial, state])).toEqual([
      ['line-a1', 'A1', 'enrolled'],
      ['line-a2', 'A2', 'enrolled'],
    ]);
  });

  test('comes no further once its claim is revoked', async () => {
    const claim = await newClaim({ uses: 5 });
    await call('POST', `/v1/claims/${claim.id}/revoke`);
    const answer = await enrol({ token: claim.token, csr: (await newKeyAndCsr()).csr });
    expect(codeOfAnswer(answer.body)).toBe('CLAIM_INVALID');
  });

  test('is not asked for with one id', async () => {
    const answer = await call('POST', '/v1/claims', { deviceClass, deviceId: 'one', uses: 2 });
    expect([answer.status, codeOfAnswer(answer.body)]).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('approval', () => {
  test('a device waits with its key, is told when to ask again, and comes in once it is accepted', async () => {
    const claim = await newClaim({ uses: 3, approval: 'required' });
    const { csr } = await newKeyAndCsr();
    const waits = await enrol({ token: claim.token, serial: 'P-1', csr });
    expect([waits.status, codeOfAnswer(waits.body), waits.retryAfter]).toEqual([409, 'ENROL_PENDING', '60']);
    const pending = z.array(Device).parse((await call('GET', '/v1/devices?state=pending')).body);
    expect(pending).toMatchObject([{ serial: 'P-1', state: 'pending', certificateExpiresAt: null }]);
    const id = pending[0]?.id ?? '';
    expect(codeOfAnswer((await enrol({ token: claim.token, csr })).body)).toBe('ENROL_PENDING');
    expect((await call('POST', `/v1/devices/${id}/accept`)).body).toMatchObject({ id, state: 'active' });
    const enrolled = await enrol({ token: claim.token, csr });
    expect(EnrolResponse.parse(enrolled.body).deviceId).toBe(id);
    const actions = (await listAudit(api.db, { limit: 100, offset: 0 }))
      .filter(({ subject }) => subject === id)
      .map(({ action, actor }) => `${actor} ${action}`);
    expect(actions).toEqual([`device:${id} device.enrol`, 'admin device.accept', `device:${id} device.ask`]);
  });

  test('several are accepted at once; one that is rejected stays out', async () => {
    const claim = await newClaim({ uses: 3, approval: 'required' });
    const asked = await Promise.all(Array.from({ length: 3 }, newKeyAndCsr));
    for (const { csr } of asked) await enrol({ token: claim.token, csr });
    const ids = z
      .array(ClaimUse)
      .parse((await call('GET', `/v1/claims/${claim.id}/uses`)).body)
      .map(({ device }) => device);
    const [bad = '', ...good] = ids;
    expect((await call('POST', `/v1/devices/${bad}/reject`)).body).toMatchObject({ state: 'rejected' });
    const all = await call('POST', '/v1/devices/accept', { devices: ids });
    expect([all.status, codeOfAnswer(all.body)]).toEqual([409, 'CONFLICT']);
    const some = await call('POST', '/v1/devices/accept', { devices: good });
    expect(
      z
        .array(Device)
        .parse(some.body)
        .map(({ state }) => state),
    ).toEqual(['active', 'active']);
    const codes = await Promise.all(
      asked.map(async ({ csr }) => (await enrol({ token: claim.token, csr })).status),
    );
    expect(codes.sort((a, b) => a - b)).toEqual([200, 200, 403]);
  });
});

describe('devices known beforehand', () => {
  test('enrol by their key without a claim, with name, tags and attributes', async () => {
    const { key, csr } = await newKeyAndCsr();
    const keySha256 = createHash('sha256')
      .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
      .digest('hex');
    const imported = await call('POST', '/v1/registrations', {
      devices: [
        {
          keySha256,
          deviceId: 'known-here',
          deviceClass,
          name: 'Pump 3',
          tags: ['pump'],
          attributes: { site: 'bremen' },
        },
      ],
    });
    expect(z.array(Registration).parse(imported.body)).toMatchObject([
      { deviceId: 'known-here', usedAt: null },
    ]);
    expect(EnrolResponse.parse((await enrol({ csr })).body).deviceId).toBe('known-here');
    expect(codeOfAnswer((await enrol({ csr: (await newKeyAndCsr()).csr })).body)).toBe('CLAIM_INVALID');
    const [listed] = z.array(Registration).parse((await call('GET', '/v1/registrations')).body);
    expect(listed?.usedAt).not.toBeNull();
    const { rows } = z
      .object({ rows: z.array(z.object({ name: z.string(), tags: z.array(z.string()) })) })
      .parse(await api.db.execute("select name, tags from devices where id = 'known-here'"));
    expect(rows).toEqual([{ name: 'Pump 3', tags: ['pump'] }]);
  });

  test('a list with a wrong line changes nothing and names it', async () => {
    const answer = await call('POST', '/v1/registrations', {
      devices: [
        { line: 2, serial: 'OK-1', deviceClass },
        { line: 3, serial: 'OK-2', deviceClass: 'unknown' },
      ],
    });
    expect([answer.status, codeOfAnswer(answer.body)]).toEqual([422, 'IMPORT_INVALID']);
    expect(answer.body).toMatchObject({ details: { lines: [{ line: 3 }] } });
    const good = await call('POST', '/v1/registrations', { devices: [{ serial: 'OK-1', deviceClass }] });
    const [made] = z.array(Registration).parse(good.body);
    expect((await call('DELETE', `/v1/registrations/${made?.deviceId}`)).status).toBe(204);
    expect((await call('DELETE', `/v1/registrations/${made?.deviceId}`)).status).toBe(404);
  });
});

test('a device that has left is out of the list, and comes back only by a claim that names it', async () => {
  const claim = await newClaim({ deviceId: 'leaves-here' });
  const { csr } = await newKeyAndCsr();
  await enrol({ token: claim.token, csr });
  const left = await call('POST', '/v1/devices/leaves-here/decommission');
  expect(left.body).toMatchObject({ state: 'decommissioned' });
  const listed = z.array(Device).parse((await call('GET', '/v1/devices')).body);
  expect(listed.map(({ id }) => id)).not.toContain('leaves-here');
  expect(codeOfAnswer((await enrol({ token: claim.token, csr })).body)).toBe('DEVICE_REVOKED');
  const anew = await newClaim({ deviceId: 'leaves-here' });
  expect((await enrol({ token: anew.token, csr: (await newKeyAndCsr()).csr })).status).toBe(200);
  expect(await deviceOf('leaves-here')).toMatchObject({ state: 'active', decommissionedAt: null });
});

test('the class of a device is changed by nothing but the request for it', async () => {
  const claim = await newClaim({ deviceId: 'stays-in-class' });
  await enrol({ token: claim.token, csr: (await newKeyAndCsr()).csr });
  const unknown = await call('PUT', '/v1/devices/stays-in-class/class', { deviceClass: 'nothing' });
  expect([unknown.status, codeOfAnswer(unknown.body)]).toEqual([404, 'CLASS_UNKNOWN']);
  const same = await call('PUT', '/v1/devices/stays-in-class/class', { deviceClass });
  expect(same.body).toMatchObject({ deviceClass });
});
