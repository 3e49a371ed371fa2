import { z } from 'zod';
import { RepositoryEdit, RepositoryFile } from './image-repository.ts';
import { BranchName, CommitId } from './sources.ts';

/** Files on a branch of a source, at a commit. */
export const SourceFiles = z.object({
  branch: BranchName,
  commit: CommitId,
  files: z.array(RepositoryFile.omit({ changedAt: true })),
});
export type SourceFiles = z.infer<typeof SourceFiles>;

/** Changes that become one commit. */
export const SourceEdit = RepositoryEdit.extend({
  /** absent: that of the source */
  branch: BranchName.optional(),
  /** the branch that the commit is pushed to, where it is another, such as a new one for a review */
  to: BranchName.optional(),
});
export type SourceEdit = z.infer<typeof SourceEdit>;

export const SourceEdited = z.object({ branch: BranchName, commit: CommitId });
export type SourceEdited = z.infer<typeof SourceEdited>;

/** A change for somebody who may push. */
export const SourcePatch = z.object({
  /** of a file for it */
  name: z.string(),
  /** as `git am` takes it */
  text: z.string(),
});
export type SourcePatch = z.infer<typeof SourcePatch>;
