import {
  AlarmName,
  Arch,
  DeviceState,
  HealthState,
  ServiceReport,
  SlotName,
  Tag,
  Version,
  suggest,
  type AttributeValue,
} from '@slipway/protocol';
import type {
  Field,
  MetricField,
  Moment,
  PackageField,
  ServiceField,
  Span,
  TagField,
  TextField,
} from './ast.ts';
import { nameOf } from './fields.ts';
import { metric, type Unit } from './metrics.ts';
import { queryProblem } from './problem.ts';

/** A word or a text in quotes, as it stands in a query. */
export type Literal = Span & { readonly text: string; readonly quoted: boolean };

/** All that a field can have, where that is known. */
export const WORDS: Partial<Record<TextField['name'], readonly string[]>> = {
  arch: Arch.options,
  health: HealthState.options,
  slot: SlotName.options,
  state: DeviceState.options,
};

const oneOf = <Word extends string>(
  query: string,
  literal: Literal,
  field: Field,
  words: readonly Word[],
): Word => {
  const word = words.find((known) => known === literal.text);
  if (word !== undefined) return word;
  const near = suggest(literal.text, words);
  throw queryProblem(
    query,
    literal,
    `${nameOf(field)} is never ${quote(literal.text)}.${near === undefined ? '' : ` Did you mean ${near}?`} ` +
      `Expected ${words.join(', ')}.`,
  );
};

const quote = (text: string): string => JSON.stringify(text);

/** A word that the field can have; whether it has one of few, or any. */
export const textValue = (
  query: string,
  literal: Literal,
  field: TextField | ServiceField | TagField,
): string => {
  if (field.kind === 'service') return oneOf(query, literal, field, ServiceReport.shape.state.options);
  if (field.kind === 'tag') {
    const tag = Tag.safeParse(literal.text);
    if (tag.success) return tag.data;
    throw queryProblem(
      query,
      literal,
      `no tag can be ${quote(literal.text)}: expected ${tag.error.issues[0]?.message ?? 'a tag'}; patterns come after ~.`,
    );
  }
  const words = WORDS[field.name];
  return words === undefined ? literal.text : oneOf(query, literal, field, words);
};

export const alarmValue = (query: string, literal: Literal): AlarmName =>
  oneOf(query, literal, { kind: 'alarm' }, AlarmName.options);

export const flagValue = (query: string, literal: Literal, field: Field): boolean =>
  oneOf(query, literal, field, ['true', 'false']) === 'true';

/** @throws {SlipwayError} QUERY_INVALID */
export const versionValue = (query: string, literal: Literal, field: Field): string => {
  const version = Version.safeParse(literal.text);
  if (version.success) return version.data;
  const short = /^v?(\d+(?:\.\d+)?)$/.exec(literal.text)?.[1];
  throw queryProblem(
    query,
    literal,
    `expected a semantic version such as 1.2.3 after ${nameOf(field)}, found ${quote(literal.text)}.` +
      (short === undefined
        ? ''
        : ` For the first of them write ${short}${short.includes('.') ? '' : '.0'}.0, for any of them ${nameOf(field)} ~ ${short}.*`),
  );
};

const MAX_PACKAGE_VERSION = 256;

/** A version as the ecosystem of the package writes it; the order of each has a place for every text. */
export const packageVersion = (query: string, literal: Literal, field: PackageField): string => {
  const { text } = literal;
  if (/\d/.test(text) && text.length <= MAX_PACKAGE_VERSION && !/\s/.test(text)) return text;
  throw queryProblem(
    query,
    literal,
    `expected a version such as 3.5.8 or 1:2.41-12 after ${nameOf(field)}, found ${quote(text)}; patterns come after ~.`,
  );
};

const NUMBER = /^[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/;
const BYTES = {
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const SUFFIXES: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  bytes: BYTES,
  percent: { '%': 1 },
  seconds: SECONDS,
  celsius: { C: 1, '°C': 1 },
  count: {},
};

const plainNumber = (text: string, suffixes: Readonly<Record<string, number>> = {}): number | undefined => {
  const digits = NUMBER.exec(text)?.[0];
  if (digits === undefined) return undefined;
  const suffix = text.slice(digits.length);
  const factor = suffix === '' ? 1 : Object.hasOwn(suffixes, suffix) ? suffixes[suffix] : undefined;
  const value = factor === undefined ? NaN : Number(digits) * factor;
  return Number.isFinite(value) ? value : undefined;
};

export const metricValue = (query: string, literal: Literal, field: MetricField): number => {
  const { unit } = metric(field.name);
  const value = literal.quoted ? undefined : plainNumber(literal.text, SUFFIXES[unit]);
  if (value !== undefined) return value;
  const units = Object.keys(SUFFIXES[unit]);
  throw queryProblem(
    query,
    literal,
    `expected a number after ${nameOf(field)}, found ${quote(literal.text)}.` +
      (unit === 'count'
        ? ''
        : ` It counts in ${unit === 'celsius' ? 'degrees Celsius' : unit}; right after the number may stand ${units.join(', ')}.`),
  );
};

/** Without quotes a number is a number and true is a boolean; in quotes everything is text. */
export const attributeValue = ({ text, quoted }: Literal): AttributeValue => {
  if (quoted) return text;
  if (text === 'true' || text === 'false') return text === 'true';
  return plainNumber(text) ?? text;
};

export const attributeNumber = (query: string, literal: Literal, field: Field): number => {
  const value = attributeValue(literal);
  if (typeof value === 'number') return value;
  throw queryProblem(
    query,
    literal,
    `${nameOf(field)} is compared by < and > with a number, found ${quote(literal.text)}.`,
  );
};

const AGE = /^(\d+(?:\.\d+)?)([smhdw])$/;
const MAX_AGE_MS = 100 * 366 * 86_400_000;
const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3}))?)?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))?)?$/;

/** An age such as `7d`, or a time of ISO 8601; without a zone it is UTC. */
export const momentValue = (query: string, literal: Literal, field: Field): Moment => {
  const age = AGE.exec(literal.text);
  const ageMs = Number(age?.[1]) * (SUFFIXES.seconds[age?.[2] ?? ''] ?? NaN) * 1000;
  if (ageMs <= MAX_AGE_MS) return { ageMs: Math.round(ageMs) };
  const at = timeOf(literal.text);
  if (at !== undefined) return { at };
  throw queryProblem(
    query,
    literal,
    `expected an age such as 90s, 15m, 6h, 7d or 2w, or a time such as 2026-01-31T14:00Z, after ${nameOf(field)}, ` +
      `found ${quote(literal.text)}.`,
  );
};

const timeOf = (text: string): number | undefined => {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const part = (n: number): number => Number(match[n] ?? 0);
  const day = new Date(0);
  day.setUTCFullYear(part(1), part(2) - 1, part(3));
  // There is no 30 February; JavaScript would count on.
  if (day.getUTCMonth() !== part(2) - 1 || day.getUTCDate() !== part(3) || part(1) === 0) return undefined;
  const milliseconds = Number((match[7] ?? '0').padEnd(3, '0'));
  const offset = (match[8] === '-' ? -1 : 1) * (part(9) * 60 + part(10)) * 60_000;
  return day.getTime() + ((part(4) * 60 + part(5)) * 60 + part(6)) * 1000 + milliseconds - offset;
};
