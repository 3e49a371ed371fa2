import { copy, makeCertificates, startRegistry, type TestRegistry } from '@slipway/oci/testing';
import { loadRegistries } from '@slipway/oci';
import { codeOf, messageOf } from '@slipway/protocol';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Component, ResolveOptions } from '../component.ts';
import { readContent } from '../content.ts';
import { resolveComponent } from '../resolve.ts';
import type { BuildkitDaemon } from './buildx.ts';
import { ensureEmulation } from './emulation.ts';
import { startDockerEngine, type DockerEngine } from './testing/docker-engine.ts';

const HERE = process.arch === 'arm64' ? 'arm64' : 'amd64';
const FOREIGN = HERE === 'arm64' ? 'amd64' : 'arm64';
const PACKAGES = { base: { install: ['busybox-static'], dependencies: 'none' as const } };
const SHELL = 'FROM base AS shell\nRUN ["/usr/bin/busybox", "ln", "-s", "busybox", "/usr/bin/sh"]\n';

let scratch: string;
let docker: DockerEngine;
let daemon: Server;
let registry: TestRegistry;
let overDocker: BuildkitDaemon;
let overTls: BuildkitDaemon;
let lines: string[] = [];
let steps: string[] = [];

const write = async (context: string, files: Readonly<Record<string, string>>): Promise<void> => {
  await mkdir(join(scratch, context), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(scratch, context, name), text);
};

const resolve = async (
  context: string,
  buildkit: BuildkitDaemon | undefined,
  more: Partial<ResolveOptions> = {},
  build: Partial<NonNullable<ResolveOptions['spec']['dockerfiles']>[string]> = {},
): Promise<Component> => {
  [lines, steps] = [[], []];
  return resolveComponent('dockerfile:it', {
    arch: HERE,
    baseDir: scratch,
    cacheDir: join(scratch, 'cache'),
    spec: {
      packages: PACKAGES,
      dockerfiles: { it: { context, contexts: { base: 'deb:base' }, ...build } },
    },
    registries: await loadRegistries({ environment: {}, home: scratch }),
    dockerfileBuilds: { buildkit },
    log: (line) => lines.push(line),
    stepped: (_ref, step) => steps.push(step),
    ...more,
  });
};

const textOf = ({ tree }: Component, path: string): string | undefined => {
  const entry = tree.get(path);
  return entry?.type === 'file' ? new TextDecoder().decode(readContent(entry.content)) : undefined;
};

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/**
 * The BuildKit of the engine as a daemon of its own: behind a port, by TLS, for those with a certificate. The engine
 * speaks BuildKit's protocol to whoever upgrades a connection to it.
 */
const serveBuildkit = async (certificates: Awaited<ReturnType<typeof makeCertificates>>): Promise<Server> => {
  const { ca, server } = certificates;
  const [cert, key, authority] = await Promise.all(
    [server.cert, server.key, ca.cert].map((file) => readFile(file)),
  );
  const listener = createServer(
    { cert, key, ca: authority, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
    (client) => {
      const engine = connect(docker.socket);
      engine.write('POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
      let head = Buffer.alloc(0);
      const read = (chunk: Buffer): void => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end === -1) return;
        engine.off('data', read);
        client.write(head.subarray(end + 4));
        client.pipe(engine).pipe(client);
      };
      engine.on('data', read);
      for (const [one, other] of [
        [client, engine],
        [engine, client],
      ] as const)
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
    },
  );
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return listener;
};

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'slipway-buildkit-'));
  const folder = join(scratch, 'docker');
  await mkdir(folder);
  // BuildKit asks the kernel, once, what it can emulate.
  await ensureEmulation(FOREIGN);
  docker = await startDockerEngine(folder, join(scratch, 'cache'));
  overDocker = { address: `docker+unix://${docker.socket}`, client: docker.buildx };
  const certificates = await makeCertificates(scratch);
  daemon = await serveBuildkit(certificates);
  const held = join(scratch, 'held');
  await mkdir(held);
  await copyFile(certificates.ca.cert, join(held, 'ca.pem'));
  await copyFile(certificates.client.cert, join(held, 'cert.pem'));
  await copyFile(certificates.client.key, join(held, 'key.pem'));
  const address = daemon.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  overTls = { address: `tcp://127.0.0.1:${port}`, certificates: held, client: docker.buildx };
  registry = await startRegistry(scratch);
});
afterAll(async () => {
  await registry.stop();
  daemon.close();
  await docker.stop();
  await rm(scratch, { recursive: true, force: true });
});

const WEB = `${SHELL}
FROM shell AS build
ARG GREETING=hello
RUN busybox uname -m > /machine && echo "$GREETING" > /greeting && echo built
FROM base
COPY --from=build /machine /greeting /etc/
COPY . /srv/
ENTRYPOINT ["/usr/bin/busybox", "httpd", "-f"]
`;

describe('BuildKit of a Docker engine, and one behind a port of its own', () => {
  test.each([
    ['amd64', 'x86_64'],
    ['arm64', 'aarch64'],
  ] as const)('make a component for %s on a base of Debian packages', async (arch, machine) => {
    await write('web', {
      Dockerfile: WEB,
      'Dockerfile.dockerignore': '*.log\n',
      '.dockerignore': 'index.html\n',
      'index.html': 'hello',
      'a.log': 'a',
    });
    const made: Component[] = [];
    for (const daemonHere of [overDocker, overTls]) {
      const component = await resolve('web', daemonHere, { arch }, { args: { GREETING: 'moin' } });
      expect(textOf(component, 'etc/machine')).toBe(`${machine}\n`);
      expect(textOf(component, 'etc/greeting')).toBe('moin\n');
      expect(textOf(component, 'srv/index.html')).toBe('hello');
      expect(component.tree.has('srv/a.log')).toBe(false);
      expect(component.tree.get('etc/greeting')).toMatchObject({ mtime: 0, uid: 0, gid: 0 });
      expect(component.config.Entrypoint).toEqual(['/usr/bin/busybox', 'httpd', '-f']);
      expect(component.dockerfile).toMatchObject({
        engine: expect.stringMatching(/^buildkit \S/),
        isolation: 'buildkit',
        bases: expect.arrayContaining([expect.objectContaining({ ref: 'deb:base' })]),
      });
      expect(steps.join('\n')).toMatch(/step \d of \d: RUN busybox uname/);
      expect(lines.join('\n')).toMatch(/^dockerfile:it: #\d+ [\d.]+ built$/m);
      made.push(component);
      await rm(join(scratch, 'cache', 'dockerfile'), { recursive: true });
    }
    expect(made[0]?.digest).toBe(made[1]?.digest);
  });

  test('build upon an image of a registry, as buildah does', async () => {
    await write('first', { Dockerfile: `${SHELL}RUN echo first > /etc/first\n` });
    const first = await resolve('first', overDocker);
    const image = `${registry.host}/team/first:1.0`;
    await copy(`oci:${first.dockerfile?.layout}`, `docker://${image}`, '--dest-tls-verify=false');
    await write('second', { Dockerfile: `FROM ${image}\nRUN busybox cp /etc/first /etc/second\n` });
    for (const daemonHere of [overDocker, undefined]) {
      const second = await resolve('second', daemonHere);
      expect(textOf(second, 'etc/second')).toBe('first\n');
      expect(second.dockerfile?.bases).toMatchObject([{ ref: image }]);
    }
  });

  test('tell where a command failed, with its status and last words', async () => {
    await write('bad', { Dockerfile: `${SHELL}RUN echo one; \\\n  echo two >&2; exit 7\n` });
    const error = await failure(resolve('bad', overTls));
    expect(codeOf(error)).toBe('DOCKERFILE_BUILD_FAILED');
    expect(messageOf(error)).toMatch(/^dockerfile:it: bad\/Dockerfile:3: step 3 of 3 \(RUN echo one;/);
    const output: unknown = expect.arrayContaining(['one', 'two']);
    expect(error).toMatchObject({ details: { line: 3, step: 3, status: 7, output } });
  });

  test('give commands no network where none is allowed', async () => {
    await write('alone', { Dockerfile: `${SHELL}RUN busybox cut -d: -f1 /proc/net/dev > /interfaces\n` });
    const alone = await resolve('alone', overTls, {}, { network: 'none' });
    expect(textOf(alone, 'interfaces')?.match(/\w+$/gm)?.slice(2)).toEqual(['lo']);
  });

  test('end what a cancelled build started', async () => {
    const seconds = String(100_000 + process.pid);
    await write('slow', { Dockerfile: `${SHELL}RUN echo begun && busybox sleep ${seconds}\n` });
    const abort = new AbortController();
    const reason = new Error('enough');
    const log = (line: string): void => {
      if (line.endsWith(' begun')) abort.abort(reason);
    };
    await expect(resolve('slow', overTls, { signal: abort.signal, log })).rejects.toBe(reason);
    const runs = async (): Promise<boolean> => {
      const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      const commands = await Promise.all(
        processes.map((name) => readFile(join('/proc', name, 'cmdline'), 'utf8').catch(() => '')),
      );
      return commands.some((command) => command.includes(`sleep\0${seconds}`));
    };
    await expect.poll(runs, { timeout: 60_000 }).toBe(false);
    const results = await readdir(join(scratch, 'cache', 'dockerfile'));
    expect(results.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a daemon that cannot be used is told', () => {
  test.each([
    ['not there', () => ({ ...overDocker, address: 'docker+unix:///nowhere.sock' })],
    ['of strangers', () => ({ ...overTls, certificates: undefined })],
  ] as const)('%s', async (_name, one) => {
    await write('web', { Dockerfile: WEB });
    const error = await failure(resolve('web', one()));
    expect(codeOf(error)).toBe('DOCKERFILE_ENGINE_UNAVAILABLE');
    expect(messageOf(error)).toContain(one().address);
  });
});
