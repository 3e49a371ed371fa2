import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createClient } from '@slipway/client';
import { admitToken } from '@slipway/fleet';
import { makeTriggerDue, until } from '@slipway/fleet/testing';
import { ClassName, codeOf, type PlaceTriggers, type Trigger, type TriggerDelivery } from '@slipway/protocol';
import { newGitRepository, type GitRepository } from './testing/git-repository.ts';
import { CLASS_FILE, IMAGE_FILE, runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
let repository: GitRepository;
const edgeA = ClassName.parse('edge-a');
const A = CLASS_FILE.replace('edge-test', 'edge-a').replace('../edge.yml', '../a.yml');
const B = CLASS_FILE.replace('edge-test', 'edge-b').replace('../edge.yml', '../b.yml');
const CRON = "  - { on: cron, schedule: '0 3 * * 1', timeZone: Europe/Berlin }\n";
const naming = (file: string, ...triggers: string[]): string => `${file}triggers:\n${triggers.join('')}`;

beforeAll(async () => {
  [api, repository] = await Promise.all([runApi({ fetchSourcesSeconds: 3600 }), newGitRepository()]);
  await repository.commit({
    'classes/a.yml': A,
    'classes/b.yml': B,
    'a.yml': IMAGE_FILE,
    'b.yml': IMAGE_FILE,
  });
  await api.client().sources.create({ name: 'images', url: repository.url });
  // A source that was just named is fetched at once.
  await until('the first look', async () => ((await place()).at === null ? undefined : true));
});
afterEach(async () => {
  for (const { id, classFile } of await api.client().triggers.list().all())
    if (classFile === null) await api.client().triggers.delete(id);
});
afterAll(async () => {
  await Promise.all([api.close(), repository.remove()]);
});

const place = async (name = 'images'): Promise<PlaceTriggers> => {
  const found = (await api.client().classTriggers.list()).find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};
/** Commits to the branch, and waits until that was read. */
const push = async (files: Parameters<GitRepository['commit']>[0]): Promise<string> => {
  const commit = await repository.commit(files);
  await api.client().sources.fetch('images');
  await until('the look at a commit', async () => ((await place()).at === commit ? true : undefined));
  return commit;
};
const named = async (): Promise<Trigger[]> =>
  (await api.client().triggers.list().all()).filter(({ classFile }) => classFile !== null);
/** The newest delivery, once its run has ended. */
const ended = (trigger: Pick<Trigger, 'id'>, since?: TriggerDelivery): Promise<TriggerDelivery> =>
  until('the end of a run', async () => {
    const [newest] = await api.client().triggers.listDeliveries(trigger.id).all();
    if (newest?.run == null || newest.id === since?.id) return undefined;
    return newest.run.state === 'waiting' || newest.run.state === 'running' ? undefined : newest;
  });

test('a trigger that a class file names is there once it was pushed, fires, and goes as it came', async () => {
  const { triggers, builds, audit } = api.client();
  expect(await named()).toEqual([]);
  const first = await push({ 'classes/a.yml': naming(A, CRON) });
  const [cron] = await named();
  if (cron === undefined) throw new Error('no trigger');
  expect(cron).toMatchObject({
    name: 'edge-a.cron',
    classFile: 'classes/a.yml',
    classes: ['edge-a'],
    on: { kind: 'cron', schedule: '0 3 * * 1', timeZone: 'Europe/Berlin' },
    rule: { publish: false },
    hook: null,
  });
  const [entry] = await audit.list({ subject: cron.id }).all(1);
  expect(entry).toMatchObject({
    actor: 'class-file:classes/a.yml',
    action: 'trigger.create',
    details: { from: { at: first } },
  });

  await makeTriggerDue(api.db, cron.id, new Date());
  const fired = await ended(cron);
  expect(fired.builds).toMatchObject([{ deviceClass: 'edge-a' }]);
  const build = await until('the build', async () => (await ended(cron)).builds[0]?.build ?? undefined);
  expect((await builds.get(build)).causes).toMatchObject([
    { kind: 'schedule', id: cron.id, cause: { classFile: 'classes/a.yml', commit: first, source: 'images' } },
  ]);

  // Edited it stays the same trigger, paused or not; a second one is another, and no way round the pause.
  await triggers.update(cron.id, { enabled: false });
  const edited = CRON.replace('0 3', '30 4');
  await push({ 'classes/a.yml': naming(A, '  - on: upstream\n', edited) });
  expect(await named()).toMatchObject([
    { id: cron.id, enabled: false, on: { schedule: '30 4 * * 1' } },
    { name: 'edge-a.upstream', enabled: false, on: { everyMinutes: 360 } },
  ]);
  for (const refused of [
    () => triggers.update(cron.id, { rule: { publish: true } }),
    () => triggers.update(cron.id, { enabled: true, maxBuilds: 9 }),
    () => triggers.delete(cron.id),
  ])
    expect(await refused().catch((error: unknown) => error)).toMatchObject({
      code: 'TRIGGER_OF_CLASS_FILE',
      message: expect.stringContaining('classes/a.yml') as unknown,
    });
  await push({ 'classes/a.yml': A });
  expect(await named()).toEqual([]);
  // Nor is it one to leave them out for a while: it takes an operator.
  const comes = async (): Promise<Trigger> => {
    await push({ 'classes/a.yml': naming(A, CRON) });
    const [again] = await named();
    if (again === undefined) throw new Error('no trigger');
    return again;
  };
  const again = await comes();
  expect(again.enabled).toBe(false);
  await triggers.update(again.id, { enabled: true });
  await push({ 'classes/a.yml': A });
  expect((await comes()).enabled).toBe(true);
  await push({ 'classes/a.yml': A });
  expect((await audit.list({ subject: cron.id }).all(9)).map(({ action, actor }) => [action, actor])).toEqual(
    [
      ['trigger.delete', 'class-file:classes/a.yml'],
      ['trigger.change', 'class-file:classes/a.yml'],
      ['trigger.change', 'admin'],
      ['trigger.create', 'class-file:classes/a.yml'],
    ],
  );
});

test('a push builds the class whose files changed, from its branch only', async () => {
  await push({ 'classes/a.yml': naming(A, '  - on: push\n'), 'classes/b.yml': naming(B, '  - on: push\n') });
  const [a, b] = await named();
  if (a === undefined || b === undefined) throw new Error('no triggers');
  expect([a.on, a.hook]).toEqual([{ kind: 'push' }, null]);
  const [introduced] = [await ended(a), await ended(b)];
  const after = await push({ 'a.yml': `${IMAGE_FILE}# one\n` });
  const built = await ended(a, introduced);
  expect(built).toMatchObject({
    event: 'push',
    facts: { branch: 'main', commit: after },
    builds: [{ deviceClass: 'edge-a' }],
  });
  const other = await until('the look for b', async () => {
    const [newest] = await api.client().triggers.listDeliveries(b.id).all();
    return newest?.run?.message?.includes('none of its files') === true ? newest : undefined;
  });
  expect(other.builds).toEqual([]);

  // What another branch says counts for nothing, though a build of it is asked for.
  await repository.git('checkout', '--quiet', '-b', 'proposal');
  await repository.commit({ 'classes/a.yml': naming(A, CRON), 'a.yml': `${IMAGE_FILE}# evil\n` });
  await api.client().builds.create({ deviceClass: edgeA, source: 'images', branch: 'proposal' });
  await repository.git('checkout', '--quiet', 'main');
  const last = await push({ README: 'more' });
  await until('the look at main', async () => {
    const [newest] = await api.client().triggers.listDeliveries(a.id).all();
    return newest?.facts['commit'] === last ? true : undefined;
  });
  expect((await named()).map(({ id }) => id)).toEqual([a.id, b.id]);
  await push({ 'classes/a.yml': A, 'classes/b.yml': B });
});

test('of a broken class file the last good triggers stay, and it says so', async () => {
  await push({ 'classes/a.yml': naming(A, CRON), 'classes/b.yml': naming(B, '  - on: upstream\n') });
  const before = await named();
  await push({ 'classes/a.yml': naming(A, '  - { on: cron, schedule: never }\n'), 'classes/b.yml': B });
  expect(await named()).toEqual(before.filter(({ classes }) => classes?.includes(edgeA)));
  expect((await place()).classes).toMatchObject([
    {
      deviceClass: 'edge-a',
      file: 'classes/a.yml',
      code: 'SPEC_INVALID',
      message: expect.stringMatching(
        /^classes\/a\.yml:\d+:\d+: triggers\[0\]\.schedule: "never" has 1 fields/,
      ) as unknown,
      triggers: [{ state: 'taken' }],
    },
  ]);
  await push({ 'classes/a.yml': naming(A, '  - { on: push, publish: true }\n') });
  expect((await place()).classes[0]?.message).toContain('what follows a build is decided on the server');
  await push({ 'classes/a.yml': A });
  expect((await place()).classes).toEqual([]);
});

test('what a trigger of the server does already is not doubled', async () => {
  const { triggers, classTriggers } = api.client();
  await push({ 'classes/a.yml': naming(A, CRON, '  - on: push\n') });
  expect((await named()).map(({ name }) => name)).toEqual(['edge-a.cron', 'edge-a.push']);
  const made = await triggers.create({
    name: 'mine',
    source: 'images',
    on: { kind: 'push', forge: 'github' },
    rule: { publish: true, branches: [{ match: 'ma*' }] },
  });
  await until('one less', async () => ((await named()).length === 1 ? true : undefined));
  const [, images] = await classTriggers.list();
  expect(images?.classes[0]?.triggers).toMatchObject([
    { state: 'taken', on: { on: 'cron' } },
    { state: 'covered', trigger: made.id, message: 'trigger mine does the same' },
  ]);
  await triggers.update(made.id, { rule: { publish: true, branches: [{ match: 'next/*' }] } });
  await until('both again', async () => ((await named()).length === 2 ? true : undefined));
  await push({ 'classes/a.yml': A });
});

test('an operator switches them off, or asks to be asked', async () => {
  const { classTriggers } = api.client();
  await push({ 'classes/a.yml': naming(A, CRON) });
  const [trigger] = await named();
  expect(await classTriggers.update('images', { mode: 'approval' })).toMatchObject({ mode: 'approval' });
  const at = await push({
    'classes/a.yml': naming(A, CRON.replace('0 3', '*/15 *')),
    'classes/b.yml': naming(B, CRON),
  });
  // What held before still does.
  expect(await named()).toMatchObject([{ id: trigger?.id, on: { schedule: '0 3 * * 1' } }]);
  expect((await place()).classes).toMatchObject([
    { triggers: [{ state: 'waiting' }], leaving: [{ schedule: '0 3 * * 1' }] },
    { triggers: [{ state: 'waiting' }], leaving: [] },
  ]);
  expect(await classTriggers.approve('images', { at: 'a'.repeat(40) }).catch(codeOf)).toBe('CONFLICT');
  await admitToken(api.db, { text: 'swt_releaser', name: 'rel', role: 'releaser' });
  const releaser = createClient({ url: api.url(), token: 'swt_releaser' });
  expect(await releaser.classTriggers.update('images', { mode: 'taken' }).catch(codeOf)).toBe('FORBIDDEN');
  await releaser.classTriggers.approve('images', { at, deviceClass: edgeA });
  expect(await named()).toMatchObject([{ id: trigger?.id, on: { schedule: '*/15 * * * 1' } }]);
  await classTriggers.update('images', { mode: 'off', deviceClass: edgeA });
  expect(await named()).toEqual([]);
  expect((await place()).classes[0]).toMatchObject({ mode: 'off', triggers: [{ state: 'off' }] });
  await classTriggers.update('images', { mode: null, deviceClass: edgeA });
  await classTriggers.update('images', { mode: 'taken' });
  expect((await named()).map(({ name }) => name)).toEqual(['edge-a.cron', 'edge-b.cron']);
  await push({ 'classes/a.yml': A, 'classes/b.yml': B });
});

test('the image repository of the server has them, but for pushes; a source takes its own with it', async () => {
  const { sources } = api.client();
  const file = api.path('images/classes/edge-test.yml');
  await writeFile(file, naming(CLASS_FILE, '  - on: push\n', CRON));
  await until('its trigger', async () => ((await named()).length === 1 ? true : undefined));
  expect((await place('-')).classes[0]?.triggers).toMatchObject([
    { state: 'refused', message: expect.stringContaining('keep it in git') as unknown },
    { state: 'taken' },
  ]);
  await writeFile(file, CLASS_FILE);
  await until('none', async () => ((await named()).length === 0 ? true : undefined));

  const own = await newGitRepository();
  await own.commit({ 'classes/a.yml': naming(A, CRON), 'a.yml': IMAGE_FILE });
  await sources.create({ name: 'own', url: own.url });
  await until('its trigger', async () => ((await named()).length === 1 ? true : undefined));
  await sources.delete('own');
  expect(await named()).toEqual([]);
  await own.remove();
});
