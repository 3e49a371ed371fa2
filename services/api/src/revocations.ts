import { refreshRevocationList, type Database } from '@slipway/fleet';
import { signRevocationList, type Identity } from '@slipway/signing';
import type { Logger } from 'pino';

/** Keeps the list of revoked certificates, which gateways hand to the broker, as new as the database. */
export type Revocations = {
  /** after a commit that may have revoked some; resolves once the list says so */
  readonly refresh: () => Promise<void>;
  readonly close: () => Promise<void>;
};

const LOOK_AGAIN_MS = 5000;

/** The device authority's key is here, so lists are signed here. What was missed by a crash is made up for. */
export const openRevocations = async (
  db: Database,
  deviceCa: Identity,
  logger: Logger,
): Promise<Revocations> => {
  const refresh = async (): Promise<void> => {
    const list = await refreshRevocationList(
      db,
      (revoked, number, madeAt) => signRevocationList(revoked, number, deviceCa, madeAt),
      new Date(),
    );
    if (list !== undefined) logger.info({ number: list.number }, 'list of revoked certificates made');
  };
  await refresh();
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = last.then(refresh).catch((error: unknown) => {
      logger.error({ err: error }, 'making the list of revoked certificates failed');
    });
  }, LOOK_AGAIN_MS);
  return {
    refresh,
    close: async () => {
      clearInterval(timer);
      await last;
    },
  };
};
