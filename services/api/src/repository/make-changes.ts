import { recordAudit, type Database } from '@slipway/fleet';
import { codeOf, type RepositoryPath } from '@slipway/protocol';
import type { RepositoryFiles } from './repository-files.ts';
import type { Author, RepositoryHistory } from './repository-history.ts';

type Place = { readonly db: Database; readonly files: RepositoryFiles; readonly history: RepositoryHistory };

export type Saving = {
  readonly changes: readonly { readonly path: RepositoryPath; readonly text: string | null }[];
  readonly by: Author;
  /** who asks, and as what, for the audit log */
  readonly entry: {
    readonly actor: string;
    readonly action: string;
    readonly subject: string;
    readonly details: Record<string, unknown>;
  };
};

/**
 * Changes files of the image repository, and its history: all or none. It is on record before it can be seen, as with
 * sources; a database is not held up for as long as disk and git may take.
 */
export const makeChanges = async (
  { db, files, history }: Place,
  { changes, by, entry }: Saving,
): Promise<void> => {
  const edit = {
    by,
    changes: await Promise.all(
      changes.map(async ({ path, text }) => ({
        path,
        before: (await files.find(path)) ?? null,
        after: text,
      })),
    ),
  };
  await recordAudit(db, entry);
  try {
    await files.change(edit, () => history.note(edit.changes, by));
  } catch (error) {
    await recordAudit(db, {
      ...entry,
      action: `${entry.action}-refused`,
      details: { ...entry.details, code: codeOf(error) },
    });
    throw error;
  }
};
