import { MAX_QUERY_LENGTH, SlipwayError } from '@slipway/protocol';
import type { Field, Order, PackageTest, Query, Test } from './ast.ts';
import { fieldOf, nameOf, packageField } from './fields.ts';
import { parseGlob } from './glob.ts';
import { queryProblem } from './problem.ts';
import { tokenize, type Operator, type Token } from './tokens.ts';
import {
  alarmValue,
  attributeNumber,
  attributeValue,
  flagValue,
  metricValue,
  momentValue,
  packageVersion,
  textValue,
  versionValue,
  type Literal,
} from './values.ts';

export const MAX_QUERY_TESTS = 200;
export const MAX_QUERY_DEPTH = 32;

/** What may follow each kind of field. */
export const OPERATORS_OF: Readonly<Record<Field['kind'], readonly Operator[]>> = {
  text: ['=', '!=', '~'],
  service: ['=', '!=', '~'],
  tag: ['=', '!=', '~'],
  flag: ['=', '!='],
  version: ['=', '!=', '<', '<=', '>', '>=', '~'],
  metric: ['=', '!=', '<', '<=', '>', '>='],
  attribute: ['=', '!=', '<', '<=', '>', '>=', '~'],
  time: ['<', '<=', '>', '>='],
  alarm: ['=', '!='],
  group: ['=', '!='],
  package: ['=', '!=', '<', '<=', '>', '>=', '~'],
};
/** Words with a meaning of their own: as a value they stand in quotes. */
const RESERVED = ['and', 'or', 'not', 'in'];

/**
 * Reads a query and checks it: fields exist, operators fit them, values are such as the field can have. What is blank
 * finds every device. Whether the groups that it names exist is for the database to say.
 *
 * @throws {SlipwayError} QUERY_INVALID, with line, column and length
 */
export const parseQuery = (text: string): Query => {
  if (text.length > MAX_QUERY_LENGTH)
    throw new SlipwayError(
      'QUERY_INVALID',
      `Expected a query of at most ${MAX_QUERY_LENGTH} characters, found ${text.length}. Make a group of a part of it.`,
      { details: { line: 1, column: MAX_QUERY_LENGTH + 1, length: 1 } },
    );
  const parser = new Parser(text);
  return parser.whole();
};

/**
 * Reads what somebody asks about a package: `openssl`, `deb:openssl < 3.5.8`, `zod ~ 4.*`.
 *
 * @returns with it the query that asks the same of devices
 * @throws {SlipwayError} QUERY_INVALID, with line, column and length
 */
export const parsePackageQuery = (text: string): { readonly test: PackageTest; readonly query: string } => {
  const test = new Parser(text).package();
  const asked = text.trim();
  return { test, query: test.wanted.kind === 'any' ? `has package.${asked}` : `package.${asked}` };
};

class Parser {
  readonly #query: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #tests = 0;

  constructor(query: string) {
    this.#query = query;
    this.#tokens = tokenize(query);
  }

  whole(): Query {
    if (this.#peek().kind === 'end') return { kind: 'all' };
    const query = this.#or(0);
    const rest = this.#peek();
    if (rest.kind === 'end') return query;
    throw this.#refuse(
      rest,
      rest.text === ')'
        ? 'there is no ( for this ).'
        : `expected and, or, or the end, found ${found(rest)}.${instead(rest.text)}`,
    );
  }

  package(): PackageTest {
    const name = this.#peek();
    if (name.kind !== 'word')
      throw this.#refuse(name, `expected the name of a package, found ${found(name)}.`);
    this.#at++;
    const field = packageField(this.#query, name.text, name);
    const next = this.#peek();
    if (next.kind === 'end') return { kind: 'package', field, wanted: { kind: 'any' } };
    if (next.kind !== 'operator' || next.text === '!=')
      throw this.#refuse(next, `expected = < <= > >= ~ or the end, found ${found(next)}.`);
    this.#at++;
    const test = this.#compare(field, next);
    const rest = this.#peek();
    if (rest.kind !== 'end' || test.kind !== 'package')
      throw this.#refuse(
        rest,
        `expected the end, found ${found(rest)}. One package is asked about at a time.`,
      );
    return test;
  }

  #or(depth: number): Query {
    return this.#joined('or', () => this.#joined('and', () => this.#unary(depth)));
  }

  #joined(kind: 'and' | 'or', next: () => Query): Query {
    const first = next();
    const rest: Query[] = [];
    while (this.#takeWord(kind)) rest.push(next());
    return rest.length === 0 ? first : { kind, of: [first, ...rest] };
  }

  #unary(depth: number): Query {
    const token = this.#peek();
    if (depth >= MAX_QUERY_DEPTH)
      throw this.#refuse(token, `expected at most ${MAX_QUERY_DEPTH} of not and ( within each other.`);
    if (this.#takeWord('not')) return { kind: 'not', of: this.#unary(depth + 1) };
    if (!this.#takeMark('(')) return this.#test();
    const inner = this.#or(depth + 1);
    if (this.#takeMark(')')) return inner;
    throw this.#refuse(
      this.#peek(),
      `expected and, or, or ) for the ( at column ${columnOf(this.#query, token)}, found ${found(this.#peek())}.${instead(this.#peek().text)}`,
    );
  }

  #test(): Query {
    const first = this.#peek();
    this.#tests++;
    if (this.#tests > MAX_QUERY_TESTS)
      throw this.#refuse(
        first,
        `expected at most ${MAX_QUERY_TESTS} comparisons. Make a group of a part of them.`,
      );
    if (this.#takeWord('has')) {
      const token = this.#peek();
      return this.#set(this.#field('after has'), token);
    }
    const field = this.#field('');
    const next = this.#peek();
    if (this.#takeWord('is')) {
      const negated = this.#takeWord('not');
      if (!this.#takeWord('set'))
        throw this.#refuse(
          this.#peek(),
          `expected is set or is not set, found ${found(this.#peek())}. To compare write ${nameOf(field)} = VALUE.`,
        );
      return negate(this.#set(field, first), negated);
    }
    const negated = this.#takeWord('not');
    if (this.#takeWord('in')) return negate(this.#in(field, next), negated);
    if (negated) throw this.#refuse(this.#peek(), `expected in after not, found ${found(this.#peek())}.`);
    if (next.kind === 'operator') {
      this.#at++;
      return this.#compare(field, next);
    }
    if (field.kind === 'flag') return { kind: 'flag', field };
    throw this.#refuse(
      next,
      `expected ${OPERATORS_OF[field.kind].join(' ')}${field.kind === 'time' ? '' : ', in (…)'} or is set after ${nameOf(field)}, found ${found(next)}.${instead(next.text)}`,
    );
  }

  #field(where: string): Field {
    const token = this.#peek();
    if (token.kind === 'word' && !RESERVED.includes(lower(token))) {
      this.#at++;
      return fieldOf(this.#query, token.text, token);
    }
    throw this.#refuse(
      token,
      `expected a field${where === '' ? ', not or (' : ` ${where}`}, found ${found(token)}.`,
    );
  }

  #set(field: Field, at: Token): Query {
    if (field.kind === 'flag')
      throw this.#refuse(
        at,
        `${nameOf(field)} is always set; write ${nameOf(field)} or not ${nameOf(field)}.`,
      );
    if (field.kind === 'group')
      throw this.#refuse(at, 'expected group = NAME; a group cannot be asked for without its name.');
    if (field.kind === 'package') return { kind: 'package', field, wanted: { kind: 'any' } };
    return { kind: 'set', field };
  }

  #in(field: Field, at: Token): Query {
    if (field.kind === 'flag' || field.kind === 'time')
      throw this.#refuse(
        at,
        `${nameOf(field)} is not compared with in, but with ${OPERATORS_OF[field.kind].join(' ')}.`,
      );
    if (!this.#takeMark('('))
      throw this.#refuse(this.#peek(), `expected ( after in, found ${found(this.#peek())}.`);
    const values: Literal[] = [];
    do values.push(this.#literal(field));
    while (this.#takeMark(','));
    if (!this.#takeMark(')'))
      throw this.#refuse(this.#peek(), `expected , or ) after a value, found ${found(this.#peek())}.`);
    // Each takes room in the database as a comparison of its own does.
    this.#tests += values.length - 1;
    if (this.#tests > MAX_QUERY_TESTS)
      throw this.#refuse(
        at,
        `expected at most ${MAX_QUERY_TESTS} comparisons and values of in. Make a group of them.`,
      );
    return this.#equal(field, values);
  }

  #compare(field: Field, token: Token & { kind: 'operator' }): Query {
    const operator = token.text;
    if (!OPERATORS_OF[field.kind].includes(operator))
      throw this.#refuse(
        token,
        `${nameOf(field)} is compared with ${OPERATORS_OF[field.kind].join(' ')}, found ${operator}.`,
      );
    const literal = this.#literal(field);
    switch (operator) {
      case '=':
        return this.#equal(field, [literal]);
      case '!=':
        return negate(this.#equal(field, [literal]), true);
      case '~':
        return this.#glob(field, literal);
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.#ordered(field, operator, literal);
      default:
        return operator satisfies never;
    }
  }

  #equal(field: Field, literals: readonly Literal[]): Query {
    const query = this.#query;
    const each = (test: (literal: Literal) => Query): Query => {
      const [only, ...more] = literals.map(test);
      if (only === undefined) return { kind: 'all' };
      return more.length === 0 ? only : { kind: 'or', of: [only, ...more] };
    };
    switch (field.kind) {
      case 'flag':
        return each((literal) => negate({ kind: 'flag', field }, !flagValue(query, literal, field)));
      case 'text':
      case 'service':
      case 'tag':
        return { kind: 'text', field, values: literals.map((literal) => textValue(query, literal, field)) };
      case 'attribute':
        return { kind: 'attribute', field, values: literals.map(attributeValue) };
      case 'alarm':
        return { kind: 'alarm', values: literals.map((literal) => alarmValue(query, literal)) };
      case 'group':
        return each(({ text, offset, length }) => ({ kind: 'group', group: text, span: { offset, length } }));
      case 'version':
        return each((literal) => ({
          kind: 'version',
          field,
          order: '=',
          value: versionValue(query, literal, field),
        }));
      case 'package':
        return each((literal) => ({
          kind: 'package',
          field,
          wanted: { kind: 'order', order: '=', version: packageVersion(query, literal, field) },
        }));
      case 'metric':
        return each((literal) => ({
          kind: 'number',
          field,
          order: '=',
          value: metricValue(query, literal, field),
        }));
      case 'time':
        throw new SlipwayError('INTERNAL', 'A time was compared with =.');
      default:
        return field satisfies never;
    }
  }

  #ordered(field: Field, order: Exclude<Order, '='>, literal: Literal): Test {
    const query = this.#query;
    switch (field.kind) {
      case 'version':
        return { kind: 'version', field, order, value: versionValue(query, literal, field) };
      case 'package':
        return {
          kind: 'package',
          field,
          wanted: { kind: 'order', order, version: packageVersion(query, literal, field) },
        };
      case 'metric':
        return { kind: 'number', field, order, value: metricValue(query, literal, field) };
      case 'attribute':
        return { kind: 'number', field, order, value: attributeNumber(query, literal, field) };
      case 'time': {
        const moment = momentValue(query, literal, field);
        const ago = this.#peek();
        if (this.#takeWord('ago') && 'at' in moment)
          throw this.#refuse(ago, 'ago stands after an age such as 7d, not after a time.');
        return { kind: 'time', field, order, moment };
      }
      case 'text':
      case 'service':
      case 'tag':
      case 'flag':
      case 'alarm':
      case 'group':
        throw new SlipwayError('INTERNAL', `${nameOf(field)} was compared with ${order}.`);
      default:
        return field satisfies never;
    }
  }

  #glob(field: Field, literal: Literal): Test {
    const pattern = parseGlob(literal.text);
    if (pattern === undefined)
      throw this.#refuse(literal, 'expected a character after the \\ at the end of the pattern.');
    switch (field.kind) {
      case 'text':
      case 'service':
      case 'tag':
      case 'version':
      case 'attribute':
        return { kind: 'glob', field, pattern };
      case 'package':
        return { kind: 'package', field, wanted: { kind: 'like', pattern } };
      case 'flag':
      case 'metric':
      case 'time':
      case 'alarm':
      case 'group':
        throw new SlipwayError('INTERNAL', `${nameOf(field)} was compared with ~.`);
      default:
        return field satisfies never;
    }
  }

  #literal(field: Field): Literal {
    const token = this.#peek();
    if (token.kind === 'quoted' || (token.kind === 'word' && !RESERVED.includes(lower(token)))) {
      this.#at++;
      const { text, offset, length } = token;
      return { text, offset, length, quoted: token.kind === 'quoted' };
    }
    throw this.#refuse(
      token,
      `expected a value for ${nameOf(field)}, found ${found(token)}.` +
        (token.kind === 'word' ? ` If that is the value, put it in quotes.` : ''),
    );
  }

  // There is always one: the last is the end, and nothing steps over that.
  #peek(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new SlipwayError('INTERNAL', 'A query was read beyond its end.');
    return token;
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    const taken = token.kind === 'word' && lower(token) === word;
    if (taken) this.#at++;
    return taken;
  }

  #takeMark(mark: '(' | ')' | ','): boolean {
    const token = this.#peek();
    const taken = token.kind === 'mark' && token.text === mark;
    if (taken) this.#at++;
    return taken;
  }

  #refuse(at: { readonly offset: number; readonly length: number }, what: string): SlipwayError {
    return queryProblem(this.#query, at, what);
  }
}

const negate = (query: Query, negated: boolean): Query => (negated ? { kind: 'not', of: query } : query);
const lower = (token: Token): string => token.text.toLowerCase();

const found = (token: Token): string =>
  token.kind === 'end'
    ? 'the end'
    : token.kind === 'quoted'
      ? `the text ${JSON.stringify(token.text)}`
      : token.text;

const columnOf = (query: string, { offset }: Token): number =>
  offset - (query.lastIndexOf('\n', offset - 1) + 1) + 1;

/** What people write who come from elsewhere. */
const INSTEAD: Readonly<Record<string, string>> = {
  '&&': 'and',
  '&': 'and',
  '||': 'or',
  '|': 'or',
  ';': 'and',
  like: '~',
  contains: '~ *…*',
  '==': '=',
};
const instead = (text: string): string => {
  const word = Object.hasOwn(INSTEAD, text.toLowerCase()) ? INSTEAD[text.toLowerCase()] : undefined;
  return word === undefined ? '' : ` Write ${word}.`;
};
