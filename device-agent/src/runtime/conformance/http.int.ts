import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeServerAuthority, makeServerIdentity, makeServiceIdentity } from '@slipway/signing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENT_RUNTIMES } from '@slipway/protocol';
import { freePort } from '@slipway/vm';
import { startSubject, type Subject } from './subjects.ts';

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port; // eslint-disable-line typescript/no-unsafe-type-assertion -- listening on TCP
};

const LONG = 'a line of some length, with umlauts: äöü\n'.repeat(2000);

const PAGES: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  '/plain?with=query': (_, response) => response.end('hello'),
  '/empty': (_, response) => response.writeHead(204).end(),
  '/long': (_, response) => response.end(LONG),
  '/chunks': (_, response) => {
    for (let at = 0; at < LONG.length; at += 3001) response.write(LONG.slice(at, at + 3001));
    response.end();
  },
  '/endless': (_, response) => {
    const more = (): void => {
      while (response.write('x'.repeat(1000)));
      response.once('drain', more);
    };
    more();
  },
  '/cut': (request, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('only this', () => request.socket.destroy());
  },
  '/until-the-end': (request) => {
    request.socket.end('HTTP/1.1 200 OK\r\n\r\nno length');
  },
  '/not-http': (request) => {
    request.socket.end('SSH-2.0-OpenSSH_9.9\r\n\r\n');
  },
  '/announced': (request) => {
    request.socket.end(
      'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    );
  },
  '/silence': () => undefined,
  '/echo': (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (data: string) => {
      body += data;
    });
    request.on('end', () => {
      response.end(JSON.stringify({ method: request.method, type: request.headers['content-type'], body }));
    });
  },
};

const serve = (request: IncomingMessage, response: ServerResponse): void => {
  const page = PAGES[request.url ?? ''];
  if (page === undefined) response.writeHead(404).end('none such');
  else page(request, response);
};

describe.each(AGENT_RUNTIMES)('requests on %s', (runtime) => {
  let ground: string;
  let subject: Subject;
  let http: string;
  let https: string;
  let mutual: string;
  let named: string;
  let ca: string;
  let otherCa: string;
  let client: { readonly key: string; readonly certificate: string };
  const servers: Server[] = [];
  const limits = { timeoutMs: 30_000, maxBytes: 1_000_000 };
  const get = async (url: string, options: Parameters<Subject['calls']['request']>[2] = limits) =>
    subject.calls.request('GET', url, options);

  beforeAll(async () => {
    ground = await mkdtemp(join(tmpdir(), 'slipway-http-'));
    subject = await startSubject(runtime, ground);
    const [authority, other] = await Promise.all([makeServerAuthority('one'), makeServerAuthority('other')]);
    [ca, otherCa] = [authority.certificatePem, other.certificatePem];
    const identity = await makeServerIdentity(authority, 'here', ['127.0.0.1', 'localhost']);
    const elsewhere = await makeServerIdentity(authority, 'elsewhere', ['elsewhere.example']);
    const service = await makeServiceIdentity(authority, 'device');
    client = { key: service.keyPem, certificate: service.certificatePem };
    const tls = { key: identity.keyPem, cert: identity.certificatePem };
    const start = async (server: Server): Promise<number> => {
      servers.push(server);
      return listen(server);
    };
    http = `http://127.0.0.1:${await start(createHttp(serve))}`;
    https = `https://127.0.0.1:${await start(createHttps(tls, serve))}`;
    const asking = { ...tls, ca, requestCert: true, rejectUnauthorized: true };
    mutual = `https://localhost:${await start(createHttps(asking, serve))}`;
    const wrong = { key: elsewhere.keyPem, cert: elsewhere.certificatePem };
    named = `https://localhost:${await start(createHttps(wrong, serve))}`;
  });
  afterAll(async () => {
    await subject.stop();
    for (const server of servers) {
      if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function') {
        server.closeAllConnections();
      }
      server.close();
    }
    await rm(ground, { recursive: true, force: true });
  });

  test('an answer with its status', async () => {
    expect(await get(`${http}/plain?with=query`)).toEqual({ status: 200, body: 'hello' });
    expect(await get(`${http}/nowhere`)).toEqual({ status: 404, body: 'none such' });
    expect(await get(`${http}/empty`)).toEqual({ status: 204, body: '' });
  });

  test('a body of a known length, of chunks, or until the connection ends', async () => {
    expect(await get(`${http}/long`)).toEqual({ status: 200, body: LONG });
    expect(await get(`${http}/chunks`)).toEqual({ status: 200, body: LONG });
    expect(await get(`${https}/chunks`, { ...limits, ca })).toEqual({ status: 200, body: LONG });
    expect(await get(`${http}/until-the-end`)).toEqual({ status: 200, body: 'no length' });
    expect(await get(`${http}/announced`)).toEqual({ status: 200, body: 'ok' });
  });

  test('a body is posted as JSON', async () => {
    const { body } = await subject.calls.request('POST', `${http}/echo`, {
      ...limits,
      json: { ä: [1, 'x'] },
    });
    expect(JSON.parse(body)).toEqual({ method: 'POST', type: 'application/json', body: '{"ä":[1,"x"]}' });
  });

  test('an answer that is too large is refused, however it comes', async () => {
    for (const page of ['long', 'chunks', 'endless']) {
      await expect(get(`${http}/${page}`, { timeoutMs: 30_000, maxBytes: 5000 })).rejects.toThrow(
        'larger than 5000 bytes',
      );
    }
  });

  test('an answer that is cut short is none', async () => {
    await expect(get(`${http}/cut`)).rejects.toThrow(/./);
    await expect(get(`${http}/not-http`)).rejects.toThrow(/./);
  });

  test('a server that says nothing, one that is not there', async () => {
    await expect(get(`${http}/silence`, { ...limits, timeoutMs: 100 })).rejects.toThrow(/./);
    await expect(get(`http://127.0.0.1:${await freePort()}/`)).rejects.toThrow(/refused/i);
    await expect(get('http://no-such-host.invalid/')).rejects.toThrow(/no-such-host/);
  });

  test('only the authority that was named vouches for a server', async () => {
    expect(await get(`${https}/plain?with=query`, { ...limits, ca })).toEqual({ status: 200, body: 'hello' });
    await expect(get(`${https}/plain`, { ...limits, ca: otherCa })).rejects.toThrow(/certificate/);
    await expect(get(`${https}/plain`)).rejects.toThrow(/certificate/);
  });

  test('a server of another name is refused', async () => {
    await expect(get(`${named}/plain`, { ...limits, ca })).rejects.toThrow(/host/i);
    await expect(get(`${named.replace('localhost', '127.0.0.1')}/plain`, { ...limits, ca })).rejects.toThrow(
      /IP/,
    );
  });

  test('a client that is asked who it is', async () => {
    await expect(get(`${mutual}/plain?with=query`, { ...limits, ca })).rejects.toThrow(/./);
    expect(await get(`${mutual}/plain?with=query`, { ...limits, ca, client })).toMatchObject({
      body: 'hello',
    });
  });

  test('a port is open, closed, or silent', async () => {
    const open = createTcp();
    servers.push(open);
    await subject.calls.probeTcp('127.0.0.1', await listen(open), 30_000);
    await expect(subject.calls.probeTcp('127.0.0.1', await freePort(), 30_000)).rejects.toThrow(/refused/i);
  });
});
