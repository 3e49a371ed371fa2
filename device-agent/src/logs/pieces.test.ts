import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dailyBudget } from './budget.ts';
import { lastLines, splitPieces, textOf } from './pieces.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const split = (text: string, max: number, hasMore = false): readonly string[] =>
  splitPieces(bytesOf(text), max, hasMore).pieces.map((piece) => Buffer.from(piece).toString());

describe('pieces of a log', () => {
  test.each([
    ['end at line ends', 'one\ntwo\nthree\n', 9, false, ['one\ntwo\n', 'three\n']],
    ['cut a line that is longer', 'abcdefgh\nx\n', 4, false, ['abcd', 'efgh', '\nx\n']],
    ['end with what is there', 'one\ntw', 9, false, ['one\ntw']],
    ['leave a line begun for later', 'one\ntw', 9, true, ['one\n']],
    ['do not wait for a line that fills a piece', 'abcdefghi', 9, true, ['abcdefghi']],
    ['wait for a line that does not', 'abcdefgh', 9, true, []],
    ['of nothing are none', '', 9, false, []],
  ] as const)('%s', (_, text, max, hasMore, expected) => {
    expect(split(text, max, hasMore)).toEqual(expected);
  });

  test('are the log, cut nowhere but between them, and never too large', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', '\n', 'ü')),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (letters, max, hasMore) => {
          const bytes = bytesOf(letters.join(''));
          const { pieces, taken } = splitPieces(bytes, max, hasMore);
          expect(Buffer.concat(pieces)).toEqual(Buffer.from(bytes.subarray(0, taken)));
          for (const piece of pieces) {
            expect(piece.length).toBeGreaterThan(0);
            expect(piece.length).toBeLessThanOrEqual(max);
          }
          expect(bytes.length - taken).toBeLessThan(hasMore ? max : 1);
        },
      ),
    );
  });
});

test.each([
  ['a\nb\nc\n', 2, 'b\nc\n'],
  ['a\nb\nc', 2, 'b\nc'],
  ['a\nb\n', 5, 'a\nb\n'],
  ['\na\n', 1, 'a\n'],
  ['\n\n', 1, '\n'],
  ['', 3, ''],
])('of %j the last %i lines are %j', (text, lines, expected) => {
  expect(Buffer.from(lastLines(bytesOf(text), lines)).toString()).toBe(expected);
});

test('control characters are made visible, tabs and line ends are kept', () => {
  expect(textOf(bytesOf('a\u0000b\u001b[1m\tc\n'))).toBe('a\ufffdb\ufffd[1m\tc\n');
});

test('the budget of a day is spent once, and is new the next day', () => {
  const budget = dailyBudget(100);
  expect([budget.take(60, 10), budget.take(60, 20), budget.take(60, 86_000)]).toEqual([60, 40, 0]);
  expect(budget.take(60, 10 + 86_400)).toBe(60);
});
