import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admitToken, listAudit, sealedCredentials } from '@slipway/fleet';
import { codeOf, ClassName, RepositoryPath, SourceUrl, BranchName } from '@slipway/protocol';
import { createClient } from '@slipway/client';
import { newGitRepository, type GitRepository } from './testing/git-repository.ts';
import { CLASS_FILE, IMAGE_FILE, runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
let repository: GitRepository;
beforeAll(async () => {
  [api, repository] = await Promise.all([runApi(), newGitRepository()]);
  await admitToken(api.db, { text: 'swt_releaser', name: 'rel', role: 'releaser' });
});
afterAll(async () => {
  await Promise.all([api.close(), repository.remove()]);
});

const deviceClass = ClassName.parse('edge-git');
const GIT_CLASS = CLASS_FILE.replace('edge-test', 'edge-git');

test('a build is made from a commit of a branch, and says so', async () => {
  const commit = await repository.commit({ 'classes/edge-git.yml': GIT_CLASS, 'edge.yml': IMAGE_FILE });
  const client = api.client();
  const source = await client.sources.create({ name: 'images', url: repository.url });
  expect(source).toMatchObject({ name: 'images', branch: 'main', credentials: null, commit: null });
  expect(await client.sources.listDeviceClasses('images')).toMatchObject([{ name: 'edge-git' }]);
  const build = await client.builds.create({ deviceClass, source: 'images' });
  expect(build.causes).toMatchObject([
    { kind: 'manual', cause: { source: 'images', branch: 'main', commit } },
  ]);
  const copy = join(api.config.storeDir, 'sources', build.source ?? '');
  expect(await readFile(join(copy, 'edge.yml'), 'utf8')).toBe(IMAGE_FILE);
  expect(await client.sources.get(source.id)).toMatchObject({ commit, code: null });
  // The same commit is the same build; another one is not.
  expect((await client.builds.create({ deviceClass, source: source.id })).id).toBe(build.id);
  await repository.git('checkout', '--quiet', '-b', 'next/2');
  await repository.commit({ 'edge.yml': `${IMAGE_FILE}# changed\n` });
  const next = await client.builds.create({ deviceClass, source: 'images', branch: 'next/2' });
  expect(next.id).not.toBe(build.id);
  await repository.git('checkout', '--quiet', 'main');
  expect((await client.sources.fetch('images')).commit).toBe(commit);
});

test('what cannot be fetched is told, and remembered', async () => {
  const client = api.client();
  await client.sources.create({ name: 'gone', url: 'file:///nonexistent/x.git' });
  expect(await client.sources.fetch('gone').catch(codeOf)).toBe('GIT_UNREACHABLE');
  expect(await client.sources.get('gone')).toMatchObject({ code: 'GIT_UNREACHABLE', fetchedAt: null });
  const asked = { deviceClass, source: 'images', branch: 'nope' };
  expect(await client.builds.create(asked).catch(codeOf)).toBe('GIT_REF_UNKNOWN');
  expect((await client.sources.get('images')).code).toBeNull();
  expect(await client.builds.create({ deviceClass, branch: 'main' }).catch(codeOf)).toBe('REQUEST_INVALID');
});

test('a link that leads out of the repository is refused before anything reads it', async () => {
  const evil = await newGitRepository();
  await evil.commit({ 'classes/edge-git.yml': { to: '/etc/passwd' }, 'edge.yml': IMAGE_FILE });
  const client = api.client();
  await client.sources.create({ name: 'evil', url: evil.url });
  const error = await client.builds
    .create({ deviceClass, source: 'evil' })
    .catch((thrown: unknown) => thrown);
  expect(codeOf(error)).toBe('SPEC_INVALID');
  expect(String(error)).not.toContain('root:');
  await evil.remove();
});

test('credentials are sealed, never shown, and stay with the address they were given for', async () => {
  const client = api.client();
  const credentials = { kind: 'token', token: 'tok_very_secret' } as const;
  const made = await client.sources.create({
    name: 'private',
    url: 'https://git.example/a/b.git',
    credentials,
  });
  expect(made.credentials).toBe('token');
  const dump = JSON.stringify([
    await sealedCredentials(api.db, made.id),
    await listAudit(api.db, { limit: 100, offset: 0 }),
    await client.sources.list().all(),
  ]);
  expect(dump).toContain('git.example');
  expect(dump).not.toContain('tok_very_secret');
  expect((await client.sources.update('private', { branch: 'next' })).credentials).toBe('token');
  const moved = await client.sources.update('private', { url: 'https://other.example/a/b.git' });
  expect(moved.credentials).toBeNull();
  await client.sources.delete('private');
  expect(await client.sources.get('private').catch(codeOf)).toBe('NOT_FOUND');
});

test('names are given once; only admins say where the server goes', async () => {
  const client = api.client();
  expect(await client.sources.create({ name: 'images', url: repository.url }).catch(codeOf)).toBe('CONFLICT');
  const releaser = createClient({ url: api.url(), token: 'swt_releaser' });
  expect(await releaser.sources.create({ name: 'b', url: repository.url }).catch(codeOf)).toBe('FORBIDDEN');
  expect((await releaser.sources.fetch('images')).name).toBe('images');
});

test.each([
  ['https://git.example/a/b.git', true],
  ['ssh://git@git.example:2222/a/b.git', true],
  ['git@git.example:a/b.git', true],
  ['file:///srv/git/a.git', true],
  ['https://user:pass@git.example/a/b.git', false],
  ['http://git.example/a', false],
  ['ext::sh -c id', false],
  ['ssh://-oProxyCommand=id/x', false],
  ['-oProxyCommand=id@x:y', false],
  ['file://host/a', false],
  ['../a', false],
  ['https://git.example/a b', false],
])('the address %s: %s', (url, good) => {
  expect(SourceUrl.safeParse(url).success).toBe(good);
});

test.each([
  ['main', true],
  ['release/2.0', true],
  ['a@b', true],
  ['-x', false],
  ['a..b', false],
  ['a/', false],
  ['a/.b', false],
  ['a.lock', false],
  ['a b', false],
  ['a:b', false],
  ['a@{1}', false],
  ['a^', false],
])('the branch %s: %s', (branch, good) => {
  expect(BranchName.safeParse(branch).success).toBe(good);
});

describe('files of a source', () => {
  let git: GitRepository;
  let place: string;
  beforeAll(async () => {
    git = await newGitRepository();
    await git.commit({ 'classes/edge-git.yml': GIT_CLASS, 'edge.yml': IMAGE_FILE, README: 'read me' });
    place = `${git.directory}.git`;
    await git.git('clone', '--quiet', '--bare', git.directory, place);
    await api.client().sources.create({ name: 'edited', url: `file://${place}` });
    await git.git('remote', 'add', 'shared', place);
  });
  afterAll(async () => {
    await Promise.all([git.remove(), rm(place, { recursive: true, force: true })]);
  });
  const shared = (...words: string[]) => git.git(`--git-dir=${place}`, ...words);
  const read = async (path: string) => api.client().sources.getFile('edited', path);
  const change = async (path: string, text: string | null) => {
    const was = await read(path).then(
      ({ digest }) => digest,
      () => null,
    );
    return { path: RepositoryPath.parse(path), was, text };
  };

  test('are read, checked and saved as a commit by who saved it, without force', async () => {
    const { sources, audit } = api.client();
    const { files, commit, branch } = await sources.listFiles('edited');
    expect([branch, commit]).toEqual(['main', await shared('rev-parse', 'main')]);
    expect(files.map(({ path, kind, classes }) => [path, kind, classes])).toEqual([
      ['README', 'other', []],
      ['classes/edge-git.yml', 'class', ['edge-git']],
      ['edge.yml', 'image', ['edge-git']],
    ]);
    const bad = { path: 'edge.yml', text: `${IMAGE_FILE}servces: []\n` };
    expect((await sources.validate('edited', bad)).problems).toHaveLength(1);
    const faulty = { changes: [await change(bad.path, bad.text)] };
    expect(await sources.edit('edited', faulty).catch(codeOf)).toBe('SPEC_INVALID');

    const edit = {
      changes: [await change('edge.yml', `${IMAGE_FILE}# one\n`), await change('docs/new.txt', 'new')],
      message: 'one more line',
    };
    const patch = await sources.patch('edited', edit);
    expect(patch.name).toMatch(/^edited-[0-9a-f]{10}\.patch$/);
    const saved = await sources.edit('edited', edit);
    expect(await shared('log', '-1', '--format=%H %an %cn %s', 'main')).toBe(
      `${saved.commit} admin Slipway one more line`,
    );
    expect(await shared('rev-parse', 'main^')).toBe(commit);
    expect(await shared('show', 'main:docs/new.txt')).toBe('new');
    expect(await sources.listChanges('edited', 'edge.yml')).toMatchObject([
      { commit: saved.commit, by: 'admin', message: 'one more line' },
      { by: 'Ann' },
    ]);
    const [entry] = await audit.list({ action: 'source.edit' }).all(1);
    expect(entry).toMatchObject({ actor: 'admin', details: { commit: saved.commit, branch: 'main' } });

    await git.git('checkout', '--quiet', commit);
    await writeFile(join(git.directory, 'the.patch'), patch.text);
    await git.git('am', '--quiet', 'the.patch');
    expect(await git.git('rev-parse', 'HEAD^{tree}')).toBe(await shared('rev-parse', 'main^{tree}'));
    await git.git('checkout', '--quiet', 'main');
  });

  test('go to a branch of their own for a review, are renamed and deleted', async () => {
    const { sources } = api.client();
    const before = await shared('rev-parse', 'main');
    const renamed = {
      changes: [
        await change('edge.yml', null),
        { path: 'gate.yml', was: null, text: IMAGE_FILE },
        await change('classes/edge-git.yml', GIT_CLASS.replace('edge.yml', 'gate.yml')),
      ],
      to: BranchName.parse('review/gate'),
    };
    const orphan = { changes: [await change('edge.yml', null)] };
    expect(await sources.edit('edited', orphan).catch(codeOf)).toBe('SPEC_INVALID');
    const { commit } = await sources.edit('edited', renamed);
    expect([await shared('rev-parse', 'main'), await shared('rev-parse', 'review/gate')]).toEqual([
      before,
      commit,
    ]);
    expect(await shared('ls-tree', '-r', '--name-only', 'review/gate')).toBe(
      'README\nclasses/edge-git.yml\ndocs/new.txt\ngate.yml',
    );
    const { files } = await sources.listFiles('edited', { branch: renamed.to });
    expect(files.find(({ path }) => path === 'gate.yml')?.classes).toEqual(['edge-git']);
    expect(await read('README').then(({ text }) => text)).toBe('read me');
  });

  test('are not saved over what another has pushed meanwhile, nor where the source takes nothing', async () => {
    const { sources, audit } = api.client();
    const late = { changes: [await change('README', 'ours')] };
    await git.git('pull', '--quiet', 'shared', 'main');
    await git.commit({ README: 'theirs' });
    await git.git('push', '--quiet', 'shared', 'main');
    const theirs = await shared('rev-parse', 'main');
    const refused = await sources.edit('edited', late).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'PRECONDITION_FAILED', details: { path: 'README' } });
    // What they did not touch goes on top of theirs.
    const beside = await sources.edit('edited', { changes: [await change('docs/new.txt', null)] });
    expect(await shared('rev-parse', `${beside.commit}^`)).toBe(theirs);

    await writeFile(join(place, 'hooks', 'pre-receive'), '#!/bin/sh\necho main is protected >&2\nexit 1\n', {
      mode: 0o755,
    });
    const edit = { changes: [await change('README', 'ours')] };
    const closed = await sources.edit('edited', edit).catch((error: unknown) => error);
    expect(closed).toMatchObject({
      code: 'GIT_PUSH_REFUSED',
      message: expect.stringContaining('main is protected') as unknown,
    });
    expect(await shared('rev-parse', 'main')).toBe(beside.commit);
    const [last, asked] = await audit.list({ action: 'source.edit' }).all(2);
    expect([last, asked]).toMatchObject([{ action: 'source.edit' }, { action: 'source.edit' }]);
    const [failed] = await audit.list({ action: 'source.' }).all(1);
    expect(failed).toMatchObject({ action: 'source.edit-refused', details: { code: 'GIT_PUSH_REFUSED' } });
    expect((await sources.patch('edited', edit)).text).toContain('+ours');
  });

  test.each([
    ['nothing can be fetched afterwards', 'mv HEAD away', 'none', 'source.edit'],
    ['the push is cut off once the commit is there', 'kill -9 $PPID', 'none', 'source.edit'],
    ['nobody can tell', 'mv HEAD away; kill -9 $PPID', 'GIT_UNREACHABLE', 'source.edit-unknown'],
  ])('are on the branch, and not told as refused, where %s', async (_, hook, code, action) => {
    const { sources, audit } = api.client();
    const edit = { changes: [await change('README', hook + code)] };
    const hooks = join(place, 'hooks');
    await rm(join(hooks, 'pre-receive'), { force: true });
    await writeFile(join(hooks, 'post-receive'), `#!/bin/sh\n${hook}\n`, { mode: 0o755 });
    const told = await sources.edit('edited', edit).then(() => 'none', codeOf);
    await rm(join(hooks, 'post-receive'));
    if (hook.includes('away')) await rename(join(place, 'away'), join(place, 'HEAD'));
    expect(told).toBe(code);
    expect(await shared('show', 'main:README')).toBe(hook + code);
    const [last] = await audit.list({ action: 'source.' }).all(1);
    expect(last).toMatchObject({ action });
  });

  test('are nothing for who may not release, and links are none', async () => {
    await admitToken(api.db, { text: 'swt_operator', name: 'op', role: 'operator' });
    const operator = createClient({ url: api.url(), token: 'swt_operator' });
    expect(await operator.sources.listFiles('edited').catch(codeOf)).toBe('FORBIDDEN');
    expect(await operator.sources.edit('edited', { changes: [] }).catch(codeOf)).toBe('FORBIDDEN');
    await git.git('pull', '--quiet', 'shared', 'main');
    await git.commit({ link: { to: '/etc/passwd' } });
    await git.git('push', '--quiet', 'shared', 'main');
    const { files } = await api.client().sources.listFiles('edited');
    expect(files.map(({ path }) => path)).not.toContain('link');
    expect(await read('link').catch(codeOf)).toBe('NOT_FOUND');
    const onto = { changes: [{ path: RepositoryPath.parse('link'), was: null, text: 'ours' }] };
    expect(await api.client().sources.edit('edited', onto).catch(codeOf)).toBe('REQUEST_INVALID');
  });
});
