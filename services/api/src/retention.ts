import { DEFAULT_LIMITS, type Database } from '@slipway/fleet';
import { codeOf, type RetentionLimits, type RetentionReport } from '@slipway/protocol';
import type { Logger } from 'pino';
import { keepInTime } from './keep-in-time.ts';

export type Retention = {
  readonly limits: RetentionLimits;
  readonly run: (dryRun: boolean) => Promise<RetentionReport>;
  readonly close: () => Promise<void>;
};

type Needs = {
  readonly db: Database;
  readonly storeDir: string;
  readonly logger: Logger;
  readonly limits?: RetentionLimits | undefined;
};

const EVERY_MS = 3_600_000;

/** Looks every hour, one look at a time; several servers do no harm to each other. */
export const openRetention = ({ db, storeDir, logger, limits = DEFAULT_LIMITS }: Needs): Retention => {
  let last: Promise<unknown> = Promise.resolve();
  const run = (dryRun: boolean): Promise<RetentionReport> => {
    const next = last
      .catch(() => undefined)
      .then(() => keepInTime({ db, storeDir }, limits, new Date(), dryRun));
    last = next;
    return next;
  };
  const timer = setInterval(() => {
    run(false).then(
      ({ items }) => {
        const gone = items.filter(({ count }) => count > 0);
        if (gone.length > 0) logger.info({ items: gone }, 'what was past its time is removed');
      },
      (error: unknown) => logger.error({ code: codeOf(error), err: error }, 'retention failed'),
    );
  }, EVERY_MS);
  timer.unref();
  return {
    limits,
    run,
    close: async () => {
      clearInterval(timer);
      await last.catch(() => undefined);
    },
  };
};
