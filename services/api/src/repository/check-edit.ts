import {
  SlipwayError,
  type RepositoryEdit,
  type RepositoryProblem,
  type SigningProfile,
} from '@slipway/protocol';
import { checkText } from './check-text.ts';
import { digestText } from './repository-files.ts';
import { usersOf } from './users-of.ts';

/** Files as they are: of the server's repository, or of a commit. */
export type Files = {
  readonly find: (path: string) => Promise<string | undefined>;
  readonly classes: () => Promise<readonly { readonly path: string; readonly text: string }[]>;
};

type Changes = RepositoryEdit['changes'];

/** @throws {SlipwayError} PRECONDITION_FAILED where a file is not as it was read */
export const refuseOutrun = async (files: Files, changes: Changes): Promise<void> => {
  for (const { path, was } of changes) {
    const now = await files.find(path);
    const digest = now === undefined ? null : digestText(now);
    if (digest === was) continue;
    const found = digest === null ? 'it is gone' : was === null ? 'it is there by now' : 'it was changed';
    throw new SlipwayError(
      'PRECONDITION_FAILED',
      `Somebody else has saved ${path} since you read it: ${found}. Read it again, compare, and decide anew.`,
      { details: { path, was, now: digest } },
    );
  }
};

/**
 * That class and image files are without fault once all changes are made, and that no class is left without an image
 * file that it names.
 *
 * @param profiles of signing, that class files may name
 * @throws {SlipwayError} SPEC_INVALID with every place
 */
export const refuseFaulty = async (
  files: Files,
  changes: readonly Pick<Changes[number], 'path' | 'text'>[],
  profiles: readonly SigningProfile[],
): Promise<void> => {
  const texts = new Map<string, string | null>(changes.map(({ path, text }) => [path, text]));
  const find = async (path: string): Promise<string | undefined> => {
    const text = texts.get(path);
    return text === undefined ? files.find(path) : (text ?? undefined);
  };
  const classes = [
    ...(await files.classes()).filter(({ path }) => !texts.has(path)),
    ...changes.flatMap(({ path, text }) =>
      text !== null && /^classes\/[^/]+\.ya?ml$/.test(path) ? [{ path, text }] : [],
    ),
  ];
  const looked = new Map<string, string>();
  for (const { path, text } of changes) if (text !== null) looked.set(path, text);
  // Of classes that name a file that goes, the class file tells what is missing.
  for (const one of classes) {
    const users = usersOf([one]);
    if (changes.some(({ path, text }) => text === null && users.has(path))) looked.set(one.path, one.text);
  }
  const problems: RepositoryProblem[] = [];
  for (const [path, text] of looked)
    problems.push(...(await checkText(path, text, find, classes, profiles)).problems);
  if (problems.length === 0) return;
  throw new SlipwayError(
    'SPEC_INVALID',
    problems.map((one) => `${one.file}:${one.line}:${one.column}: ${one.message}`).join('\n'),
    { details: { ...problems[0], problems } },
  );
};
