import {
  parseClassFile,
  parseClassImage,
  parseImageFiles,
  requireKernel,
  unknownProfiles,
  type ClassTexts,
} from '@slipway/image-spec';
import {
  messageOf,
  RepositoryProblem,
  SlipwayError,
  type RepositoryCheck,
  type RepositoryPath,
  type SigningProfile,
} from '@slipway/protocol';
import { z } from 'zod';
import { kindOf } from './kinds.ts';

/** Reads a file of the repository as it is; undefined where there is none. */
type Read = (path: string) => Promise<string | undefined>;

/** Class files as they are, by their paths. */
type Classes = readonly { readonly path: string; readonly text: string }[];

/**
 * What is wrong with a text in the place of a file: by itself, and with the other files of the classes that it is part
 * of.
 *
 * @param profiles of signing, that class files may name
 */
export const checkText = async (
  path: RepositoryPath,
  text: string,
  read: Read,
  classes: Classes,
  profiles: readonly SigningProfile[],
): Promise<RepositoryCheck> => {
  const kind = kindOf(path);
  const readNow: Read = async (other) => (other === path ? text : read(other));
  if (kind === 'class') {
    const { problems, ...rest } = await checkClass(path, text, readNow, classes);
    return { kind, ...rest, problems: [...problems, ...profileProblems(path, text, profiles)] };
  }
  if (kind === 'image') return { kind, ...(await checkImage(path, text, readNow, classes)) };
  return { kind, problems: [], classes: [] };
};

type Checked = Pick<RepositoryCheck, 'problems' | 'classes'>;

const Details = z.looseObject({ problems: z.array(RepositoryProblem).optional() });

/** Those that an error names, or the error itself at the place that it names. */
const problemsIn = (error: unknown, path: string): RepositoryProblem[] => {
  if (!(error instanceof SlipwayError)) throw error;
  const details = Details.safeParse(error.details);
  const several = details.success ? details.data.problems : undefined;
  if (several !== undefined) return several;
  const one = RepositoryProblem.partial().safeParse(error.details);
  const { file = path, line = 1, column = 1, key = '' } = one.success ? one.data : {};
  const place = `${file}:${line}:${column}: `;
  const told = messageOf(error);
  return [{ file, line, column, key, message: told.startsWith(place) ? told.slice(place.length) : told }];
};

const problemsOf = async (path: string, work: () => unknown): Promise<RepositoryProblem[]> => {
  try {
    await work();
    return [];
  } catch (error) {
    return problemsIn(error, path);
  }
};

const mergedProblems = (
  path: string,
  classFile: ClassTexts['classFile'],
  read: Read,
): Promise<RepositoryProblem[]> =>
  problemsOf(path, async () => {
    const { images } = parseClassFile(classFile.text, classFile.name);
    const texts = await Promise.all(
      images.map(async (name) => {
        const text = await read(name);
        if (text !== undefined) return { name, text };
        throw new SlipwayError('SPEC_INVALID', `There is no image file ${name}. Add it, or mend the list.`, {
          details: { file: path, key: 'images' },
        });
      }),
    );
    requireKernel(parseClassImage({ classFile, imageFiles: texts }).spec, images.join(', '));
  });

const checkClass = async (path: string, text: string, read: Read, classes: Classes): Promise<Checked> => {
  const own = await problemsOf(path, () => parseClassFile(text, path));
  if (own.length > 0) return { problems: own, classes: [] };
  const { name } = parseClassFile(text, path);
  const twice = classes.filter((other) => other.path !== path && nameIn(other) === name);
  const problems = twice.map((other) => ({
    file: path,
    line: 1,
    column: 1,
    key: 'name',
    message: `${other.path} defines the class ${name}, too. Rename one.`,
  }));
  return {
    problems: [...problems, ...(await mergedProblems(path, { name: path, text }, read))],
    classes: [name],
  };
};

/** None of a text that does not parse. */
const profileProblems = (
  path: string,
  text: string,
  profiles: readonly SigningProfile[],
): RepositoryProblem[] =>
  parsedOrNone(path, text) === undefined
    ? []
    : unknownProfiles(text, path, profiles).map(({ allowed, ...problem }) => ({
        ...problem,
        ...(allowed === undefined ? {} : { allowed: [...allowed] }),
      }));

const nameIn = ({ path, text }: Classes[number]): string | undefined => parsedOrNone(path, text)?.name;

/** What does not parse is another file's fault. */
const parsedOrNone = (path: string, text: string) => {
  try {
    return parseClassFile(text, path);
  } catch {
    return undefined;
  }
};

const checkImage = async (path: string, text: string, read: Read, classes: Classes): Promise<Checked> => {
  const own = await problemsOf(path, () => parseImageFiles([{ name: path, text }], { mayLackValues: true }));
  // Merging tells the same again.
  if (own.length > 0) return { problems: own, classes: [] };
  const users = classes.flatMap((one) => {
    const parsed = parsedOrNone(one.path, one.text);
    return parsed?.images.includes(path) === true
      ? [{ name: parsed.name, file: { name: one.path, text: one.text } }]
      : [];
  });
  const problems: RepositoryProblem[] = [];
  for (const { name, file } of users)
    for (const problem of await mergedProblems(path, file, read))
      problems.push({ ...problem, message: `class ${name}: ${problem.message}` });
  return { problems, classes: users.map(({ name }) => name) };
};
