import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseClassFile, type ClassFile } from '@slipway/image-spec';
import { SlipwayError, suggest } from '@slipway/protocol';
import { foldersAbove, type Context } from '../context.ts';

/** A class file of a repository: parsed, or why it is not. */
export type FoundClass = {
  /** of the class; of one that does not parse its file's */
  readonly name: string;
  readonly file: string;
} & ({ readonly text: string; readonly deviceClass: ClassFile } | { readonly problem: unknown });

const isClass = (name: string): boolean => /^[^.].*\.ya?ml$/.test(name);

const classNames = async (folder: string): Promise<string[]> =>
  (await readdir(join(folder, 'classes')).catch((): string[] => []))
    .filter(isClass)
    .sort((a, b) => (a < b ? -1 : 1));

/**
 * @param named by the user; otherwise the folder here or above that has class files
 * @returns an absolute path
 * @throws {SlipwayError} NOT_FOUND
 */
export const findRepository = async ({ cwd }: Pick<Context, 'cwd'>, named?: string): Promise<string> => {
  const candidates = named === undefined ? foldersAbove(cwd) : [resolve(cwd, named)];
  for (const folder of candidates) if ((await classNames(folder)).length > 0) return folder;
  throw new SlipwayError(
    'NOT_FOUND',
    named === undefined
      ? 'there are no class files here or above: run it in an image repository, where classes/*.yml lie, or name one by --repository'
      : `${named} has no class files: expected classes/*.yml in it`,
  );
};

const readClass = async (repository: string, name: string): Promise<FoundClass> => {
  const file = `classes/${name}`;
  try {
    const text = await readFile(join(repository, file), 'utf8');
    const deviceClass = parseClassFile(text, file);
    return { name: deviceClass.name, file, text, deviceClass };
  } catch (problem) {
    return { name: name.replace(/\.ya?ml$/, ''), file, problem };
  }
};

const refuseTwice = (classes: readonly FoundClass[]): void => {
  for (const [name, same] of Map.groupBy(classes, (one) => one.name)) {
    const files = same.map(({ file }) => file);
    if (files.length > 1)
      throw new SlipwayError(
        'SPEC_INVALID',
        `${files.join(' and ')} both define the class ${name}. Rename one.`,
        { details: { file: files[0], key: 'name', found: name } },
      );
  }
};

/**
 * The classes to build, in the order of their names.
 *
 * @param wanted undefined: all
 * @throws {SlipwayError} CLASS_UNKNOWN, SPEC_INVALID
 */
export const findClasses = async (
  repository: string,
  wanted: readonly string[] | undefined,
): Promise<FoundClass[]> => {
  const all = await Promise.all((await classNames(repository)).map((name) => readClass(repository, name)));
  const known = all.map(({ name }) => name);
  for (const name of wanted ?? []) {
    if (known.includes(name)) continue;
    // It may be in a file that does not parse.
    for (const one of all) if ('problem' in one) throw one.problem;
    const meant = suggest(name, known);
    throw new SlipwayError(
      'CLASS_UNKNOWN',
      `There is no device class ${JSON.stringify(name)} in ${repository}${meant === undefined ? '' : `; did you mean ${meant}?`} Known: ${known.join(', ')}.`,
      { details: { deviceClass: name, known } },
    );
  }
  const chosen = all
    .filter(({ name }) => wanted?.includes(name) ?? true)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  refuseTwice(chosen);
  return chosen;
};
