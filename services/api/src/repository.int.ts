import { lstat, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, RepositoryPath, SlipwayError } from '@slipway/protocol';
import { CLASS_FILE, IMAGE_FILE, runApi, type TestApi } from './testing/running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await runApi();
});
afterAll(() => api.close());

const etagOf = async (path: string): Promise<string> => {
  const url = `${api.url()}/v1/repository/files/${encodeURIComponent(path)}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${api.token}` } });
  return answer.headers.get('etag') ?? '';
};

test('files are listed with what they are and whose they are, layouts and hidden ones left out', async () => {
  await mkdir(api.path('images/oci/web'), { recursive: true });
  await writeFile(api.path('images/oci/web/oci-layout'), '{}');
  await writeFile(api.path('images/.hidden'), 'x');
  const files = await api.client().repository.listFiles();
  expect(files.map(({ path, kind, classes }) => ({ path, kind, classes }))).toEqual([
    { path: 'classes/edge-test.yml', kind: 'class', classes: ['edge-test'] },
    { path: 'edge.yml', kind: 'image', classes: ['edge-test'] },
  ]);
});

test('a file is saved whole, with its history and who saved it, and not over what another saved meanwhile', async () => {
  const { repository, audit } = api.client();
  const path = 'edge.yml';
  const first = await etagOf(path);
  const text = `${IMAGE_FILE}# one\n`;
  const saved = await repository.replaceFile(
    path,
    { text, message: 'one' },
    { headers: { 'if-match': first } },
  );
  expect(saved).toMatchObject({ path, kind: 'image', text });
  expect(await readFile(api.path('images/edge.yml'), 'utf8')).toBe(text);
  const late = repository.replaceFile(path, { text: IMAGE_FILE }, { headers: { 'if-match': first } });
  expect(await late.catch(codeOf)).toBe('PRECONDITION_FAILED');

  await writeFile(api.path('images/edge.yml'), `${IMAGE_FILE}# by hand\n`);
  await repository.replaceFile(path, { text: IMAGE_FILE, message: 'as it was' });
  const changes = await repository.listChanges(path);
  expect(changes.map(({ by, message }) => [by, message])).toEqual([
    ['admin', 'as it was'],
    ['Slipway', 'As found on the server'],
    ['admin', 'one'],
    ['Slipway', 'As found on the server'],
  ]);
  expect((await repository.getFileAt(path, changes[2]?.commit ?? '')).text).toBe(text);
  expect(await repository.getFileAt(path, 'a'.repeat(40)).catch(codeOf)).toBe('NOT_FOUND');
  const [entry] = await audit.list({ action: 'repository.' }).all(1);
  expect(entry).toMatchObject({ actor: 'admin', subject: path, details: { message: 'as it was' } });
});

test('a text with a fault is not saved, and the places of the faults are told', async () => {
  const { repository } = api.client();
  const text = CLASS_FILE.replace('amd64', 'x86');
  const refused = await repository
    .replaceFile('classes/edge-test.yml', { text })
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SlipwayError);
  expect(refused).toMatchObject({ code: 'SPEC_INVALID', details: { line: 2, column: 7 } });
  expect(await readFile(api.path('images/classes/edge-test.yml'), 'utf8')).toBe(CLASS_FILE);
  const { problems } = await repository.validate({ path: 'classes/edge-test.yml', text });
  expect(problems).toMatchObject([{ line: 2, key: 'arch' }]);
});

test('nothing outside of the repository is read or written, whatever links say', async () => {
  const { repository } = api.client();
  await symlink(api.path('.'), api.path('images/out'));
  expect(await repository.getFile('out/admin-token').catch(codeOf)).toBe('REQUEST_INVALID');
  expect(await repository.replaceFile('out/new/file', { text: 'x' }).catch(codeOf)).toBe('REQUEST_INVALID');
  for (const path of ['../admin-token', '.slipway/history.git/config', '/etc/passwd'])
    expect(await repository.getFile(path).catch(codeOf)).toBe('REQUEST_INVALID');
  await writeFile(api.path('images/program'), Buffer.from([0xff, 0xfe, 0]));
  expect(await repository.getFile('program').catch(codeOf)).toBe('REQUEST_INVALID');
});

test('a class tells its board, its partitions and what its image is made of', async () => {
  const told = await api.client().deviceClasses.get('edge-test');
  expect(told).toMatchObject({
    board: 'uefi',
    partitions: { esp: 256 * 1024 ** 2, root: 512 * 1024 ** 2 },
    composition: { kernel: 'deb:k', packages: [{ name: 'k', install: ['linux'] }] },
    problem: null,
  });
  await writeFile(api.path('images/edge.yml'), 'kernel: 1\n');
  const broken = await api.client().deviceClasses.get('edge-test');
  expect(broken).toMatchObject({ name: 'edge-test', composition: null });
  expect(broken.problem).toContain('edge.yml:1:9');
  await writeFile(api.path('images/edge.yml'), IMAGE_FILE);
});

test('editors get the schemas that files are checked by', async () => {
  const { repository } = api.client();
  expect(await repository.getSchema('image')).toMatchObject({ title: 'Slipway image file' });
  expect(await repository.getSchema('class')).toMatchObject({ properties: { arch: {} } });
});

test('files are added, renamed and deleted at once, and not over what another saved meanwhile', async () => {
  const { repository, audit } = api.client();
  const edge = await repository.getFile('edge.yml');
  const ofClass = await repository.getFile('classes/edge-test.yml');
  const away = { path: edge.path, was: edge.digest, text: null };
  expect(await repository.edit({ changes: [away] }).catch(codeOf)).toBe('SPEC_INVALID');
  const moved = RepositoryPath.parse('parts/gate.yml');
  const named = ofClass.text.replace('../edge.yml', '../parts/gate.yml');
  const renamed = {
    changes: [
      away,
      { path: moved, was: null, text: edge.text },
      { path: ofClass.path, was: ofClass.digest, text: named },
    ],
    message: 'a better name',
  };
  await repository.edit(renamed);
  expect(await repository.edit(renamed).catch(codeOf)).toBe('PRECONDITION_FAILED');
  expect(await repository.getFile('edge.yml').catch(codeOf)).toBe('NOT_FOUND');
  expect((await repository.getFile(moved)).text).toBe(edge.text);
  const files = await repository.listFiles();
  expect(files.find(({ path }) => path === moved)?.classes).toEqual(['edge-test']);
  const [last, before] = await repository.listChanges('edge.yml');
  expect(last).toMatchObject({ by: 'admin', message: 'a better name' });
  expect((await repository.getFileAt('edge.yml', before?.commit ?? '')).text).toBe(edge.text);
  const [entry] = await audit.list({ action: 'repository.edit' }).all(1);
  expect(entry).toMatchObject({ actor: 'admin', details: { message: 'a better name' } });
});

const added = (path: string, text: string) => ({ path: RepositoryPath.parse(path), was: null, text });

test.each([
  [
    'a file is where a folder would have to be',
    [added('b/c', 'x'), added('program/x', 'x')],
    'REQUEST_INVALID',
  ],
  [
    'a folder is where a file would have to be',
    [added('b/c', 'x'), added('classes', 'x')],
    'REQUEST_INVALID',
  ],
  ['the history cannot be written', [added('b/c', 'x'), added('d', 'x')], 'TOOL_FAILED'],
])('nothing is changed, and that is on record, where %s', async (_, changes, code) => {
  const { repository, audit } = api.client();
  const lock = api.path('images/.slipway/history.git/refs/heads/main.lock');
  if (code === 'TOOL_FAILED') await writeFile(lock, '');
  const before = await repository.listFiles();
  const refused = await repository.edit({ changes }).catch(codeOf);
  await rm(lock, { force: true });
  expect(refused).toBe(code);
  expect(await repository.listFiles()).toEqual(before);
  expect(await lstat(api.path('images/b')).catch(() => 'gone')).toBe('gone');
  expect(await repository.listChanges('b/c')).toEqual([]);
  const entries = await audit.list({ action: 'repository.' }).all(2);
  expect(entries).toMatchObject([
    { action: 'repository.edit-refused', details: { code, changes: [{ path: 'b/c' }, {}] } },
    { action: 'repository.edit' },
  ]);
});

test('of several who change the same file at the same moment one wins', async () => {
  const { repository } = api.client();
  const told = await Promise.all(
    ['1', '2', '3', '4'].map((text) =>
      repository.edit({ changes: [added('at-once', text)] }).then(() => 'saved', codeOf),
    ),
  );
  expect(told.toSorted()).toEqual([...Array<string>(3).fill('PRECONDITION_FAILED'), 'saved']);
  expect(await repository.listChanges('at-once')).toHaveLength(1);
});

test('of a save and an edit of the same text at the same moment one wins', async () => {
  const { repository } = api.client();
  const { path, digest: was } = await repository.getFile('at-once');
  const headers = { 'if-match': await etagOf(path) };
  const told = await Promise.all([
    repository.edit({ changes: [{ path, was, text: 'edited' }] }).then(() => 'saved', codeOf),
    repository.replaceFile(path, { text: 'replaced' }, { headers }).then(() => 'saved', codeOf),
  ]);
  expect(told.toSorted()).toEqual(['PRECONDITION_FAILED', 'saved']);
});

test('a link is neither deleted nor written through', async () => {
  const { repository } = api.client();
  await writeFile(api.path('images/target'), 'x');
  await symlink('target', api.path('images/link'));
  await symlink('.', api.path('images/here'));
  const { digest: was } = await repository.getFile('target');
  for (const path of ['link', 'here/target'].map((one) => RepositoryPath.parse(one)))
    for (const text of [null, 'y'])
      expect(await repository.edit({ changes: [{ path, was, text }] }).catch(codeOf)).toBe('REQUEST_INVALID');
  expect(await repository.replaceFile('link', { text: 'y' }).catch(codeOf)).toBe('REQUEST_INVALID');
  expect(await readFile(api.path('images/target'), 'utf8')).toBe('x');
});

test('a name that git could take for a pattern is only a name', async () => {
  const { repository } = api.client();
  await repository.edit({ changes: [added('notes*', 'x'), added(':notes', 'x')], message: 'odd' });
  await repository.edit({ changes: [added('notes-2', 'y')] });
  for (const path of ['notes*', ':notes'])
    expect(await repository.listChanges(path)).toMatchObject([{ message: 'odd' }]);
});
