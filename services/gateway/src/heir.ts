import { claimGateway, goneGateways, removeGateway, type Database } from '@slipway/fleet';
import type { TenantId } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { Channel } from './channel.ts';

type Needs = {
  readonly db: Database;
  readonly logger: Logger;
  readonly tenant: TenantId;
  /** name of this gateway */
  readonly gateway: string;
  readonly channel: Pick<Channel, 'inherit'>;
  /** what the gone one had recorded since then it may not have acted on */
  readonly onInherited: (since: Date) => Promise<void>;
};

const LOOK_MS = 5000;

/**
 * Takes over from gateways that are gone: the broker keeps a share of what devices report for each of them, and nobody
 * else would ever hear of it.
 *
 * @returns looks, at most every few seconds
 */
export const createHeir = ({
  db,
  logger,
  tenant,
  gateway,
  channel,
  onInherited,
}: Needs): (() => Promise<void>) => {
  let lookedAt = 0;
  let busy = false;

  const look = async (): Promise<void> => {
    for (const gone of await goneGateways(db, tenant, gateway, new Date())) {
      const claimed = await claimGateway(db, tenant, gone, new Date());
      if (claimed === undefined) continue;
      const messages = await channel.inherit(gone.id);
      // One that left by itself had nothing under way.
      if (gone.seenAt.getTime() > 0) await onInherited(gone.seenAt);
      await removeGateway(db, tenant, claimed);
      logger.warn({ gateway: gone.id, messages }, 'took over from a gateway that is gone');
    }
  };

  return async () => {
    if (busy || Date.now() - lookedAt < LOOK_MS) return;
    busy = true;
    lookedAt = Date.now();
    try {
      await look();
    } catch (error) {
      logger.warn({ err: error }, 'taking over from a gateway that is gone failed; it is tried again');
    } finally {
      busy = false;
    }
  };
};
