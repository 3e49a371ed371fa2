import { DEFAULT_PROFILE, RepositoryPath, SigningProfile } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { checkText } from './check-text.ts';
import { kindOf } from './kinds.ts';

const CLASS = 'name: edge\narch: amd64\nimages: [../edge.yml]\n';
const IMAGE = "kernel: {image: 'deb:k'}\npackages: {k: {install: [linux]}}\n";
const FILES: Readonly<Record<string, string>> = { 'classes/edge.yml': CLASS, 'edge.yml': IMAGE };

const check = (path: string, text: string, files = FILES) =>
  checkText(
    RepositoryPath.parse(path),
    text,
    async (name) => files[name],
    Object.entries(files)
      .filter(([name]) => name.startsWith('classes/'))
      .map(([name, at]) => ({ path: name, text: at })),
    [DEFAULT_PROFILE, SigningProfile.parse('pumps')],
  );

test('a fault is told with its line and column', async () => {
  expect(await check('edge.yml', `${IMAGE}servces: []\n`)).toMatchObject({
    kind: 'image',
    problems: [{ file: 'edge.yml', line: 3, column: 1, suggestion: 'services' }],
  });
  expect(await check('classes/edge.yml', 'name: edge\narch: arm\nimages: [../edge.yml]\n')).toMatchObject({
    kind: 'class',
    problems: [
      { line: 2, column: 7, key: 'arch', allowed: ['amd64', 'arm64', 'arm/v7', 'riscv64', 's390x'] },
    ],
  });
  expect((await check('edge.yml', 'kernel: [\n')).problems).toMatchObject([{ file: 'edge.yml', line: 2 }]);
});

test('an image file is checked with all others of each class that it is part of', async () => {
  expect(await check('edge.yml', IMAGE)).toEqual({ kind: 'image', problems: [], classes: ['edge'] });
  const { problems } = await check('edge.yml', 'services: []\n');
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toMatch(/^class edge: .*kernel/);
  expect(await check('unused.yml', 'services: []\n')).toMatchObject({ problems: [], classes: [] });
});

test('a class file names image files that are there, and no other has its name', async () => {
  expect((await check('classes/edge.yml', CLASS.replace('edge.yml', 'gone.yml'))).problems).toMatchObject([
    { key: 'images', message: expect.stringContaining('gone.yml') as unknown },
  ]);
  expect((await check('classes/second.yml', CLASS)).problems).toMatchObject([
    { key: 'name', message: expect.stringContaining('classes/edge.yml') as unknown },
  ]);
});

test('signing profiles that the server has not are told where a class file names them', async () => {
  const named = (text: string) => check('classes/edge.yml', `${CLASS}${text}`);
  const known = await named('signing: pumps\nalsoTrusts: [default]\n');
  expect(known.problems).toEqual([]);
  const { problems, classes } = await named('signing: pump\nalsoTrusts:\n  - default\n  - gates\n');
  expect(classes).toEqual(['edge']);
  expect(problems).toMatchObject([
    { line: 4, column: 10, key: 'signing', allowed: ['default', 'pumps'], suggestion: 'pumps' },
    { line: 7, column: 5, key: 'alsoTrusts[1]', allowed: ['default', 'pumps'] },
  ]);
  expect(problems[1]?.message).toMatch(/^expected a signing profile of this server, found gates/);
});

test('what is neither class nor image file is not looked at', async () => {
  expect(await check('README.md', ':')).toEqual({ kind: 'other', problems: [], classes: [] });
});

test.each([
  ['classes/edge.yml', 'class'],
  ['edge.yaml', 'image'],
  ['parts/web.yml', 'image'],
  ['components/web/component.yml', 'component'],
  ['components/web/files/etc/web.yml', 'other'],
  ['slipway.lock', 'lock'],
  ['README.md', 'other'],
])('%s is of kind %s', (path, kind) => {
  expect(kindOf(path)).toBe(kind);
});

test.each(['/etc/passwd', '../x', 'a/../x', 'a//b', 'a/', '.git/config', 'a/.slipway/x', 'a\\b', 'a\0', ''])(
  '%j is no path of a repository',
  (path) => {
    expect(RepositoryPath.safeParse(path).success).toBe(false);
  },
);
