const SPECIAL = /[.+^$()|[\]\\]/;

const toRegExp = (glob: string): RegExp => {
  let source = '';
  let depth = 0;
  for (let index = 0; index < glob.length; index++) {
    const char = glob[index] ?? '';
    if (glob.startsWith('**/', index)) {
      source += '(?:[^/]+/)*';
      index += 2;
    } else if (glob.startsWith('**', index)) {
      source += '.*';
      index += 1;
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '{') {
      source += '(?:';
      depth += 1;
    } else if (char === '}' && depth > 0) {
      source += ')';
      depth -= 1;
    } else if (char === ',' && depth > 0) source += '|';
    else source += SPECIAL.test(char) || char === '{' || char === '}' ? `\\${char}` : char;
  }
  return new RegExp(`^${source}${')'.repeat(depth)}$`);
};

/**
 * Tests paths against globs of `*`, `?`, `**` and `{a,b}`. Unlike a shell's, they match names that begin with a dot:
 * files of a package are not hidden from its image.
 *
 * @returns true for a path that matches any of them
 */
export const createGlob = (globs: readonly string[]): ((path: string) => boolean) => {
  const patterns = globs.map(toRegExp);
  return (path) => patterns.some((pattern) => pattern.test(path));
};
