import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TlsOptions, type TLSSocket } from 'node:tls';
import { AGENT_RUNTIMES } from '@slipway/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startSubject, type Subject } from './subjects.ts';

/** Servers as others run them: older TLS, RSA, odd certificates, ends without a word. */
const KEYS = { rsa: ['rsa:2048'], ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] } as const;
const NAMES = {
  usual: 'subjectAltName=DNS:localhost,IP:127.0.0.1',
  uri: 'subjectAltName=URI:localhost',
  'uri beside the name': 'subjectAltName=URI:localhost,DNS:localhost',
  'no name but the common one': 'keyUsage=digitalSignature',
  'a certificate for clients': 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=clientAuth',
} as const;

let ground: string;
let ca: string;
const servers: Server[] = [];
const openssl = (...words: readonly string[]): void => {
  execFileSync('openssl', words, { cwd: ground, stdio: 'ignore' });
};
const certified = async (key: keyof typeof KEYS, names: keyof typeof NAMES): Promise<TlsOptions> => {
  await writeFile(join(ground, 'names'), NAMES[names]);
  openssl(
    'req',
    '-newkey',
    ...KEYS[key],
    '-nodes',
    '-keyout',
    's.key',
    '-out',
    's.csr',
    '-subj',
    '/CN=localhost',
  );
  const issuer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '9', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 's.csr', '-out', 's.pem', ...issuer);
  return { key: await readFile(join(ground, 's.key')), cert: await readFile(join(ground, 's.pem')) };
};
const answer = (socket: TLSSocket): void => {
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'));
};
/** @returns its port */
const serve = async (
  options: TlsOptions,
  onSocket: (socket: TLSSocket) => void = answer,
): Promise<number> => {
  const server = createServer(options, (socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port; // eslint-disable-line typescript/no-unsafe-type-assertion -- listening on TCP
};

beforeAll(async () => {
  ground = await mkdtemp(join(tmpdir(), 'slipway-tls-'));
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=ca',
  );
  ca = await readFile(join(ground, 'ca.pem'), 'utf8');
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(async () => {
  await rm(ground, { recursive: true, force: true });
});

const asker = (runtime: (typeof AGENT_RUNTIMES)[number]) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await startSubject(runtime, ground);
  });
  afterAll(async () => {
    await subject.stop();
  });
  return async (port: number, host = 'localhost', json?: unknown) =>
    subject.calls.request(json === undefined ? 'GET' : 'POST', `https://${host}:${port}/`, {
      ca,
      json,
      timeoutMs: 30_000,
      maxBytes: 100_000,
    });
};

describe.each(AGENT_RUNTIMES)('TLS on %s', (runtime) => {
  const ask = asker(runtime);
  const versions = ['TLSv1.2', 'TLSv1.3'] as const;
  test.each(versions.flatMap((version) => (['rsa', 'ec'] as const).map((key) => ({ version, key }))))(
    '$version with a key of $key, by name and by address',
    async ({ version, key }) => {
      const port = await serve({
        ...(await certified(key, 'usual')),
        minVersion: version,
        maxVersion: version,
      });
      expect(await ask(port)).toEqual({ status: 200, body: 'hello' });
      expect(await ask(port, '127.0.0.1')).toEqual({ status: 200, body: 'hello' });
    },
  );

  test('a certificate for clients is refused', async () => {
    const options = await certified('ec', 'a certificate for clients');
    await expect(ask(await serve(options))).rejects.toThrow(/certificate/i);
  });
});

describe('TLS by slipway-crypto', () => {
  const ask = asker('quickjs');
  test.each(['uri', 'uri beside the name', 'no name but the common one'] as const)(
    'refused: %s',
    async (names) => {
      await expect(ask(await serve(await certified('ec', names)))).rejects.toThrow(/host/);
    },
  );

  test.each(['AES128-SHA256', 'ECDHE-RSA-AES128-SHA256', 'AES128-GCM-SHA256'])(
    'refused: a server of TLS 1.2 that has only %s',
    async (ciphers) => {
      const port = await serve({ ...(await certified('rsa', 'usual')), maxVersion: 'TLSv1.2', ciphers });
      await expect(ask(port)).rejects.toThrow(/./);
    },
  );

  test('an answer before all was asked arrives, though the server takes nothing more', async () => {
    const early = (socket: TLSSocket): void => {
      socket.once('data', () => socket.end('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno'));
    };
    const port = await serve(await certified('ec', 'usual'), early);
    for (let round = 0; round < 20; round++) {
      const asked = await ask(port, 'localhost', 'x'.repeat(500_000)).then(
        ({ status }) => status,
        (error: unknown) => String(error),
      );
      expect(asked).toBe(413);
    }
  });

  test('an answer without a length that ends without a word is none', async () => {
    const part = (end: (socket: TLSSocket) => void) => (socket: TLSSocket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\nhalf of it', () => end(socket)));
    };
    const options = await certified('ec', 'usual');
    expect(
      await ask(
        await serve(
          options,
          part((socket) => socket.end()),
        ),
      ),
    ).toMatchObject({ body: 'half of it' });
    await expect(
      ask(
        await serve(
          options,
          part((socket) => socket.destroy()),
        ),
      ),
    ).rejects.toThrow(/cut short/);
  });
});
