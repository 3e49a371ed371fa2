import type { QueryField } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { completeQuery, quoteValue, spanOfFault } from './complete-query.ts';

const field = (
  name: string,
  kind: QueryField['kind'],
  operators: string[],
  values: string[] = [],
): QueryField => ({
  name,
  kind,
  operators,
  values,
  meaning: '',
  unit: null,
});
const fields = [
  field('class', 'text', ['=', '!=', 'in'], ['edge', 'a b']),
  field('online', 'flag', ['=', '!=']),
  field('version', 'version', ['<', '=']),
];

/** `|` is where somebody writes. */
const at = (text: string) => {
  const place = text.indexOf('|');
  const found = completeQuery(text.replace('|', ''), place, fields);
  return found === undefined ? undefined : [found.from, ...found.options.map((option) => option.text)];
};

test.each([
  ['|', [0, 'class', 'online', 'version', 'not', 'has']],
  ['cl|', [0, 'class', 'online', 'version', 'not', 'has']],
  ['class |', [6, '=', '!=', 'in', 'is set']],
  ['class = |', [8, 'edge', '"a b"']],
  ['class =e|', [7, 'edge', '"a b"']],
  ['class in (|', [10, 'edge', '"a b"']],
  ['class in (edge, |', [16, 'edge', '"a b"']],
  ['class in |', [9, '(']],
  ['class in (edge) |', [16, 'and', 'or']],
  ['(class = edge |', [14, 'and', 'or', ')']],
  ['online |', [7, '=', '!=', 'and', 'or']],
  ['online and |', [11, 'class', 'online', 'version', 'not', 'has']],
  ['not (|', [5, 'class', 'online', 'version', 'not', 'has']],
  ['has |', [4, 'class', 'version']],
  ['has class |', [10, 'and', 'or']],
  ['version is |', [11, 'set', 'not set']],
  ['class = "a b" |', [14, 'and', 'or']],
  ['class = edge and version |', [25, '<', '=', 'is set']],
])('%s', (text, expected) => expect(at(text)).toEqual(expected));

test('within quotes, and where nothing is known, nothing is suggested', () => {
  expect(at('class = "ed|')).toBeUndefined();
  expect(at('version < |')).toBeUndefined();
});

test.each([
  ['edge', 'edge'],
  ['a b', '"a b"'],
  ['and', '"and"'],
  ['say "x"', String.raw`"say \"x\""`],
])('%s is written %s', (value, written) => expect(quoteValue(value)).toBe(written));

test('a fault is underlined where it is, in characters', () => {
  expect(spanOfFault('clas = x', { line: 1, column: 1, length: 4 })).toEqual({ from: 0, to: 4 });
  expect(spanOfFault('tag = 😀 and clas', { line: 1, column: 13, length: 4 })).toEqual({ from: 13, to: 17 });
  expect(spanOfFault('online\nclas', { line: 2, column: 1, length: 4 })).toEqual({ from: 7, to: 11 });
  // The end of a query that breaks off is nothing to underline; what is before it is.
  expect(spanOfFault('class =', { line: 1, column: 8, length: 1 })).toEqual({ from: 6, to: 7 });
});
