import { readdir, readFile, writeFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, CommitId, SourceId } from '@slipway/protocol';
import { newGitRepository, type GitRepository } from '../testing/git-repository.ts';
import { openGitMirrors, type GitMirrors, type GitSource } from './mirrors.ts';

let folder: string;
let repository: GitRepository;
let mirrors: GitMirrors;
let source: GitSource;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-mirrors-'));
  repository = await newGitRepository();
  mirrors = openGitMirrors(join(folder, 'git'));
  const id = SourceId.parse('src_0123456789abcdef');
  source = { id, name: 'images', url: repository.url, secret: null };
});
afterAll(async () => {
  await repository.remove();
  await rm(folder, { recursive: true });
});

test('a branch is fetched, checked out and compared', async () => {
  const first = await repository.commit({ 'a.yml': 'a', 'b/c.yml': 'c', gone: 'x' });
  expect(await mirrors.fetch(source, 'main')).toBe(first);
  const second = await repository.commit({ 'a.yml': 'A', gone: null, 'new ü': 'n' });
  const head = await mirrors.fetch(source, 'main');
  expect(head).toBe(second);
  expect((await mirrors.changed(source, first, head))?.sort()).toEqual(['a.yml', 'gone', 'new ü']);
  expect(await mirrors.changed(source, 'f'.repeat(40), head)).toBeUndefined();
  const place = await (async () => {
    await using checkout = await mirrors.checkout(source, CommitId.parse(first));
    expect((await readdir(checkout.directory)).sort()).toEqual(['a.yml', 'b', 'gone']);
    expect(await readFile(join(checkout.directory, 'a.yml'), 'utf8')).toBe('a');
    return checkout.directory;
  })();
  await expect(stat(place)).rejects.toThrow('ENOENT');
  await repository.git('reset', '--quiet', '--hard', first);
  expect(await mirrors.fetch(source, 'main')).toBe(first);
});

test('what is not there is told apart from what cannot be reached', async () => {
  expect(await mirrors.fetch(source, 'nope').catch(codeOf)).toBe('GIT_REF_UNKNOWN');
  const elsewhere = { ...source, url: `file://${folder}/none` };
  expect(await mirrors.fetch(elsewhere, 'main').catch(codeOf)).toBe('GIT_UNREACHABLE');
});

test.each(['ext::sh -c true', 'http://127.0.0.1:9/x', 'git://127.0.0.1/x', '--upload-pack=true'])(
  'git speaks no other protocol, and takes no options: %s',
  async (url) => {
    expect(await mirrors.fetch({ ...source, url }, 'main').catch(codeOf)).toBe('GIT_UNREACHABLE');
  },
);

test('nothing in a repository runs: no hook, no filter, no submodule', async () => {
  const mark = join(folder, 'ran');
  const commit = await repository.commit({
    '.gitattributes': '* filter=evil\n',
    '.gitmodules': `[submodule "s"]\n\tpath = s\n\turl = ${repository.url}\n`,
    'file.txt': 'text',
  });
  await repository.git('update-index', '--add', '--cacheinfo', `160000,${commit},s`);
  await repository.git('commit', '--quiet', '--message', 'a submodule');
  await repository.git('config', 'filter.evil.smudge', `touch ${mark}; cat`);
  const head = await mirrors.fetch(source, 'main');
  const [mirror = ''] = (await readdir(join(folder, 'git'))).map((name) => join(folder, 'git', name));
  expect(await readdir(mirror)).not.toContain('hooks');
  await using checkout = await mirrors.checkout(source, head);
  expect(await readFile(join(checkout.directory, 'file.txt'), 'utf8')).toBe('text');
  await expect(stat(mark)).rejects.toThrow('ENOENT');
});

test('objects that are made to harm are refused on the way', async () => {
  const evil = await newGitRepository();
  await evil.commit({ '.gitmodules': '[submodule "s"]\n\tpath = s\n\turl = ./x\n\tupdate = !id\n' });
  expect(await mirrors.fetch({ ...source, url: evil.url }, 'main').catch(codeOf)).toBe('GIT_UNREACHABLE');
  await evil.remove();
});

test('a token is kept out of what stays on disk', async () => {
  const secret = { kind: 'token', username: 'git', token: 'tok_very_secret' } as const;
  await mirrors.fetch({ ...source, secret }, 'main');
  const unreachable = { ...source, url: 'https://127.0.0.1:9/x.git', secret };
  const said = await mirrors.fetch(unreachable, 'main').catch(String);
  expect(said).toContain('127.0.0.1');
  expect(said).not.toContain('tok_very_secret');
  for (const name of await readdir(join(folder, 'git'))) {
    const config = await readFile(join(folder, 'git', name, 'config'), 'utf8').catch(() => '');
    expect(config).not.toMatch(/extraHeader|secret/);
  }
  await writeFile(join(folder, 'git', 'other'), '');
  await mirrors.forget(source);
  expect(await readdir(join(folder, 'git'))).toEqual(['other']);
});
