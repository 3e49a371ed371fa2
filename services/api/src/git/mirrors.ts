import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommitId, SlipwayError, type Source, type SourceCredentials } from '@slipway/protocol';
import { withCredentials } from './credentials.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Git } from './git-edit.ts';
import { pushRefusal } from './push-refusal.ts';
import { runGit } from './run-git.ts';

export type GitSource = Pick<Source, 'id' | 'name' | 'url'> & {
  readonly secret: SourceCredentials | null;
};

/** Files of a commit in a folder of its own, removed when it is disposed of. */
export type Checkout = AsyncDisposable & { readonly directory: string };

/** Bare copies of git repositories, one for each source and address. */
export type GitMirrors = {
  /**
   * Fetches a branch.
   *
   * @returns its commit
   * @throws {SlipwayError} GIT_UNREACHABLE, GIT_REF_UNKNOWN
   */
  readonly fetch: (source: GitSource, branch: string) => Promise<CommitId>;
  /** A commit that was fetched. Submodules stay empty folders. */
  readonly checkout: (source: GitSource, commit: CommitId) => Promise<Checkout>;
  /** Paths that differ, also of files that are gone; undefined where `base` was never fetched. */
  readonly changed: (source: GitSource, base: string, head: CommitId) => Promise<string[] | undefined>;
  /** For reading in a mirror. */
  readonly gitOf: (source: GitSource) => Git;
  readonly has: (source: GitSource, commit: CommitId) => Promise<boolean>;
  /**
   * Brings a commit to where the source is, onto the end of a branch or as a new one, never by force.
   *
   * @throws {SlipwayError} PRECONDITION_FAILED where the branch has moved on, GIT_PUSH_REFUSED; GIT_UNREACHABLE where
   *   nobody can tell whether it is there
   */
  readonly push: (source: GitSource, commit: CommitId, branch: string) => Promise<void>;
  /** Removes what is kept of a source. */
  readonly forget: (source: Pick<Source, 'id'>) => Promise<void>;
};

const FETCH_MS = 120_000;
const LOCAL_MS = 60_000;

const isAbsent = (why: string): boolean => /couldn't find remote ref|Remote branch .* not found/i.test(why);

export const openGitMirrors = (folder: string): GitMirrors => {
  /** A mirror is written by one at a time; git itself guards it against other processes. */
  const alone = oneAtATime();
  const mirrorOf = ({ id, url }: GitSource): string =>
    join(folder, `${id}-${createHash('sha256').update(url).digest('hex').slice(0, 12)}.git`);
  const local = (source: GitSource, words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runGit([`--git-dir=${mirrorOf(source)}`, ...words], {
      timeoutMs: LOCAL_MS,
      env,
      failed: (why, cause) => new SlipwayError('TOOL_FAILED', `git ${words[0] ?? ''}: ${why}`, { cause }),
    });

  const fetchBranch = async (source: GitSource, branch: string): Promise<CommitId> => {
    const mirror = mirrorOf(source);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Of an existing one it changes nothing.
    await runGit(['init', '--quiet', '--bare', '--template=', '--', mirror], {
      timeoutMs: LOCAL_MS,
      failed: (why, cause) => new SlipwayError('TOOL_FAILED', `git init: ${why}`, { cause }),
    });
    const spec = `+refs/heads/${branch}:refs/heads/${branch}`;
    const options = ['--quiet', '--force', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
    await withCredentials(source.url, source.secret, (access) =>
      runGit([`--git-dir=${mirror}`, 'fetch', ...options, '--', source.url, spec], {
        timeoutMs: FETCH_MS,
        ...access,
        failed: (why, cause) =>
          isAbsent(why)
            ? new SlipwayError(
                'GIT_REF_UNKNOWN',
                `Source ${source.name} (${source.url}) has no branch ${branch}. Name one that is there.`,
                { cause, details: { source: source.id, branch } },
              )
            : new SlipwayError(
                'GIT_UNREACHABLE',
                `Source ${source.name} (${source.url}) cannot be fetched: ${why}. Check URL, credentials and network.`,
                { cause, details: { source: source.id } },
              ),
      }),
    );
    return CommitId.parse((await local(source, ['rev-parse', `refs/heads/${branch}^{commit}`])).trim());
  };

  const has = (source: GitSource, commit: string): Promise<boolean> =>
    local(source, ['cat-file', '-e', `${CommitId.parse(commit)}^{commit}`]).then(
      () => true,
      () => false,
    );
  /** What a branch is where the source is; undefined: it is not there. */
  const remoteHead = async (
    source: GitSource,
    branch: string,
    cause: unknown,
  ): Promise<string | undefined> => {
    const said = await withCredentials(source.url, source.secret, (access) =>
      runGit(['ls-remote', '--', source.url, `refs/heads/${branch}`], {
        timeoutMs: LOCAL_MS,
        ...access,
        failed: (why) =>
          new SlipwayError(
            'GIT_UNREACHABLE',
            `Whether source ${source.name} (${source.url}) took the commit on ${branch} is not known: the push was cut off, and now it cannot be asked: ${why}. Read the files again before you save once more.`,
            { cause, details: { source: source.id, branch } },
          ),
      }),
    );
    return said
      .split('\n')
      .map((line) => line.split('\t'))
      .find(([, name]) => name === `refs/heads/${branch}`)?.[0];
  };
  const pushCommit = async (source: GitSource, commit: CommitId, branch: string): Promise<void> => {
    await withCredentials(source.url, source.secret, (access) =>
      runGit(
        [
          `--git-dir=${mirrorOf(source)}`,
          'push',
          '--quiet',
          '--no-verify',
          '--recurse-submodules=no',
          '--',
          source.url,
          `${commit}:refs/heads/${branch}`,
        ],
        {
          timeoutMs: FETCH_MS,
          ...access,
          failed: (why, cause) => pushRefusal(source, branch, why, cause),
        },
      ),
    ).catch(async (error: unknown) => {
      // A push that was cut off may have come through before.
      if ((await remoteHead(source, branch, error)) !== commit) throw error;
    });
  };

  return {
    gitOf: (source) => (words, env) => local(source, words, env),
    has,
    push: (source, commit, branch) => alone(mirrorOf(source), () => pushCommit(source, commit, branch)),
    fetch: (source, branch) => alone(mirrorOf(source), () => fetchBranch(source, branch)),
    checkout: async (source, commit) => {
      const place = await mkdtemp(join(tmpdir(), 'slipway-checkout-'));
      const remove = (): Promise<void> => rm(place, { recursive: true, force: true });
      const directory = join(place, 'tree');
      try {
        await mkdir(directory);
        const env = { GIT_INDEX_FILE: join(place, 'index'), GIT_WORK_TREE: directory };
        await local(source, ['read-tree', commit], env);
        await local(source, ['checkout-index', '--all', '--force', '--quiet'], env);
      } catch (error) {
        await remove();
        throw error;
      }
      return { directory, [Symbol.asyncDispose]: remove };
    },
    changed: async (source, base, head) => {
      if (!(await has(source, base))) return undefined;
      const out = await local(source, [
        'diff-tree',
        '-r',
        '-z',
        '--name-only',
        '--no-renames',
        base,
        head,
        '--',
      ]);
      return out.split('\0').filter((path) => path !== '');
    },
    forget: async ({ id }) => {
      const names = await readdir(folder).catch((): string[] => []);
      for (const name of names)
        if (name.startsWith(`${id}-`)) await rm(join(folder, name), { recursive: true, force: true });
    },
  };
};
