import { SlipwayError } from '@slipway/protocol';

/**
 * `.dockerignore` as Docker reads it.
 *
 * @see https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export type IgnoreFile = {
  /** whether a path of the context, without leading /, is left out */
  readonly excludes: (path: string) => boolean;
  /** whether something below an excluded folder may be in all the same */
  readonly hasExceptions: boolean;
};

const literal = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`);
const inClass = (char: string): string => (char === '-' ? String.raw`\-` : literal(char));
const code = (char: string): number => char.codePointAt(0) ?? 0;

/**
 * What stands between `[` and `]`: characters and ranges; `^` in front for all others, `\` before what means itself.
 *
 * @param start after the `[`
 * @returns undefined where Go sees none, as in `[a`, `[]`, `[a-]` and `[-a]`
 */
const parseClass = (
  chars: readonly string[],
  start: number,
): { readonly source: string; readonly end: number } | undefined => {
  let at = start;
  const take = (): string | undefined => {
    if (chars[at] === '-' || chars[at] === ']') return undefined;
    if (chars[at] === '\\') at += 1;
    return chars[at++];
  };
  const isNegated = chars[at] === '^';
  if (isNegated) at += 1;
  let ranges = '';
  do {
    const first = take();
    let last = first;
    if (chars[at] === '-') {
      at += 1;
      last = take();
    }
    if (first === undefined || last === undefined || code(first) > code(last)) return undefined;
    ranges += `${inClass(first)}-${inClass(last)}`;
  } while (chars[at] !== ']');
  return { source: `[${isNegated ? '^' : ''}${ranges}]`, end: at };
};

/**
 * Go's filepath.Match, with `**` for any number of folders.
 *
 * @returns undefined for what is no pattern
 */
const toRegExp = (pattern: string): RegExp | undefined => {
  const chars = Array.from(pattern);
  let source = '';
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    if (char === '*' && chars[at + 1] === '*') {
      at += 1;
      if (chars[at + 1] === '/') {
        at += 1;
        source += '(?:.*/)?';
      } else source += '.*';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const found = parseClass(chars, at + 1);
      if (found === undefined) return undefined;
      source += found.source;
      at = found.end;
    } else if (char === '\\') {
      at += 1;
      const escaped = chars[at];
      if (escaped === undefined) return undefined;
      source += literal(escaped);
    } else source += literal(char);
  }
  return new RegExp(`^${source}$`, 'u');
};

/** `/a//b/` and `./a/b` are `a/b`. */
const clean = (pattern: string): string => {
  const parts: string[] = [];
  for (const part of pattern.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  return parts.join('/');
};

const parents = (path: string): string[] => {
  const parts = path.split('/');
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
};

/**
 * @param file its name, for errors
 * @throws {SlipwayError} DOCKERFILE_INVALID
 */
export const parseIgnoreFile = (text: string, file: string): IgnoreFile => {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const rules = lines.flatMap((whole, index) => {
    if (whole.startsWith('#')) return [];
    const line = whole.trim();
    const isException = line.startsWith('!');
    const cleaned = clean(isException ? line.slice(1).trim() : line);
    if (cleaned === '') return [];
    const pattern = toRegExp(cleaned);
    if (pattern === undefined)
      throw new SlipwayError(
        'DOCKERFILE_INVALID',
        `${file}:${index + 1}: expected a pattern, found ${JSON.stringify(line)}; close each [ by ], name ranges in order such as [a-z], and write \\ before a character that means itself`,
        { details: { file, line: index + 1 } },
      );
    return [{ pattern, isException }];
  });
  return {
    hasExceptions: rules.some(({ isException }) => isException),
    // The last rule that matches the path or a folder above it decides.
    excludes: (path) => {
      const paths = parents(path);
      const rule = rules.findLast(({ pattern }) => paths.some((one) => pattern.test(one)));
      return rule !== undefined && !rule.isException;
    },
  };
};
