import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue, QueueEvents, type Job } from 'bullmq';
import { writeOciLayout, type Tree } from '@slipway/components';
import { announceQueue } from '@slipway/fleet/build-workers';
import { redisOptions } from '@slipway/fleet/redis';
import { startTestRedis, until } from '@slipway/fleet/testing';
import { buildQueue, BuildRequest, BuildResult } from '@slipway/protocol';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';

const Failure = z.object({ code: z.string(), message: z.string() });
const ID = 'bld_0123456789abcdef';
const STALLED_MS = 2000;
const QUEUE = buildQueue('amd64', []);

let redis: Awaited<ReturnType<typeof startTestRedis>>;
let folder: string;
let queue: Queue;
let events: QueueEvents;
let connection: Redis;
const children: ChildProcess[] = [];

beforeAll(async () => {
  redis = await startTestRedis();
  queue = new Queue(QUEUE, { connection: redisOptions(redis.url) });
  events = new QueueEvents(QUEUE, { connection: redisOptions(redis.url) });
  await events.waitUntilReady();
  connection = new Redis(redisOptions(redis.url));
});
afterAll(async () => {
  await events.close();
  await queue.close();
  connection.disconnect();
  await redis.stop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-builder-'));
  for (const name of ['store', 'images', 'cache', 'agent']) await mkdir(join(folder, name));
  await announceQueue(connection, QUEUE);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await queue.obliterate({ force: true });
  await rm(folder, { recursive: true, force: true });
});

/** The builder as it runs in production: a process of its own. */
const startBuilder = async (
  settings: Readonly<Record<string, string>> = {},
  within: readonly string[] = [],
): Promise<ChildProcess> => {
  const [first, ...words] = [...within, process.execPath, join(import.meta.dirname, 'main.ts')];
  const child = spawn(first ?? process.execPath, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      SLIPWAY_STORE: join(folder, 'store'),
      SLIPWAY_CACHE: join(folder, 'cache'),
      SLIPWAY_IMAGES: join(folder, 'images'),
      SLIPWAY_AGENT_BUNDLES: join(folder, 'agent'),
      SLIPWAY_STALLED_MS: String(STALLED_MS),
      REDIS_URL: redis.url,
      ...settings,
    },
  });
  children.push(child);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the builder', () => (output.includes('builder is up') ? true : undefined));
  return child;
};

const IMAGE =
  "kernel: {image: 'deb:k'}\nservices: [{name: a, image: 'oci:web'}]\npackages: {k: {install: [x]}}\n";

const writeRequest = async (image = IMAGE, id = ID): Promise<string> => {
  const build = join(folder, 'store', 'builds', id);
  await mkdir(build, { recursive: true });
  const request = BuildRequest.parse({
    v: 1,
    build: ID,
    release: 'rel_0123456789abcdef',
    version: '1.0.0',
    counter: 1,
    deviceClass: 'edge',
    timeFloor: 1,
    classFile: { name: 'classes/edge.yml', text: 'name: edge\narch: amd64\nimages: [../edge.yml]\n' },
    imageFiles: [{ name: 'edge.yml', text: image }],
    deployment: { enrolUrl: 'https://127.0.0.1', serverCa: 'x', releaseRoot: 'x' },
  });
  await writeFile(join(build, 'request.json'), JSON.stringify(request));
  return build;
};

const add = async (data: unknown): Promise<Job> => queue.add('build', data, { removeOnFail: false });
const failureOf = async (job: Job): Promise<z.infer<typeof Failure>> => {
  const message = await job.waitUntilFinished(events).then(
    () => 'the job succeeded',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return Failure.parse(JSON.parse(message));
};

const oneFile = (name: string, size: number): Tree =>
  new Map([
    [
      name,
      {
        path: name,
        type: 'file',
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: 0,
        source: 'test',
        content: randomBytes(size),
      } as const,
    ],
  ]);

const FORGED: readonly unknown[] = [
  { v: 1, buildId: '../../etc' },
  { v: 1, buildId: ID, path: '/etc' },
  { v: 1, buildId: ID, command: 'id' },
  { v: 2, buildId: ID },
  {},
];

test('a forged job is refused: an id that is a path, a path or command beside it, another version, nothing', async () => {
  const build = await writeRequest();
  await startBuilder();
  const failures = await Promise.all(FORGED.map(async (data) => failureOf(await add(data))));
  expect(failures.map(({ code }) => code)).toEqual(FORGED.map(() => 'REQUEST_INVALID'));
  expect(await readdir(build)).toEqual(['request.json']);
});

test('a job for a build that was never asked for fails by its code', async () => {
  await startBuilder();
  expect((await failureOf(await add({ v: 1, buildId: ID }))).code).toBe('NOT_FOUND');
});

test('a request that lies under the id of another build is refused', async () => {
  await writeRequest(IMAGE, 'bld_aaaaaaaaaaaaaaaa');
  await startBuilder();
  expect((await failureOf(await add({ v: 1, buildId: 'bld_aaaaaaaaaaaaaaaa' }))).code).toBe(
    'REQUEST_INVALID',
  );
});

test('a failed build tells why, with the place in the image file, and leaves its log only', async () => {
  const build = await writeRequest(`${IMAGE}servics: []\n`);
  await startBuilder();
  const failure = await failureOf(await add({ v: 1, buildId: ID }));
  expect(failure.code).toBe('SPEC_INVALID');
  expect(failure.message).toMatch(/^edge\.yml:4:1: servics: unknown key; did you mean "services"\?/);
  expect((await readdir(build)).sort()).toEqual(['build.log', 'request.json']);
  expect(await readFile(join(build, 'build.log'), 'utf8')).toContain('failed: SPEC_INVALID');
});

test('a worker that may builds Dockerfiles: the engine tells its steps in the log, and its failure names the line', async () => {
  const build = await writeRequest(
    "kernel: {image: 'deb:k'}\nservices: [{name: a, build: ./a}]\npackages: {k: {install: [x]}}\n",
  );
  await mkdir(join(folder, 'images', 'a'));
  await writeFile(join(folder, 'images', 'a', 'Dockerfile'), 'FROM scratch\nENV A=b\nCOPY missing /\n');
  await startBuilder({ SLIPWAY_DOCKERFILE_BUILDS: 'on' });
  const failure = await failureOf(await add({ v: 1, buildId: ID }));
  expect(failure.code).toBe('DOCKERFILE_BUILD_FAILED');
  expect(failure.message).toMatch(/^dockerfile:a-[0-9a-f]{8}: a\/Dockerfile:3: step 3 of 3 \(COPY missing/);
  const log = await readFile(join(build, 'build.log'), 'utf8');
  expect(log).toMatch(/dockerfile:a-[0-9a-f]{8}: step 2 of 3: ENV A=b/);
  expect(log).toMatch(/dockerfile:a-[0-9a-f]{8}: STEP 3\/3: COPY missing/);
  expect((await readdir(build)).sort()).toEqual(['build.log', 'request.json']);
});

test('the job of a worker that was killed is taken up by the next and runs once more', async () => {
  const build = await writeRequest();
  const layout = join(folder, 'images', 'web');
  await mkdir(layout);
  // Reading a pipe that nobody writes holds the build at this point.
  const index = join(layout, 'index.json');
  await once(spawn('mkfifo', [index]), 'exit');
  const first = await startBuilder();
  const job = await add({ v: 1, buildId: ID });
  await until('the build to wait for the pipe', async () => {
    const log = await readFile(join(build, 'build.log'), 'utf8').catch(() => '');
    return log.includes('resolving components') ? true : undefined;
  });
  first.kill('SIGKILL');
  await once(first, 'exit');
  expect(await readdir(build)).toContain('attempts');
  await rm(index);
  await startBuilder();
  expect((await failureOf(job)).code).toBe('COMPONENT_NOT_FOUND');
  const log = await readFile(join(build, 'build.log'), 'utf8');
  expect(log.match(/building edge/g)).toHaveLength(2);
  expect((await readdir(build)).sort()).toEqual(['build.log', 'request.json']);
});

const MIB = 1024 ** 2;

test('a worker without room begins no build, or ends it, by a code and without half a file; with room it goes on', async () => {
  await writeOciLayout(join(folder, 'images', 'big'), {
    tag: '1',
    platforms: [{ arch: 'amd64', layers: [oneFile('big', 6 * MIB)], config: {} }],
  });
  const build = await writeRequest("kernel: {image: 'oci:big', cmdline: quiet}\n");
  // File systems of 16 MiB each that only this worker has: the store is its own with what lies in the true one, the cache too.
  const mount = (name: string): string => `mount -t tmpfs -o size=16m tmpfs ${name}`;
  const script = `cp -r store copy && ${mount('store')} && cp -r copy/. store && ${mount('cache')} && exec "$@"`;
  const settings = {
    SLIPWAY_STORE_MIN_FREE: String(4 * MIB),
    // Nothing answers there: what is to be fetched after the component ends the build.
    http_proxy: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
  };
  const worker = await startBuilder(settings, [
    'unshare',
    '-rm',
    'sh',
    '-ec',
    `cd ${folder}; ${script}`,
    'sh',
  ]);
  const seen = (path: string): string => `/proc/${worker.pid ?? 0}/root${path}`;
  const room = async (name: string, bytes?: number): Promise<void> => {
    const filler = seen(join(folder, name, 'filler'));
    await rm(filler, { force: true });
    const { bavail, bsize } = await statfs(seen(join(folder, name)));
    if (bytes !== undefined) await writeFile(filler, Buffer.alloc(bavail * bsize - bytes));
  };
  const run = async () => failureOf(await add({ v: 1, buildId: ID }));
  const cached = async (): Promise<string[]> => {
    const all = await readdir(seen(join(folder, 'cache')), { recursive: true, withFileTypes: true });
    return all.filter((entry) => entry.isFile() && entry.name !== 'filler').map(({ name }) => name);
  };

  await room('store', 3 * MIB);
  expect(await run()).toMatchObject({
    code: 'STORE_FULL',
    message: expect.stringMatching(/^Expected 4 MiB free for the artifact store in .*store.*, found 3 MiB/),
  });
  await room('store');
  await room('cache', 3 * MIB);
  expect(await run()).toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(/^Expected 4 MiB free for the build cache in .*cache, found 3 MiB/),
  });
  expect(await readdir(seen(build))).toEqual(['request.json']);
  // Enough to begin, too little for the component.
  await room('cache', 5 * MIB);
  expect(await run()).toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringContaining('expected room in'),
  });
  expect((await readdir(seen(build))).sort()).toEqual(['build.log', 'request.json']);
  expect(await cached()).toEqual([]);
  await room('cache');
  expect((await run()).code).toBe('PACKAGE_FETCH_FAILED');
  expect((await cached()).length).toBeGreaterThan(0);
});

test('a build whose result is there is not built again', async () => {
  const build = await writeRequest();
  const request = createHash('sha256')
    .update(await readFile(join(build, 'request.json')))
    .digest('hex');
  const result = {
    v: 1,
    build: ID,
    release: 'rel_0123456789abcdef',
    version: '1.0.0',
    counter: 1,
    deviceClass: 'edge',
    arch: 'amd64',
    timeFloor: 1,
    rootHash: 'a'.repeat(64),
    verityDataBlocks: 1,
    artifacts: [],
    request: `sha256:${request}`,
    components: [],
  };
  await writeFile(join(build, 'result.json'), JSON.stringify(result));
  await startBuilder();
  const job = await add({ v: 1, buildId: ID });
  expect(BuildResult.parse(await job.waitUntilFinished(events))).toEqual(result);
  expect(await readdir(build)).not.toContain('build.log');
});

test('SIGTERM ends it', async () => {
  const child = await startBuilder();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('missing settings end it with status 78', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] },
  });
  expect(await once(child, 'exit')).toEqual([78, null]);
});
