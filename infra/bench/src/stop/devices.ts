import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { birthOf } from '@slipway/fleet/testing';
import { Desired, DeviceId, deviceTopic, TenantId, type Assignment, type UpKind } from '@slipway/protocol';
import { generate, parser, type IPublishPacket, type Packet } from 'mqtt-packet';

const tenant = TenantId.parse('default');
const V5 = { protocolVersion: 5 } as const;

/** What became of the devices, by `performance.now()`. */
export type Seen = {
  readonly connected: number;
  readonly offered: number;
  /** that had a block of what they were offered last */
  readonly served: number;
  readonly blocks: number;
  readonly withdrawn: number;
  readonly withdrawnAt: number;
  readonly lastBlockAt: number;
  readonly refused: number;
  readonly refusedAt: number;
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Devices by the protocol and nothing else, all in this process: each is one socket. A device that is offered a release
 * asks for one block after the other, until it is refused one.
 */
export const connectDevices = (url: URL, names: readonly string[], blockBytes: number) => {
  const seen: Mutable<Seen> = {
    connected: 0,
    offered: 0,
    served: 0,
    blocks: 0,
    withdrawn: 0,
    withdrawnAt: 0,
    lastBlockAt: 0,
    refused: 0,
    refusedAt: 0,
  };
  const sockets: Socket[] = [];
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);

  const open = (name: string): void => {
    const id = DeviceId.parse(name);
    const topicOf = (kind: UpKind): string => deviceTopic(tenant, id, kind);
    const topics = {
      desired: deviceTopic(tenant, id, 'desired'),
      block: deviceTopic(tenant, id, 'stream/blk'),
      get: topicOf('stream/get'),
      status: topicOf('status'),
    };
    const socket = connect(Number(url.port), url.hostname);
    sockets.push(socket);
    const send = (packet: Packet): void => void socket.write(generate(packet, V5));
    let assignment: Assignment | null = null;
    let isServed = false;
    let number = 0;

    const ask = (): void => {
      if (assignment === null) return;
      const { digest, size } = assignment.bundle;
      const offset = (number * blockBytes) % size;
      number += 1;
      const get = { v: 1, id: number, bundle: digest, offset, length: Math.min(blockBytes, size - offset) };
      send({
        cmd: 'publish',
        topic: topics.get,
        payload: JSON.stringify(get),
        qos: 0,
        retain: false,
        dup: false,
      });
    };

    const onDesired = (payload: string): void => {
      const desired = Desired.parse(JSON.parse(payload));
      if (desired.assignment === null) {
        if (assignment === null) return;
        seen.withdrawn += 1;
        seen.withdrawnAt = performance.now();
        return;
      }
      if (assignment !== null) return;
      ({ assignment } = desired);
      seen.offered += 1;
      const { execution, release } = desired.assignment;
      const status = {
        v: 1,
        seq: 1,
        execution,
        release,
        state: 'DOWNLOADING',
        bootId: 'boot-1',
        slot: 'a',
      };
      send({
        cmd: 'publish',
        topic: topics.status,
        payload: JSON.stringify(status),
        qos: 1,
        messageId: 2,
        retain: false,
        dup: false,
      });
      ask();
    };

    const onBlock = ({ payload, properties }: IPublishPacket): void => {
      const now = performance.now();
      if (properties?.userProperties?.['code'] !== undefined) {
        seen.refused += 1;
        seen.refusedAt = now;
        return;
      }
      seen.blocks += 1;
      seen.lastBlockAt = now;
      if (!isServed && payload.length > 0) {
        isServed = true;
        seen.served += 1;
      }
      ask();
    };

    const stream = parser(V5);
    stream.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connack') {
        if (packet.reasonCode !== 0)
          failed.reject(new Error(`the broker refused ${name}: ${packet.reasonCode}`));
        send({
          cmd: 'subscribe',
          messageId: 1,
          subscriptions: [topics.desired, topics.block].map((topic) => ({ topic, qos: 1 as const })),
        });
      } else if (packet.cmd === 'suback') {
        const birth = JSON.stringify(birthOf(name));
        send({
          cmd: 'publish',
          topic: topicOf('birth'),
          payload: birth,
          qos: 1,
          messageId: 3,
          retain: true,
          dup: false,
        });
      } else if (packet.cmd === 'puback' && packet.messageId === 3) seen.connected += 1;
      else if (packet.cmd === 'publish') {
        if (packet.qos === 1) send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
        if (packet.topic === topics.block) onBlock(packet);
        else onDesired(packet.payload.toString());
      }
    });
    socket.on('data', (bytes) => {
      if (typeof bytes !== 'string') stream.parse(bytes);
    });
    socket.on('error', (error) => failed.reject(error));
    socket.on('connect', () =>
      send({
        cmd: 'connect',
        clientId: name,
        protocolId: 'MQTT',
        protocolVersion: 5,
        clean: true,
        keepalive: 0,
      }),
    );
  };

  return {
    seen: seen as Seen,
    /** rejects once a device is refused by the broker, or loses it */
    failed: failed.promise,
    /** as many at once as the broker's queue of connections takes */
    open: async (): Promise<void> => {
      for (const [at, name] of names.entries()) {
        open(name);
        while (at - seen.connected > 200)
          await Promise.race([new Promise((resolve) => setTimeout(resolve, 5)), failed.promise]);
      }
    },
    close: (): void => {
      for (const socket of sockets) socket.destroy();
    },
  };
};
