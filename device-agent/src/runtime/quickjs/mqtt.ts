import type { IConnackPacket, IPublishPacket } from 'mqtt-packet';
import { KEEPALIVE_S, MAX_PACKET_BYTES, type MqttConnection, type MqttOptions } from '../port.ts';
import { acknowledgements } from './acknowledgements.ts';
import { os } from './machine.ts';
import { encodePacket, packetReader, type Packet } from './mqtt-codec.ts';
import { openStream, type Connecting } from './stream.ts';

const MQTTS_PORT = 8883;
const CONNECT_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 3_000;
/** Reason codes from here on are failures. */
const FAILURE = 0x80;

const deliver = (packet: IPublishPacket, onMessage: MqttOptions['onMessage']): void => {
  const { payload, properties } = packet;
  const code = properties?.userProperties?.['code'];
  onMessage({
    topic: packet.topic,
    payload:
      typeof payload === 'string'
        ? new TextEncoder().encode(payload)
        : new Uint8Array(payload.buffer, payload.byteOffset, payload.length),
    retained: packet.retain,
    correlation: properties?.correlationData?.toString(),
    code: Array.isArray(code) ? code[0] : code,
  });
};

const connectPacket = (options: MqttOptions, keepalive: number): Packet => ({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 5,
  clientId: options.clientId,
  clean: false,
  keepalive,
  properties: {
    sessionExpiryInterval: options.sessionExpirySeconds,
    maximumPacketSize: MAX_PACKET_BYTES,
  },
  will: {
    topic: options.will.topic,
    payload: options.will.payload,
    qos: 1,
    retain: true,
    properties: { willDelayInterval: options.will.delaySeconds },
  },
});

/** One connection, without reconnecting by itself: the Will of each carries another number. */
export const quickjsMqtt =
  (connecting: Connecting) =>
  async (options: MqttOptions): Promise<MqttConnection> => {
    const { hostname, port } = new URL(options.url);
    const connected = Promise.withResolvers<IConnackPacket>();
    const answers = acknowledgements();
    let reason: string | undefined;
    let heardAt = os.now();

    const read = packetReader(
      (packet) => {
        onPacket(packet);
      },
      (error) => {
        fail(error.message);
      },
    );
    const stream = openStream(
      connecting,
      {
        host: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? MQTTS_PORT : Number(port),
        tls: { ca: options.ca, client: { key: options.key, certificate: options.certificate } },
      },
      (bytes) => {
        heardAt = os.now();
        read(bytes);
      },
    );
    const send = async (packet: Packet): Promise<void> => {
      await stream.write(encodePacket(packet));
    };
    /** Sends what nobody waits for; that the connection is gone is told by `closed`. */
    const tell = (packet: Packet): void => {
      send(packet).catch(() => undefined);
    };
    /** Ends the connection; the first reason counts. */
    const fail = (why: string): void => {
      reason ??= why;
      stream.stop();
    };
    const onPacket = (packet: Packet): void => {
      // eslint-disable-next-line typescript/switch-exhaustiveness-check -- the rest is refused
      switch (packet.cmd) {
        case 'connack':
          if (packet.reasonCode === 0) connected.resolve(packet);
          else fail(`refused by the broker, reason ${packet.reasonCode ?? 'unknown'}`);
          return;
        case 'publish':
          if (packet.qos === 1) tell({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: 0 });
          deliver(packet, options.onMessage);
          return;
        case 'puback':
          answers.settle(packet.messageId, refusal('publication', [packet.reasonCode ?? 0]));
          return;
        case 'suback':
          answers.settle(packet.messageId, refusal('subscription', packet.granted));
          return;
        case 'disconnect':
          fail(`disconnected by the broker, reason ${packet.reasonCode ?? 0}`);
          return;
        case 'pingresp':
          return;
        default:
          fail(`the broker sent what only clients send: ${packet.cmd}`);
      }
    };

    const keepalive = options.keepaliveSeconds ?? KEEPALIVE_S;
    let timer = os.setTimeout(() => {
      fail(`no connection within ${CONNECT_TIMEOUT_MS} ms`);
    }, CONNECT_TIMEOUT_MS);
    const closed = stream.ended.then(({ reason: said }) => {
      os.clearTimeout(timer);
      reason ??= said;
      connected.reject(new Error(reason));
      answers.rejectAll(new Error(reason));
      return reason;
    });
    tell(connectPacket(options, keepalive));
    const { properties } = await connected.promise;
    os.clearTimeout(timer);
    stream.forgetKeys();
    answers.limit(properties?.receiveMaximum ?? Number.POSITIVE_INFINITY);

    const agreedMs = (properties?.serverKeepAlive ?? keepalive) * 1000;
    const watch = (): void => {
      timer = os.setTimeout(() => {
        if (os.now() - heardAt >= agreedMs) {
          fail(`the broker has not answered for ${agreedMs / 1000} s`);
          return;
        }
        tell({ cmd: 'pingreq' });
        watch();
      }, agreedMs / 2);
    };
    if (agreedMs > 0) watch();

    return {
      publish: async (topic, payload, { qos, retain = false, expirySeconds }) => {
        const publication = {
          cmd: 'publish',
          topic,
          payload,
          qos,
          retain,
          dup: false,
          ...(expirySeconds === undefined ? {} : { properties: { messageExpiryInterval: expirySeconds } }),
        } as const;
        if (qos === 0) await send(publication);
        else await answers.ask(async (messageId) => send({ ...publication, messageId }));
      },
      subscribe: async (topics) => {
        const subscriptions = topics.map(({ topic, qos }) => ({ topic, qos }));
        await answers.ask(async (messageId) => send({ cmd: 'subscribe', messageId, subscriptions }));
      },
      closed,
      end: async () => {
        const last = os.setTimeout(stream.stop, END_TIMEOUT_MS);
        tell({ cmd: 'disconnect', reasonCode: 0 });
        reason ??= 'closed';
        await closed;
        os.clearTimeout(last);
      },
    };
  };

/** @returns undefined where every reason code is a good one */
const refusal = (what: string, codes: readonly unknown[]): string | undefined => {
  const bad = codes.filter((code) => typeof code === 'number').find((code) => code >= FAILURE);
  return bad === undefined ? undefined : `the broker refuses the ${what}, reason ${bad}`;
};
