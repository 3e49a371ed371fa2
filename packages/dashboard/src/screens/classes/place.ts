import {
  SlipwayError,
  type BranchName,
  type CommitId,
  type RepositoryChange,
  type RepositoryCheck,
  type RepositoryEdit,
  type RepositoryFile,
  type RepositoryText,
  type SourceEdited,
  type SourcePatch,
} from '@slipway/protocol';
import { api } from '../../api.ts';

/** A file as a list shows it. */
export type PlaceFile = Omit<RepositoryFile, 'changedAt'>;
export type Listed = {
  readonly files: readonly PlaceFile[];
  /** that was read, where files are of a branch */
  readonly commit: CommitId | undefined;
};

/** Where files are kept that images are built from: the folder of the server, or a branch of a git repository. */
export type Place = {
  /** begins the keys of all that is asked of it */
  readonly key: readonly string[];
  readonly list: (signal: AbortSignal) => Promise<Listed>;
  /** @returns undefined where it is not there */
  readonly read: (path: string, signal?: AbortSignal) => Promise<RepositoryText | undefined>;
  readonly validate: (path: string, text: string) => Promise<RepositoryCheck>;
  readonly changes: (path: string, signal: AbortSignal) => Promise<readonly RepositoryChange[]>;
  readonly textAt: (path: string, commit: string, signal: AbortSignal) => Promise<string>;
  readonly save: (edit: RepositoryEdit, to?: BranchName) => Promise<SourceEdited | undefined>;
  /** of git: the branch that is shown, and the same change as a patch */
  readonly git?: {
    readonly source: string;
    readonly branch: BranchName;
    readonly patch: (edit: RepositoryEdit) => Promise<SourcePatch>;
  };
};

const unlessAbsent = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
};

const options = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

export const SERVER: Place = {
  key: ['repository', 'server'],
  list: async (signal) => ({ files: await api.repository.listFiles({ signal }), commit: undefined }),
  read: (path, signal) => unlessAbsent(api.repository.getFile(path, options(signal))),
  validate: (path, text) => api.repository.validate({ path, text }),
  changes: (path, signal) => api.repository.listChanges(path, {}, { signal }),
  textAt: async (path, commit, signal) => (await api.repository.getFileAt(path, commit, { signal })).text,
  save: async (edit) => {
    await api.repository.edit(edit);
    return undefined;
  },
};

/**
 * @param commit that the list of files was of: what is read and checked is of the same, so that a push in between
 *   changes nothing under whoever edits. Absent: not listed yet
 */
export const placeOfSource = (source: string, branch: BranchName, commit: CommitId | undefined): Place => {
  const at = { branch, ...(commit === undefined ? {} : { commit }) };
  return {
    key: ['repository', source, branch],
    list: async (signal) => api.sources.listFiles(source, { branch }, { signal }),
    read: (path, signal) => unlessAbsent(api.sources.getFile(source, path, at, options(signal))),
    validate: (path, text) => api.sources.validate(source, { path, text, ...at }),
    changes: (path, signal) => api.sources.listChanges(source, path, at, { signal }),
    textAt: async (path, then, signal) =>
      (await api.sources.getFile(source, path, { branch, commit: then }, { signal })).text,
    save: (edit, to) =>
      api.sources.edit(source, { ...edit, branch, ...(to === undefined || to === branch ? {} : { to }) }),
    git: { source, branch, patch: (edit) => api.sources.patch(source, { ...edit, branch }) },
  };
};
