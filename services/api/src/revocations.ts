import { refreshRevocationList, revocationList, type Database } from '@slipway/fleet';
import { isListOf, signRevocationLists, type Identity } from '@slipway/signing';
import type { Logger } from 'pino';

/** Keeps the list of revoked certificates, which gateways hand to the broker, as new as the database. */
export type Revocations = {
  /** after a commit that may have revoked some; resolves once the list says so */
  readonly refresh: () => Promise<void>;
  readonly close: () => Promise<void>;
};

const LOOK_AGAIN_MS = 5000;

/**
 * The keys of the device authorities are here, so lists are signed here. What was missed by a crash is made up for, and a
 * list that is not by the authorities of now, because one was added or taken away, is made anew.
 */
export const openRevocations = async (
  db: Database,
  authorities: readonly Identity[],
  logger: Logger,
): Promise<Revocations> => {
  const last = await revocationList(db);
  let isStale = last !== undefined && last.number > 0 && !(await isListOf(last.pem, authorities));
  const refresh = async (): Promise<void> => {
    const list = await refreshRevocationList(
      db,
      (revoked, number, madeAt) => signRevocationLists(revoked, number, authorities, madeAt),
      new Date(),
      { isStale },
    );
    isStale = false;
    if (list !== undefined) logger.info({ number: list.number }, 'list of revoked certificates made');
  };
  await refresh();
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(refresh).catch((error: unknown) => {
      logger.error({ err: error }, 'making the list of revoked certificates failed');
    });
  }, LOOK_AGAIN_MS);
  return {
    refresh,
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
};
