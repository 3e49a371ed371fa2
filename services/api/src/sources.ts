import { digestSourceTree, getSource, recordFetch, sealedCredentials, type Database } from '@slipway/fleet';
import { codeOf, messageOf, SourceCredentials, type CommitId, type Source } from '@slipway/protocol';
import type { GitMirrors, GitSource } from './git/mirrors.ts';
import { openImageRepository, type ImageRepository } from './image-repository.ts';
import type { SecretBox } from './secret-box.ts';

/** An image repository as it was at a commit, in a folder that is gone once it is disposed of. */
export type SourceCheckout = AsyncDisposable & {
  readonly source: Source;
  readonly branch: string;
  readonly commit: CommitId;
  readonly images: ImageRepository;
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
  readonly forget: (source: Source) => Promise<void>;
  readonly seal: (credentials: SourceCredentials, id: string) => string;
};

const placeOf = (id: string): string => `source:${id}`;

export const openSources = (db: Database, mirrors: GitMirrors, box: SecretBox): Sources => {
  const withSecret = async (source: Source): Promise<GitSource> => {
    const sealed = await sealedCredentials(db, source.id);
    const secret =
      sealed === null ? null : SourceCredentials.parse(JSON.parse(box.open(sealed, placeOf(source.id))));
    return { id: source.id, name: source.name, url: source.url, secret };
  };
  const fetchBranch = async (source: Source, branch: string): Promise<CommitId> => {
    try {
      const commit = await mirrors.fetch(await withSecret(source), branch);
      await recordFetch(db, source.id, branch === source.branch ? { commit } : {}, new Date());
      return commit;
    } catch (error) {
      const outcome = { code: codeOf(error), message: messageOf(error) };
      // That another branch is gone says nothing of the source.
      if (outcome.code !== 'GIT_REF_UNKNOWN' || branch === source.branch)
        await recordFetch(db, source.id, outcome, new Date());
      throw error;
    }
  };
  return {
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
