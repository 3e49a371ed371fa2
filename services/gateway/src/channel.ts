import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import mqtt, { type IClientOptions, type IClientPublishOptions, type MqttClient } from 'mqtt';
import { deviceTopic, SESSION_EXPIRY_S, SlipwayError, UP, type UpKind } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { GatewayConfig } from './config.ts';
import { receive, type Received } from './receive.ts';
import { openSenders } from './senders.ts';
import { tlsOf } from './tls.ts';

/** By which the two know each other, as PEM; undefined: there is no TLS. */
export type Certificates = { readonly gateway: string | undefined; readonly broker: string | undefined };

/** The gateway at the broker: it hears and acknowledges over one connection, and speaks over those of its `Senders`. */
export type Channel = {
  /** resolves once the broker has it (QoS 1) or it has left (QoS 0) */
  readonly publish: (
    topic: string,
    payload: string | Buffer,
    options: IClientPublishOptions,
  ) => Promise<void>;
  /** of the present connection */
  readonly certificates: () => Certificates;
  /**
   * Takes over what the broker has for a gateway that is gone, and ends its session: the broker goes on to give it a
   * share of the reports.
   *
   * @returns how many messages there were
   */
  readonly inherit: (clientId: string) => Promise<number>;
  /** tells devices that the server is gone, and leaves */
  readonly close: () => Promise<void>;
};

type Listener = {
  readonly onMessage: (message: Received) => void;
  /**
   * Connected and subscribed, for the first time or again.
   *
   * @param goneSince since when it was away from a broker that knows it still; undefined: nothing is known of what the
   *   broker knows
   */
  readonly onOnline: (goneSince: Date | undefined) => void;
};

const refusal = ({ mqttUrl }: GatewayConfig, cause: unknown): SlipwayError =>
  cause instanceof SlipwayError
    ? cause
    : new SlipwayError(
        'FORBIDDEN',
        `The broker at ${mqttUrl} refused the gateway: ${cause instanceof Error ? cause.message : String(cause)}. ` +
          'Check that it runs, and the certificate of the gateway.',
        { cause },
      );

/** Of messages that come under way at once; the others wait at the broker. */
const RECEIVE_MAXIMUM = 2000;
/** Retained messages come one right after the other. */
const QUIET_MS = 2000;
const LOOK_MS = 100;

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
  const tls = await tlsOf(config);
  // Shared, so that gateways divide the work.
  const shared = filtersOf(config, shareGroup(config, 'key' in tls ? tls.key : undefined));
  const options: IClientOptions = {
    ...tls,
    protocolVersion: 5,
    clean: false,
    properties: { sessionExpiryInterval: SESSION_EXPIRY_S, receiveMaximum: RECEIVE_MAXIMUM },
    resubscribe: false,
  };
  const senders = await openSenders(config, tls, logger).catch((cause: unknown) => {
    throw refusal(config, cause);
  });
  const client = mqtt.connect(config.mqttUrl, {
    ...options,
    clientId: config.clientId,
    reconnectPeriod: 1000,
  });
  const closing = new AbortController();
  let retainedAt = 0;
  receive(client, (message) => {
    if (message.retained) retainedAt = Date.now();
    onMessage(message);
  });
  let goneSince: Date | undefined;
  client.on('close', () => {
    goneSince ??= new Date();
    senders
      .tell('offline')
      .catch((error: unknown) => logger.warn({ err: error }, 'telling our state failed'));
    logger.debug('broker connection closed');
  });

  // Retained messages never come by a shared subscription. Once by a plain one is enough, and while it lasts each live
  // one comes by both.
  const plain = (['birth', 'death'] as const).map((kind) => deviceTopic(config.tenant, '+', kind));
  const readRetained = async (): Promise<void> => {
    retainedAt = Date.now();
    await client.subscribeAsync(plain, { qos: 0, rh: 0 });
    while (Date.now() - retainedAt < QUIET_MS) await delay(LOOK_MS, undefined, { signal: closing.signal });
    await client.unsubscribeAsync(plain);
  };
  const readRetainedNow = (): void => {
    readRetained().catch((error: unknown) => {
      if (!closing.signal.aborted) logger.warn({ err: error }, 'reading retained births was cut short');
    });
  };

  const greet = async (isKept: boolean): Promise<void> => {
    const since = isKept ? goneSince : undefined;
    await subscribe(client, shared);
    await senders.tell('online');
    goneSince = undefined;
    onOnline(since);
    if (since === undefined) readRetainedNow();
  };

  try {
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error): void => reject(error);
      client.once('error', failed);
      client.once('connect', ({ sessionPresent }) => {
        client.off('error', failed);
        greet(sessionPresent).then(resolve, reject);
      });
    });
  } catch (cause) {
    await Promise.all([client.endAsync(true), senders.close()]);
    throw refusal(config, cause);
  }
  client.on('error', (error) => logger.warn({ err: error }, 'broker connection failed'));
  client.on('connect', ({ sessionPresent }) => {
    greet(sessionPresent).catch((error: unknown) =>
      logger.error({ err: error }, 'subscribing after a reconnect failed'),
    );
  });

  return {
    publish: senders.publish,
    certificates: () => ({
      gateway: 'cert' in tls ? tls.cert.toString() : undefined,
      broker:
        client.stream instanceof TLSSocket ? client.stream.getPeerX509Certificate()?.toString() : undefined,
    }),
    inherit: async (clientId) => {
      const inherited = await takeSession(config.mqttUrl, { ...options, clientId }, shared, onMessage);
      // A birth among them may be older than what the device said since by way of this gateway.
      if (inherited > 0) readRetainedNow();
      return inherited;
    },
    close: async () => {
      closing.abort();
      await senders.tell('offline');
      await senders.close();
      await client.endAsync(!client.connected);
    },
  };
};

const INHERIT_MS = 10_000;
const INHERIT_QUIET_MS = 1000;

/** Empties a session under the name of its owner, who takes it back by connecting. */
const takeSession = async (
  url: string,
  options: IClientOptions,
  filters: readonly string[],
  onMessage: (message: Received) => void,
): Promise<number> => {
  const client = mqtt.connect(url, { ...options, reconnectPeriod: 0 });
  let count = 0;
  let at = Date.now();
  const underWay = receive(client, (message) => {
    count += 1;
    at = Date.now();
    onMessage(message);
  });
  const until = Date.now() + INHERIT_MS;
  const { sessionPresent } = await new Promise<{ sessionPresent: boolean }>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('error', reject);
    client.once('close', () => reject(new Error('the broker refused the session')));
  });
  client.on('error', () => undefined);
  if (sessionPresent) {
    await client.unsubscribeAsync([...filters]);
    while (client.connected && (underWay() > 0 || Date.now() - at < INHERIT_QUIET_MS)) {
      if (Date.now() > until) throw new Error('the session was not emptied in time');
      await delay(LOOK_MS);
    }
  }
  await client.endAsync(false, { properties: { sessionExpiryInterval: 0 } });
  return count;
};

/** Nobody else can name the group: see `GatewayConfig.shareGroup`. Without TLS there are no devices to hide it from. */
const shareGroup = (config: GatewayConfig, key: Buffer | undefined): string =>
  config.shareGroup ??
  (key === undefined ? 'gateway' : createHash('sha256').update('share group').update(key).digest('hex'));

const filtersOf = ({ tenant }: GatewayConfig, group: string): string[] =>
  UP.map((kind: UpKind) => `$share/${group}/${deviceTopic(tenant, '+', kind)}`);

const subscribe = async (client: MqttClient, filters: string[]): Promise<void> => {
  const granted = await client.subscribeAsync(filters, { qos: 1 });
  const refused = granted.filter(({ qos }) => qos >= 128).map(({ topic }) => topic);
  if (refused.length > 0) {
    throw new SlipwayError(
      'FORBIDDEN',
      `The broker lets the gateway not subscribe to ${refused.join(', ')}. Mend its access rules.`,
    );
  }
};
