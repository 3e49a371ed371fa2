import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeviceId } from '@slipway/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { emqxControl } from './emqx.ts';

/*
 * EMQX does not run here. This serves the part of its HTTP API (version 5: `/banned`, `/clients/{clientid}`) that is
 * used, with the answers that its documentation gives.
 */
type Ban = { readonly as: string; readonly who: string; readonly by?: string };
let server: Server;
let url: string;
let folder: string;
let bans: Ban[];
let sessions: Set<string>;
const asked: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-emqx-'));
  bans = [{ as: 'clientid', who: 'banned-by-a-person', by: 'anna' }];
  sessions = new Set(['device-a', 'device-b']);
  asked.length = 0;
  server = createServer((request, response) => {
    const answer = (status: number, body?: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    const key = Buffer.from('key:secret').toString('base64');
    if (request.headers.authorization !== `Basic ${key}`)
      return answer(401, { code: 'BAD_API_KEY_OR_SECRET', message: 'Check api_key/api_secret' });
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://emqx');
    asked.push(`${request.method} ${pathname}`);
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (request.method === 'GET' && pathname === '/api/v5/banned') {
        const [page, limit] = [Number(searchParams.get('page')), Number(searchParams.get('limit'))];
        const data = bans.slice((page - 1) * limit, page * limit);
        return answer(200, { data, meta: { page, limit, count: bans.length } });
      }
      if (request.method === 'POST' && pathname === '/api/v5/banned') {
        // eslint-disable-next-line typescript/no-unsafe-type-assertion -- what the code under test sends
        const ban = JSON.parse(text) as Ban;
        if (bans.some(({ who }) => who === ban.who))
          return answer(400, { code: 'ALREADY_EXISTED', message: 'already' });
        bans.push(ban);
        return answer(200, ban);
      }
      const [, kind, , id] = /^\/api\/v5\/(banned|clients)(\/clientid)?\/(.+)$/.exec(pathname) ?? [];
      if (request.method !== 'DELETE' || id === undefined) return answer(404, { code: 'NOT_FOUND' });
      if (kind === 'clients')
        return sessions.delete(id) ? answer(204) : answer(404, { code: 'CLIENTID_NOT_FOUND' });
      const before = bans.length;
      bans = bans.filter(({ who }) => who !== id);
      return bans.length < before ? answer(204) : answer(404, { code: 'NOT_FOUND' });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/api/v5/`;
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

const control = async (key = 'key:secret\n') => {
  const apiKeyFile = join(folder, 'key');
  await writeFile(apiKeyFile, key, { mode: 0o400 });
  return emqxControl({ kind: 'emqx', apiUrl: url, apiKeyFile });
};
const list = { number: 1, pem: '' };
const [A, B] = [DeviceId.parse('device-a'), DeviceId.parse('device-b')];

describe('EMQX', () => {
  test('bans who is out by its client id, and lets in again who is not', async () => {
    const emqx = await control();
    await emqx.shutOut(list, [A, B]);
    expect(bans.map(({ as, who, by }) => [as, who, by])).toEqual([
      ['clientid', 'banned-by-a-person', 'anna'],
      ['clientid', A, 'slipway'],
      ['clientid', B, 'slipway'],
    ]);
    await emqx.shutOut(list, [B]);
    expect(bans.map(({ who }) => who)).toEqual(['banned-by-a-person', B]);
    asked.length = 0;
    await emqx.shutOut(list, [B]);
    expect(asked).toEqual(['GET /api/v5/banned']);
  });

  test('leaves alone what a person has banned', async () => {
    const emqx = await control();
    await emqx.shutOut(list, [DeviceId.parse('banned-by-a-person')]);
    await emqx.shutOut(list, []);
    expect(bans).toEqual([{ as: 'clientid', who: 'banned-by-a-person', by: 'anna' }]);
  });

  test('ends a session, also one that is not there', async () => {
    const emqx = await control();
    await emqx.drop(A);
    await emqx.drop(A);
    expect([...sessions]).toEqual([B]);
  });

  test('that refuses the key is an error that says so', async () => {
    const emqx = await control('key:wrong');
    await expect(emqx.drop(A)).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('401'),
    });
    expect([...sessions]).toEqual([A, B]);
  });
});
