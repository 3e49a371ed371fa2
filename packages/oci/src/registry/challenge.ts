/** One way a server lets itself be convinced, from `WWW-Authenticate` (RFC 9110, section 11.6.1). */
export type Challenge = {
  /** in lower case: `bearer`, `basic` */
  readonly scheme: string;
  /** names in lower case */
  readonly parameters: ReadonlyMap<string, string>;
};

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER = /\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;

/** What cannot be read ends the list; what came before counts. */
export const parseChallenges = (header: string): readonly Challenge[] => {
  const challenges: Challenge[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    match(/[\s,]*/y);
    const scheme = match(TOKEN)?.[0];
    if (scheme === undefined) return challenges;
    const parameters = new Map<string, string>();
    for (;;) {
      const before = at;
      if (parameters.size > 0) match(/\s*,/y);
      const found = match(PARAMETER);
      if (found === null) {
        at = before;
        break;
      }
      const [, name = '', quoted, plain = ''] = found;
      parameters.set(name.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1'));
    }
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
};
