import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { serverStateTopic, SHARES, shareOf, type ServerState, type TenantId } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { Channel } from './channel.ts';

/**
 * Connections on which a gateway only publishes, one for each share of the devices: what goes to a device is in order.
 * mosquitto reads one packet of each connection before it comes back to the first: what is said to ten thousand devices over a
 * single connection, between the acknowledgements of their reports, waits behind everything that they say.
 */
export type Senders = {
  readonly publish: Channel['publish'];
  /** what devices see of the server from now on; that it is gone, the broker tells where we cannot */
  readonly tell: (state: ServerState['state']) => Promise<void>;
  /** what was published is at the broker, unless that is gone */
  readonly close: () => Promise<void>;
};

const payloadOf = (state: ServerState['state']): string =>
  JSON.stringify({ v: 1, state } satisfies ServerState);
/** Messages to and of a device have its id as third level, whatever their kind. */
const deviceOf = (topic: string): string => topic.split('/')[2] ?? topic;

/**
 * @param options by which the broker knows the gateway
 * @throws what the broker refuses the first connections with
 */
export const openSenders = async (
  {
    mqttUrl,
    tenant,
    clientId,
  }: { readonly mqttUrl: string; readonly tenant: TenantId; readonly clientId: string },
  options: IClientOptions,
  logger: Logger,
): Promise<Senders> => {
  const clients = Array.from({ length: SHARES }, (_, share) =>
    mqtt.connect(mqttUrl, {
      ...options,
      protocolVersion: 5,
      clientId: `${clientId}-share-${share}`,
      clean: true,
      reconnectPeriod: 1000,
      will: {
        topic: serverStateTopic(tenant, share),
        payload: Buffer.from(payloadOf('offline')),
        qos: 1,
        retain: true,
      },
    }),
  );
  for (const client of clients)
    client.on('error', (error) => logger.warn({ err: error }, 'broker connection failed'));
  try {
    await Promise.all(clients.map(connected));
    await Promise.all(
      clients.map((client, share) =>
        client.subscribeAsync(serverStateTopic(tenant, share), { qos: 1, nl: true, rh: 2 }),
      ),
    );
  } catch (error) {
    await Promise.all(clients.map((client) => client.endAsync(true)));
    throw error;
  }
  let told: ServerState['state'] = 'offline';
  const tellShare = async (share: number): Promise<void> => {
    const how = { qos: 1, retain: true } as const;
    await clients[share]?.publishAsync(serverStateTopic(tenant, share), payloadOf(told), how);
  };
  const tellNow = (share: number): void => {
    tellShare(share).catch((error: unknown) => logger.warn({ err: error }, 'telling our state failed'));
  };
  for (const [share, client] of clients.entries()) {
    // The broker has told that we are gone.
    client.on('connect', () => tellNow(share));
    // Another gateway says so for itself, and devices would believe that nobody is there.
    client.on('message', (_topic, payload) => {
      if (told === 'online' && payload.toString() !== payloadOf('online')) tellNow(share);
    });
  }
  return {
    publish: async (topic, payload, how) => {
      await clients[shareOf(deviceOf(topic))]?.publishAsync(topic, payload, how);
    },
    tell: async (state) => {
      // A gateway that tries to come back loses its connection with each try.
      if (told === state) return;
      told = state;
      const shares = [...clients.keys()].filter((share) => clients[share]?.connected);
      await Promise.all(shares.map(tellShare));
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.endAsync(!client.connected)));
    },
  };
};

const connected = (client: MqttClient): Promise<void> =>
  new Promise((resolve, reject) => {
    client.once('error', reject);
    client.once('connect', () => {
      client.off('error', reject);
      resolve();
    });
  });
