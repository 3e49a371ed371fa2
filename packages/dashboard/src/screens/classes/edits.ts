import type { Digest, RepositoryEdit } from '@slipway/protocol';

/** A file before and after what somebody does with it; undefined: it is not there. */
export type FileEdit = {
  readonly path: string;
  /** of the text that was read; undefined: there was none */
  readonly was: Digest | undefined;
  readonly before: string | undefined;
  readonly after: string | undefined;
};

export const editOf = (files: readonly FileEdit[], message: string): RepositoryEdit => ({
  changes: files.map(({ path, was, after }) => ({ path, was: was ?? null, text: after ?? null })),
  ...(message.trim() === '' ? {} : { message: message.trim() }),
});

/** What a file is called within a class file, which lies in a folder of its own. */
const fromClasses = (path: string): string =>
  path.startsWith('classes/') ? path.slice('classes/'.length) : `../${path}`;

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The text of a class file that names an image file which gets another path. */
export const withRenamed = (text: string, from: string, to: string): string =>
  text.replaceAll(
    new RegExp(`(^|[\\s,['"])(?:\\./)?${escaped(fromClasses(from))}(?=$|[\\s,\\]'"#])`, 'gm'),
    (_whole, before: string) => `${before}${fromClasses(to)}`,
  );

export type Move = { readonly from: string; readonly to: string };

/** Files that only get another path, apart from those whose text changes. */
export const movesIn = (
  files: readonly FileEdit[],
): { readonly moves: readonly Move[]; readonly others: readonly FileEdit[] } => {
  const gone = files.filter(({ after }) => after === undefined);
  const moves = files.flatMap(({ path, before, after }): Move[] => {
    const from = before === undefined ? gone.find((one) => one.before === after) : undefined;
    return from === undefined ? [] : [{ from: from.path, to: path }];
  });
  const moved = new Set(moves.flatMap(({ from, to }) => [from, to]));
  return { moves, others: files.filter(({ path }) => !moved.has(path)) };
};
