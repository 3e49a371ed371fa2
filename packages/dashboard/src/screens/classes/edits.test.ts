import { Digest } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { editOf, movesIn, withRenamed } from './edits.ts';

const was = Digest.parse(`sha256:${'0'.repeat(64)}`);

test('an edit tells what was read, so that nothing of others is overwritten', () => {
  const files = [
    { path: 'a.yml', was, before: 'a', after: 'b' },
    { path: 'new.yml', was: undefined, before: undefined, after: 'n' },
    { path: 'old.yml', was, before: 'o', after: undefined },
  ];
  expect(editOf(files, ' why ')).toEqual({
    message: 'why',
    changes: [
      { path: 'a.yml', was, text: 'b' },
      { path: 'new.yml', was: null, text: 'n' },
      { path: 'old.yml', was, text: null },
    ],
  });
  expect(editOf(files.slice(0, 1), ' ')).not.toHaveProperty('message');
});

test.each([
  ['images: [../edge.yml]', 'images: [../gate.yml]'],
  ['images: [../base.yml, ../edge.yml]', 'images: [../base.yml, ../gate.yml]'],
  [
    "images:\n  - '../edge.yml'\n  - ../edge.yml # ours\n",
    "images:\n  - '../gate.yml'\n  - ../gate.yml # ours\n",
  ],
  ['images: [../big-edge.yml, ../edge.yml.old, ../x/edge.yml]', undefined],
])('a class file that names it names it anew: %j', (before, after = before) => {
  expect(withRenamed(before, 'edge.yml', 'gate.yml')).toBe(after);
});

test('also from folder to folder', () => {
  expect(withRenamed('images: [../parts/web.yml]', 'parts/web.yml', 'web.yml')).toBe('images: [../web.yml]');
});

test('a file that only gets another path is told apart from texts that change', () => {
  const gone = { path: 'edge.yml', was, before: 'e', after: undefined };
  const there = { path: 'gate.yml', was: undefined, before: undefined, after: 'e' };
  const named = { path: 'classes/edge.yml', was, before: 'a', after: 'b' };
  expect(movesIn([there, gone, named])).toEqual({
    moves: [{ from: 'edge.yml', to: 'gate.yml' }],
    others: [named],
  });
  const other = { ...there, after: 'x' };
  expect(movesIn([other, gone])).toEqual({ moves: [], others: [other, gone] });
});
