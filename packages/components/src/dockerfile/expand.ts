/** Values of ARG by their names. */
export type Variables = ReadonlyMap<string, string>;

const VARIABLE = /\\(.)|\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^}]*))?\})/g;

/** `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}` as Dockerfiles have them. */
export const expand = (text: string, variables: Variables): string =>
  text.replace(
    VARIABLE,
    (
      _all,
      escaped: string | undefined,
      plain?: string,
      braced?: string,
      operator?: string,
      word = '',
    ): string => {
      if (escaped !== undefined) return escaped;
      const value = variables.get(plain ?? braced ?? '');
      const isSet = operator?.startsWith(':') === true ? (value ?? '') !== '' : value !== undefined;
      if (operator?.endsWith('-') === true) return isSet ? (value ?? '') : expand(word, variables);
      if (operator?.endsWith('+') === true) return isSet ? expand(word, variables) : '';
      return value ?? '';
    },
  );

/** A word without the quotes around it. */
export const unquoted = (text: string): string => /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
