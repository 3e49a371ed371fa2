import { recordAudit, type Database } from '@slipway/fleet';
import type { Logger } from 'pino';
import { finishEdits } from './finish-edits.ts';
import type { RepositoryHistory } from './repository-history.ts';

type Place = {
  readonly db: Database;
  readonly history: RepositoryHistory;
  readonly logger: Logger;
  readonly directory: string;
};

/**
 * Finishes what a server that ended in the middle of it was about to save, before anybody reads it. What cannot be finished
 * stays for the next start; the server goes on without.
 */
export const finishEditsAtStart = async ({ db, history, logger, directory }: Place): Promise<void> => {
  try {
    await finishEdits(directory, async ({ edit: { changes, by }, left }) => {
      if (left.length === 0 && !(await history.has(changes))) await history.note(changes, by);
      const paths = changes.map(({ path }) => path);
      await recordAudit(db, {
        actor: 'server',
        action: 'repository.edit-finished',
        subject: paths[0] ?? '',
        details: { by: by.name, paths, left },
      });
      logger.warn({ paths, left }, 'an edit of the image repository that was cut short is finished');
    });
  } catch (error) {
    logger.error({ err: error }, 'an edit of the image repository that was cut short cannot be finished');
  }
};
