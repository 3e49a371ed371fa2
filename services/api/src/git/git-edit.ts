import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommitId, SlipwayError } from '@slipway/protocol';

/** Runs git on one repository. */
export type Git = (words: readonly string[], env?: Readonly<Record<string, string>>) => Promise<string>;

export type TextChange = {
  readonly path: string;
  /** null: the file goes */
  readonly text: string | null;
};
export type EditAuthor = { readonly name: string; readonly message: string };

const FILES = ['100644', '100755'];

/** How a path stands in a commit. @returns undefined where nothing is there */
const modeAt = async (git: Git, commit: CommitId, path: string): Promise<string | undefined> => {
  const [line = ''] = (await git(['ls-tree', '-z', commit, '--', path])).split('\0');
  return /^(\d{6}) /.exec(line)?.[1];
};

/**
 * Makes a commit on top of another, of which no branch knows yet. What is executable stays so.
 *
 * @throws {SlipwayError} REQUEST_INVALID for what is no file, and where nothing would change
 */
export const makeCommit = async (
  git: Git,
  head: CommitId,
  changes: readonly TextChange[],
  { name, message }: EditAuthor,
): Promise<CommitId> => {
  const work = await mkdtemp(join(tmpdir(), 'slipway-edit-'));
  try {
    // Of the tree nothing is there; git wants one to take a file away.
    const index = { GIT_INDEX_FILE: join(work, 'index'), GIT_WORK_TREE: work };
    await git(['read-tree', head], index);
    for (const [at, { path, text }] of changes.entries()) {
      const mode = await modeAt(git, head, path);
      if (mode !== undefined && !FILES.includes(mode))
        throw new SlipwayError('REQUEST_INVALID', `${path} is no file there; change it where it is kept.`);
      if (text === null) {
        await git(['update-index', '--force-remove', '--', path], index);
        continue;
      }
      const file = join(work, String(at));
      await writeFile(file, text);
      const blob = (await git(['hash-object', '-w', '--no-filters', '--', file])).trim();
      await git(['update-index', '--add', '--cacheinfo', `${mode ?? '100644'},${blob},${path}`], index);
    }
    const tree = (await git(['write-tree'], index)).trim();
    if (tree === (await git(['rev-parse', `${head}^{tree}`])).trim())
      throw new SlipwayError('REQUEST_INVALID', 'Nothing would change. Change a file first.');
    const who = { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: '' };
    const made = await git(['commit-tree', '-p', head, '-m', message, tree], {
      ...who,
      GIT_COMMITTER_NAME: 'Slipway',
      GIT_COMMITTER_EMAIL: '',
    });
    return CommitId.parse(made.trim());
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

/** As `git am` takes it. */
export const patchOf = (git: Git, commit: CommitId): Promise<string> =>
  git(['format-patch', '--stdout', '--no-signature', '-1', commit]);
