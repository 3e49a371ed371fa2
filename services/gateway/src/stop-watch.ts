import {
  devicesReleasedSince,
  getEmergencyStop,
  haltOffers,
  stopInForce,
  type Database,
  type FleetEvents,
} from '@slipway/fleet';
import type { TenantId } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { BlockStream } from './block-stream.ts';
import type { Planner } from './planner.ts';

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
  readonly tenant: TenantId;
  readonly planner: Planner;
  readonly blocks: BlockStream;
};

/**
 * Does what an emergency stop asks of a gateway, and notices when it is lifted. It asks the database and nobody else,
 * so it misses none, whatever was down when the stop was made.
 */
export const createStopWatch = (needs: Needs): (() => Promise<void>) => {
  const { db, events, logger, tenant, planner, blocks } = needs;
  let known: number | undefined;
  let busy = false;

  const look = async (): Promise<void> => {
    const stop = await stopInForce(db, tenant);
    if (stop === undefined) {
      if (known === undefined) return;
      known = undefined;
      logger.warn('emergency stop is lifted');
      events.publish({ kind: 'stop', stop: await getEmergencyStop(db, tenant) });
      await planner.wakeAll();
      return;
    }
    const halted = await haltOffers(db, tenant, new Date());
    const isNew = stop.at.getTime() !== known;
    if (isNew) blocks.forgetAll();
    // Also what another gateway, or the API, took back: this one may have been about to publish the offer.
    const devices = isNew ? await devicesReleasedSince(db, tenant, stop.at) : halted.devices;
    for (const device of new Set([...devices, ...halted.devices])) planner.publishDesired(device);
    known = stop.at.getTime();
    if (!isNew && halted.devices.length === 0) return;
    logger.warn({ reason: stop.reason, actor: stop.actor, devices: devices.length }, 'emergency stop');
    for (const rollout of halted.rollouts) await planner.tell({ rollout });
    events.publish({ kind: 'stop', stop: await getEmergencyStop(db, tenant) });
  };

  return async () => {
    if (busy) return;
    busy = true;
    try {
      await look();
    } finally {
      busy = false;
    }
  };
};
