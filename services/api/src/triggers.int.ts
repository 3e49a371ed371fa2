import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeTriggerDue, until } from '@slipway/fleet/testing';
import {
  ChannelName,
  ClassName,
  codeOf,
  HookAnswer,
  Problem,
  type TriggerCreated,
  type TriggerDelivery,
} from '@slipway/protocol';
import { newGitRepository, type GitRepository } from './testing/git-repository.ts';
import {
  distribution,
  gitHubPing,
  gitHubPush,
  gitLabPush,
  giteaPush,
  type Notice,
} from './testing/hook-payloads.ts';
import { CLASS_FILE, IMAGE_FILE, runApi, type TestApi } from './testing/running-api.ts';
import { startQualifier, startWorkers } from './testing/workers.ts';

let api: TestApi;
let repository: GitRepository;
let workers: ReturnType<typeof startWorkers> | undefined;
const [edgeA, edgeB, edgeC] = ['edge-a', 'edge-b', 'edge-c'].map((name) => ClassName.parse(name));
const [stable, beta] = ['stable', 'beta'].map((name) => ChannelName.parse(name));
if (!edgeA || !edgeB || !edgeC || !stable || !beta) throw new Error('names');

const classFile = (letter: string): string =>
  CLASS_FILE.replace('edge-test', `edge-${letter}`).replace('../edge.yml', `../${letter}.yml`);
let first: string;
beforeAll(async () => {
  [api, repository] = await Promise.all([runApi(), newGitRepository()]);
  first = await repository.commit({
    'classes/a.yml': classFile('a'),
    'classes/b.yml': classFile('b'),
    'classes/c.yml': classFile('c'),
    'a.yml': IMAGE_FILE,
    'b.yml': IMAGE_FILE,
    'c.yml': `${IMAGE_FILE}services: [{name: app, image: 'registry.example/acme/app:v1'}]\n`,
    'README.md': 'images',
  });
  await api.client().sources.create({ name: 'images', url: repository.url });
});
afterEach(async () => {
  await workers?.close();
  workers = undefined;
});
afterAll(async () => {
  await Promise.all([api.close(), repository.remove()]);
});

const work = (): void => {
  workers = startWorkers(api.config.redisUrl, api.config.storeDir);
};
let serial = 0;
const create = (over: object): Promise<TriggerCreated> =>
  api.client().triggers.create({
    name: `t-${++serial}`,
    source: 'images',
    on: { kind: 'push', forge: 'github' },
    windowSeconds: 0,
    maxBuilds: 50,
    ...over,
  });
const send = async ({ hook }: Pick<TriggerCreated, 'hook'>, { headers, body, query = '' }: Notice) =>
  fetch(`${api.url()}${hook}${query}`, { method: 'POST', headers, body });
const sent = async (trigger: TriggerCreated, notice: Notice): Promise<HookAnswer> =>
  HookAnswer.parse(await (await send(trigger, notice)).json());
const secretOf = ({ secret }: TriggerCreated): string => secret ?? '';
const deliveries = ({ id }: Pick<TriggerCreated, 'id'>): Promise<TriggerDelivery[]> =>
  api.client().triggers.listDeliveries(id).all();
/** The newest delivery once its run has ended and every build of it is in one of these states. */
const ended = (trigger: TriggerCreated, ...states: string[]): Promise<TriggerDelivery> =>
  until(`the end of ${trigger.name}`, async () => {
    const [newest] = await deliveries(trigger);
    if (newest?.run == null || newest.run.state === 'waiting' || newest.run.state === 'running')
      return undefined;
    return states.length === 0 || newest.builds.every(({ state }) => states.includes(state))
      ? newest
      : undefined;
  });

describe('a push', () => {
  test('builds the class whose files changed, and no other, into the channel of its branch', async () => {
    const trigger = await create({
      rule: {
        branches: [
          { match: 'main', channel: 'stable' },
          { match: 'next/*', channel: 'beta' },
        ],
        publish: true,
      },
    });
    expect(trigger).toMatchObject({ hook: `/hooks/${trigger.id}`, source: expect.stringMatching(/^src_/) });
    work();
    const after = await repository.commit({ 'a.yml': `${IMAGE_FILE}# one\n` });
    const answer = await send(
      trigger,
      gitHubPush(secretOf(trigger), 'gh-1', { before: first, after, files: ['a.yml'] }),
    );
    expect(answer.status).toBe(202);
    const done = await ended(trigger, 'done');
    expect(done).toMatchObject({
      event: 'push',
      eventId: 'gh-1',
      verdict: 'accepted',
      builds: [{ deviceClass: 'edge-a', state: 'done', buildState: 'succeeded', channel: 'stable' }],
    });
    const [made] = done.builds;
    const build = await api.client().builds.get(made?.build ?? '');
    expect(build.causes).toMatchObject([
      {
        kind: 'webhook',
        id: trigger.id,
        cause: { commit: after, branch: 'main', source: 'images', files: ['a.yml'] },
      },
    ]);
    expect(await api.client().channels.get('edge-a', 'stable')).toMatchObject({ release: build.release });
    // What was pushed again, or concerns no class, builds nothing.
    const readme = await repository.commit({ 'README.md': 'more' });
    await send(
      trigger,
      gitHubPush(secretOf(trigger), 'gh-2', { before: after, after: readme, files: ['README.md'] }),
    );
    expect((await ended(trigger)).run).toMatchObject({
      state: 'ignored',
      message: expect.stringContaining('none of its'),
    });
    await send(trigger, gitHubPush(secretOf(trigger), 'gh-3', { before: after, after: readme }));
    expect((await ended(trigger)).run?.message).toContain('looked at before');

    await repository.git('checkout', '--quiet', '-b', 'next/3');
    const next = await repository.commit({ 'b.yml': `${IMAGE_FILE}# next\n` });
    const ref = 'refs/heads/next/3';
    await send(trigger, gitHubPush(secretOf(trigger), 'gh-4', { before: readme, after: next, ref }));
    expect((await ended(trigger, 'done')).builds).toMatchObject([{ deviceClass: 'edge-b', channel: 'beta' }]);
    await repository.git('checkout', '--quiet', 'main');
  });

  test('that comes again builds nothing more, under whatever id', async () => {
    const trigger = await create({ classes: [edgeA] });
    const notice = gitHubPush(secretOf(trigger), 'same', { after: first });
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(trigger, notice)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 200, 200, 200, 202]);
    const other = await sent(trigger, {
      ...notice,
      headers: { ...notice.headers, 'x-github-delivery': 'another' },
    });
    expect(other).toMatchObject({ replayed: true, verdict: 'accepted' });
    const all = await deliveries(trigger);
    expect(all).toMatchObject([{ eventId: 'same', replays: 5 }]);
    expect((await ended(trigger)).builds).toHaveLength(1);
  });

  test('is refused unless it is signed with the secret, which changes nothing but is on record', async () => {
    const trigger = await create({ classes: [edgeA] });
    const answer = await send(trigger, gitHubPush('of somebody else', 'x-1', { after: first }));
    expect(answer.status).toBe(401);
    expect(Problem.parse(await answer.json()).code).toBe('HOOK_SIGNATURE_INVALID');
    expect(await deliveries(trigger)).toMatchObject([
      { verdict: 'refused', code: 'HOOK_SIGNATURE_INVALID', run: null, builds: [] },
    ]);
    // It does not stand in the way of the true one.
    expect(await sent(trigger, gitHubPush(secretOf(trigger), 'x-1', { after: first }))).toMatchObject({
      verdict: 'accepted',
      replayed: false,
    });
    for (const path of ['/hooks/trg_0000000000000000', '/hooks/x', '/hooks/..%2f..'])
      expect((await fetch(`${api.url()}${path}`, { method: 'POST', body: '{}' })).status).toBe(404);
    const large = { method: 'POST', body: 'x'.repeat(6 * 1024 * 1024) };
    expect((await fetch(`${api.url()}${trigger.hook}`, large)).status).toBe(413);
    const form = { ...gitHubPing(secretOf(trigger)), body: 'payload=x' };
    expect((await send(trigger, form)).status).toBe(401);
  });

  test.each(['gitlab', 'gitea'] as const)('comes from %s, too', async (forge) => {
    const trigger = await create({
      on: { kind: 'push', forge, repository: 'acme/images' },
      classes: [edgeB],
    });
    const make = forge === 'gitlab' ? gitLabPush : giteaPush;
    const secret = secretOf(trigger);
    expect((await send(trigger, make('wrong', 'e-0', { after: first }))).status).toBe(401);
    expect(
      await sent(trigger, make(secret, 'e-1', { after: first, repository: 'evil/images' })),
    ).toMatchObject({
      verdict: 'ignored',
      reason: expect.stringContaining('evil/images'),
    });
    expect(
      (await sent(trigger, make(secret, 'e-2', { after: first, ref: 'refs/heads/dev' }))).reason,
    ).toContain('dev');
    expect(await sent(trigger, make(secret, 'e-3', { after: first }))).toMatchObject({ verdict: 'accepted' });
    expect(await sent(trigger, make(secret, 'e-3', { after: first }))).toMatchObject({ replayed: true });
    expect((await ended(trigger)).builds).toMatchObject([{ deviceClass: 'edge-b' }]);
  });

  test('within the window of another becomes one build with it', async () => {
    const trigger = await create({ classes: [edgeB], windowSeconds: 3 });
    const commits: string[] = [];
    for (let n = 0; n < 3; n++) commits.push(await repository.commit({ 'b.yml': `${IMAGE_FILE}# ${n}\n` }));
    await Promise.all(
      commits.map((after, n) =>
        send(trigger, gitHubPush(secretOf(trigger), `w-${n}`, { before: first, after })),
      ),
    );
    const head = await repository.git('rev-parse', 'HEAD');
    await ended(trigger, 'building');
    const all = await deliveries(trigger);
    expect(all).toHaveLength(3);
    expect(new Set(all.map(({ builds }) => builds[0]?.build)).size).toBe(1);
    const build = await api.client().builds.get(all[0]?.builds[0]?.build ?? '');
    expect(build.causes).toMatchObject([{ cause: { commit: head } }]);
  });

  test('to a disabled trigger, and a ping, are answered', async () => {
    const trigger = await create({ enabled: false });
    expect((await sent(trigger, gitHubPing(secretOf(trigger)))).reason).toContain('ping');
    expect((await sent(trigger, gitHubPush(secretOf(trigger), 'd-1', { after: first }))).reason).toContain(
      'disabled',
    );
  });
});

describe('other causes', () => {
  test('an image that was pushed builds the classes that use it, once for each digest', async () => {
    const trigger = await create({ on: { kind: 'registry', sender: 'distribution' } });
    const digest = `sha256:${'d'.repeat(64)}`;
    const image = { host: 'registry.example', name: 'acme/app', tag: 'v1', digest, id: 'r-1' };
    const auth = `Bearer ${secretOf(trigger)}`;
    expect((await send(trigger, distribution('Bearer wrong', [image]))).status).toBe(401);
    await sent(trigger, distribution(auth, [{ ...image, name: 'acme/other', id: 'r-0' }, image]));
    await until('both runs', async () => {
      const runs = (await deliveries(trigger)).flatMap(({ run }) => (run === null ? [] : [run.state]));
      return runs.length === 2 && runs.every((state) => state === 'done' || state === 'ignored')
        ? true
        : undefined;
    });
    expect(await sent(trigger, distribution(auth, [image]))).toMatchObject({ replayed: true });
    const all = (await deliveries(trigger)).filter(({ verdict }) => verdict === 'accepted');
    expect(all.flatMap(({ builds }) => builds.map(({ deviceClass }) => deviceClass))).toEqual(['edge-c']);
    expect(all).toHaveLength(2);
    const build = await until('the build', async () => {
      const made = (await deliveries(trigger)).flatMap(({ builds }) => builds);
      return made[0]?.build ?? undefined;
    });
    expect((await api.client().builds.get(build)).causes).toMatchObject([
      { kind: 'registry', cause: { digest } },
    ]);
  });

  test('time: one that is due runs once, and what was missed is one run', async () => {
    const trigger = await create({
      on: { kind: 'cron', schedule: '30 2 * * *', timeZone: 'Europe/Berlin' },
      classes: [edgeA],
    });
    expect(trigger.hook).toBeNull();
    expect(trigger.secret).toBeNull();
    await makeTriggerDue(api.db, trigger.id, new Date(Date.now() - 5 * 86_400_000));
    await ended(trigger);
    expect(await deliveries(trigger)).toMatchObject([
      { event: 'schedule', builds: [{ deviceClass: 'edge-a' }] },
    ]);
    const { nextAt } = await api.client().triggers.get(trigger.id);
    expect(Date.parse(nextAt ?? '')).toBeGreaterThan(Date.now());
  });

  test.each([
    { schedule: '30 2 * *' },
    { schedule: '61 2 * * *' },
    { schedule: '* * * * * *' },
    { schedule: '30 2 * * *', timeZone: 'Europe/Atlantis' },
  ])('a schedule that cannot be: %j', async (on) => {
    expect(await create({ on: { kind: 'cron', ...on } }).catch(codeOf)).toBe('SCHEDULE_INVALID');
  });

  test('a release of another class; and no circle of them', async () => {
    const trigger = await create({
      on: { kind: 'release', deviceClass: edgeA, channel: stable },
      classes: [edgeC],
    });
    const back = create({ on: { kind: 'release', deviceClass: edgeC }, classes: [edgeA] });
    expect(await back.catch(codeOf)).toBe('CONFLICT');
    const first = await create({
      on: { kind: 'cron', schedule: '0 0 1 1 *' },
      classes: [edgeA],
      rule: { publish: true, channel: 'stable' },
    });
    work();
    await api.client().triggers.run(first.id, {});
    const [made] = (await ended(first, 'done')).builds;
    const done = await ended(trigger);
    expect(done).toMatchObject({
      event: 'release',
      facts: { deviceClass: 'edge-a', channel: 'stable', release: made?.release },
    });
    expect(done.builds).toMatchObject([{ deviceClass: 'edge-c' }]);
  });
});

describe('what follows a build', () => {
  test('is done once, whenever the API comes back: published, and rolled out as the rule says', async () => {
    const trigger = await create({
      on: { kind: 'cron', schedule: '0 0 1 1 *' },
      classes: [edgeB],
      rule: { publish: true, channel: 'beta', rollout: { failureThreshold: 2, policy: { retry: 1 } } },
    });
    await repository.commit({ 'b.yml': `${IMAGE_FILE}# to be rolled out\n` });
    const run = await api.client().triggers.run(trigger.id, {});
    expect(run).toMatchObject({ event: 'manual', verdict: 'accepted' });
    const begun = await ended(trigger, 'building');
    const id = begun.builds[0]?.build ?? '';
    expect((await api.client().builds.get(id)).priority).toBe('high');
    await api.stop();
    work();
    await until('the build', () => workers?.built.includes(id) === true || undefined);
    await api.start();
    const done = await ended(trigger, 'done', 'failed');
    expect(done.builds).toMatchObject([{ state: 'done', code: null, channel: 'beta' }]);
    const rollout = await api.client().rollouts.get(done.builds[0]?.rollout ?? '');
    expect(rollout).toMatchObject({ channel: 'beta', failureThreshold: 2, release: done.builds[0]?.release });
    const history = await api.client().channels.listHistory('edge-b', 'beta').all();
    expect(history.filter(({ release }) => release === rollout.release)).toMatchObject([
      { actor: `trigger:${trigger.name}` },
    ]);
    // While that one runs, the next waits for it; where it is aborted, it goes on.
    await repository.commit({ 'b.yml': `${IMAGE_FILE}# the next\n` });
    await api.client().triggers.run(trigger.id, {});
    const waiting = await ended(trigger, 'published');
    expect(waiting.builds[0]?.rollout).toBeNull();
    await api.client().rollouts.abort(rollout.id);
    const second = await ended(trigger, 'done');
    expect(second.builds[0]?.rollout).not.toBe(rollout.id);
    expect((await api.client().rollouts.list().all()).length).toBe(2);
  });

  test('waits for the qualification of the release, and is left out where that failed', async () => {
    const trigger = await create({
      on: { kind: 'cron', schedule: '0 0 1 1 *' },
      classes: [edgeB],
      rule: { publish: true, channel: 'proven' },
    });
    let outcome: 'passed' | 'failed' = 'failed';
    const run = async () => {
      await repository.commit({
        'classes/b.yml': `${classFile('b').replace(': off', ': on')}# ${outcome}\n`,
      });
      await api.client().triggers.run(trigger.id, {});
      return until('a build that waits for its qualification', async () => {
        const [newest] = await deliveries(trigger);
        return newest?.builds[0]?.code === 'QUALIFICATION_PENDING' ? newest : undefined;
      });
    };
    work();
    expect((await run()).builds).toMatchObject([{ state: 'building', buildState: 'succeeded' }]);
    const qualifier = startQualifier(api.config.redisUrl, () => ({ state: outcome }));
    try {
      expect((await ended(trigger, 'failed')).builds).toMatchObject([{ code: 'QUALIFICATION_FAILED' }]);
      expect(await api.client().channels.get('edge-b', 'proven').catch(codeOf)).toBe('NOT_FOUND');
      await qualifier.pause();
      outcome = 'passed';
      await run();
      await qualifier.resume();
      const [made] = (await ended(trigger, 'done')).builds;
      expect(made).toMatchObject({ code: null, message: null });
      expect((await api.client().channels.get('edge-b', 'proven')).release).toBe(made?.release);
    } finally {
      await qualifier.close();
      await repository.commit({ 'classes/b.yml': classFile('b') });
    }
  });

  test('only so many builds of a class are under way; by hand goes first', async () => {
    const hold = await create({
      on: { kind: 'cron', schedule: '0 0 1 1 *' },
      classes: [edgeC],
      maxBuilds: 1,
    });
    const timed = await create({
      on: { kind: 'cron', schedule: '0 0 1 1 *' },
      classes: [edgeC],
      maxBuilds: 1,
    });
    await repository.commit({ 'c.yml': `${IMAGE_FILE}# 1\n` });
    await api.client().triggers.run(hold.id, {});
    await ended(hold, 'building', 'waiting');
    await repository.commit({ 'c.yml': `${IMAGE_FILE}# 2\n` });
    await makeTriggerDue(api.db, timed.id, new Date());
    await ended(timed, 'waiting');
    await repository.commit({ 'c.yml': `${IMAGE_FILE}# 3\n` });
    await api.client().triggers.run(timed.id, {});
    await ended(timed, 'waiting');
    work();
    await until('every build', async () => {
      const all = await deliveries(timed);
      return all.length === 2 && all.every(({ builds }) => builds[0]?.state === 'done') ? true : undefined;
    });
    const counters = await Promise.all(
      (await deliveries(timed)).map(async ({ event, builds }) => {
        const build = await api.client().builds.get(builds[0]?.build ?? '');
        return [event, build.counter] as const;
      }),
    );
    const [byHand, byTime] = ['manual', 'schedule'].map(
      (name) => counters.find(([event]) => event === name)?.[1] ?? 0,
    );
    expect(byHand).toBeLessThan(byTime ?? 0);
  });
});

test('a trigger is changed and deleted; its secret is shown once', async () => {
  const client = api.client();
  const trigger = await create({ secret: 'my-own-secret-of-16' });
  expect(trigger.secret).toBe('my-own-secret-of-16');
  expect(JSON.stringify(await client.triggers.list().all())).not.toContain('my-own-secret');
  const changed = await client.triggers.update(trigger.name, {
    name: 'renamed',
    secret: 'another-secret-of-it',
  });
  expect(changed).toMatchObject({ name: 'renamed', on: trigger.on });
  expect((await send(trigger, gitHubPing('my-own-secret-of-16'))).status).toBe(401);
  expect((await send(trigger, gitHubPing('another-secret-of-it'))).status).toBe(202);
  expect(await client.triggers.update('renamed', { on: { kind: 'upstream' } }).catch(codeOf)).toBe(
    'CONFLICT',
  );
  expect(await create({ name: 'renamed' }).catch(codeOf)).toBe('CONFLICT');
  expect(await create({ source: null }).catch(codeOf)).toBe('REQUEST_INVALID');
  expect(await create({ rule: { rollout: {} } }).catch(codeOf)).toBe('REQUEST_INVALID');
  expect(await client.sources.delete('images').catch(codeOf)).toBe('CONFLICT');
  await client.triggers.delete('renamed');
  expect((await send(trigger, gitHubPing('another-secret-of-it'))).status).toBe(404);
});
