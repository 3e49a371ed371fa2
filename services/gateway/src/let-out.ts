import {
  devicesOut,
  devicesToDrop,
  recordDrop,
  revocationList,
  revocationListNumber,
  type Database,
} from '@slipway/fleet';
import { deviceTopic, type DeviceId, type TenantId } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { BrokerControl } from './broker/control.ts';
import type { Channel } from './channel.ts';

type Needs = {
  readonly db: Database;
  readonly logger: Logger;
  readonly tenant: TenantId;
  readonly control: BrokerControl;
  readonly publish: Channel['publish'];
};

/** A broker takes a list in its own time; a device that was faster is met a second time. */
const AGAIN_MS = 2000;

/**
 * Has the broker let out whom the database has let out: the newest list of certificates first, then the sessions. What
 * fails is tried again at the next look, and on every start of a gateway.
 */
export const createLetOut = (needs: Needs): (() => Promise<void>) => {
  const { db, logger, control } = needs;
  let taken: number | undefined;
  let busy = false;

  /** What the broker keeps of a device that has left for good. */
  const forget = async (device: DeviceId): Promise<void> => {
    for (const kind of ['birth', 'death', 'desired'] as const) {
      await needs.publish(deviceTopic(needs.tenant, device, kind), '', { qos: 1, retain: true });
    }
  };

  const look = async (): Promise<void> => {
    const [number, due] = [await revocationListNumber(db), await devicesToDrop(db, AGAIN_MS, new Date())];
    const isNew = number !== undefined && number !== taken;
    if (number === undefined || (!isNew && due.length === 0)) return;
    const list = await revocationList(db);
    if (list !== undefined) {
      await control.shutOut(list, await devicesOut(db));
      if (isNew) logger.info({ number: list.number }, 'the broker has the list of revoked certificates');
      taken = list.number;
    }
    for (const device of due) {
      // One that came back with another key has a new session by the second time.
      if (device.isOut || device.drops === 0) await control.drop(device.id);
      if (device.hasLeft) await forget(device.id);
      await recordDrop(db, device.id, device.drops);
      logger.info({ device: device.id, out: device.isOut }, 'session of a device ended');
    }
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
