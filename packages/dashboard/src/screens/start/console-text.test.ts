import { expect, test } from 'vitest';
import { appendPiece, KEPT_LINES } from './console-text.ts';

test('pieces join to lines', () => {
  expect(['boot', 'ing\nki', 'cks\n'].reduce(appendPiece, '')).toBe('booting\nkicks\n');
});

test('of a long console the end is kept, in whole lines', () => {
  const all = Array.from({ length: KEPT_LINES + 7 }, (_, at) => `line ${at}\n`).join('');
  const kept = appendPiece('', all).split('\n');
  expect(kept).toHaveLength(KEPT_LINES);
  expect(kept.at(0)).toBe('line 8');
  expect(kept.at(-2)).toBe(`line ${KEPT_LINES + 6}`);
});
