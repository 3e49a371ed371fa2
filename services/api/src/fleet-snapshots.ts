import { foldDeltas, takeSnapshot, type Database } from '@slipway/fleet';
import type { Logger } from 'pino';

/** Several servers keep one snapshot of each ten minutes between them, and sum up what triggers counted. */
const LOOK_MS = 60_000;

/** Keeps how many devices run what, for plots over time. */
export const openFleetSnapshots = (db: Database, logger: Logger): { readonly close: () => Promise<void> } => {
  const take = async (): Promise<void> => {
    try {
      await foldDeltas(db);
      await takeSnapshot(db, new Date());
    } catch (error) {
      logger.warn({ err: error }, 'keeping a snapshot of the fleet failed');
    }
  };
  let last = take();
  const timer = setInterval(() => {
    last = last.then(take);
  }, LOOK_MS);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await last;
    },
  };
};
