import { yamlKey, yamlText } from './yaml-scalar.ts';

/** A mapping whose keys keep their order, be they numbers. */
export type Fields = ReadonlyMap<string, Plain>;
export type Plain = string | number | boolean | null | readonly Plain[] | Fields;

/** Columns are multiples of this, but for what stands beside the dash of a list. */
const STEP = 4;

const deeper = (column: number): number => STEP * Math.floor((column + STEP) / STEP);

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);

/** What follows a key or dash: on the same line if it begins with a space. `column` is that of what it belongs to. */
const after = (value: Plain, column: number, inList: boolean): string => {
  const inner = inList ? column + '- '.length : deeper(column);
  if (isList(value)) return value.length === 0 ? ' []' : `\n${list(value, deeper(column))}`;
  if (value instanceof Map) {
    if (value.size === 0) return ' {}';
    const text = mapping(value, inner);
    return inList ? ` ${text.slice(inner)}` : `\n${text}`;
  }
  return ` ${typeof value === 'string' ? yamlText(value, ' '.repeat(inner)) : JSON.stringify(value)}`;
};

const list = (values: readonly Plain[], column: number): string =>
  values.map((value) => `${' '.repeat(column)}-${after(value, column, true)}`).join('\n');

const mapping = (values: Fields, column: number): string =>
  [...values]
    .map(([key, value]) => `${' '.repeat(column)}${yamlKey(key)}:${after(value, column, false)}`)
    .join('\n');

/** YAML in the layout of the Go library that LinuxKit writes with, so that what both write can be compared. */
export const formatYaml = (value: Fields): string => `${mapping(value, 0)}\n`;
