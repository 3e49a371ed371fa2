import type { QueryField } from '@slipway/protocol';

/** What could stand in a query where somebody writes. */
export type Suggestion = {
  readonly text: string;
  /** what it means, or counts in */
  readonly about?: string;
  readonly kind: 'field' | 'operator' | 'value' | 'word';
};

export type Completion = {
  /** where what is written so far of it begins */
  readonly from: number;
  readonly options: readonly Suggestion[];
};

type Token = {
  readonly kind: 'word' | 'quoted' | 'operator' | 'mark';
  readonly text: string;
  readonly end: number;
};

const TOKEN =
  /\s*(?:("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|(!=|<=|>=|[=<>~])|([(),])|([^\s=!<>~(),"']+)|(!))/gy;
const PLAIN_VALUE = /^[^\s=!<>~(),"']+$/;
const RESERVED = new Set(['and', 'or', 'not', 'in', 'has', 'is', 'set']);

const tokensOf = (text: string): Token[] => {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [, quoted, operator, mark, word] = match;
    const end = TOKEN.lastIndex;
    if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted, end });
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator, end });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark, end });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, end });
  }
  return tokens;
};

/** As it must stand in a query. */
export const quoteValue = (value: string): string =>
  PLAIN_VALUE.test(value) && !RESERVED.has(value.toLowerCase())
    ? value
    : `"${value.replace(/["\\]/g, (found) => `\\${found}`)}"`;

type Expected =
  | { readonly what: 'field'; readonly isAfterHas: boolean }
  | { readonly what: 'operator'; readonly field: string }
  | { readonly what: 'value'; readonly field: string; readonly isListed: boolean }
  | { readonly what: 'list' }
  | { readonly what: 'set' }
  | { readonly what: 'next'; readonly open: number };

/** What comes after some tokens; a query with faults is gone through as far as it makes sense. */
const expectedAfter = (tokens: readonly Token[]): Expected => {
  let open = 0;
  let expected: Expected = { what: 'field', isAfterHas: false };
  let field = '';
  for (const { kind, text } of tokens) {
    const word = kind === 'word' ? text.toLowerCase() : '';
    switch (expected.what) {
      case 'field':
        if (kind === 'mark' && text === '(') open += 1;
        else if (word === 'has') expected = { what: 'field', isAfterHas: true };
        else if (kind === 'word' && word !== 'not') {
          field = text;
          expected = expected.isAfterHas ? { what: 'next', open } : { what: 'operator', field };
        }
        break;
      case 'operator':
        if (kind === 'operator') expected = { what: 'value', field, isListed: false };
        else if (word === 'in') expected = { what: 'list' };
        else if (word === 'is') expected = { what: 'set' };
        else if (word === 'and' || word === 'or') expected = { what: 'field', isAfterHas: false };
        else if (kind === 'mark' && text === ')') expected = { what: 'next', open: (open -= 1) };
        break;
      case 'list':
        if (kind === 'mark' && text === '(') expected = { what: 'value', field, isListed: true };
        break;
      case 'set':
        if (word === 'set') expected = { what: 'next', open };
        break;
      case 'value':
        if (expected.isListed && kind === 'mark' && text === ')') expected = { what: 'next', open };
        else if (!expected.isListed) expected = { what: 'next', open };
        break;
      case 'next':
        if (word === 'and' || word === 'or') expected = { what: 'field', isAfterHas: false };
        else if (kind === 'mark' && text === ')') expected = { what: 'next', open: (open -= 1) };
        break;
      default:
        return expected satisfies never;
    }
  }
  return expected;
};

const UNITS: Readonly<Record<string, string>> = {
  bytes: 'bytes, as 64MiB',
  percent: 'percent',
  seconds: 'seconds, as 2h',
  celsius: '°C',
  count: 'number',
};

const word = (text: string, about: string): Suggestion => ({ text, about, kind: 'word' });

const fieldsFor = (fields: readonly QueryField[], isAfterHas: boolean): Suggestion[] => [
  ...fields
    .filter(({ kind }) => !isAfterHas || (kind !== 'flag' && kind !== 'group'))
    .map(({ name, meaning, unit }): Suggestion => ({
      text: name,
      about: unit === null ? meaning : `${meaning} (${UNITS[unit] ?? unit})`,
      kind: 'field',
    })),
  ...(isAfterHas ? [] : [word('not', 'the opposite'), word('has', 'that there is a value')]),
];

const MEANINGS: Readonly<Record<string, string>> = {
  '=': 'is',
  '!=': 'is not',
  '<': 'less than, or older',
  '<=': 'at most',
  '>': 'more than, or newer',
  '>=': 'at least',
  '~': 'like a pattern with * and ?',
  in: 'one of some, in ( )',
};

const operatorsFor = (field: QueryField | undefined): Suggestion[] => [
  ...(field?.operators ?? Object.keys(MEANINGS)).map((text): Suggestion => ({
    text,
    about: MEANINGS[text] ?? '',
    kind: 'operator',
  })),
  ...(field?.kind === 'flag'
    ? [word('and', 'both'), word('or', 'one of both')]
    : [word('is set', 'that there is a value')]),
];

const valuesFor = (field: QueryField | undefined): Suggestion[] =>
  (field?.values ?? []).map((value) => ({ text: quoteValue(value), kind: 'value' }));

/** What can stand at a place of a query, with where the word begins that is there so far. */
export const completeQuery = (
  text: string,
  at: number,
  fields: readonly QueryField[],
): Completion | undefined => {
  const before = text.slice(0, at);
  const all = tokensOf(before);
  const last = all.at(-1);
  // A word that is still being written is no token yet; one in quotes is left alone.
  const isOpen = last !== undefined && last.kind === 'word' && last.end === before.length;
  if (last?.kind === 'quoted' && last.end === before.length) return undefined;
  const from = isOpen ? before.length - last.text.length : before.length;
  const expected = expectedAfter(isOpen ? all.slice(0, -1) : all);
  const known = (name: string): QueryField | undefined => fields.find((field) => field.name === name);
  const options = ((): readonly Suggestion[] => {
    switch (expected.what) {
      case 'field':
        return fieldsFor(fields, expected.isAfterHas);
      case 'operator':
        return operatorsFor(known(expected.field));
      case 'value':
        return valuesFor(known(expected.field));
      case 'list':
        return [word('(', 'begin of the values')];
      case 'set':
        return [word('set', 'that there is a value'), word('not set', 'that there is none')];
      case 'next':
        return [
          word('and', 'both'),
          word('or', 'one of both'),
          ...(expected.open > 0 ? [word(')', 'end of the brackets')] : []),
        ];
      default:
        return expected satisfies never;
    }
  })();
  return options.length === 0 ? undefined : { from, options };
};

/** Where a fault is that the server found, in units of JavaScript; it counts in characters. */
export const spanOfFault = (
  text: string,
  fault: { readonly line: number; readonly column: number; readonly length: number },
): { readonly from: number; readonly to: number } => {
  const lines = text.split('\n');
  const start = lines.slice(0, fault.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  const characters = Array.from(lines[fault.line - 1] ?? '');
  const units = (count: number): number => characters.slice(0, count).join('').length;
  const from = start + units(fault.column - 1);
  const to = start + units(fault.column - 1 + fault.length);
  return to > from ? { from, to } : { from: Math.max(start, from - 1), to: from };
};
