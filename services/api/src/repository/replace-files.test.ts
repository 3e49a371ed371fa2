import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceFiles } from './replace-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-replace-'));
  await mkdir(join(folder, '.slipway'));
  await writeFile(join(folder, 'kept'), 'old', { mode: 0o755 });
  await writeFile(join(folder, 'gone'), 'old');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const all = async (): Promise<Record<string, string>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => [join(entry.parentPath, entry.name), entry.isFile()] as const);
  const texts = paths.map(
    async ([path, isFile]) =>
      [path.slice(folder.length + 1), isFile ? await readFile(path, 'utf8') : '/'] as const,
  );
  return Object.fromEntries<string>(await Promise.all(texts));
};
const changes = (...more: string[]) =>
  [
    ['gone', null] as const,
    ['kept', 'new'] as const,
    ...more.map((path) => [path, 'x'] as const),
    ['a/b/new', 'new'] as const,
  ].map(([path, text]) => ({ place: join(folder, path), text }));

test('files come, change and go together, and nothing else is left', async () => {
  let seen: unknown;
  await replaceFiles(changes(), join(folder, '.slipway'), '{}', async () => {
    seen = await readFile(join(folder, 'kept'), 'utf8');
  });
  expect(seen).toBe('new');
  expect(await all()).toEqual({ '.slipway': '/', a: '/', 'a/b': '/', 'a/b/new': 'new', kept: 'new' });
  expect((await stat(join(folder, 'kept'))).mode & 0o777).toBe(0o755);
});

test.each([
  ['confirming fails', [], async () => Promise.reject(new Error('no'))],
  ['a text cannot be put there', ['kept/x'], async () => {}],
  ['a file cannot be renamed once others are', ['a/b'], async () => {}],
  ['a folder is in the way', ['dir'], async () => {}],
])('all is as it was where %s', async (_, more, confirm) => {
  await mkdir(join(folder, 'dir'));
  const before = await all();
  const told = replaceFiles(changes(...more), join(folder, '.slipway'), '{}', confirm);
  expect(await told.catch((error: unknown) => error)).toBeInstanceOf(Error);
  expect(await all()).toEqual(before);
  expect((await stat(join(folder, 'kept'))).mode & 0o777).toBe(0o755);
});
