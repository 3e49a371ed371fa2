import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findClasses, findRepository } from './find-classes.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-classes-'));
  for (const path of ['good/classes', 'good/below/far', 'twice/classes'])
    mkdirSync(join(folder, path), { recursive: true });
  const put = (file: string, name: string) =>
    writeFileSync(join(folder, file), `name: ${name}\narch: arm64\nimages: [../edge.yml]\n`);
  put('good/classes/z.yml', 'alpha');
  put('good/classes/b.yaml', 'beta');
  writeFileSync(join(folder, 'good/classes/broken.yml'), 'name: broken\n');
  writeFileSync(join(folder, 'good/classes/README.md'), 'no class');
  put('twice/classes/a.yml', 'same');
  put('twice/classes/b.yml', 'same');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = async (repository: string, wanted?: readonly string[]): Promise<string[]> =>
  (await findClasses(join(folder, repository), wanted)).map(({ name }) => name);

test('the repository is the nearest folder above with class files', async () => {
  const good = join(folder, 'good');
  expect(await findRepository({ cwd: join(good, 'below', 'far') })).toBe(good);
  expect(await findRepository({ cwd: '/' }, good)).toBe(good);
  await expect(findRepository({ cwd: good }, 'below')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('classes come by their names, in order; one that does not parse by its file', async () => {
  expect(await names('good')).toEqual(['alpha', 'beta', 'broken']);
  expect(await names('good', ['beta', 'alpha'])).toEqual(['alpha', 'beta']);
});

test('a name that is not there may be in the file that does not parse', async () => {
  await expect(names('good', ['gamma'])).rejects.toMatchObject({ code: 'SPEC_INVALID' });
});

test('a class that two files define is refused, an unknown one told with what was meant', async () => {
  await expect(names('twice')).rejects.toMatchObject({ code: 'SPEC_INVALID' });
  await expect(names('twice', ['sane'])).rejects.toThrow(/did you mean same\? Known: same/);
});
