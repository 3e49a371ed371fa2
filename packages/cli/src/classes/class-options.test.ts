import { codeOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { CLASS_OPTIONS, wantsClasses } from './class-options.ts';

const wants = (files: readonly string[], options: Readonly<Record<string, unknown>>): boolean =>
  wantsClasses(files, z.object(CLASS_OPTIONS).parse(options), new Set(Object.keys(options)));

test.each([
  [['edge.yml'], {}, false],
  [['edge.yml'], { format: ['tar'], arch: 'amd64' }, false],
  [[], { class: ['a,b', 'a'] }, true],
  [[], { all: true, failFast: true, jobs: 4 }, true],
])('%j with %j', (files, options, expected) => {
  expect(wants(files, options)).toBe(expected);
});

test('classes are named by commas or by repeating, each once', () => {
  expect(z.object(CLASS_OPTIONS).parse({ class: ['a,b', 'a,', 'c'] }).class).toEqual(['a', 'b', 'c']);
});

test.each([
  ['neither files nor classes', [], {}],
  ['files and classes', ['edge.yml'], { class: ['a'] }],
  ['all and some', [], { class: ['a'], all: true }],
  ['what the class file says', [], { all: true, arch: 'amd64' }],
  ['what only classes have, with a file', ['edge.yml'], { jobs: 2 }],
  ['fail fast with a file', ['edge.yml'], { failFast: true }],
])('%s: refused', (_what, files, options) => {
  let error: unknown;
  try {
    wants(files, options);
  } catch (thrown) {
    error = thrown;
  }
  expect(codeOf(error)).toBe('USAGE');
});
