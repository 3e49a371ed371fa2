import type { Plain } from './yaml-text.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

const scalar = (value: string | number | boolean | null): string =>
  JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, (found) => ESCAPES[found] ?? found);

const STEP = '    ';

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);

const within = (brackets: '[]' | '{}', lines: readonly string[], indent: string): string =>
  lines.length === 0
    ? brackets
    : `${brackets.charAt(0)}\n${lines.map((line) => indent + STEP + line).join(',\n')}\n${indent}${brackets.charAt(1)}`;

/**
 * JSON as Go's library writes it: four columns a step, keys in their order even if they are numbers, and characters
 * escaped that HTML could trip over.
 */
export const formatJson = (value: Plain, indent = ''): string => {
  const inner = indent + STEP;
  if (isList(value))
    return within(
      '[]',
      value.map((item) => formatJson(item, inner)),
      indent,
    );
  if (typeof value === 'object' && value !== null)
    return within(
      '{}',
      [...value].map(([key, item]) => `${scalar(key)}: ${formatJson(item, inner)}`),
      indent,
    );
  return scalar(value);
};
