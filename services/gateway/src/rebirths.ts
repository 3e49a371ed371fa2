import { randomBytes } from 'node:crypto';
import { CommandId, deviceTopic, type DeviceId, type TenantId } from '@slipway/protocol';
import type { Channel } from './channel.ts';

/** Asks devices what they are where what the fleet knows of them is of an earlier boot: their birth was lost. */
export type Rebirths = {
  readonly ask: (device: DeviceId) => void;
  /** whether it was one of the gateways that asked, so that nobody waits for the answer */
  readonly isOurs: (command: CommandId) => boolean;
};

const PREFIX = 'cmd_rebirth';
/** The birth may be on its way, by another gateway. */
const AGAIN_MS = 60_000;
const EXPIRES_S = 60;

export const createRebirths = (tenant: TenantId, publish: Channel['publish']): Rebirths => {
  /** to whom something was sent lately, in the order of that */
  const asked = new Map<DeviceId, number>();
  return {
    ask: (device) => {
      const now = Date.now();
      for (const [other, at] of asked) {
        if (now - at < AGAIN_MS) break;
        asked.delete(other);
      }
      if (asked.has(device)) return;
      asked.set(device, now);
      const id = CommandId.parse(`${PREFIX}${randomBytes(5).toString('hex').slice(0, 9)}`);
      const payload = JSON.stringify({ v: 1, id, expiresAt: Math.floor(now / 1000) + EXPIRES_S });
      publish(deviceTopic(tenant, device, 'cmd/rebirth'), payload, {
        qos: 1,
        retain: false,
        properties: { messageExpiryInterval: EXPIRES_S },
      }).catch(() => asked.delete(device));
    },
    isOurs: (command) => command.startsWith(PREFIX),
  };
};
