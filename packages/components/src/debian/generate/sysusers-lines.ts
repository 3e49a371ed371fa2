import { SlipwayError } from '@slipway/protocol';

/** A line of sysusers.d(5): type, name, id and what follows, `-` and absent alike. */
export type SysusersLine = {
  readonly type: 'u' | 'g' | 'm' | 'r';
  readonly name: string;
  readonly id: string | undefined;
  readonly gecos: string | undefined;
  readonly home: string | undefined;
  readonly shell: string | undefined;
};

const WORD = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\S+)/g;

const wordsOf = (line: string): string[] =>
  [...line.matchAll(WORD)].map(([, double, single, bare]) =>
    (double ?? single ?? bare ?? '').replaceAll(/\\(.)/g, '$1'),
  );

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** @throws {SlipwayError} COMPONENT_INVALID for what this reader does not know: specifiers such as `%b`, odd names */
export const parseSysusers = (text: string, file: string): SysusersLine[] =>
  text.split('\n').flatMap((line, index) => {
    if (/^\s*(?:[#;]|$)/.test(line)) return [];
    const [kind = '', name = '', ...rest] = wordsOf(line);
    const [id, gecos, home, shell] = rest.map((word) => (word === '-' || word === '' ? undefined : word));
    const type = /^([ugmr])!?$/.exec(kind)?.[1];
    const isRange = type === 'r';
    if (
      (type !== 'u' && type !== 'g' && type !== 'm' && type !== 'r') ||
      (!isRange && !NAME.test(name)) ||
      rest.some((word, at) => /%[^%]/.test(word) || (at > 0 && word.includes(':')))
    )
      throw new SlipwayError(
        'COMPONENT_INVALID',
        `${file}:${index + 1}: expected a line of sysusers.d that makes a user, group or member without specifiers, found ${JSON.stringify(line)}; leave users out of generate, and bring etc/passwd by files`,
        { details: { entry: file, line: index + 1 } },
      );
    return [{ type, name, id, gecos, home, shell }];
  });
