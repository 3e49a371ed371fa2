import { expect, test } from 'vitest';
import { openScreen } from './screen.ts';

const lines = (drawn: string): string[] =>
  drawn.split('\n').map((line) => line.replaceAll('\u001b[', '␛').replaceAll(/␛\d*[A-Z]/g, ''));

test('what is longer or wider than the terminal is cut, and says so', () => {
  let [columns, rows] = [8, 4];
  const draw = openScreen(() => ({ columns, rows }));
  expect(lines(draw('12345678\n123456789\nc'))).toEqual(['12345678', '1234567…', 'c']);
  expect(lines(draw('a\nb\nc\nd\ne'))).toEqual(['a', 'b', '… 3 lin…']);
  [columns, rows] = [40, 6];
  expect(lines(draw('a\nb\nc\nd\ne'))).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('only the first drawing clears', () => {
  const draw = openScreen(() => ({ columns: 80, rows: 24 }));
  expect([draw('a'), draw('b')]).toEqual(['\u001b[2J\u001b[Ha\u001b[K\u001b[J', '\u001b[Hb\u001b[K\u001b[J']);
});
