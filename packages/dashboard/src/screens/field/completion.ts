import type { KnownPackage } from '@slipway/protocol';

/** What is being written at the end of a question such as `deb:openssl < 3.5.8`. */
export type Writing =
  | { readonly part: 'name'; readonly type: string | undefined; readonly begin: string }
  | { readonly part: 'version'; readonly name: string; readonly operator: string; readonly begin: string };

const QUESTION =
  /^\s*(?:(?<type>[a-z]+):)?(?<name>[^\s<>=~]*)\s*(?:(?<operator><=|>=|<|>|=|~)\s*(?<version>\S*))?\s*$/;

/** @returns undefined: something that cannot be completed */
export const writingOf = (text: string): Writing | undefined => {
  const { type, name = '', operator, version = '' } = QUESTION.exec(text)?.groups ?? {};
  if (QUESTION.exec(text) === null) return undefined;
  if (operator === undefined) return { part: 'name', type, begin: name };
  return { part: 'version', name: type === undefined ? name : `${type}:${name}`, operator, begin: version };
};

const MOST = 8;

/** Whole questions that go on with what is written: names first, then versions, newest first. */
export const completions = (writing: Writing, known: readonly KnownPackage[]): string[] => {
  if (writing.part === 'name') {
    const names = known.map(({ type, name }) => (writing.type === undefined ? name : `${type}:${name}`));
    return [...new Set(names)].slice(0, MOST);
  }
  const { name, operator, begin } = writing;
  const plain = name.replace(/^[a-z]+:/, '');
  const versions = known
    .filter((one) => one.name === plain && (name === plain || name === `${one.type}:${plain}`))
    .flatMap((one) => one.versions.map(({ version }) => version))
    .filter((version) => version.startsWith(begin));
  return [...new Set(versions)]
    .toReversed()
    .slice(0, MOST)
    .map((version) => `${name} ${operator} ${version}`);
};
