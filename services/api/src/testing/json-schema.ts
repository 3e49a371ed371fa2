import * as fc from 'fast-check';
import { z } from 'zod';

/** What we use of JSON Schema 2020-12. */
export type Schema = {
  readonly $ref?: string | undefined;
  readonly type?: string | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
  readonly propertyNames?: Schema | undefined;
  readonly items?: Schema | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
};
export const Schema: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    $ref: z.string().optional(),
    type: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(Schema).optional(),
    oneOf: z.array(Schema).optional(),
    properties: z.record(z.string(), Schema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), Schema]).optional(),
    propertyNames: Schema.optional(),
    items: Schema.optional(),
    minItems: z.number().optional(),
    maxItems: z.number().optional(),
    minLength: z.number().optional(),
    maxLength: z.number().optional(),
    pattern: z.string().optional(),
    format: z.string().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
  }),
);

const REF = '#/components/schemas/';
/** Values that the formats we declare allow. */
const FORMATS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'date-time': fc.constant('2026-01-31T12:34:56Z'),
  email: fc.constant('someone@example.org'),
  uri: fc.constant('https://example.org/hook'),
  uuid: fc.uuid(),
};

/**
 * Values that a schema allows, unpleasant ones among them: the ends of every range, control characters, lone words.
 *
 * @param schemas what `$ref` names
 * @param full every property is there, also those that may be left out
 */
export const valuesOf = (
  schema: Schema,
  schemas: Readonly<Record<string, unknown>>,
  full = false,
): fc.Arbitrary<unknown> => {
  const inner = (part: Schema): fc.Arbitrary<unknown> => valuesOf(part, schemas, full);
  if (schema.$ref !== undefined) {
    const target = schema.$ref.startsWith(REF) ? schemas[schema.$ref.slice(REF.length)] : undefined;
    return inner(Schema.parse(target));
  }
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(inner));
  switch (schema.type) {
    case 'string':
      return strings(schema);
    case 'integer':
      return integers(schema);
    case 'number':
      return fc.double({
        min: schema.minimum ?? -1e12,
        max: schema.maximum ?? 1e12,
        noNaN: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const minLength = schema.minItems ?? 0;
      const maxLength = Math.min(schema.maxItems ?? 3, minLength + 3);
      return fc.array(inner(schema.items ?? {}), { minLength: full ? maxLength : minLength, maxLength });
    }
    case 'object':
      return objects(schema, inner, full);
    case undefined:
      return fc.jsonValue();
    default:
      throw new TypeError(`no values are known for ${JSON.stringify(schema)}; teach ${import.meta.filename}`);
  }
};

const objects = (
  { properties = {}, required = [], additionalProperties, propertyNames }: Schema,
  inner: (part: Schema) => fc.Arbitrary<unknown>,
  full: boolean,
): fc.Arbitrary<unknown> => {
  const fields = Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, inner(part)]));
  const known = fc.record(fields, {
    requiredKeys: full ? Object.keys(fields) : [...required],
    noNullPrototype: true,
  });
  if (typeof additionalProperties !== 'object' || Object.keys(additionalProperties).length === 0)
    return known;
  const names = strings(propertyNames ?? { type: 'string', minLength: 1, maxLength: 20 });
  const more = fc.dictionary(names, inner(additionalProperties), {
    minKeys: full ? 1 : 0,
    maxKeys: 3,
    noNullPrototype: true,
  });
  return fc.tuple(more, known).map(([some, own]) => ({ ...some, ...own }));
};

const integers = ({ minimum, maximum }: Schema): fc.Arbitrary<number> => {
  const [min, max] = [minimum ?? Number.MIN_SAFE_INTEGER, maximum ?? Number.MAX_SAFE_INTEGER];
  return fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max: Math.min(max, min + 1000) }));
};

const strings = ({ pattern, format, minLength = 0, maxLength }: Schema): fc.Arbitrary<string> => {
  const most = Math.min(maxLength ?? 200, 200);
  const fits = (text: string): boolean => text.length >= minLength && text.length <= (maxLength ?? 200);
  if (pattern === undefined || format !== undefined) {
    const known = FORMATS[format ?? ''];
    if (format !== undefined && known === undefined)
      throw new TypeError(`no values are known for the format ${format}; teach ${import.meta.filename}`);
    // Length is counted in code points by JSON Schema, in code units by others: stay away from the difference.
    const nul = fc.constant('x\u0000'.padEnd(minLength, 'x').slice(0, most));
    return known ?? fc.oneof(nul, fc.string({ unit: 'binary-ascii', minLength, maxLength: most }));
  }
  const whole = new RegExp(pattern, 'u');
  const allowed = (text: string): boolean => whole.test(text) && fits(text);
  // What looks ahead or back is beyond the generator: it makes what the rest allows.
  const plain = withoutLooks(pattern);
  if (/\\p\{/.test(plain)) return fc.string({ unit: 'grapheme', minLength, maxLength: most }).filter(allowed);
  return fc.stringMatching(new RegExp(plain, 'u')).filter(allowed);
};

/** A pattern without `(?=…)`, `(?!…)` and `(?<!…)`. */
const withoutLooks = (pattern: string): string => {
  const start = /\(\?<?[=!]/.exec(pattern)?.index;
  if (start === undefined) return pattern;
  let [depth, inClass, end] = [0, false, start];
  for (; end < pattern.length; end++) {
    const character = pattern[end];
    if (character === '\\') end++;
    else if (inClass) inClass = character !== ']';
    else if (character === '[') inClass = true;
    else if (character === '(') depth++;
    else if (character === ')' && --depth === 0) break;
  }
  return withoutLooks(pattern.slice(0, start) + pattern.slice(end + 1));
};

export type Spoilt = { readonly what: string; readonly value: unknown };

const TOO_LONG = 'x'.repeat(5000);
const WRONG: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['a yes', true],
  ['a negative number', -1],
  ['a fraction', 1.5],
  ['a number beyond all', 1e308],
  ['nothing in it', ''],
  ['a text far too long', TOO_LONG],
  ['a NUL', '\u0000'],
  ['a path', '../../etc/passwd'],
  ['a list', ['x']],
  ['an object', { x: 1 }],
];

/** A value with one thing changed, in every place; whether that is wrong is for the schema to say. */
export const spoil = (value: unknown, path = ''): Spoilt[] => {
  const here = path === '' ? 'the body' : path;
  const changed: Spoilt[] = WRONG.map(([what, other]) => ({ what: `${here}: ${what}`, value: other }));
  const wrap = (inner: readonly Spoilt[], into: (part: unknown) => unknown): Spoilt[] =>
    inner.map(({ what, value: part }) => ({ what, value: into(part) }));
  if (Array.isArray(value)) {
    changed.push({ what: `${here}: no items`, value: [] });
    const [first, ...rest]: unknown[] = value;
    if (first !== undefined) changed.push(...wrap(spoil(first, `${path}[0]`), (part) => [part, ...rest]));
    return changed;
  }
  if (typeof value !== 'object' || value === null) return changed;
  const entries: [string, unknown][] = Object.entries(value);
  changed.push({ what: `${here}: an unknown key`, value: { ...value, surprise: 1 } });
  for (const [name, part] of entries) {
    changed.push({
      what: `${here}: no ${name}`,
      value: Object.fromEntries(entries.filter(([other]) => other !== name)),
    });
    const below = path === '' ? name : `${path}.${name}`;
    changed.push(...wrap(spoil(part, below), (other) => ({ ...value, [name]: other })));
  }
  return changed;
};
