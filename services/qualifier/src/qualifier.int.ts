import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { liveQualifiers } from '@slipway/fleet/qualifiers';
import { redisOptions } from '@slipway/fleet/redis';
import { startTestRedis, until } from '@slipway/fleet/testing';
import { DEVICE_ARCHES, QualifyResult, qualifyQueue } from '@slipway/protocol';
import { parseQualifierConfig } from './config.ts';
import { startQualifier, type RunningQualifier } from './start.ts';

/** What a device does in it is tested with QEMU, by the system tests; here is what comes before. */
let folder: string;
let redis: Awaited<ReturnType<typeof startTestRedis>>;
let connection: Redis;
let queue: Queue;
let qualifier: RunningQualifier;
const left = (): string => join(folder, 'work', 'qualification-of-one-that-was-killed');

const environment = () => ({
  SLIPWAY_STORE: join(folder, 'store'),
  SLIPWAY_QUALIFIER_WORK: join(folder, 'work'),
  SLIPWAY_QUALIFIER_CERT_FILE: join(folder, 'server.pem'),
  SLIPWAY_QUALIFIER_KEY_FILE: join(folder, 'server.key.pem'),
  SLIPWAY_SERVER_CA_FILE: join(folder, 'ca.pem'),
  SLIPWAY_STALLED_MS: '300',
  REDIS_URL: redis.url,
});
const start = (): Promise<RunningQualifier> =>
  startQualifier(parseQualifierConfig(environment()), pino({ level: 'silent' }));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-qualifier-'));
  redis = await startTestRedis();
  connection = new Redis(redisOptions(redis.url));
  queue = new Queue(qualifyQueue('amd64'), { connection: redisOptions(redis.url) });
  await mkdir(left(), { recursive: true });
  await writeFile(join(folder, 'work', 'of-somebody-else'), 'x');
  await mkdir(join(folder, 'store', 'bundles'), { recursive: true });
  qualifier = await start();
});
afterAll(async () => {
  await qualifier.close();
  await queue.close();
  connection.disconnect();
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

const ids = (digit: string) => ({
  release: `rel_${digit.repeat(16)}`,
  build: `bld_${digit.repeat(16)}`,
});
const ended = async (data: object) => {
  const { id = '' } = await queue.add('qualify', data);
  return until('the end of a job', async () => {
    const job = await queue.getJob(id);
    return job?.finishedOn === undefined ? undefined : job;
  });
};

test('it says which devices it can start, and removes what one left that was killed', async () => {
  const [known] = await liveQualifiers(connection);
  expect(known).toMatchObject({ arches: expect.arrayContaining(['amd64', 'arm64']), releases: [] });
  // Of every architecture that has devices it says whether it can, or why not.
  expect([...(known?.arches ?? []), ...Object.keys(known?.cannot ?? {})].sort()).toEqual(
    [...DEVICE_ARCHES].sort(),
  );
  await expect(access(left())).rejects.toThrow(/ENOENT/);
  await access(join(folder, 'work', 'of-somebody-else'));
});

test.each([
  ['a release whose artifacts are gone', { v: 1, ...ids('1') }, 'NOT_FOUND'],
  ['a job with a path', { v: 1, ...ids('1'), disk: '/etc/passwd' }, 'REQUEST_INVALID'],
])('%s fails with its code', async (_title, data, code) => {
  expect(JSON.parse((await ended(data)).failedReason)).toMatchObject({ code });
});

/** A release without a disk image. */
const makeRelease = async (digit: string) => {
  const { release, build } = ids(digit);
  const builds = join(folder, 'store', 'builds', build);
  await mkdir(builds, { recursive: true });
  const of = { v: 1, build, release, version: '1.0.0', counter: 1, deviceClass: 'edge', timeFloor: 1 };
  const text = 'name: edge\narch: amd64\nimages: [../e.yml]\noutputs: []\n';
  await writeFile(
    join(builds, 'request.json'),
    JSON.stringify({
      ...of,
      classFile: { name: 'classes/edge.yml', text },
      imageFiles: [{ name: 'e.yml', text: '' }],
      deployment: { enrolUrl: 'https://10.0.2.2/v1/enrol', serverCa: 'ca', releaseRoot: 'root' },
    }),
  );
  const made = {
    arch: 'amd64',
    rootHash: '0'.repeat(64),
    verityDataBlocks: 1,
    artifacts: [],
    components: [],
  };
  const request = `sha256:${'0'.repeat(64)}`;
  await writeFile(join(builds, 'result.json'), JSON.stringify({ ...of, ...made, request }));
  return { job: { v: 1, release, build }, bundle: join(folder, 'store', 'bundles', `${release}.tar`) };
};

test('what has no disk image to start is skipped, and says why', async () => {
  const { job, bundle } = await makeRelease('2');
  await writeFile(bundle, 'a bundle');
  const { returnvalue } = await ended({ ...job, from: ids('1') });
  const result = QualifyResult.parse(returnvalue);
  expect(result).toMatchObject({ state: 'skipped', from: null });
  expect(result.reason).toContain('no disk image');
});

test('killed in the middle of one, it leaves it to the next', async () => {
  await qualifier.close();
  const { job, bundle } = await makeRelease('3');
  // Whoever reads it waits for what nobody writes.
  await promisify(execFile)('mkfifo', [bundle]);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { ...process.env, ...environment() },
    stdio: 'ignore',
  });
  const { id = '' } = await queue.add('qualify', job);
  await until('the job to be taken', async () => (await queue.getActiveCount()) === 1 || undefined);
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
  await rm(bundle);
  await writeFile(bundle, 'a bundle');
  qualifier = await start();
  const done = await until('the end of the job', async () => {
    const found = await queue.getJob(id);
    return found?.finishedOn === undefined ? undefined : found;
  });
  expect(QualifyResult.parse(done.returnvalue).state).toBe('skipped');
  expect(done.attemptsStarted).toBe(2);
});
