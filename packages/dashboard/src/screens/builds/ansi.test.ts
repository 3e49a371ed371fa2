import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { markRuns, parseAnsi } from './ansi.ts';

const E = '\u001b';

test.each([
  ['plain text', 'done', [{ text: 'done' }]],
  [
    'a colour and its end',
    `a ${E}[31mred${E}[0m b`,
    [{ text: 'a ' }, { text: 'red', color: 1 }, { text: ' b' }],
  ],
  ['a bright bold one', `${E}[1;92mok${E}[22;39m.`, [{ text: 'ok', isBold: true, color: 10 }, { text: '.' }]],
  ['dim', `${E}[2mold`, [{ text: 'old', isDim: true }]],
  ['the short end', `${E}[33mx${E}[my`, [{ text: 'x', color: 3 }, { text: 'y' }]],
  ['a moving cursor and a title', `a${E}[2K${E}]0;title\u0007b`, [{ text: 'a' }, { text: 'b' }]],
  ['nothing', '', [{ text: '' }]],
] as const)('a line with %s', (_what, line, runs) => {
  expect(parseAnsi(line)).toEqual(runs);
});

test('matches are marked across changes of colour, whatever the case', () => {
  const marked = markRuns(parseAnsi(`err${E}[31mOR: a${E}[0m error`), 'error');
  expect(marked.map(({ text, isMatch, color }) => [text, isMatch, color])).toEqual([
    ['err', true, undefined],
    ['OR', true, 1],
    [': a', false, 1],
    [' ', false, undefined],
    ['error', true, undefined],
  ]);
});

test('marking changes no text, and marks every place', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[ab ]*$/)),
      fc.stringMatching(/^[ab]{1,3}$/),
      (texts, wanted) => {
        const marked = markRuns(
          texts.map((text) => ({ text })),
          wanted,
        );
        const whole = texts.join('');
        expect(marked.map(({ text }) => text).join('')).toBe(whole);
        expect(marked.some(({ isMatch }) => isMatch)).toBe(whole.includes(wanted));
      },
    ),
  );
});
