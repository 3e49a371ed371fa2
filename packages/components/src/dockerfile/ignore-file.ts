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

const SPECIAL = /[.+^$()|{}]/;

/** Go's filepath.Match, with `**` for any number of folders. */
const toRegExp = (pattern: string): RegExp => {
  let source = '';
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index] ?? '';
    if (pattern.startsWith('**', index)) {
      index += 1;
      if (pattern[index + 1] === '/') {
        index += 1;
        source += '(?:.*/)?';
      } else source += '.*';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\' && index + 1 < pattern.length) {
      index += 1;
      source += (pattern[index] ?? '').replace(/[^\w]/, '\\$&');
    } else source += SPECIAL.test(char) ? `\\${char}` : char;
  }
  return new RegExp(`^${source}$`);
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

export const parseIgnoreFile = (text: string): IgnoreFile => {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .flatMap((line) => {
      const isException = line.startsWith('!');
      const pattern = clean(isException ? line.slice(1).trim() : line);
      return pattern === '' ? [] : [{ pattern: toRegExp(pattern), isException }];
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
