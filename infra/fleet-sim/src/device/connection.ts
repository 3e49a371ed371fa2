import {
  countDrop,
  DELIVERY,
  MAX_PACKET_BYTES,
  reconnectDelayMs,
  subscriptionsOf,
  WILL_DELAY_S,
  type Uplink,
} from '@slipway/device-agent/simulation';
import {
  SESSION_EXPIRY_S,
  deviceTopic,
  type Birth,
  type Death,
  type DeviceId,
  type UpKind,
} from '@slipway/protocol';
import type { IPublishPacket, Packet } from 'mqtt-packet';
import { Link, type Target } from '../wire/link.ts';
import type { Context } from './context.ts';
import { uptime } from './clock.ts';

const GOODBYE_MS = 5_000;

/** The device at this end. */
export type ConnectionOwner = {
  readonly id: DeviceId;
  readonly deathBy: (reason: Death['reason']) => Death;
  readonly onConnecting: () => void;
  /** subscribed */
  readonly onConnected: () => void;
  readonly onDisconnected: () => void;
  readonly onMessage: (packet: IPublishPacket) => void;
};

/** The one connection of a device to the broker, made anew whenever it is lost. */
export class Connection {
  private readonly owner: ConnectionOwner;
  private readonly context: Context;
  private readonly target: Target;
  private link: Link | null = null;
  /** subscribed */
  isOpen = false;
  /** the broker has the birth */
  isBorn = false;
  /** on its way down, or stopped */
  private isLeaving = false;
  private birthId = 0;
  private drops = 0;
  private connects = 0;
  private connectedAt = 0;
  private timer: NodeJS.Timeout | null = null;
  /** publications whose acknowledgement somebody waits for */
  private awaited: Map<number, (came: boolean) => void> | null = null;
  private whenOpen: (() => void) | null = null;
  private whenClosed: (() => void) | null = null;

  constructor(target: Target, owner: ConnectionOwner, context: Context) {
    this.target = target;
    this.owner = owner;
    this.context = context;
  }

  get reconnects(): number {
    return Math.max(0, this.connects - 1);
  }

  /** From here on a lost connection is made anew. */
  stay(): void {
    this.isLeaving = false;
  }

  connect(): void {
    this.owner.onConnecting();
    this.connectedAt = uptime();
    this.link = new Link(this.target, this, this.context.seen);
  }

  ping(): void {
    this.link?.ping(this.isOpen);
  }

  /** The link is cut, as by a bad line. */
  cut(): void {
    this.link?.cut();
  }

  /** For good. */
  stop(): void {
    this.isLeaving = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.link?.cut();
  }

  /** At most one thing waits for its time: the next connection, or the end of a boot. */
  later(ms: number, work: () => void): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      work();
    }, ms);
  }

  onOpen(link: Link): void {
    const { tenant } = this.context.options;
    const { id } = this.owner;
    link.connect({
      cmd: 'connect',
      clientId: id,
      protocolId: 'MQTT',
      protocolVersion: 5,
      clean: false,
      keepalive: this.context.options.keepaliveSeconds,
      properties: { sessionExpiryInterval: SESSION_EXPIRY_S, maximumPacketSize: MAX_PACKET_BYTES },
      will: {
        topic: deviceTopic(tenant, id, 'death'),
        payload: JSON.stringify(this.owner.deathBy('lost')),
        qos: 1,
        retain: true,
        properties: { willDelayInterval: WILL_DELAY_S },
      },
    });
  }

  onPacket(link: Link, packet: Packet): void {
    const { cmd } = packet;
    if (cmd === 'publish') this.owner.onMessage(packet);
    else if (cmd === 'puback') this.onPuback(packet.messageId ?? 0);
    else if (cmd === 'suback') this.onSubscribed();
    else if (cmd === 'disconnect') link.cut();
    else if (cmd === 'connack') {
      if (packet.reasonCode === 0) {
        link.subscribe([...subscriptionsOf(this.context.options.tenant, this.owner.id)]);
        return;
      }
      this.context.seen.refused += 1;
      link.cut();
    }
  }

  private onSubscribed(): void {
    this.isOpen = true;
    this.connects += 1;
    this.owner.onConnected();
    const { whenOpen } = this;
    this.whenOpen = null;
    whenOpen?.();
  }

  private onPuback(messageId: number): void {
    if (messageId === this.birthId && !this.isBorn) {
      this.isBorn = true;
      this.context.seen.connected += 1;
      this.context.seen.connects += 1;
    }
    const came = this.awaited?.get(messageId);
    this.awaited?.delete(messageId);
    if (this.awaited?.size === 0) this.awaited = null;
    came?.(true);
  }

  onClose(link: Link): void {
    if (this.link !== link) return;
    const { seen } = this.context;
    if (this.isBorn) seen.connected -= 1;
    this.link = null;
    this.isOpen = false;
    this.isBorn = false;
    const { awaited } = this;
    this.awaited = null;
    for (const came of awaited?.values() ?? []) came(false);
    this.owner.onDisconnected();
    const { whenClosed } = this;
    this.whenClosed = null;
    whenClosed?.();
    if (this.isLeaving) return;
    seen.drops += 1;
    this.drops = countDrop(this.drops, uptime() - this.connectedAt);
    this.later(reconnectDelayMs(this.drops, this.context.random()), () => this.connect());
  }

  /** @returns by which its acknowledgement is known; 0: there is none to come */
  send<K extends UpKind>(kind: K, message: Uplink[K], qos: 0 | 1 = DELIVERY[kind].qos): number {
    if (!this.isOpen || this.link === null) return 0;
    if (kind === 'telemetry') this.context.seen.telemetry += 1;
    const topic = deviceTopic(this.context.options.tenant, this.owner.id, kind);
    return this.link.publish(topic, JSON.stringify(message), { ...DELIVERY[kind], qos });
  }

  /** @returns whether the broker has it */
  private async deliver<K extends UpKind>(kind: K, message: Uplink[K]): Promise<boolean> {
    const messageId = this.send(kind, message, 1);
    if (messageId === 0) return false;
    return new Promise((resolve) => {
      (this.awaited ??= new Map()).set(messageId, resolve);
    });
  }

  bear(birth: Birth): void {
    const messageId = this.send('birth', birth);
    if (!this.isBorn) this.birthId = messageId;
  }

  /** A message goes to the broker and its acknowledgement comes back, now or at a later connection. */
  async prove(telemetry: () => Uplink['telemetry'], signal: AbortSignal): Promise<boolean> {
    const given = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      if (await Promise.race([this.deliver('telemetry', telemetry()), given.then(() => false)])) return true;
      if (this.isOpen || signal.aborted) continue;
      const opened = new Promise<void>((resolve) => {
        this.whenOpen = resolve;
      });
      await Promise.race([opened, given]);
    }
    return false;
  }

  async leave(): Promise<void> {
    this.isLeaving = true;
    // The acknowledgement of the last publication means that those before it have arrived as well.
    const late = new Promise<void>((resolve) => {
      setTimeout(resolve, GOODBYE_MS).unref();
    });
    await Promise.race([this.deliver('death', this.owner.deathBy('shutdown')), late]);
    const { link } = this;
    if (link === null) return;
    const closed = new Promise<void>((resolve) => {
      this.whenClosed = resolve;
    });
    link.end();
    await closed;
  }
}
