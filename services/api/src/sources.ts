import { digestSourceTree, getSource, recordFetch, sealedCredentials, type Database } from '@slipway/fleet';
import {
  codeOf,
  messageOf,
  SlipwayError,
  SourceCredentials,
  type BranchName,
  type CommitId,
  type Source,
  type SourceEdit,
  type SourcePatch,
} from '@slipway/protocol';
import { filesOfCommit } from './git/git-files.ts';
import { makeCommit, patchOf } from './git/git-edit.ts';
import { refuseFaulty, refuseOutrun } from './repository/check-edit.ts';
import type { GitMirrors, GitSource } from './git/mirrors.ts';
import { openImageRepository, type ImageRepository } from './image-repository.ts';
import type { SecretBox } from './secret-box.ts';
import type { SigningProfiles } from './signing-profiles.ts';

/** An image repository as it was at a commit, in a folder that is gone once it is disposed of. */
export type SourceCheckout = AsyncDisposable & {
  readonly source: Source;
  readonly branch: string;
  readonly commit: CommitId;
  readonly images: ImageRepository;
};

/** A commit of which only the mirror knows. */
export type PreparedEdit = {
  readonly source: Source;
  /** that it is to be pushed to */
  readonly branch: BranchName;
  readonly commit: CommitId;
  /** @throws {SlipwayError} PRECONDITION_FAILED where somebody else was faster; GIT_PUSH_REFUSED; GIT_UNREACHABLE: it may be there */
  readonly push: () => Promise<void>;
  readonly patch: () => Promise<SourcePatch>;
};

/** Git repositories as image repositories. */
export type Sources = {
  /**
   * Fetches a branch, by default that of the source, and remembers how that went.
   *
   * @param name or id
   * @throws {SlipwayError} NOT_FOUND, GIT_UNREACHABLE, GIT_REF_UNKNOWN
   */
  readonly fetch: (name: string, branch?: string) => Promise<CommitId>;
  /** @throws {SlipwayError} as `fetch`; SPEC_INVALID for a link that leads out of the repository */
  readonly checkOut: (name: string, branch?: string) => Promise<SourceCheckout>;
  /** Paths that differ between commits; undefined where `base` is not known. */
  readonly changed: (name: string, base: string, head: CommitId) => Promise<string[] | undefined>;
  /**
   * Files on a branch as they are, or at a commit that was fetched.
   *
   * @throws {SlipwayError} as `fetch`; NOT_FOUND for a commit that is not known
   */
  readonly filesAt: (
    name: string,
    at: { readonly branch?: BranchName | undefined; readonly commit?: CommitId | undefined },
  ) => Promise<{
    readonly branch: BranchName;
    readonly commit: CommitId;
    readonly files: ReturnType<typeof filesOfCommit>;
  }>;
  /**
   * Commits changes on top of a branch in the mirror, where nobody sees it before it is pushed.
   *
   * @param author name of who changes
   * @throws {SlipwayError} as `fetch`; SPEC_INVALID; PRECONDITION_FAILED where somebody else was faster
   */
  readonly prepareEdit: (name: string, edit: SourceEdit, author: string) => Promise<PreparedEdit>;
  readonly forget: (source: Source) => Promise<void>;
  readonly seal: (credentials: SourceCredentials, id: string) => string;
};

const placeOf = (id: string): string => `source:${id}`;

export const openSources = (
  db: Database,
  mirrors: GitMirrors,
  box: SecretBox,
  profiles: Pick<SigningProfiles, 'names'>,
): Sources => {
  const withSecret = async (source: Source): Promise<GitSource> => {
    const sealed = await sealedCredentials(db, source.id);
    const secret =
      sealed === null ? null : SourceCredentials.parse(JSON.parse(box.open(sealed, placeOf(source.id))));
    return { id: source.id, name: source.name, url: source.url, secret };
  };
  const fetchBranch = async (source: Source, branch: string): Promise<CommitId> => {
    const begunAt = new Date();
    try {
      const commit = await mirrors.fetch(await withSecret(source), branch);
      await recordFetch(db, source, branch === source.branch ? { commit } : {}, begunAt);
      return commit;
    } catch (error) {
      const outcome = { code: codeOf(error), message: messageOf(error) };
      // That another branch is gone says nothing of the source.
      if (outcome.code !== 'GIT_REF_UNKNOWN' || branch === source.branch)
        await recordFetch(db, source, outcome, begunAt);
      throw error;
    }
  };
  return {
    filesAt: async (name, { branch: asked, commit: known }) => {
      const source = await getSource(db, name);
      const branch = asked ?? source.branch;
      const place = { ...source, secret: null };
      if (known !== undefined && !(await mirrors.has(place, known)))
        throw new SlipwayError(
          'NOT_FOUND',
          `Commit ${known} of source ${source.name} is not known here. Leave it out to have the branch fetched.`,
          { details: { kind: 'commit', id: known } },
        );
      const commit = known ?? (await fetchBranch(source, branch));
      return { branch, commit, files: filesOfCommit(mirrors.gitOf(place), commit) };
    },
    prepareEdit: async (name, edit, author) => {
      const source = await getSource(db, name);
      const branch = edit.branch ?? source.branch;
      const place = await withSecret(source);
      const head = await mirrors.fetch(place, branch);
      const git = mirrors.gitOf(place);
      const files = filesOfCommit(git, head);
      await refuseOutrun(files, edit.changes);
      await refuseFaulty(files, edit.changes, profiles.names);
      const message = edit.message ?? `Change ${edit.changes.map(({ path }) => path).join(', ')}`;
      const commit = await makeCommit(git, head, edit.changes, { name: author, message });
      const to = edit.to ?? branch;
      return {
        source,
        branch: to,
        commit,
        push: async () => {
          await mirrors.push(place, commit, to);
          // What is shown next is what is there now.
          // Should that fail, the source tells it: the commit is on the branch all the same.
          if (to === branch) await fetchBranch(source, branch).catch(() => undefined);
        },
        patch: async () => ({
          name: `${source.name}-${commit.slice(0, 10)}.patch`,
          text: await patchOf(git, commit),
        }),
      };
    },
    fetch: async (name, branch) => {
      const source = await getSource(db, name);
      return fetchBranch(source, branch ?? source.branch);
    },
    checkOut: async (name, asked) => {
      const source = await getSource(db, name);
      const branch = asked ?? source.branch;
      const commit = await fetchBranch(source, branch);
      const checkout = await mirrors.checkout({ ...source, secret: null }, commit);
      try {
        // Before anything reads in it: a link could have the server show files of its own.
        await digestSourceTree(checkout.directory);
      } catch (error) {
        await checkout[Symbol.asyncDispose]();
        throw error;
      }
      return {
        source,
        branch,
        commit,
        images: openImageRepository(checkout.directory),
        [Symbol.asyncDispose]: () => checkout[Symbol.asyncDispose](),
      };
    },
    changed: async (name, base, head) =>
      mirrors.changed({ ...(await getSource(db, name)), secret: null }, base, head),
    forget: (source) => mirrors.forget(source),
    seal: (credentials, id) => box.seal(JSON.stringify(credentials), placeOf(id)),
  };
};
