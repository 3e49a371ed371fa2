import { expect, test } from 'vitest';
import { linesOf } from './log-lines.ts';

test('a line that is cut by pieces is one, and logs do not mix', () => {
  expect(
    linesOf([
      { source: 'web', text: 'first\nsec' },
      { source: 'db', text: 'own\n' },
      { source: 'web', text: 'ond\n\nlast' },
    ]),
  ).toEqual([
    { source: 'web', text: 'first' },
    { source: 'web', text: 'second' },
    { source: 'db', text: 'own' },
    { source: 'web', text: '' },
    { source: 'web', text: 'last' },
  ]);
});

test('nothing is no line', () => expect(linesOf([{ source: 'web', text: '' }])).toEqual([]));
