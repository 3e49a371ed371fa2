import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffLines, showDiff } from './line-diff.ts';

const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));

test('from the lines both texts can be had again', () => {
  fc.assert(
    fc.property(text, text, (from, to) => {
      const lines = diffLines(from, to);
      const of = (kind: 'removed' | 'added') =>
        lines.filter((line) => line.kind === 'same' || line.kind === kind).map((line) => line.text);
      expect(of('removed').join('\n')).toBe(from);
      expect(of('added').join('\n')).toBe(to);
    }),
  );
});

test('what texts have in common counts as the same', () => {
  expect(diffLines('a\nb\nc', 'a\nx\nc').map(({ kind }) => kind)).toEqual([
    'same',
    'removed',
    'added',
    'same',
  ]);
  expect(diffLines('a', 'a')).toEqual([{ kind: 'same', text: 'a' }]);
});

test('shown is what differs with two lines around it', () => {
  const from = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  const to = from.with(10, 'changed');
  expect(showDiff(diffLines(from.join('\n'), to.join('\n')))).toEqual([
    '…',
    '  line 8',
    '  line 9',
    '- line 10',
    '+ changed',
    '  line 11',
    '  line 12',
  ]);
  expect(showDiff(diffLines('a', 'a'))).toEqual([]);
});

test('texts too long for a table of all pairs are told as a whole', () => {
  const long = (word: string) => Array.from({ length: 3000 }, (_, at) => `${word} ${at}`).join('\n');
  const lines = diffLines(`head\n${long('a')}`, `head\n${long('b')}`);
  expect(lines.filter(({ kind }) => kind === 'same')).toHaveLength(1);
  expect(lines).toHaveLength(6001);
});
