import { tellRefusals, type Database } from '@slipway/fleet';
import { codeOf } from '@slipway/protocol';
import type { Logger } from 'pino';

const EVERY_MS = 60_000;

/** Has the audit log told of logins that were refused, also where nobody tries again. */
export const openLoginWatch = (db: Database, logger: Logger): { readonly close: () => Promise<void> } => {
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = tellRefusals(db, new Date()).catch((error: unknown) => {
      logger.error({ code: codeOf(error), err: error }, 'telling of refused logins failed');
    });
  }, EVERY_MS);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await last;
    },
  };
};
