import {
  CommitId,
  MAX_REPOSITORY_TEXT,
  RepositoryPath,
  SlipwayError,
  type RepositoryChange,
} from '@slipway/protocol';
import { kindOf } from '../repository/kinds.ts';
import { usersOf } from '../repository/users-of.ts';
import type { Git } from './git-edit.ts';

/** More than that nobody edits by hand. */
const MOST_FILES = 5000;

type Entry = { readonly path: string; readonly mode: string; readonly blob: string; readonly size: number };

const entriesIn = (text: string): Entry[] =>
  text.split('\0').flatMap((line) => {
    const match = /^(\d{6}) blob ([0-9a-f]+) +(\d+)\t(.+)$/s.exec(line);
    if (match === null) return [];
    const [, mode = '', blob = '', size = '', path = ''] = match;
    return [{ path, mode, blob, size: Number(size) }];
  });

/** Links are no files: what they name may lie outside. */
const isFile = ({ mode }: Entry): boolean => mode === '100644' || mode === '100755';

/** What OCI layouts hold is named by digests. */
const layoutsIn = (entries: readonly Entry[]): string[] =>
  entries.flatMap(({ path }) =>
    /(?:^|\/)oci-layout$/.test(path) ? [path.slice(0, -'oci-layout'.length)] : [],
  );

/** The files of a commit, read out of the mirror without a checkout. */
export const filesOfCommit = (git: Git, commit: CommitId) => {
  const tree = async (...paths: string[]): Promise<Entry[]> =>
    entriesIn(await git(['ls-tree', '-r', '-z', '-l', '--full-tree', commit, '--', ...paths]));

  const textOf = async ({ path, blob, size }: Entry): Promise<string> => {
    const text = size <= MAX_REPOSITORY_TEXT ? await git(['cat-file', 'blob', blob]) : '';
    // What is no UTF-8 is read as signs of another length.
    if (Buffer.byteLength(text) === size && !text.includes('\0')) return text;
    throw new SlipwayError(
      'REQUEST_INVALID',
      `${path} is no text of at most 128 KiB; edit it where it is kept.`,
    );
  };
  const find = async (path: string): Promise<string | undefined> => {
    if (!RepositoryPath.safeParse(path).success) return undefined;
    const entry = (await tree(path)).find((one) => one.path === path && isFile(one));
    return entry === undefined ? undefined : textOf(entry);
  };
  const classes = async () => {
    const entries = (await tree('classes/')).filter((one) => isFile(one) && kindOf(one.path) === 'class');
    return Promise.all(entries.map(async (entry) => ({ path: entry.path, text: await textOf(entry) })));
  };
  return {
    find,
    classes,
    list: async () => {
      const all = await tree();
      const layouts = layoutsIn(all);
      const users = usersOf(await classes());
      return all
        .filter((one) => isFile(one) && RepositoryPath.safeParse(one.path).success)
        .filter(({ path }) => !layouts.some((folder) => path.startsWith(folder)))
        .slice(0, MOST_FILES)
        .map(({ path, size }) => ({
          path: RepositoryPath.parse(path),
          kind: kindOf(path),
          size,
          classes: users.get(path) ?? [],
        }));
    },
    /** who changed it, newest first */
    changes: async (path: string, most: number): Promise<RepositoryChange[]> => {
      const format = '--format=%H%x00%an%x00%aI%x00%B%x1e';
      return changesIn(await git(['log', `--max-count=${most}`, format, commit, '--', path]));
    },
  };
};

/** What `git log` says, with fields apart by NUL and commits by RS. */
export const changesIn = (text: string): RepositoryChange[] =>
  text
    .split('\x1e')
    .map((one) => one.trim().split('\0'))
    .flatMap(([hash, by, at, message]) =>
      hash === undefined || by === undefined || at === undefined
        ? []
        : [{ commit: hash, by, at: new Date(at).toISOString(), message: (message ?? '').trim() }],
    );
