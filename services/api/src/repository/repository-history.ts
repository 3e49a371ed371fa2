import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SlipwayError, type RepositoryChange } from '@slipway/protocol';
import { changesIn } from '../git/git-files.ts';
import { runGit } from '../git/run-git.ts';

/**
 * What was saved over the API, in a git repository of the server's own that lies within the image repository:
 * `.slipway/history.git`. A git repository that the folder itself may be is left to whoever keeps it.
 */
export type RepositoryHistory = {
  /**
   * One commit, or none.
   *
   * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED, REPOSITORY_READ_ONLY
   */
  readonly note: (changes: readonly NotedChange[], by: Author) => Promise<void>;
  /** Whether the newest commit has files as these changes made them. */
  readonly has: (changes: readonly NotedChange[]) => Promise<boolean>;
  /** newest first */
  readonly list: (path: string, limit: number) => Promise<RepositoryChange[]>;
  /** @throws {SlipwayError} NOT_FOUND */
  readonly textAt: (path: string, commit: string) => Promise<string>;
};
export type NotedChange = {
  readonly path: string;
  /** what was there, null: nothing; where somebody else has changed it, that is noted first */
  readonly before: string | null;
  /** null: the file goes */
  readonly after: string | null;
};
export type Author = { readonly name: string; readonly message: string };

const LOCAL_MS = 30_000;
const BRANCH = 'refs/heads/main';
const FOUND: Author = { name: 'Slipway', message: 'As found on the server' };

export const openRepositoryHistory = (directory: string): RepositoryHistory => {
  const place = join(directory, '.slipway', 'history.git');
  const git = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runGit([`--git-dir=${place}`, ...words], {
      timeoutMs: LOCAL_MS,
      env,
      failed: (why, cause) => new SlipwayError('TOOL_FAILED', `git ${words[0] ?? ''}: ${why}`, { cause }),
    });
  const said = (words: readonly string[]): Promise<string | undefined> =>
    git(words).then(
      (text) => text.trim(),
      () => undefined,
    );

  const isThere = (): Promise<boolean> =>
    stat(place).then(
      () => true,
      () => false,
    );
  const begin = async (): Promise<void> => {
    if (await isThere()) return;
    await mkdir(join(directory, '.slipway'), { recursive: true }).catch((cause: unknown) => {
      throw new SlipwayError(
        'REPOSITORY_READ_ONLY',
        'The server may not write into its image repository. Change files where the repository is kept, or let the server write there.',
        { cause },
      );
    });
    await git(['init', '--quiet', '--bare', '--template=', '--', place]);
  };

  /** A commit on top of another, of which no branch knows yet. */
  const commit = async (
    work: string,
    parent: string | undefined,
    texts: ReadonlyMap<string, string | null>,
    by: Author,
  ): Promise<string> => {
    // Of the tree nothing is there; git wants one to take a file away.
    const index = { GIT_INDEX_FILE: join(work, 'index'), GIT_WORK_TREE: work };
    await git(['read-tree', parent ?? '--empty'], index);
    for (const [path, text] of texts) {
      if (text === null) {
        await git(['update-index', '--force-remove', '--', path], index);
        continue;
      }
      const file = join(work, 'text');
      await writeFile(file, text);
      const blob = (await git(['hash-object', '-w', '--no-filters', '--', file])).trim();
      // A file may be where a folder was.
      await git(['update-index', '--add', '--replace', '--cacheinfo', `100644,${blob},${path}`], index);
    }
    const tree = (await git(['write-tree'], index)).trim();
    const who = { GIT_AUTHOR_NAME: by.name, GIT_AUTHOR_EMAIL: '' };
    const made = await git(
      ['commit-tree', ...(parent === undefined ? [] : ['-p', parent]), '-m', by.message, tree],
      { ...who, GIT_COMMITTER_NAME: 'Slipway', GIT_COMMITTER_EMAIL: '' },
    );
    return made.trim();
  };

  return {
    note: async (changes, by) => {
      await begin();
      const work = await mkdtemp(join(tmpdir(), 'slipway-history-'));
      try {
        const head = await said(['rev-parse', '--verify', '--quiet', BRANCH]);
        const found = new Map<string, string>();
        for (const { path, before } of changes) {
          if (before === null) continue;
          const known = await git(['cat-file', 'blob', `${BRANCH}:${path}`]).catch(() => undefined);
          if (before !== known) found.set(path, before);
        }
        const saved = new Map(
          changes.filter(({ before, after }) => before !== after).map(({ path, after }) => [path, after]),
        );
        let last = head;
        if (found.size > 0) last = await commit(work, last, found, FOUND);
        if (saved.size > 0) last = await commit(work, last, saved, by);
        // Another server may have been faster: then nothing is lost, and who asked tries again.
        if (last !== undefined && last !== head)
          await git(['update-ref', BRANCH, last, head ?? '0'.repeat(40)]);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
    has: async (changes) => {
      for (const { path, after } of changes) {
        const known = await git(['cat-file', 'blob', `${BRANCH}:${path}`]).catch(() => null);
        if (known !== after) return false;
      }
      return true;
    },
    list: async (path, limit) => {
      if (!(await isThere())) return [];
      const format = '--format=%H%x00%an%x00%aI%x00%B%x1e';
      const text = await git(['log', `--max-count=${limit}`, format, BRANCH, '--', path]);
      return changesIn(text);
    },
    textAt: async (path, hash) =>
      git(['cat-file', 'blob', `${hash}:${path}`]).catch((cause: unknown) => {
        throw new SlipwayError('NOT_FOUND', `There is no ${path} at ${hash} in the history of the server.`, {
          cause,
        });
      }),
  };
};
