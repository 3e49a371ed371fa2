import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import {
  Ack,
  deviceTopic,
  TenantId,
  type DeviceId,
  type ExecutionId,
  type ReleaseId,
} from '@slipway/protocol';
import { generate, parser, type Packet } from 'mqtt-packet';

const tenant = TenantId.parse('default');
const V5 = { protocolVersion: 5 } as const;
/** Reports of a device that are not acknowledged yet. */
const UNDER_WAY = 12;
const KEPT = 200_000;

export type Reporter = { readonly id: DeviceId; readonly execution: ExecutionId };

/** Devices that report as fast as the server acknowledges, by the protocol and nothing else. */
export const startLoad = (url: URL, reporters: readonly Reporter[], release: ReleaseId) => {
  let acknowledged = 0;
  let isOver = false;
  const waits: number[] = [];
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);

  const open = ({ id, execution }: Reporter): Socket => {
    const topic = deviceTopic(tenant, id, 'status');
    const socket = connect(Number(url.port), url.hostname);
    const send = (packet: Packet): void => void socket.write(generate(packet, V5));
    const sentAt = new Map<number, number>();
    let seq = 0;
    const report = (): void => {
      if (isOver) return;
      seq += 1;
      sentAt.set(seq, performance.now());
      const state = seq % 2 === 0 ? 'DOWNLOADING' : 'VERIFIED';
      const status = { v: 1, seq, execution, release, state, bootId: 'boot-1', slot: 'a' };
      send({
        cmd: 'publish',
        topic,
        payload: JSON.stringify(status),
        qos: 1,
        messageId: 1 + (seq % 60_000),
        retain: false,
        dup: false,
      });
    };
    const stream = parser(V5);
    stream.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connack')
        send({
          cmd: 'subscribe',
          messageId: 65_000,
          subscriptions: [{ topic: deviceTopic(tenant, id, 'ack'), qos: 1 }],
        });
      else if (packet.cmd === 'suback') for (let left = UNDER_WAY; left > 0; left -= 1) report();
      else if (packet.cmd === 'publish') {
        if (packet.qos === 1) send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
        const ack = Ack.parse(JSON.parse(packet.payload.toString()));
        const at = sentAt.get(ack.seq);
        if (at === undefined) return;
        sentAt.delete(ack.seq);
        acknowledged += 1;
        waits[acknowledged % KEPT] = performance.now() - at;
        report();
      }
    });
    socket.on('data', (bytes) => {
      if (typeof bytes !== 'string') stream.parse(bytes);
    });
    socket.on('error', (error) => failed.reject(error));
    socket.on('connect', () =>
      send({
        cmd: 'connect',
        clientId: id,
        protocolId: 'MQTT',
        protocolVersion: 5,
        clean: true,
        keepalive: 0,
      }),
    );
    return socket;
  };
  const sockets = reporters.map(open);

  return {
    failed: failed.promise,
    acknowledged: () => acknowledged,
    /** milliseconds from a report to its acknowledgement */
    quantile: (share: number): number => {
      const sorted = waits.filter((ms) => ms !== undefined).toSorted((a, b) => a - b);
      return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    },
    /** nothing more is reported; what is under way goes on */
    stop: (): void => {
      isOver = true;
    },
    close: (): void => {
      for (const socket of sockets) socket.destroy();
    },
  };
};
