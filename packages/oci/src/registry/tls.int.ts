import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '@slipway/vm';
import type { OciImage } from '../image.ts';
import { openImage } from '../open-image.ts';
import { loadRegistries } from '../registries.ts';
import { startBadProxy, type BadProxy } from '../testing/bad-proxy.ts';
import { makeCertificates } from '../testing/certificates.ts';
import { makeLayout, TWO_PLATFORMS, type TestLayout } from '../testing/images.ts';
import { codeFrom, layersRead } from '../testing/read.ts';
import { startRegistry, type TestRegistry } from '../testing/registry.ts';
import { copy } from '../testing/run.ts';

let folder: string;
let home: string;
let plain: TestRegistry;
let secure: TestRegistry;
let mutual: TestRegistry;
let mirror: BadProxy;
let layout: TestLayout;
let certificates: Awaited<ReturnType<typeof makeCertificates>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-tls-'));
  const data = join(folder, 'data');
  [plain, layout, certificates] = await Promise.all([
    startRegistry(folder, { data }),
    makeLayout(join(folder, 'layout'), TWO_PLATFORMS),
    makeCertificates(folder),
  ]);
  const { ca, server } = certificates;
  const tls = `certificate: ${server.cert}, key: ${server.key}`;
  [secure, mutual, mirror] = await Promise.all([
    startRegistry(folder, { data, http: `  tls: { ${tls} }` }),
    startRegistry(folder, { data, http: `  tls: { ${tls}, clientcas: [${ca.cert}] }` }),
    startBadProxy(plain.host),
  ]);
  const to = (name: string): string => `docker://${plain.host}/${name}:1.0`;
  for (const name of ['team/app', 'hub/team/app'])
    await copy(`oci:${layout.path}:1.0`, to(name), '--all', '--preserve-digests', '--dest-tls-verify=false');
});
afterAll(async () => {
  await Promise.all([mirror.stop(), plain.stop(), secure.stop(), mutual.stop()]);
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  home = await mkdtemp(join(folder, 'home-'));
  mirror.seen.length = 0;
  mirror.fault = () => undefined;
});

const configure = async (registries: Record<string, unknown>): Promise<void> =>
  // YAML holds JSON.
  writeFile(join(home, 'registries.yml'), JSON.stringify({ v: 1, registries }));
const pull = async (host: string, lines: string[] = []): Promise<OciImage> => {
  const registries = await loadRegistries({
    baseDir: home,
    environment: {},
    home,
    retry: { wait: async () => {} },
  });
  const image = await openImage(
    { type: 'registry', registry: host, repository: 'team/app', tag: '1.0', digest: undefined },
    {
      arch: 'amd64',
      baseDir: home,
      cacheDir: await mkdtemp(join(home, 'cache-')),
      registries,
      log: (line) => lines.push(line),
    },
  );
  await layersRead(image);
  return image;
};

describe('TLS', () => {
  test('by an authority that nobody knows is refused, and plain http is not tried instead', async () => {
    await expect(pull(secure.host)).rejects.toMatchObject({
      code: 'REGISTRY_UNTRUSTED',
      message: expect.stringContaining('registries.yml'),
    });
  });
  test('by an authority that registries.yml names, from a path beside it', async () => {
    await copyFile(certificates.ca.cert, join(home, 'our-ca.pem'));
    await configure({ [secure.host]: { ca: 'our-ca.pem' } });
    expect((await pull(secure.host)).indexDigest).toBe(layout.digest);
  });
  test('by certs.d of podman', async () => {
    const certs = join(home, '.config', 'containers', 'certs.d', secure.host);
    await mkdir(certs, { recursive: true });
    await copyFile(certificates.ca.cert, join(certs, 'ca.crt'));
    expect((await pull(secure.host)).indexDigest).toBe(layout.digest);
  });
  test('with a certificate of the client', async () => {
    const { ca, client } = certificates;
    await configure({ [mutual.host]: { ca: ca.cert } });
    expect(await codeFrom(pull(mutual.host))).toBe('REGISTRY_UNREACHABLE');
    await configure({ [mutual.host]: { ca: ca.cert, clientCert: client.cert, clientKey: client.key } });
    expect((await pull(mutual.host)).indexDigest).toBe(layout.digest);
  });
  test('with files that are no certificates', async () => {
    await configure({ [secure.host]: { ca: 'nowhere.pem' } });
    expect(await codeFrom(pull(secure.host))).toBe('REGISTRIES_INVALID');
    await configure({ [secure.host]: { ca: 'registries.yml' } });
    expect(await codeFrom(pull(secure.host))).toBe('REGISTRIES_INVALID');
  });
});

describe('mirrors', () => {
  test('are asked first, below their path', async () => {
    await configure({ 'registry.invalid': { mirrors: [`http://${mirror.host}/hub`] } });
    expect((await pull('registry.invalid')).indexDigest).toBe(layout.digest);
    expect(mirror.seen.some(({ path }) => path === '/v2/hub/team/app/manifests/1.0')).toBe(true);
  });
  test('serve Docker Hub by any of its names', async () => {
    await configure({ 'index.docker.io': { mirrors: [`http://${mirror.host}`] } });
    expect((await pull('docker.io')).indexDigest).toBe(layout.digest);
  });
  test('that are down, have nothing, or have something else are passed over', async () => {
    const down = `127.0.0.1:${await freePort()}`;
    await configure({ [plain.host]: { mirrors: [`http://${down}`, `http://${mirror.host}`] } });
    for (const fault of [
      { type: 'answer', status: 404 },
      { type: 'answer', status: 500 },
      { type: 'answer', status: 401 },
      { type: 'change', change: (body: Buffer) => body.fill(32) },
    ] as const) {
      mirror.fault = ({ path }) => (path === '/v2/' ? undefined : fault);
      const lines: string[] = [];
      expect((await pull(plain.host, lines)).indexDigest).toBe(layout.digest);
      expect(lines.some((line) => line.startsWith(`mirror ${down}: `))).toBe(true);
      expect(lines.some((line) => line.startsWith(`mirror ${mirror.host}: `))).toBe(true);
    }
  });
  test('what the registry itself says counts in the end', async () => {
    await configure({ [plain.host]: { mirrors: [`http://127.0.0.1:${await freePort()}`] } });
    await plain.stop();
    expect(await codeFrom(pull(plain.host))).toBe('REGISTRY_UNREACHABLE');
  });
});

test('a proxy is used for what is not on loopback, and nothing is resolved here', async () => {
  const asked: string[] = [];
  const proxy = createServer((socket) => {
    socket.once('data', (head) => {
      asked.push(head.toString('latin1').split('\r\n')[0] ?? '');
      const onward = connect(Number(secure.host.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      for (const end of [socket, onward]) end.on('error', () => [socket, onward].map((one) => one.destroy()));
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await configure({ 'registry.invalid': { ca: certificates.ca.cert } });
  const registries = async (environment: Record<string, string>) =>
    loadRegistries({ baseDir: home, environment, home, retry: { attempts: 1 } });
  const open = async (environment: Record<string, string>) =>
    openImage(
      { type: 'registry', registry: 'registry.invalid', repository: 'a', tag: undefined, digest: undefined },
      {
        arch: 'amd64',
        baseDir: home,
        cacheDir: join(home, 'cache'),
        registries: await registries(environment),
      },
    );
  const HTTPS_PROXY = `http://127.0.0.1:${port}`;
  // The tunnel is there; the certificate behind it is for another name.
  expect(await codeFrom(open({ HTTPS_PROXY }))).toBe('REGISTRY_UNTRUSTED');
  expect(asked).toEqual(['CONNECT registry.invalid:443 HTTP/1.1']);
  expect(await codeFrom(open({ HTTPS_PROXY, NO_PROXY: '.invalid' }))).toBe('REGISTRY_UNREACHABLE');
  expect(asked).toHaveLength(1);
  proxy.close();
});
