import {
  announceGateway,
  devicesReleasedSince,
  forgetGateway,
  getEmergencyStop,
  haltOffers,
  stopInForce,
  type Database,
  type FleetEvents,
} from '@slipway/fleet';
import { codeOf, type DeviceId, type TenantId } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { BlockStream } from './block-stream.ts';
import type { Planner } from './planner.ts';
import type { Urgent } from './urgent.ts';

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
  readonly tenant: TenantId;
  /** name of this gateway, unlike that of any other */
  readonly gateway: string;
  readonly planner: Planner;
  readonly blocks: BlockStream;
  readonly urgent: Urgent;
};

/** Saying that it lives. */
const ANNOUNCE_MS = 3000;

/**
 * Does what an emergency stop asks of a gateway, tells when the broker has all of it, and notices when it is lifted. It
 * asks the database and nobody else, so it misses none, whatever was down when the stop was made.
 */
export const createStopWatch = (needs: Needs) => {
  const { db, events, logger, tenant, gateway, planner, blocks, urgent } = needs;
  let known: number | undefined;
  let busy = false;
  /** batches of devices that the broker is not known to have yet */
  let underWay = 0;
  let withdrawnFor: Date | null = null;
  let announcedAt = 0;
  let again = false;
  let closed = false;

  const announce = async (): Promise<void> => {
    announcedAt = Date.now();
    await announceGateway(db, tenant, gateway, withdrawnFor, new Date());
  };

  /** Not waited for: the broker may be away. */
  const withdraw = (devices: ReadonlySet<DeviceId>, stoppedAt: Date): void => {
    underWay += 1;
    withdrawnFor = null;
    const settled = planner.settleDesired(devices);
    urgent.hold(settled);
    settled
      .then(async (settled) => {
        underWay -= 1;
        if (closed || known !== stoppedAt.getTime()) return;
        // Once more, at the next look.
        if (!settled) again = true;
        else if (underWay === 0) {
          withdrawnFor = stoppedAt;
          await announce();
          logger.warn({ devices: devices.size }, 'the offers are taken back at the broker');
        }
      })
      .catch((error: unknown) =>
        logger.error({ code: codeOf(error), err: error }, 'taking offers back failed'),
      );
  };

  const look = async (): Promise<void> => {
    if (Date.now() - announcedAt >= ANNOUNCE_MS) await announce();
    const stop = await stopInForce(db, tenant);
    if (stop === undefined) {
      if (known === undefined) return;
      known = undefined;
      withdrawnFor = null;
      blocks.halt(false);
      logger.warn('emergency stop is lifted');
      events.publish({ kind: 'stop', stop: await getEmergencyStop(db, tenant) });
      await planner.wakeAll();
      return;
    }
    const isNew = again || stop.at.getTime() !== known;
    again = false;
    if (isNew) blocks.halt(true);
    const halted = await haltOffers(db, tenant, new Date());
    // Also what another gateway, or the API, took back: this one may have been about to publish the offer.
    const devices = isNew ? await devicesReleasedSince(db, tenant, stop.at) : [];
    known = stop.at.getTime();
    if (!isNew && halted.devices.length === 0) return;
    withdraw(new Set([...devices, ...halted.devices]), stop.at);
    logger.warn({ reason: stop.reason, actor: stop.actor, devices: devices.length }, 'emergency stop');
    halted.rollouts.forEach(planner.tell);
    events.publish({ kind: 'stop', stop: await getEmergencyStop(db, tenant) });
  };

  return {
    look: async (): Promise<void> => {
      if (busy) return;
      busy = true;
      try {
        await look();
      } finally {
        busy = false;
      }
    },
    close: async (): Promise<void> => {
      closed = true;
      await forgetGateway(db, tenant, gateway);
    },
  };
};
