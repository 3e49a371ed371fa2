import type { Duplex } from 'node:stream';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { generate } from 'mqtt-packet';

export type Received = {
  readonly topic: string;
  readonly payload: Buffer;
  /** kept by the broker from earlier, not sent just now */
  readonly retained: boolean;
  /** The broker may forget it; until then it comes again by the next connection, or by that of an heir. */
  readonly done: () => void;
};

const V5 = { protocolVersion: 5 } as const;

/**
 * Takes messages of a client, which are acknowledged to the broker by whoever is done with them: not more than the
 * receive maximum of the connection are under way, so what waits for the database waits at the broker.
 *
 * @returns how many are under way
 */
export const receive = (client: MqttClient, onMessage: (message: Received) => void): (() => number) => {
  let underWay = 0;
  const waiting = new Map<Duplex, Buffer[]>();
  // Those of one turn of the event loop leave together.
  const flush = (): void => {
    for (const [connection, packets] of waiting)
      if (connection.writable) connection.write(Buffer.concat(packets));
    waiting.clear();
  };
  const acknowledge = (connection: Duplex, messageId: number): void => {
    underWay -= 1;
    if (waiting.size === 0) setImmediate(flush);
    const packets = waiting.get(connection) ?? [];
    packets.push(generate({ cmd: 'puback', messageId }, V5));
    waiting.set(connection, packets);
  };
  // With an error the client goes on to the next message and leaves this one to us.
  const isOurs = new Error('acknowledged by whoever is done with it');
  client.handleMessage = (packet, callback) => {
    if ('qos' in packet && packet.qos === 1) callback(isOurs);
    else callback();
  };
  client.on('message', (topic: string, payload: Buffer, { retain, qos, messageId }: IPublishPacket) => {
    // Over the connection on which it came and no other, where its number means another message.
    const connection = client.stream;
    let isOpen = qos === 1 && messageId !== undefined;
    if (isOpen) underWay += 1;
    const done = (): void => {
      if (!isOpen || messageId === undefined) return;
      isOpen = false;
      acknowledge(connection, messageId);
    };
    onMessage({ topic, payload, retained: retain, done });
  });
  return () => underWay;
};
