import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Delivery } from '@slipway/device-agent/simulation';
import type { IConnectPacket, ISubscribePacket, Packet } from 'mqtt-packet';
import type { Seen } from '../seen.ts';
import { decodePacket, encodePacket, splitPackets } from './packets.ts';

export type Target = {
  readonly host: string;
  readonly port: number;
  /** PEM; absent: no TLS */
  readonly tls?: { readonly ca: string; readonly key: string; readonly certificate: string };
};

type Counts = Pick<Seen, 'messagesUp' | 'messagesDown' | 'bytesUp' | 'bytesDown'>;

/** Where a link tells what came, while it comes: what is read is gone when the call returns. */
export type LinkOwner = {
  readonly onOpen: (link: Link) => void;
  readonly onPacket: (link: Link, packet: Packet) => void;
  readonly onClose: (link: Link) => void;
};

/** One for all sockets: every one is read to the end within the call. */
const READ_BYTES = 256 * 1024;
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

const PINGREQ = encodePacket({ cmd: 'pingreq' });
const DISCONNECT = encodePacket({ cmd: 'disconnect', reasonCode: 0 });

/** Links with something to say; what is said in one turn of the event loop leaves together. */
const talking = new Set<Link>();
const sayAll = (): void => {
  const now = [...talking];
  talking.clear();
  for (const link of now) link.say();
};

/** One connection of one device: a socket, and packets in and out. */
export class Link {
  private readonly socket: Socket;
  private readonly owner: LinkOwner;
  private readonly counts: Counts;
  private rest: Buffer | null = null;
  private messageId = 0;
  private isOver = false;
  /** the broker said something since the last look */
  private isHeard = true;

  constructor(target: Target, owner: LinkOwner, counts: Counts) {
    this.owner = owner;
    this.counts = counts;
    const { host, port, tls } = target;
    const callback = (length: number): boolean => {
      this.read(readBuffer.subarray(0, length));
      return true;
    };
    const where = { host, port, noDelay: true, onread: { buffer: readBuffer, callback } };
    this.socket =
      tls === undefined
        ? connectTcp(where)
        : connectTls({ ...where, ca: tls.ca, key: tls.key, cert: tls.certificate });
    this.socket.once(tls === undefined ? 'connect' : 'secureConnect', () => this.owner.onOpen(this));
    this.socket.on('error', () => this.socket.destroy());
    this.socket.once('close', () => {
      this.isOver = true;
      this.owner.onClose(this);
    });
  }

  private read(chunk: Buffer): void {
    this.isHeard = true;
    this.counts.bytesDown += chunk.length;
    try {
      this.rest = splitPackets(this.rest, chunk, (bytes) => {
        if (this.isOver) return;
        this.counts.messagesDown += 1;
        const packet = decodePacket(bytes);
        this.owner.onPacket(this, packet);
        if (packet.cmd === 'publish' && packet.qos === 1)
          this.write(encodePacket({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: 0 }));
      });
    } catch {
      this.socket.destroy();
    }
  }

  private write(bytes: Buffer): void {
    if (this.isOver) return;
    this.counts.messagesUp += 1;
    this.counts.bytesUp += bytes.length;
    if (talking.size === 0) setImmediate(sayAll);
    if (!talking.has(this)) {
      talking.add(this);
      this.socket.cork();
    }
    this.socket.write(bytes);
  }

  /** What was said since the turn began leaves. */
  say(): void {
    this.socket.uncork();
  }

  connect(packet: IConnectPacket): void {
    this.write(encodePacket(packet));
  }

  subscribe(subscriptions: ISubscribePacket['subscriptions']): void {
    this.write(encodePacket({ cmd: 'subscribe', messageId: this.nextId(), subscriptions }));
  }

  /** @returns by which the acknowledgement of a publication with QoS 1 is known; 0 with QoS 0 */
  publish(topic: string, payload: string, { qos, retain = false, expirySeconds }: Delivery): number {
    const messageId = qos === 0 ? 0 : this.nextId();
    this.write(
      encodePacket({
        cmd: 'publish',
        topic,
        payload,
        qos,
        retain,
        dup: false,
        ...(qos === 0 ? {} : { messageId }),
        ...(expirySeconds === undefined ? {} : { properties: { messageExpiryInterval: expirySeconds } }),
      }),
    );
    return messageId;
  }

  private nextId(): number {
    this.messageId = (this.messageId % 65_535) + 1;
    return this.messageId;
  }

  /** Called once in a keepalive: a connection on which nothing was heard for so long is given up. */
  ping(isOpen: boolean): void {
    if (!this.isHeard) this.socket.destroy();
    this.isHeard = false;
    if (isOpen) this.write(PINGREQ);
  }

  /** Says goodbye to the broker, which then keeps its Will to itself. */
  end(): void {
    this.write(DISCONNECT);
    this.isOver = true;
    this.socket.end();
  }

  /** As a cut cable does. */
  cut(): void {
    this.socket.destroy();
  }
}
