import { codeOf, messageOf, SlipwayError } from '@slipway/protocol';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { machine as machineHere, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Component, ResolveOptions } from '../component.ts';
import { readContent } from '../content.ts';
import { resolveComponent } from '../resolve.ts';

const HERE = process.arch === 'arm64' ? 'arm64' : 'amd64';
const FOREIGN = HERE === 'arm64' ? 'amd64' : 'arm64';
/** A shell of Debian's, and what makes it one. */
const PACKAGES = { base: { install: ['busybox-static'], dependencies: 'none' as const } };
const SHELL = 'FROM base AS shell\nRUN ["/usr/bin/busybox", "ln", "-s", "busybox", "/usr/bin/sh"]\n';
const WEB = `${SHELL}
FROM --platform=$BUILDPLATFORM base AS native
RUN ["/usr/bin/busybox", "sh", "-c", "busybox uname -m > /native"]

FROM shell AS build
ARG GREETING=hello
RUN busybox uname -m > /machine && echo "$GREETING" > /greeting \\
 && busybox ls /dev > /devices && echo built
FROM base
COPY --from=build /machine /greeting /devices /etc/
COPY --from=native /native /etc/
COPY . /srv/
ENTRYPOINT ["/usr/bin/busybox", "httpd", "-f"]
`;

let scratch: string;
let cacheDir: string;
let lines: string[] = [];
let steps: string[] = [];

const write = async (context: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(scratch, context, name, '..'), { recursive: true });
    await writeFile(join(scratch, context, name), text);
  }
};

const resolve = (
  context: string,
  more: Partial<ResolveOptions> = {},
  build: Partial<NonNullable<ResolveOptions['spec']['dockerfiles']>[string]> = {},
): Promise<Component> => {
  [lines, steps] = [[], []];
  return resolveComponent('dockerfile:it', {
    arch: HERE,
    baseDir: scratch,
    cacheDir,
    spec: {
      packages: PACKAGES,
      dockerfiles: { it: { context, contexts: { base: 'deb:base' }, ...build } },
    },
    dockerfileBuilds: {},
    log: (line) => lines.push(line),
    stepped: (_ref, step) => steps.push(step),
    ...more,
  });
};

const textOf = ({ tree }: Component, path: string): string | undefined => {
  const entry = tree.get(path);
  return entry?.type === 'file' ? new TextDecoder().decode(readContent(entry.content)) : undefined;
};

const failure = async (work: Promise<unknown>): Promise<SlipwayError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SlipwayError) return error;
  throw new Error('expected a failure', { cause: error });
};

const results = (): Promise<string[]> => readdir(join(cacheDir, 'dockerfile'));

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'slipway-dockerfile-'));
  cacheDir = join(scratch, 'cache');
  await write('web', {
    Dockerfile: WEB,
    '.dockerignore': 'node_modules\n*.log\n!keep.log\nDockerfile\n',
    'index.html': 'hello',
    'node_modules/x': 'x',
    'a.log': 'a',
    'keep.log': 'keep',
  });
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe('a Dockerfile becomes a component', () => {
  test.each([
    ['amd64', 'x86_64'],
    ['arm64', 'aarch64'],
  ] as const)('for %s, on a base of Debian packages', async (arch, machine) => {
    const component = await resolve('web', { arch }, { args: { GREETING: 'moin' } });
    expect(component.ref).toBe('dockerfile:it');
    expect(textOf(component, 'etc/machine')).toBe(`${machine}\n`);
    expect(textOf(component, 'etc/greeting')).toBe('moin\n');
    expect(textOf(component, 'etc/native')).toBe(`${machineHere()}\n`);
    // What RUN sees of this machine is no more than a few devices.
    expect(textOf(component, 'etc/devices')?.split('\n')).not.toContain('mem');
    expect(textOf(component, 'etc/devices')).not.toMatch(/^(?:loop|vd|sd|nvme|kmsg)/m);
    const served = [...component.tree.keys()].filter((path) => path.startsWith('srv/')).sort();
    expect(served).toEqual(['srv/.dockerignore', 'srv/index.html', 'srv/keep.log']);
    expect(component.tree.get('srv/index.html')).toMatchObject({ mode: 0o644, uid: 0, gid: 0, mtime: 0 });
    expect(component.config.Entrypoint).toEqual(['/usr/bin/busybox', 'httpd', '-f']);
    expect(component.origins.map(({ type, name }) => `${type} ${name}`)).toContain('deb busybox-static');
    expect(component.dockerfile).toMatchObject({
      engine: expect.stringMatching(/^buildah \d/),
      isolation: 'chroot',
      network: 'host',
      args: { GREETING: 'moin' },
      context: { name: 'web' },
      bases: expect.arrayContaining([expect.objectContaining({ ref: 'deb:base' })]),
    });
    expect(steps).toContain('step 1 of 5: FROM base');
    expect(lines).toContain('dockerfile:it: built');
  });

  test('once for the same inputs; built again it is the same to the byte', async () => {
    const first = await resolve('web', {}, { args: { GREETING: 'moin' } });
    expect(steps).toEqual([]);
    expect(lines.join('\n')).toMatch(/^dockerfile:it: taken from the cache/m);
    await rm(join(cacheDir, 'dockerfile'), { recursive: true });
    const [again, same] = await Promise.all([
      resolve('web', {}, { args: { GREETING: 'moin' } }),
      resolve('web', {}, { args: { GREETING: 'moin' } }),
    ]);
    expect(steps.filter((step) => step.startsWith('step 1 of 5: FROM base'))).toHaveLength(1);
    expect(again.digest).toBe(first.digest);
    expect(same.digest).toBe(first.digest);
    expect(await results()).toHaveLength(1);
  });

  test('that another one builds upon', async () => {
    await write('upon', { Dockerfile: 'FROM web\nCOPY more /etc/\n', more: 'more' });
    const component = await resolve('upon', {
      spec: {
        packages: PACKAGES,
        dockerfiles: {
          it: { context: 'upon', contexts: { web: 'dockerfile:web' } },
          web: { context: 'web', contexts: { base: 'deb:base' }, args: { GREETING: 'moin' } },
        },
      },
    });
    expect(textOf(component, 'etc/greeting')).toBe('moin\n');
    expect(textOf(component, 'etc/more')).toBe('more');
  });
});

describe('nothing stays in the cache', () => {
  test('of a command that fails, which is told with its place, status and last words', async () => {
    await write('bad', { Dockerfile: `${SHELL}RUN echo one; \\\n  echo two >&2; exit 7\n` });
    const before = await results();
    const error = await failure(resolve('bad'));
    expect(codeOf(error)).toBe('DOCKERFILE_BUILD_FAILED');
    expect(messageOf(error)).toContain(
      'dockerfile:it: bad/Dockerfile:3: step 3 of 3 (RUN echo one; echo two',
    );
    // Each output of a command keeps its order, the two among one another need not.
    const output: unknown = expect.arrayContaining(['one', 'two']);
    expect(error.details).toMatchObject({ line: 3, step: 3, status: 7, output });
    expect(await results()).toEqual(before);
  });

  test('of what may not run here, or is not known without a network', async () => {
    await write('new', { Dockerfile: `${SHELL}RUN echo new\n` });
    const before = await results();
    for (const [code, more] of [
      ['DOCKERFILE_BUILDS_OFF', { dockerfileBuilds: undefined }],
      ['COMPONENT_OFFLINE', { offline: true }],
    ] as const)
      expect(codeOf(await failure(resolve('new', more)))).toBe(code);
    expect(codeOf(await failure(resolve('none')))).toBe('COMPONENT_NOT_FOUND');
    expect(await results()).toEqual(before);
  });

  test('of a build that is cancelled', async () => {
    await write('slow', { Dockerfile: `${SHELL}RUN echo begun && busybox sleep 100000\n` });
    const before = await results();
    const abort = new AbortController();
    const reason = new Error('enough');
    const log = (line: string): void => {
      if (line.endsWith(': begun')) abort.abort(reason);
    };
    await expect(resolve('slow', { signal: abort.signal, log })).rejects.toBe(reason);
    expect(await results()).toEqual(before);
  });

  test('of a process that is killed, and what it started ends with it', async () => {
    const seconds = String(100_000 + process.pid);
    await write('slow', { Dockerfile: `${SHELL}RUN busybox sleep ${seconds}\n` });
    const child = startElsewhere('slow', HERE);
    await expect.poll(() => runs(`sleep\0${seconds}`), { timeout: 300_000 }).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'close');
    await expect.poll(() => runs(`sleep\0${seconds}`), { timeout: 60_000 }).toBe(false);
    expect((await results()).some((name) => name.endsWith('.tmp'))).toBe(true);
    await write('next', { Dockerfile: 'FROM scratch\nCOPY missing /\n' });
    const left = async (): Promise<string[]> => {
      await failure(resolve('next'));
      return (await results()).filter((name) => name.endsWith('.tmp'));
    };
    // The lock of the killed one is let go of a moment later.
    await expect.poll(left, { timeout: 60_000 }).toEqual([]);
  });
});

test.each([
  [HERE, 'DOCKERFILE_ENGINE_UNAVAILABLE'],
  [FOREIGN, 'EMULATION_UNAVAILABLE'],
])('a machine that lets nobody mount says so, for %s by %s', async (arch, code) => {
  await write('new', { Dockerfile: `${SHELL}RUN echo new\n` });
  const hide = 'umount /proc/sys/fs/binfmt_misc 2>/dev/null; exec "$@"';
  const within = ['unshare', '-m', 'sh', '-c', hide, 'sh', 'setpriv', '--bounding-set=-sys_admin', '--'];
  const child = startElsewhere('new', arch, within);
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  expect(said).toBe(`${code}\n`);
});

test('without a network a Dockerfile may be built offline, and its commands have none', async () => {
  await write('alone', {
    Dockerfile: `${SHELL}RUN busybox ip route > /routes && busybox cut -d: -f1 /proc/net/dev > /interfaces\n`,
  });
  const component = await resolve('alone', { offline: true }, { network: 'none' });
  expect(textOf(component, 'routes')).toBe('');
  expect(textOf(component, 'interfaces')?.match(/\w+$/gm)?.slice(2)).toEqual(['lo']);
});

/** A build in a process of its own, which prints the code that it fails with. */
const startElsewhere = (context: string, arch: string, within: readonly string[] = []): ChildProcess => {
  const options = JSON.stringify({
    arch,
    baseDir: scratch,
    cacheDir,
    spec: { packages: PACKAGES, dockerfiles: { it: { context, contexts: { base: 'deb:base' } } } },
    dockerfileBuilds: {},
  });
  const module = JSON.stringify(join(import.meta.dirname, '..', 'resolve.ts'));
  const script = `import { resolveComponent } from ${module};
await resolveComponent('dockerfile:it', ${options}).catch(({ code }) => console.log(code));`;
  const [program, ...words] = [...within, process.execPath, '--input-type=module', '-e', script];
  return spawn(program ?? '', words, { stdio: ['ignore', 'pipe', 'inherit'] });
};

/** Whether a process runs whose command line holds a text. */
const runs = async (text: string): Promise<boolean> => {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    processes.map((name) => readFile(join('/proc', name, 'cmdline'), 'utf8').catch(() => '')),
  );
  return commands.some((command) => command.includes(text));
};
