import type { Span } from './ast.ts';
import { queryProblem } from './problem.ts';

export const OPERATORS = ['=', '!=', '<=', '>=', '<', '>', '~'] as const;
export type Operator = (typeof OPERATORS)[number];

export type Token = Span &
  (
    | { readonly kind: 'word'; readonly text: string }
    /** in quotes, without them */
    | { readonly kind: 'quoted'; readonly text: string }
    | { readonly kind: 'operator'; readonly text: Operator }
    | { readonly kind: 'mark'; readonly text: '(' | ')' | ',' }
    | { readonly kind: 'end'; readonly text: '' }
  );

const SPACE = /\s+/y;
const WORD = /[^\s=!<>~(),"']+/y;
const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/suy;
const OPERATOR = /!=|<=|>=|[=<>~]/y;
const MARK = /[(),]/y;

/** What people write who come from elsewhere. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/==+/y, 'expected =, found =='],
  [/<>/y, 'expected !=, found <>'],
  [/=~|!~/y, 'expected ~ (a pattern with * and ?), possibly after not'],
  [/!/y, 'expected not, or != between a field and a value'],
];

const match = (pattern: RegExp, text: string, offset: number): string | undefined => {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0];
};

/** @throws {SlipwayError} QUERY_INVALID */
export const tokenize = (text: string): readonly Token[] => {
  // PostgreSQL stores neither, so nothing could be equal to them; line ends and tabs are spaces.
  const control = /(?![\t\n\r])\p{Cc}|\p{Cs}/u.exec(text);
  if (control !== null)
    throw queryProblem(text, { offset: control.index, length: 1 }, 'expected no control characters.');

  const tokens: Token[] = [];
  for (let offset = 0; offset < text.length;) {
    const space = match(SPACE, text, offset);
    if (space !== undefined) {
      offset += space.length;
      continue;
    }
    const token = tokenAt(text, offset);
    tokens.push(token);
    offset += token.length;
  }
  return [...tokens, { kind: 'end', text: '', offset: text.length, length: 0 }];
};

const isOperator = (text: string): text is Operator => (OPERATORS as readonly string[]).includes(text);

const tokenAt = (text: string, offset: number): Token => {
  const word = match(WORD, text, offset);
  if (word !== undefined) return { kind: 'word', text: word, offset, length: word.length };
  const quoted = match(QUOTED, text, offset);
  if (quoted !== undefined)
    return { kind: 'quoted', text: unquote(text, quoted, offset), offset, length: quoted.length };
  const mark = match(MARK, text, offset);
  if (mark === '(' || mark === ')' || mark === ',') return { kind: 'mark', text: mark, offset, length: 1 };
  // `!=` is ours, but not what begins a longer foreign one.
  const operator = match(OPERATOR, text, offset) ?? '';
  for (const [pattern, what] of FOREIGN) {
    const found = match(pattern, text, offset);
    if (found !== undefined && found.length > operator.length)
      throw queryProblem(text, { offset, length: found.length }, `${what}.`);
  }
  if (isOperator(operator)) return { kind: 'operator', text: operator, offset, length: operator.length };
  throw queryProblem(
    text,
    { offset, length: 1 },
    'expected the quote to be closed; within it, \\ stands before a quote or a \\.',
  );
};

/** In a pattern `\*` stays as it is; that is for the pattern to read. */
const unquote = (text: string, quoted: string, offset: number): string =>
  quoted.slice(1, -1).replace(/\\(.)/gsu, (pair, next: string, at: number) => {
    if (next === '"' || next === "'" || next === '\\') return next;
    if (next === '*' || next === '?') return pair;
    throw queryProblem(
      text,
      { offset: offset + 1 + at, length: pair.length },
      `expected \\" \\' or \\\\, found ${pair}; write \\\\ for a backslash.`,
    );
  });
