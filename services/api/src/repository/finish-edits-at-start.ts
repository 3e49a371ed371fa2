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

export type FinishingEdits = { readonly close: () => Promise<void> };

const AGAIN_MS = 15_000;

/**
 * Finishes what a server that ended in the middle of it was about to save, before anybody reads it. What another server is
 * making is left to it, and looked at again for as long as it is there: that one may have ended unseen. What cannot be
 * finished stays for the next start; the server goes on without.
 */
export const finishEditsAtStart = async (place: Place): Promise<FinishingEdits> => {
  let timer: NodeJS.Timeout | undefined;
  let working = Promise.resolve();
  let isClosed = false;
  const look = async (): Promise<void> => {
    const others = await finishAll(place);
    if (others > 0 && !isClosed)
      timer = setTimeout(() => {
        working = look();
      }, AGAIN_MS).unref();
  };
  await look();
  return {
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await working;
    },
  };
};

/** @returns how many edits others are making */
const finishAll = async ({ db, history, logger, directory }: Place): Promise<number> => {
  try {
    return await finishEdits(directory, async ({ edit: { changes, by }, left }) => {
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
    return 0;
  }
};
