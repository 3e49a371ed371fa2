import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Arch } from '@slipway/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { elfNeeds } from './elf.ts';
import { elfImports } from './elf-imports.ts';
import { standInLibrary } from './stand-in-library.ts';

const HOST: Arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const LIBRARIES = `/usr/lib/${HOST === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
const REFUSED = ['libzstd.so.1', 'libz.so.1'];
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

let folder: string;
/** How many functions of each it takes. */
const taken = new Map<string, number>();
/** This machine's OpenSSL, with libraries that refuse in place of those that it would unpack with. */
const env = () => ({ PATH, LD_LIBRARY_PATH: join(folder, 'lib'), LD_BIND_NOW: '1' });
const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, {
    cwd: folder,
    env: env(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** What a stream says once it has said what was looked for. */
const found = async (stream: Readable | null, what: RegExp): Promise<string> => {
  let said = '';
  for await (const chunk of stream ?? []) {
    said += String(chunk);
    const match = what.exec(said)?.[1];
    if (match !== undefined) return match;
  }
  return `ended: ${said}`;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-library-'));
  await mkdir(join(folder, 'lib'));
  const libcrypto = await readFile(join(LIBRARIES, 'libcrypto.so.3'));
  for (const name of REFUSED) {
    const imports = elfImports(libcrypto, name, await readFile(join(LIBRARIES, name)));
    taken.set(name, imports.length);
    await writeFile(join(folder, 'lib', name), standInLibrary(HOST, name, imports));
  }
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
    '-keyout',
    'key.pem',
    '-out',
    'certificate.pem',
    '-days',
    '2',
  );
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('OpenSSL with libraries that refuse', () => {
  test('is what runs here: the loader finds ours', () => {
    const libraries = execFileSync('ldd', [join(LIBRARIES, 'libcrypto.so.3')], {
      env: env(),
      encoding: 'utf8',
    });
    for (const name of REFUSED) expect(taken.get(name)).toBeGreaterThan(5);
    for (const name of REFUSED) expect(libraries).toContain(`${name} => ${join(folder, 'lib', name)}`);
  });

  test('signs and verifies CMS', async () => {
    await writeFile(join(folder, 'manifest'), 'what was signed');
    openssl(
      'cms',
      '-sign',
      '-binary',
      '-in',
      'manifest',
      '-signer',
      'certificate.pem',
      '-inkey',
      'key.pem',
      '-outform',
      'DER',
      '-out',
      'signature',
    );
    const verify = (content: string) =>
      openssl(
        'cms',
        '-verify',
        '-binary',
        '-inform',
        'DER',
        '-in',
        'signature',
        '-content',
        content,
        '-CAfile',
        'certificate.pem',
        '-purpose',
        'any',
      );
    expect(verify('manifest')).toBe('what was signed');
    await writeFile(join(folder, 'other'), 'what was not');
    expect(() => verify('other')).toThrow(/[Vv]erification failure|digest/);
  });

  test('speaks TLS 1.3 by mutual authentication', async () => {
    const server = spawn(
      'openssl',
      [
        's_server',
        '-accept',
        '0',
        '-naccept',
        '1',
        '-cert',
        'certificate.pem',
        '-key',
        'key.pem',
        '-CAfile',
        'certificate.pem',
        '-Verify',
        '1',
        '-tls1_3',
        '-rev',
      ],
      { cwd: folder, env: { PATH }, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    try {
      const port = await found(server.stdout, /ACCEPT .*:(\d+)/);
      const client = execFile(
        'openssl',
        [
          's_client',
          '-quiet',
          '-nocommands',
          '-connect',
          `127.0.0.1:${port}`,
          '-CAfile',
          'certificate.pem',
          '-cert',
          'certificate.pem',
          '-key',
          'key.pem',
          '-verify_return_error',
          '-no_tx_cert_comp',
          '-no_rx_cert_comp',
        ],
        { cwd: folder, env: env() },
      );
      client.stdin?.write('slipway\n');
      expect(await found(client.stdout, /^(\S+)\s*$/m)).toBe('yawpils');
      client.kill();
    } finally {
      server.kill();
    }
  });
});

test('a library needs nothing itself, is small, and is made the same each time', () => {
  const make = () =>
    standInLibrary('arm64', 'libsystemd.so.0', [{ name: 'sd_notify', version: 'LIBSYSTEMD_209' }]);
  expect(elfNeeds(make())).toEqual({ libraries: [] });
  expect(make().equals(make())).toBe(true);
  expect(make().length).toBeLessThan(4096);
});
