import { expect, test } from 'vitest';
import { fileOf } from '../testing/files.ts';
import { isPackageJson } from './npm.ts';
import { scanFiles } from './scan-files.ts';

const scan = (path: string, content: unknown) =>
  scanFiles([fileOf(path, typeof content === 'string' ? content : JSON.stringify(content))]);

test.each([
  ['app/node_modules/zod/package.json', true],
  ['node_modules/@scope/name/package.json', true],
  ['usr/lib/node_modules/npm/node_modules/which/package.json', true],
  ['app/package.json', false],
  ['app/node_modules/zod/v4/package.json', false],
  ['app/node_modules/@scope/package.json', false],
  ['app/node_modules/.package-lock/package.json', false],
  ['app/my_node_modules/zod/package.json', false],
])('%s is a package: %s', (path, expected) => {
  expect(isPackageJson(path)).toBe(expected);
});

test('a package with its licence, author and texts', () => {
  const { packages, warnings } = scanFiles([
    fileOf(
      'app/node_modules/@scope/name/package.json',
      '\uFEFF{"name": "@scope/name", "version": "1.2.3-rc.1", "license": "(MIT OR Apache-2.0)", "author": "A B <a@b.example> (https://b.example)"}',
    ),
    fileOf('app/node_modules/@scope/name/LICENSE-MIT.txt', 'text'),
    fileOf('app/node_modules/@scope/name/NOTICE', 'text'),
    fileOf('app/node_modules/@scope/name/license-checker.js', 'code'),
    fileOf('app/node_modules/@scope/name/dist/LICENSE', 'text of something bundled'),
  ]);
  expect(warnings).toEqual([]);
  expect(packages).toEqual([
    {
      type: 'npm',
      name: '@scope/name',
      version: '1.2.3-rc.1',
      purl: 'pkg:npm/%40scope/name@1.2.3-rc.1',
      licenses: ['MIT OR Apache-2.0'],
      supplier: 'A B <a@b.example>',
      foundIn: 'app/node_modules/@scope/name/package.json',
      licenseFiles: ['app/node_modules/@scope/name/LICENSE-MIT.txt', 'app/node_modules/@scope/name/NOTICE'],
    },
  ]);
});

test.each([
  ['an object', { license: { type: 'MIT', url: 'x' } }, ['MIT']],
  ['a list of choices', { licenses: [{ type: 'MIT' }, { type: 'GPL-2.0-only' }] }, ['MIT OR GPL-2.0-only']],
  ['a reference to a file', { license: 'SEE LICENSE IN x' }, ['SEE LICENSE IN x']],
  ['a number', { license: 7 }, []],
  ['none', {}, []],
])('a licence may be %s', (_, fields, licenses) => {
  const { packages } = scan('node_modules/a/package.json', { name: 'a', version: '1.0.0', ...fields });
  expect(packages[0]?.licenses).toEqual(licenses);
});

test('a note to Node is no package', () => {
  expect(scan('node_modules/a/package.json', { type: 'module' })).toEqual({ packages: [], warnings: [] });
});

test.each([
  ['no JSON', '{'],
  ['no object', '[]'],
  ['another version', { name: 'a', version: 'latest' }],
  ['a name that is a path', { name: '../../a', version: '1.0.0' }],
])('%s is a warning', (_, content) => {
  const { packages, warnings } = scan('node_modules/a/package.json', content);
  expect(packages).toEqual([]);
  expect(warnings).toMatchObject([{ path: 'node_modules/a/package.json' }]);
});
