import { codeOf, DEFAULT_PROFILE, RepositoryEdit } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { refuseFaulty, refuseOutrun } from './check-edit.ts';
import { digestText } from './repository-files.ts';

const CLASS = 'name: edge\narch: amd64\nimages: [../edge.yml]\n';
const IMAGE = "kernel: {image: 'deb:k'}\npackages: {k: {install: [linux]}}\n";
const THERE: Readonly<Record<string, string>> = { 'classes/edge.yml': CLASS, 'edge.yml': IMAGE, README: 'x' };

const files = {
  find: async (path: string) => THERE[path],
  classes: async () => [{ path: 'classes/edge.yml', text: CLASS }],
};
/** texts by path, null: the file goes; each as it was read */
const edit = (texts: Readonly<Record<string, string | null>>) =>
  RepositoryEdit.parse({
    changes: Object.entries(texts).map(([path, text]) => {
      const was = THERE[path];
      return { path, text, was: was === undefined ? null : digestText(was) };
    }),
  }).changes;
const codeFrom = async (work: Promise<void>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => codeOf(error),
  );

test.each([
  ['a file of no class may go', { README: null }, 'none'],
  ['an image file that a class names may not', { 'edge.yml': null }, 'SPEC_INVALID'],
  ['but it may go with its class', { 'edge.yml': null, 'classes/edge.yml': null }, 'none'],
  [
    'or under another name that the class is told of',
    { 'edge.yml': null, 'gate.yml': IMAGE, 'classes/edge.yml': CLASS.replace('edge.yml', 'gate.yml') },
    'none',
  ],
  ['a class may be renamed', { 'classes/edge.yml': null, 'classes/gate.yml': CLASS }, 'none'],
  ['two files of one class name may not be', { 'classes/gate.yml': CLASS }, 'SPEC_INVALID'],
  [
    'a class may name no signing profile that is not there',
    { 'classes/edge.yml': `${CLASS}signing: pumps\n` },
    'SPEC_INVALID',
  ],
  ['a text with a fault is not saved', { 'edge.yml': `${IMAGE}servces: []\n` }, 'SPEC_INVALID'],
  [
    'a class and its image file may come at once',
    { 'classes/b.yml': 'name: b\narch: arm64\nimages: [../b.yml]\n', 'b.yml': IMAGE },
    'none',
  ],
])('%s', async (_title, texts, code) => {
  expect(await codeFrom(refuseFaulty(files, edit(texts), [DEFAULT_PROFILE]))).toBe(code);
});

test('what is missing is told at the class that names it', async () => {
  await expect(refuseFaulty(files, edit({ 'edge.yml': null }), [DEFAULT_PROFILE])).rejects.toMatchObject({
    details: { file: 'classes/edge.yml', key: 'images' },
  });
});

test.each([
  ['as it was read', digestText('x'), 'none'],
  ['changed by another', digestText('y'), 'PRECONDITION_FAILED'],
  ['there although new', null, 'PRECONDITION_FAILED'],
])('a file that is %s', async (_title, was, code) => {
  expect(await codeFrom(refuseOutrun(files, [{ path: 'README', text: 'z', was }]))).toBe(code);
});
