import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import { writeToStream } from 'mqtt-packet';
import {
  KEEPALIVE_S,
  MAX_PACKET_BYTES,
  type MqttConnection,
  type MqttMessage,
  type MqttOptions,
} from '../port.ts';

// A buffer for each of 65,536 numbers costs a device 20 MB, and saves a server some time.
writeToStream.cacheNumbers = false;

const MQTTS_PORT = 8883;
const CONNECT_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 3_000;

const toMessage = (topic: string, payload: Buffer, packet: IPublishPacket): MqttMessage => {
  const code = packet.properties?.userProperties?.['code'];
  return {
    topic,
    payload,
    retained: packet.retain,
    correlation: packet.properties?.correlationData?.toString(),
    code: Array.isArray(code) ? code[0] : code,
  };
};

/** One connection, without reconnecting by itself: the Will of each carries another number. */
export const nodeMqtt = async (options: MqttOptions): Promise<MqttConnection> => {
  const { hostname, port } = new URL(options.url);
  const client: MqttClient = connect({
    protocol: 'mqtts',
    host: hostname,
    port: port === '' ? MQTTS_PORT : Number(port),
    protocolVersion: 5,
    clientId: options.clientId,
    key: options.key,
    cert: options.certificate,
    ca: options.ca,
    clean: false,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepalive: options.keepaliveSeconds ?? KEEPALIVE_S,
    timerVariant: 'native',
    properties: {
      sessionExpiryInterval: options.sessionExpirySeconds,
      maximumPacketSize: MAX_PACKET_BYTES,
    },
    will: {
      topic: options.will.topic,
      payload: Buffer.from(options.will.payload),
      qos: 1,
      retain: true,
      properties: { willDelayInterval: options.will.delaySeconds },
    },
  });
  let reason = 'closed by the broker';
  const closed = Promise.withResolvers<string>();
  /** what fails with the connection; by itself mqtt would wait for the next one */
  const pending = new Set<(error: Error) => void>();
  let isOpen = true;
  const whileOpen = async (work: () => Promise<unknown>): Promise<void> => {
    if (!isOpen) throw new Error(reason);
    const { promise, reject } = Promise.withResolvers<never>();
    pending.add(reject);
    await Promise.race([work(), promise]).finally(() => pending.delete(reject));
  };
  const connected = Promise.withResolvers<undefined>();
  client.on('message', (topic, payload, packet) => {
    options.onMessage(toMessage(topic, payload, packet));
  });
  client.on('connect', () => {
    connected.resolve(undefined);
  });
  client.on('error', (error) => {
    reason = error.message;
    connected.reject(error);
    client.end(true);
  });
  client.on('disconnect', (packet) => {
    reason = `disconnected by the broker, reason ${packet.reasonCode ?? 0}`;
  });
  client.on('close', () => {
    connected.reject(new Error(reason));
    closed.resolve(reason);
    isOpen = false;
    for (const reject of pending) reject(new Error(reason));
  });
  await connected.promise;
  return {
    publish: async (topic, payload, { qos, retain = false, expirySeconds }) => {
      const properties =
        expirySeconds === undefined ? {} : { properties: { messageExpiryInterval: expirySeconds } };
      await whileOpen(async () => client.publishAsync(topic, payload, { qos, retain, ...properties }));
    },
    subscribe: async (topics) => {
      const wanted = Object.fromEntries(topics.map(({ topic, qos }) => [topic, { qos }]));
      await whileOpen(async () => client.subscribeAsync(wanted));
    },
    closed: closed.promise,
    end: async () => {
      const timer = setTimeout(() => client.end(true), END_TIMEOUT_MS);
      await client.endAsync();
      clearTimeout(timer);
    },
  };
};
