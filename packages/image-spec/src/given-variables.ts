import { SlipwayError, suggest } from '@slipway/protocol';
import { parseSpecDocument, type SpecDocument } from './document.ts';
import type { Text } from './parse-image.ts';
import { problemAt, problemsOf, specError } from './problems.ts';
import { declaredIn, SetVariables, type VariableValue, type VariableValues } from './variables.ts';

/** Variables that image files have, each with what it is by default; null: nothing. */
export type DeclaredValues = Readonly<Record<string, VariableValue | null>>;

/** @throws {SlipwayError} SPEC_SYNTAX */
export const declaredVariables = (files: readonly Text[]): DeclaredValues =>
  Object.fromEntries(
    files.flatMap(({ name, text }) => Object.entries(declaredIn(parseSpecDocument(text, name)) ?? {})),
  );

/** What variables are to be, given beside image files: by a file of its own, and by words of a command line. */
export type GivenVariables = {
  readonly file: { readonly doc: SpecDocument; readonly values: VariableValues } | undefined;
  /** go before those of the file; of several for one name the last counts */
  readonly words: Readonly<Record<string, string>>;
};

const fileOf = ({ name, text }: Text): GivenVariables['file'] => {
  const doc = parseSpecDocument(text, name);
  const result = SetVariables.safeParse(doc.value ?? {});
  if (!result.success) throw specError(problemsOf(doc, SetVariables, result.error));
  return { doc, values: result.data };
};

/**
 * @param file a mapping, as `variables` of a class file
 * @param words each `NAME=VALUE`
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID for the file; USAGE for words
 */
export const parseGivenVariables = (file: Text | undefined, words: readonly string[]): GivenVariables => ({
  file: file === undefined ? undefined : fileOf(file),
  words: Object.fromEntries(
    words.map((word) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
      if (name === undefined || value === undefined)
        throw new SlipwayError('USAGE', `--set ${word}: expected NAME=VALUE, such as site=north`);
      return [name, value];
    }),
  ),
});

/**
 * Most likely a name was misspelt.
 *
 * @throws {SlipwayError} SPEC_INVALID, USAGE
 */
export const refuseUndeclared = ({ file, words }: GivenVariables, declared: DeclaredValues): void => {
  const allowed = Object.keys(declared);
  const unknown = (names: object): string[] => Object.keys(names).filter((name) => !allowed.includes(name));
  if (file !== undefined) {
    const problems = unknown(file.values).map((found) =>
      problemAt(file.doc, [found], `no image file declares the variable ${found}`, { found, allowed }),
    );
    if (problems.length > 0) throw specError(problems);
  }
  const [found] = unknown(words);
  if (found === undefined) return;
  const meant = suggest(found, allowed);
  const known = allowed.join(', ') || 'none; add it under variables of an image file';
  throw new SlipwayError(
    'USAGE',
    `--set ${found}: no image file declares the variable ${found}${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}; declared: ${known}`,
    { details: { found, allowed } },
  );
};

/** A word has no kind of its own: it is what the default is. Without one, a number is what reads as it was written. */
const valueOf = (word: string, usual: VariableValue | null): VariableValue => {
  if (typeof usual === 'string') return word;
  if (typeof usual !== 'number' && (word === 'true' || word === 'false')) return word === 'true';
  const number = Number(word);
  return typeof usual !== 'boolean' && Number.isFinite(number) && String(number) === word ? number : word;
};

/** Of what was given, that which these image files declare. */
export const givenValues = ({ file, words }: GivenVariables, declared: DeclaredValues): VariableValues => ({
  ...Object.fromEntries(Object.entries(file?.values ?? {}).filter(([name]) => Object.hasOwn(declared, name))),
  ...Object.fromEntries(
    Object.entries(words).flatMap(([name, word]) =>
      Object.hasOwn(declared, name) ? [[name, valueOf(word, declared[name] ?? null)]] : [],
    ),
  ),
});
