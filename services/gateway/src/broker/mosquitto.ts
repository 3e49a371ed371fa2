import { rename, writeFile } from 'node:fs/promises';
import mqtt from 'mqtt';
import type { GatewayConfig } from '../config.ts';
import { tlsOf } from '../tls.ts';
import type { BrokerControl } from './control.ts';

const CONNECT_MS = 10_000;

export type MosquittoControl = {
  readonly kind: 'mosquitto';
  /** what its `crlfile` names */
  readonly revocationFile: string;
  /** has it read its files anew: SIGHUP */
  readonly reload: () => void | Promise<void>;
};

/**
 * mosquitto reads its `crlfile` anew on SIGHUP, and refuses whose certificate is on it from then on; sessions that are
 * there go on. It has no order to end one, but a client id has one session: who connects with the client id of the
 * device at the door of the gateway, and without a session of its own, takes the place of the device. SIGHUP also makes
 * it forget the sessions of devices that are away, which cost nothing but a repetition: what is asked is retained, and
 * reports are repeated until they are acknowledged.
 *
 * @param files undefined: a broker that takes no list, so who was let out may come back until its certificate ends
 */
export const mosquittoControl = (
  config: GatewayConfig,
  files: MosquittoControl | undefined,
): BrokerControl => {
  let written = 0;
  return {
    shutOut: async ({ number, pem }) => {
      if (files === undefined || number === written) return;
      // In one step: the broker may read it at any time.
      const temporary = `${files.revocationFile}.new`;
      await writeFile(temporary, pem, { mode: 0o600, flush: true });
      await rename(temporary, files.revocationFile);
      await files.reload();
      written = number;
    },
    drop: async (device) => {
      const client = await mqtt.connectAsync(config.mqttUrl, {
        ...(await tlsOf(config)),
        protocolVersion: 5,
        clientId: device,
        clean: true,
        properties: { sessionExpiryInterval: 0 },
        reconnectPeriod: 0,
        connectTimeout: CONNECT_MS,
      });
      // The device that comes back takes its place again, before the list is read.
      client.on('error', () => undefined);
      await client.endAsync().catch(() => undefined);
    },
  };
};
