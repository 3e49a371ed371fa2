import { createHash } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import mqtt, { type IClientPublishOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import {
  deviceTopic,
  serverStateTopic,
  SlipwayError,
  type ServerState,
  type UpKind,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import type { GatewayConfig } from './config.ts';
import { tlsOf } from './tls.ts';

export type Received = {
  readonly topic: string;
  readonly payload: Buffer;
  /** kept by the broker from earlier, not sent just now */
  readonly retained: boolean;
};

/** By which the two know each other, as PEM; undefined: there is no TLS. */
export type Certificates = { readonly gateway: string | undefined; readonly broker: string | undefined };

/** The gateway's connection to the broker. */
export type Channel = {
  /** resolves once the broker has it (QoS 1) or it has left (QoS 0) */
  readonly publish: (
    topic: string,
    payload: string | Buffer,
    options: IClientPublishOptions,
  ) => Promise<void>;
  /** of the present connection */
  readonly certificates: () => Certificates;
  /** tells devices that the server is gone, and leaves */
  readonly close: () => Promise<void>;
};

type Listener = {
  readonly onMessage: (message: Received) => void;
  /** connected and subscribed, for the first time or again */
  readonly onOnline: () => void;
};

// Shared, so that gateways divide the work. Retained messages never come by a shared subscription, hence two plain ones.
const SHARED: readonly UpKind[] = ['status', 'progress', 'telemetry', 'result', 'log', 'stream/get'];
const PLAIN: readonly UpKind[] = ['birth', 'death'];

const state = (value: ServerState['state']): string =>
  JSON.stringify({ v: 1, state: value } satisfies ServerState);

/**
 * Connects, subscribes and stays connected. Devices see the gateway come and go on the server's state topic.
 *
 * @throws {SlipwayError} FORBIDDEN where the broker refuses the first connection or a subscription
 */
export const openChannel = async (
  config: GatewayConfig,
  { onMessage, onOnline }: Listener,
  logger: Logger,
): Promise<Channel> => {
  const stateTopic = serverStateTopic(config.tenant);
  const tls = await tlsOf(config);
  const group = shareGroup(config, 'key' in tls ? tls.key : undefined);
  const client = mqtt.connect(config.mqttUrl, {
    ...tls,
    protocolVersion: 5,
    clientId: config.clientId,
    clean: false,
    properties: { sessionExpiryInterval: 3600, receiveMaximum: 1000 },
    reconnectPeriod: 1000,
    resubscribe: false,
    will: { topic: stateTopic, payload: Buffer.from(state('offline')), qos: 1, retain: true },
  });
  client.on('message', (topic: string, payload: Buffer, { retain }: IPublishPacket) =>
    onMessage({ topic, payload, retained: retain }),
  );
  client.on('close', () => logger.debug('broker connection closed'));

  const publish: Channel['publish'] = async (topic, payload, options) => {
    await client.publishAsync(topic, payload, options);
  };
  const greet = async (): Promise<void> => {
    await subscribe(client, config, group);
    await publish(stateTopic, state('online'), { qos: 1, retain: true });
    onOnline();
  };

  try {
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error): void => reject(error);
      client.once('error', failed);
      client.once('connect', () => {
        client.off('error', failed);
        greet().then(resolve, reject);
      });
    });
  } catch (cause) {
    await client.endAsync(true);
    if (cause instanceof SlipwayError) throw cause;
    throw new SlipwayError(
      'FORBIDDEN',
      `The broker at ${config.mqttUrl} refused the gateway: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        'Check that it runs, and the certificate of the gateway.',
      { cause },
    );
  }
  client.on('error', (error) => logger.warn({ err: error }, 'broker connection failed'));
  client.on('connect', () => {
    greet().catch((error: unknown) => logger.error({ err: error }, 'subscribing after a reconnect failed'));
  });

  return {
    publish,
    certificates: () => ({
      gateway: 'cert' in tls ? tls.cert.toString() : undefined,
      broker:
        client.stream instanceof TLSSocket ? client.stream.getPeerX509Certificate()?.toString() : undefined,
    }),
    close: async () => {
      if (client.connected) await publish(stateTopic, state('offline'), { qos: 1, retain: true });
      await client.endAsync(!client.connected);
    },
  };
};

/** Nobody else can name the group: see `GatewayConfig.shareGroup`. Without TLS there are no devices to hide it from. */
const shareGroup = (config: GatewayConfig, key: Buffer | undefined): string =>
  config.shareGroup ??
  (key === undefined ? 'gateway' : createHash('sha256').update('share group').update(key).digest('hex'));

const subscribe = async (client: MqttClient, { tenant }: GatewayConfig, group: string): Promise<void> => {
  const filters = [
    ...SHARED.map((kind) => `$share/${group}/${deviceTopic(tenant, '+', kind)}`),
    ...PLAIN.map((kind) => deviceTopic(tenant, '+', kind)),
  ];
  const granted = await client.subscribeAsync(filters, { qos: 1 });
  const refused = granted.filter(({ qos }) => qos >= 128).map(({ topic }) => topic);
  if (refused.length > 0) {
    throw new SlipwayError(
      'FORBIDDEN',
      `The broker lets the gateway not subscribe to ${refused.join(', ')}. Mend its access rules.`,
    );
  }
};
