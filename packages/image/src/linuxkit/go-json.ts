/** What `config.json` and its like are made of; `bigint` for numbers that a double cannot hold. */
export type Json = string | number | bigint | boolean | null | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined ||
  value === '' ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/** Leaves out what is not there, nothing, no, or without members: Go's `omitempty`. Numbers stay, 0 too. */
export const omitEmpty = (values: Readonly<Record<string, Json | undefined>>): JsonObject => {
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(values))
    if (value !== undefined && !isEmpty(value)) result[key] = value;
  return result;
};

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** A mapping as Go writes it: sorted by key. */
export const sortedMap = (
  map: Readonly<Record<string, string>> | undefined,
  order: (a: string, b: string) => number = byText,
): JsonObject => Object.fromEntries(Object.entries(map ?? {}).sort(([a], [b]) => order(a, b)));

/** Go writes what could end a script element of HTML as an escape. */
const HTML = /[<>&\u2028\u2029]/g;
const text = (value: string): string =>
  JSON.stringify(value).replace(HTML, (at) => `\\u${at.charCodeAt(0).toString(16).padStart(4, '0')}`);

const INDENT = '    ';

/** JSON as LinuxKit writes it, to the byte: four spaces, keys in their order, no newline at the end. */
export const encodeGoJson = (value: Json, indent = ''): string => {
  if (typeof value === 'string') return text(value);
  if (value === null || typeof value !== 'object') return String(value);
  const inner = `${indent}${INDENT}`;
  const isList = Array.isArray(value);
  const members = isList
    ? value.map((item: Json) => encodeGoJson(item, inner))
    : Object.entries(value).map(([key, item]) => `${text(key)}: ${encodeGoJson(item, inner)}`);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  return members.length === 0
    ? `${open}${close}`
    : `${open}\n${members.map((member) => `${inner}${member}`).join(',\n')}\n${indent}${close}`;
};
