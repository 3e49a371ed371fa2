/** The name without what `pattern` finds at its end: `edge` of `edge.cdx.json`. */
export const stem = (name: string, pattern: RegExp): string => name.replace(pattern, '');

/**
 * What a build left beside an output: the file whose name goes on as that of the output does (`edge.cdx.json` beside
 * `edge.tar`), else every one there is.
 *
 * @param pattern of the end of the names looked for
 * @param output name of the output; absent: the folder as a whole is meant
 * @returns more than one where several could be meant
 */
export const beside = (names: readonly string[], pattern: RegExp, output: string | undefined): string[] => {
  const candidates = names.filter((name) => pattern.test(name)).sort();
  const own =
    output === undefined
      ? []
      : candidates.filter((name) => stem(name, pattern) !== '' && output.startsWith(stem(name, pattern)));
  if (own.length === 0) return candidates;
  // The longest name fits best.
  const longest = Math.max(...own.map((name) => stem(name, pattern).length));
  return own.filter((name) => stem(name, pattern).length === longest);
};
