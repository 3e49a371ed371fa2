import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Queue } from 'bullmq';
import { createClient } from '@slipway/client';
import {
  Build,
  BuildEvent,
  BuildRequest,
  ClassName,
  codeOf,
  ERRORS,
  isBuildOver,
  isQualificationOver,
  SlipwayError,
  type BuildCreate,
  type QualifyJob,
} from '@slipway/protocol';
import { redisOptions } from '@slipway/fleet';
import { until } from '@slipway/fleet/testing';
import { openBreakableWay } from './testing/breakable-way.ts';
import { CLASS_FILE, IMAGE_FILE, runApi, type TestApi } from './testing/running-api.ts';
import { contentsOf } from '@slipway/sbom/testing';
import { sbomOf } from './testing/sbom-of.ts';
import { startQualifier, startWorkers } from './testing/workers.ts';

let api: TestApi;
let workers: ReturnType<typeof startWorkers> | undefined;
beforeAll(async () => {
  api = await runApi();
});
afterEach(async () => {
  await workers?.close();
  workers = undefined;
});
afterAll(() => api.close());

const deviceClass = ClassName.parse('edge-test');
const create = (version = '1.0.0') => api.client().builds.create({ deviceClass, version, force: true });
const finished = (id: string): Promise<Build> =>
  until('the end of the build', async () => {
    const build = await api.client().builds.get(id);
    return isBuildOver(build) ? build : undefined;
  });
const work = (change?: Parameters<typeof startWorkers>[2]): void => {
  workers = startWorkers(api.config.redisUrl, api.config.storeDir, change);
};

describe('a build', () => {
  test('goes from queue to a signed draft, and everything of it can be fetched', async () => {
    const build = await create('1.2.3');
    expect(build).toMatchObject({ state: 'queued', deviceClass, version: '1.2.3' });
    const stored = await readFile(join(api.config.storeDir, 'builds', build.id, 'request.json'), 'utf8');
    const request = BuildRequest.parse(JSON.parse(stored));
    expect(request).toMatchObject({
      build: build.id,
      release: build.release,
      counter: build.counter,
      classFile: { name: 'classes/edge-test.yml', text: CLASS_FILE },
      imageFiles: [{ name: 'edge.yml', text: IMAGE_FILE }],
      deployment: { enrolUrl: api.config.enrolUrl, serverCa: api.serverCa },
    });
    work();
    const done = await finished(build.id);
    expect(done).toMatchObject({ state: 'succeeded', percent: 100, code: null });
    expect(done.startedAt).not.toBeNull();

    const client = api.client();
    const release = await client.releases.get(build.release);
    expect(release).toMatchObject({ state: 'draft', build: build.id, arch: 'amd64', counter: build.counter });
    expect(await client.builds.getLog(build.id)).toBe('resolved\nassembled\n');
    expect(await (await client.builds.getArtifact(build.id, 'uki.efi')).text()).toBe('uki of 1.2.3');
    const bundle = await client.releases.getBundle(release.id);
    expect(bundle.headers.get('content-length')).toBe(String(release.bundle.size));
    expect(await bundle.text()).toBe(`bundle of ${release.id}`);
    expect((await client.releases.publish(release.id)).state).toBe('published');
    expect(await client.releases.publish(release.id).catch(codeOf)).toBe('CONFLICT');
    expect((await client.releases.withdraw(release.id)).state).toBe('withdrawn');
  });

  test('tells what is in its image, what it changes, and how it went on', async () => {
    const client = api.client();
    const build = async (version: string, contents: Record<string, string>): Promise<Build> => {
      const { id } = await create(version);
      work({ sbom: (of) => sbomOf('zlib1g', of), contents: contentsOf(contents) });
      const done = await finished(id);
      await workers?.close();
      return done;
    };
    const before = await build('1.3.0', { 'usr/bin/web': 'oci:web' });
    await writeFile(api.path('images/edge.yml'), `${IMAGE_FILE}# another text\n`);
    const after = await build('1.3.1', { 'usr/bin/web': 'oci:web', 'usr/bin/new': 'deb:base' });
    await writeFile(api.path('images/edge.yml'), IMAGE_FILE);

    const { under, entries } = await client.builds.getContents(after.id, { under: '/usr/bin' });
    expect(under).toMatchObject({ path: 'usr/bin', files: 2 });
    expect(entries).toMatchObject([{ component: 'deb:base' }, { component: 'oci:web' }]);
    expect(await client.builds.findContents(after.id, { text: 'new' })).toMatchObject({ total: 1 });
    expect(await client.builds.getContents(after.id, { under: 'opt' }).catch(codeOf)).toBe('NOT_FOUND');

    const difference = await client.builds.difference(after.id);
    expect(difference).toMatchObject({
      from: { id: before.id },
      files: { added: 1, removed: 0, changed: 0, entries: [{ path: 'usr/bin/new', change: 'added' }] },
      packages: { added: [], removed: [], changed: [{ name: 'zlib1g', from: '1.3.0', to: '1.3.1' }] },
      configuration: [{ name: 'edge.yml', from: IMAGE_FILE }],
    });
    expect(difference.artifacts.find(({ name }) => name === 'uki.efi')).toMatchObject({ same: false });

    expect(await client.builds.getLogLines(after.id, { from: -1 })).toMatchObject({
      total: 2,
      lines: [{ text: 'assembled' }],
    });
    expect(await client.builds.findLogLines(after.id, { text: 'RESOLVED' })).toEqual({
      total: 1,
      lines: [0],
    });
  });

  test('waits in a queue that tells in which order builds are taken, until one is taken out', async () => {
    const client = api.client();
    const asked = [await create('1.4.0'), await create('1.4.1'), await create('1.4.2')].map(({ id }) => id);
    const waiting = (count: number) =>
      until(`${count} builds in the queue`, async () => {
        const [queue] = await client.buildQueues.list();
        return queue?.waiting.length === count ? queue : undefined;
      });
    expect(await waiting(3)).toMatchObject({
      name: 'build-amd64',
      arch: 'amd64',
      needs: [],
      workers: 0,
      waiting: asked,
    });
    for (const id of asked.slice(1)) await client.builds.cancel(id);
    expect((await waiting(1)).waiting).toEqual(asked.slice(0, 1));
    for (const id of asked.slice(0, 1)) await client.builds.cancel(id);
  });

  test('whose class asks for it is a draft until a qualifier says that it has proven itself', async () => {
    const client = api.client();
    const classFile = api.path('images/classes/edge-proven.yml');
    await writeFile(classFile, CLASS_FILE.replace('edge-test', 'edge-proven').replace(': off', ': on'));
    const asked = { deviceClass: ClassName.parse('edge-proven'), force: true } as const;
    work();
    const make = async (version: string) => {
      const { id, release } = await client.builds.create({ ...asked, version });
      await finished(id);
      return release;
    };
    const [first, second, third] = [await make('1.0.0'), await make('1.1.0'), await make('1.2.0')];
    expect((await client.releases.get(first)).qualification).toBe('pending');
    expect(await client.releases.publish(first).catch(codeOf)).toBe('QUALIFICATION_PENDING');
    const publish = { release: first } as const;
    expect(await client.channels.createRelease('edge-proven', 'stable', publish).catch(codeOf)).toBe(
      'QUALIFICATION_PENDING',
    );
    // Against the gate, which the log remembers.
    await client.releases.publish(third, { force: true });
    const [entry] = await client.audit.list({ subject: third }).all(1);
    expect(entry?.details).toEqual({ force: true, qualification: 'pending' });

    const jobs: QualifyJob[] = [];
    const qualifier = startQualifier(api.config.redisUrl, (job) => {
      jobs.push(job);
      return job.release === second ? { state: 'failed', code: 'TRIAL_GATE_FAILED' } : { state: 'passed' };
    });
    try {
      const over = (id: string) =>
        until('the end of a qualification', async () => {
          const found = await client.releases.getQualification(id);
          return isQualificationOver(found) ? found : undefined;
        });
      expect(await over(first)).toMatchObject({ state: 'passed', code: null, attempts: 1 });
      expect((await client.releases.publish(first)).state).toBe('published');
      expect(await over(second)).toMatchObject({ state: 'failed', code: 'TRIAL_GATE_FAILED' });
      expect(await client.releases.publish(second).catch(codeOf)).toBe('QUALIFICATION_FAILED');
      // Asked for again, it starts from what was published meanwhile.
      expect(await client.releases.qualify(second)).toMatchObject({ state: 'pending', round: 2, code: null });
      await over(second);
      expect(jobs.at(-1)).toMatchObject({ release: second, from: { release: first } });
    } finally {
      await qualifier.close();
      await rm(classFile);
    }
  });

  test('counters rise', async () => {
    const [one, two] = [await create(), await create()];
    expect(two.counter).toBe(one.counter + 1);
    work();
    await Promise.all([finished(one.id), finished(two.id)]);
  });

  test('carries the code of what the worker gave up on', async () => {
    work({ fail: JSON.stringify({ code: 'PACKAGE_NOT_FOUND', message: 'busybox of suite trixie' }) });
    expect(await finished((await create()).id)).toMatchObject({
      state: 'failed',
      code: 'PACKAGE_NOT_FOUND',
      message: 'busybox of suite trixie',
    });
  });

  test('whose result is about another build fails', async () => {
    work({ result: { counter: 9999 } });
    expect(await finished((await create()).id)).toMatchObject({ state: 'failed', code: 'BUILD_FAILED' });
  });

  test('of a class is signed after those that were asked for before it', async () => {
    const [one, two] = [await create(), await create()];
    const builds = await api.client().builds.list().all();
    expect(builds.filter(({ id }) => id === one.id || id === two.id).map(({ counter }) => counter)).toEqual([
      two.counter,
      one.counter,
    ]);
    work({ last: one.id });
    await Promise.all([finished(one.id), finished(two.id)]);
    expect(workers?.built.filter((id) => id === one.id || id === two.id)).toEqual([two.id, one.id]);
    expect(workers?.signed).toEqual([one.id, two.id]);
  });

  test('that ended while the API was down is caught up with, and built once', async () => {
    const build = await create();
    await api.stop();
    work();
    await until('the builder', () => workers?.built.includes(build.id) === true || undefined);
    await api.start();
    expect((await finished(build.id)).state).toBe('succeeded');
    expect(workers?.built).toEqual([build.id]);
  });
});

describe('what is in a release', () => {
  const work7 = (): void => work({ sbom: (version) => sbomOf('libssl3t64', `3.5.7-${version}`, 'openssl') });

  test('is known as soon as it is there', async () => {
    work7();
    const build = await create('8.0.0');
    await finished(build.id);
    expect(await api.client().releases.listPackages(build.release, {}).all()).toEqual([
      {
        type: 'deb',
        name: 'libssl3t64',
        version: '3.5.7-8.0.0',
        source: { name: 'openssl', version: '3.5.7-8.0.0' },
      },
    ]);
    const found = await api.client().packages.find({ query: 'openssl = 3.5.7-8.0.0' });
    expect(found.releases).toMatchObject([{ id: build.release, state: 'draft', devices: 0 }]);
    expect(await api.client().packages.find({ query: 'openssl <' }).catch(codeOf)).toBe('QUERY_INVALID');
  });

  test('of before is looked into when the API starts, unless it is not what was built', async () => {
    work7();
    const [one, other] = [await create('8.1.0'), await create('8.2.0')];
    await Promise.all([finished(one.id), finished(other.id)]);
    await api.stop();
    await api.db.execute(`delete from release_packages`);
    await api.db.execute(`update releases set packages = null`);
    await appendFile(join(api.config.storeDir, 'builds', other.id, 'sbom.cdx.json'), ' ');
    await api.start();
    const { releases } = api.client();
    await until('the packages of a release', () =>
      releases
        .listPackages(one.release, {})
        .all()
        .then(
          (found) => found.length > 0 || undefined,
          () => undefined,
        ),
    );
    await api.stop();
    await api.start();
    expect(await api.client().releases.listPackages(other.release, {}).all().catch(codeOf)).toBe(
      'PACKAGES_UNKNOWN',
    );
  });
});

describe('builds that are equal', () => {
  const ask = (over: Partial<BuildCreate> = {}) => api.client().builds.create({ deviceClass, ...over });

  test('are one, with a cause for each time it was asked for; force makes another', async () => {
    const first = await ask({ version: '3.0.0' });
    const many = await Promise.all(Array.from({ length: 8 }, () => ask()));
    expect(new Set(many.map(({ id }) => id))).toEqual(new Set([first.id]));
    const forced = await ask({ force: true });
    expect(forced).toMatchObject({ version: '3.0.1', inputDigest: first.inputDigest });
    expect(forced.counter).toBe(first.counter + 1);
    expect((await api.client().builds.get(first.id)).causes).toHaveLength(9);
    work();
    await Promise.all([finished(first.id), finished(forced.id)]);
    // The one that has just succeeded is the answer, too.
    expect((await ask()).id).toBe(forced.id);
  });

  test('become as urgent as the most urgent of them, in the queue too, and say so', async () => {
    await writeFile(api.path('images/classes/edge-other.yml'), CLASS_FILE.replace('edge-test', 'edge-other'));
    const first = await ask({ version: '3.5.0', priority: 'low' });
    const urgent = await ask({ deviceClass: ClassName.parse('edge-other'), version: '1.0.0' });
    const { queue: name } = first;
    const queue = new Queue(name ?? '', { connection: redisOptions(api.config.redisUrl) });
    const order = () => queue.getJobs(['prioritized'], 0, -1, true).then((jobs) => jobs.map(({ id }) => id));
    try {
      await until('both jobs', async () => ((await order()).length === 2 ? true : undefined));
      expect(await order()).toEqual([urgent.id, first.id]);
      expect((await ask({ version: '3.5.0', priority: 'low' })).priority).toBe('low');
      const joined = await ask({ version: '3.5.0', priority: 'high' });
      expect(joined).toMatchObject({ id: first.id, priority: 'high' });
      expect(joined.causes.at(-1)?.cause).toEqual({ priority: 'raised from low to high' });
      await until('the job to be raised', async () => ((await order())[0] === first.id ? true : undefined));
      // A lower one takes nothing away.
      expect((await ask({ version: '3.5.0', priority: 'low' })).priority).toBe('high');
    } finally {
      await queue.close();
    }
    work();
    await Promise.all([finished(first.id), finished(urgent.id)]);
    expect(workers?.built).toEqual([first.id, urgent.id]);
    await rm(api.path('images/classes/edge-other.yml'));
  });

  test('are not equal with another version, another image file, another file of the repository', async () => {
    const first = await ask({ version: '4.0.0' });
    expect((await ask({ version: '4.0.1' })).id).not.toBe(first.id);
    expect((await ask({ version: '4.0.0' })).id).toBe(first.id);
    await writeFile(api.path('images/notes.txt'), 'a file that an image may take in');
    const third = await ask({ version: '4.0.0' });
    expect(third.id).not.toBe(first.id);
    expect(third.source).not.toBe(first.source);
    const copy = join(api.config.storeDir, 'sources', third.source ?? '');
    expect(await readFile(join(copy, 'notes.txt'), 'utf8')).toBe('a file that an image may take in');
    work();
    for (const { id } of await api.client().builds.list().all()) await finished(id);
  });
});

const ask = async (
  path: string,
  init: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Response> =>
  fetch(`${api.url()}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${api.token}`, ...init.headers },
  });
const act = async (id: string, action: string) => {
  const answer = await ask(`/v1/builds/${id}/${action}`, { method: 'POST' });
  return { status: answer.status, body: await answer.json() };
};

describe('a build that nobody wants', () => {
  test('is cancelled, built by nobody, and may be built once more as a build of its own', async () => {
    const build = await create('5.0.0');
    const waiting = await until('what it waits for', async () => {
      const { step } = await api.client().builds.get(build.id);
      return step.startsWith('waiting') ? step : undefined;
    });
    expect(waiting).toBe('waiting for a worker for amd64');
    expect((await act(build.id, 'cancel')).body).toMatchObject({ state: 'cancelled', step: 'cancelled' });
    expect((await act(build.id, 'cancel')).body).toMatchObject({ state: 'cancelled' });
    work();
    const again = await act(build.id, 'retry');
    expect(again.status).toBe(201);
    const retried = Build.parse(again.body);
    expect(retried).toMatchObject({
      retryOf: build.id,
      version: '5.0.0',
      counter: build.counter + 1,
      inputDigest: build.inputDigest,
      source: build.source,
    });
    expect((await finished(retried.id)).state).toBe('succeeded');
    expect(workers?.built).toEqual([retried.id]);
    expect(await act(retried.id, 'cancel')).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect(await act(retried.id, 'retry')).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });
});

describe('events of a build', () => {
  const LOG = [
    '2026-01-01T00:00:00.000Z building edge-test',
    '2026-01-01T00:00:01.000Z == 5 % resolving components',
    '2026-01-01T00:00:02.000Z fetched öne',
    '2026-01-01T00:00:03.000Z == 40 % assembling the root',
    '',
  ].join('\n');
  const parse = (text: string) =>
    text.split('\n\n').flatMap((block) => {
      const [, id, data] = /^id: (\d+)\nevent: \S+\ndata: (.*)$/.exec(block) ?? [];
      return data === undefined ? [] : [{ id: Number(id), event: BuildEvent.parse(JSON.parse(data)) }];
    });

  test('come as the log grows, and end with the build', async () => {
    const build = await create('6.0.0');
    const answer = await ask(`/v1/builds/${build.id}/events`);
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const way = await openBreakableWay(api.url());
    onTestFinished(way.cut);
    const client = createClient({ url: way.url, token: api.token });
    const seen: BuildEvent[] = [];
    const following = (async () => {
      for await (const event of client.builds.streamEvents(build.id)) seen.push(event);
    })();
    const logFile = join(api.config.storeDir, 'builds', build.id, 'build.log');
    const [first = '', ...others] = LOG.split(/(?<=öne\n)/);
    await writeFile(logFile, first);
    await until('two lines', () => seen.filter(({ kind }) => kind === 'log').length === 2 || undefined);
    await way.cut();
    await appendFile(logFile, others.join(''));
    await way.mend();
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const readUntil = async (what: string): Promise<void> => {
      while (!text.includes(what)) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: '' };
        if (done) throw new Error(`it ended before ${what}:\n${text}`);
        text += value;
      }
    };
    await readUntil('assembling the root');
    expect(text).not.toContain('event: end');
    expect((await act(build.id, 'cancel')).status).toBe(200);
    await readUntil('event: end');
    const found = parse(text).filter(({ event }) => event.kind !== 'build');
    expect(found.map(({ event }) => event.kind)).toEqual([
      'log',
      'step',
      'log',
      'step-end',
      'step',
      'step-end',
      'end',
    ]);
    expect(found[3]?.event).toMatchObject({
      step: 'resolving components',
      startedAt: '2026-01-01T00:00:01.000Z',
      endedAt: '2026-01-01T00:00:03.000Z',
    });
    expect(found.at(-1)?.event).toMatchObject({ build: { id: build.id, state: 'cancelled' } });
    expect(found.at(-1)?.id).toBe(Buffer.byteLength(LOG));

    // The client ends with the build, and has seen all of it once.
    await following;
    expect(seen.filter(({ kind }) => kind !== 'build')).toEqual(found.map(({ event }) => event));

    // Wherever it broke off, what follows is what was not seen.
    const second = found[1]?.id ?? 0;
    const rest = await ask(`/v1/builds/${build.id}/events`, { headers: { 'last-event-id': String(second) } });
    expect(parse(await rest.text())).toEqual(found.slice(2));
  });
});

describe('an artifact', () => {
  test('is listed, and comes whole, in parts, or not again', async () => {
    const build = await create('7.0.0');
    work();
    const done = await finished(build.id);
    const [artifact] = done.artifacts;
    expect(await (await ask(`/v1/builds/${build.id}/artifacts`)).json()).toEqual([artifact]);
    const path = `/v1/builds/${build.id}/artifacts/uki.efi`;
    const part = await ask(path, { headers: { range: 'bytes=4-' } });
    expect([part.status, await part.text()]).toEqual([206, 'of 7.0.0']);
    expect(part.headers.get('content-range')).toBe('bytes 4-11/12');
    expect(part.headers.get('etag')).toBe(`"${artifact?.digest}"`);
    const known = await ask(path, { headers: { 'if-none-match': `"${artifact?.digest}"` } });
    expect([known.status, await known.text()]).toEqual([304, '']);
    const beyond = await ask(path, { headers: { range: 'bytes=99-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */12']);
    await writeFile(join(api.config.storeDir, 'builds', build.id, 'uki.efi'), 'something else');
    expect((await ask(path)).status).toBe(ERRORS.SIGN_INPUT_MISMATCH.http);
  });
});

describe('what does not parse is not built', () => {
  const restore = async (): Promise<void> => {
    await writeFile(api.path('images/edge.yml'), IMAGE_FILE);
    await writeFile(api.path('images/classes/edge-test.yml'), CLASS_FILE);
  };
  const refusal = async (): Promise<SlipwayError> =>
    create().then(
      () => Promise.reject(new Error('the build was accepted')),
      (error: unknown) => (error instanceof SlipwayError ? error : Promise.reject(error)),
    );
  afterEach(restore);

  test('an unknown key is named with its place', async () => {
    await writeFile(api.path('images/edge.yml'), `${IMAGE_FILE}servces: []\n`);
    const error = await refusal();
    expect(error.code).toBe('SPEC_INVALID');
    expect(error.details).toMatchObject({ file: 'edge.yml', line: 3, column: 1, key: 'servces' });
  });

  test('an image file that is missing is named', async () => {
    await writeFile(api.path('images/classes/edge-test.yml'), CLASS_FILE.replace('edge.yml', 'none.yml'));
    expect(await refusal()).toMatchObject({
      code: 'SPEC_INVALID',
      message: expect.stringContaining('none.yml'),
    });
  });

  test('a class that nobody defined', async () => {
    const error = await api
      .client()
      .builds.create({ deviceClass: ClassName.parse('edge-none'), version: '1.0.0' })
      .catch(codeOf);
    expect(error).toBe('CLASS_UNKNOWN');
  });

  test('classes are listed from their files', async () => {
    expect(await api.client().deviceClasses.list()).toEqual([
      { name: 'edge-test', arch: 'amd64', images: ['edge.yml'], file: 'classes/edge-test.yml' },
    ]);
  });
});
