import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OciImage } from '../image.ts';
import { openImage } from '../open-image.ts';
import { loadRegistries } from '../registries.ts';
import { startBadProxy, type BadProxy } from '../testing/bad-proxy.ts';
import { makeCertificates } from '../testing/certificates.ts';
import { makeLayout, TWO_PLATFORMS } from '../testing/images.ts';
import { codeFrom, layersRead } from '../testing/read.ts';
import { startRegistry, type TestRegistry } from '../testing/registry.ts';
import { copy } from '../testing/run.ts';
import { startTokenServer, type TokenQuestion } from '../testing/token-server.ts';
import type { Environment } from './credentials.ts';

const USER = 'robot';
const PASSWORD = 'open sesame';
/** perl -e 'print crypt("open sesame", q($2y$05$abcdefghijklmnopqrstuu))' */
const HTPASSWD = `${USER}:$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n`;
const BASIC = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
const encoded = (password = PASSWORD): string => Buffer.from(`${USER}:${password}`).toString('base64');

let folder: string;
let home: string;
let withPassword: TestRegistry;
let withTokens: TestRegistry;
let proxy: BadProxy;
let tokens: Awaited<ReturnType<typeof startTokenServer>>;
let allow: (question: TokenQuestion) => boolean;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-auth-'));
  const data = join(folder, 'data');
  const [open, layout, certificates] = await Promise.all([
    startRegistry(folder, { data }),
    makeLayout(join(folder, 'layout'), TWO_PLATFORMS),
    makeCertificates(folder),
  ]);
  await copy(
    `oci:${layout.path}:1.0`,
    `docker://${open.host}/team/app:1.0`,
    '--all',
    '--dest-tls-verify=false',
  );
  await open.stop();
  await writeFile(join(folder, 'htpasswd'), HTPASSWD);
  tokens = await startTokenServer(certificates.ca, (question) => allow(question));
  withPassword = await startRegistry(folder, {
    data,
    top: `auth: { htpasswd: { realm: test, path: ${join(folder, 'htpasswd')} } }`,
  });
  withTokens = await startRegistry(folder, { data, top: tokens.auth });
  proxy = await startBadProxy(withPassword.host);
});
afterAll(async () => {
  await Promise.all([proxy.stop(), tokens.stop(), withPassword.stop(), withTokens.stop()]);
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  home = await mkdtemp(join(folder, 'home-'));
  proxy.seen.length = 0;
  proxy.fault = () => undefined;
  tokens.seen.length = 0;
  allow = () => true;
});

/** Writes `~/.docker/config.json` of this test. */
const login = async (config: unknown): Promise<void> => {
  await mkdir(join(home, '.docker'), { recursive: true });
  await writeFile(join(home, '.docker', 'config.json'), JSON.stringify(config));
};
const pull = async (host: string, environment: Environment = {}): Promise<OciImage> => {
  const registries = await loadRegistries({ environment, home, retry: { wait: async () => {} } });
  const image = await openImage(
    { type: 'registry', registry: host, repository: 'team/app', tag: '1.0', digest: undefined },
    { arch: 'amd64', baseDir: home, cacheDir: await mkdtemp(join(home, 'cache-')), registries },
  );
  await layersRead(image);
  return image;
};

describe('a registry that wants a password', () => {
  test('gets it from the docker config', async () => {
    await login({ auths: { [withPassword.host]: { auth: encoded() } } });
    expect((await pull(withPassword.host)).layers).toHaveLength(2);
  });

  test('from the place that is named, and from podman', async () => {
    const auths = (key: string) => JSON.stringify({ auths: { [key]: { auth: encoded() } } });
    await mkdir(join(home, 'run', 'containers'), { recursive: true });
    await writeFile(join(home, 'config.json'), auths(`https://${withPassword.host}/v2/`));
    await writeFile(join(home, 'auth.json'), auths(`${withPassword.host}/team`));
    await writeFile(join(home, 'run', 'containers', 'auth.json'), auths(withPassword.host));
    for (const environment of [
      { DOCKER_CONFIG: home },
      { REGISTRY_AUTH_FILE: join(home, 'auth.json') },
      { XDG_RUNTIME_DIR: join(home, 'run') },
    ])
      expect((await pull(withPassword.host, environment)).layers).toHaveLength(2);
    await writeFile(join(home, 'auth.json'), auths(`${withPassword.host}/other`));
    expect(await codeFrom(pull(withPassword.host, { REGISTRY_AUTH_FILE: join(home, 'auth.json') }))).toBe(
      'REGISTRY_UNAUTHORIZED',
    );
  });

  test('or says so', async () => {
    await expect(pull(withPassword.host)).rejects.toMatchObject({
      code: 'REGISTRY_UNAUTHORIZED',
      message: expect.stringContaining(`docker login ${withPassword.host}`),
    });
    await login({ auths: { [withPassword.host]: { auth: encoded('wrong') } } });
    await expect(pull(withPassword.host)).rejects.toMatchObject({
      code: 'REGISTRY_UNAUTHORIZED',
      message: expect.not.stringContaining('wrong'),
    });
  });

  test('keeps it to itself when it redirects', async () => {
    const storage = await startBadProxy(withPassword.host);
    // Storage with signed addresses needs no password; here it adds one to get at the real thing.
    storage.fault = ({ headers }) => void (headers.authorization ??= BASIC);
    proxy.fault = ({ path }) =>
      path.includes('/blobs/')
        ? { type: 'answer', status: 307, headers: { location: `http://${storage.host}${path}` } }
        : undefined;
    await login({ auths: { [proxy.host]: { auth: encoded() } } });
    await pull(proxy.host);
    const sent = proxy.seen.filter(({ headers }) => headers.authorization === BASIC);
    expect(sent).toHaveLength(proxy.seen.length - 1); // all but the greeting
    await storage.stop();
    expect(storage.seen).toHaveLength(3);
    expect(storage.seen.map(({ rawAuthorization }) => rawAuthorization)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a credential helper', () => {
  const helper = async (script: string): Promise<Environment> => {
    const bin = join(home, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'docker-credential-test'), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, 'docker-credential-test'), 0o755);
    return { PATH: `${bin}:/usr/bin:/bin` };
  };
  const answer = JSON.stringify({ ServerURL: 'x', Username: USER, Secret: PASSWORD });

  test('is asked for the one registry, or as the store of all', async () => {
    const environment = await helper(
      `test "$1" = get && test "$(cat)" = ${withPassword.host} && echo '${answer}'`,
    );
    for (const config of [{ credHelpers: { [withPassword.host]: 'test' } }, { credsStore: 'test' }]) {
      await login(config);
      expect((await pull(withPassword.host, environment)).layers).toHaveLength(2);
    }
  });
  test('that has nothing is no error', async () => {
    await login({ credsStore: 'test', auths: { [withPassword.host]: { auth: encoded() } } });
    const environment = await helper('echo credentials not found in native keychain; exit 1');
    expect((await pull(withPassword.host, environment)).layers).toHaveLength(2);
  });
  test.each([
    ['fails', 'echo the keyring is locked >&2; exit 1', 'the keyring is locked'],
    ['says something else', `echo '{"Secret":"hush"}'`, 'has not the form'],
  ])('that %s stops the build', async (_what, script, message) => {
    await login({ credsStore: 'test' });
    await expect(pull(withPassword.host, await helper(script))).rejects.toMatchObject({
      code: 'CREDENTIALS_FAILED',
      message: expect.stringMatching(new RegExp(`^(?!.*hush).*${message}`)),
    });
  });
  test('that is not there, or is no name, stops the build', async () => {
    for (const credsStore of ['test', '../bin/sh']) {
      await login({ credsStore });
      expect(await codeFrom(pull(withPassword.host, { PATH: '/usr/bin:/bin' }))).toBe('CREDENTIALS_FAILED');
    }
  });
  test('files that cannot be read are named, not quoted', async () => {
    for (const text of ['{"auths": hush', '{"auths":{"x":{"auth":["hush"]}}}']) {
      await mkdir(join(home, '.docker'), { recursive: true });
      await writeFile(join(home, '.docker', 'config.json'), text);
      await expect(pull(withPassword.host)).rejects.toMatchObject({
        code: 'CREDENTIALS_FAILED',
        message: expect.not.stringContaining('hush'),
      });
    }
  });
});

describe('a registry that wants tokens', () => {
  test('gives one to anybody, which serves for the whole image', async () => {
    expect((await pull(withTokens.host)).layers).toHaveLength(2);
    expect(tokens.seen).toHaveLength(1);
    expect(tokens.seen[0]?.authorization).toBeUndefined();
    expect(Object.fromEntries(tokens.seen[0]?.parameters ?? [])).toMatchObject({
      service: 'test-service',
      scope: 'repository:team/app:pull',
    });
  });
  test('gives one for a password', async () => {
    allow = ({ authorization }) => authorization === BASIC;
    expect(await codeFrom(pull(withTokens.host))).toBe('REGISTRY_UNAUTHORIZED');
    await login({ auths: { [withTokens.host]: { auth: encoded() } } });
    expect((await pull(withTokens.host)).layers).toHaveLength(2);
  });
  test('gives one for an identity token', async () => {
    allow = ({ method, parameters }) => method === 'POST' && parameters.get('refresh_token') === 'id-token';
    await login({ auths: { [withTokens.host]: { identitytoken: 'id-token' } } });
    expect((await pull(withTokens.host)).layers).toHaveLength(2);
    expect(tokens.seen[0]?.parameters.get('grant_type')).toBe('refresh_token');
  });
  test('is not believed when its token service sends an identity token on', async () => {
    const elsewhere = await startBadProxy(withTokens.host);
    proxy.fault = ({ path }) =>
      path.startsWith('/token')
        ? { type: 'answer', status: 307, headers: { location: `http://${elsewhere.host}/token` } }
        : {
            type: 'answer',
            status: 401,
            headers: { 'www-authenticate': `Bearer realm="http://${proxy.host}/token",service="x"` },
          };
    await login({ auths: { [proxy.host]: { identitytoken: 'id-token' } } });
    expect(await codeFrom(pull(proxy.host))).toBe('REGISTRY_INSECURE');
    expect(elsewhere.seen).toEqual([]);
    await elsewhere.stop();
  });
  test('is not believed when it sends credentials elsewhere in the clear', async () => {
    proxy.fault = () => ({
      type: 'answer',
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="http://tokens.invalid/",service="x"' },
    });
    await login({ auths: { [proxy.host]: { auth: encoded() } } });
    expect(await codeFrom(pull(proxy.host))).toBe('REGISTRY_INSECURE');
  });
});
