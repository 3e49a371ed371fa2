import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admitToken, listAudit, sealedCredentials } from '@slipway/fleet';
import { codeOf, ClassName, SourceUrl, BranchName } from '@slipway/protocol';
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
