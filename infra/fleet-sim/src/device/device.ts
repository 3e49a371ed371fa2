import {
  admitCommand,
  birthOf,
  blockTransfer,
  countDrop,
  DELIVERY,
  freshState,
  MAX_PACKET_BYTES,
  NO_CLOCK,
  readDownlink,
  reconnectDelayMs,
  step,
  subscriptionsOf,
  WILL_DELAY_S,
  type Blocks,
  type Effect,
  type Event,
  type Job,
  type State,
  type Uplink,
} from '@slipway/device-agent/simulation';
import {
  SESSION_EXPIRY_S,
  deviceTopic,
  minutesAhead,
  type Command,
  type CommandId,
  type Death,
  type DeviceId,
  type ExecutionId,
  type Status,
  type UpKind,
} from '@slipway/protocol';
import type { IPublishPacket, Packet } from 'mqtt-packet';
import { Link, type Target } from '../wire/link.ts';
import { fractionOf } from '../random.ts';
import { answerTo } from './commands.ts';
import type { Context } from './context.ts';
import { isMet } from './fate.ts';
import { runJob, type Bench } from './jobs.ts';
import { Ledger } from './ledger.ts';
import { newMachine, startMachine, type Machine } from './machine.ts';
import { ANSWER_S, answerOf } from './person.ts';
import { telemetryOf } from './telemetry.ts';

/** 2024-01-01, as for the agent: counters begin with the clock, so that a new simulator is not taken for an old one. */
const COUNTER_EPOCH_S = 1_704_067_200;
const GOODBYE_MS = 5_000;
const PROGRESS_S = 1;
const HEALTH = { state: 'ok', services: [] } as const;

const uptime = (): number => performance.now() / 1000;

/**
 * One device: the agent's core, a machine that is simulated, and one connection. Everything that only some devices need
 * at some times is null until then, because there are many of them.
 */
export class Device {
  readonly id: DeviceId;
  private readonly context: Context;
  private readonly target: Target;
  private readonly machine: Machine;
  private readonly ledger: Ledger;
  private state: State;
  private link: Link | null = null;
  /** subscribed */
  private isOpen = false;
  /** the broker has the birth */
  private isBorn = false;
  private isServerThere = true;
  /** on its way down, or stopped */
  private isLeaving = false;
  private birthId = 0;
  private drops = 0;
  private connects = 0;
  private connectedAt = 0;
  private progressAt: number | null = null;
  private timer: NodeJS.Timeout | null = null;
  /** a person thinks about it */
  private asking: NodeJS.Timeout | null = null;
  private running: { readonly job: Job; readonly controller: AbortController } | null = null;
  private blocks: Blocks | null = null;
  /** publications whose acknowledgement somebody waits for */
  private awaited: Map<number, (came: boolean) => void> | null = null;
  private whenOpen: (() => void) | null = null;
  private whenClosed: (() => void) | null = null;
  private commandsSeen: readonly CommandId[] = [];

  constructor(id: DeviceId, target: Target, context: Context) {
    const { seen, acknowledged, options } = context;
    this.id = id;
    this.context = context;
    this.target = target;
    this.machine = newMachine(context.factory);
    this.ledger = new Ledger(seen, options.keepReports ? acknowledged : undefined);
    const base = Math.max(1, Math.floor(Date.now() / 1000) - COUNTER_EPOCH_S);
    this.state = { saved: freshState(base), boot: null, connected: false, clock: NO_CLOCK };
    seen.devices += 1;
  }

  /** Comes up, and connects. */
  boot(): void {
    const { machine, context } = this;
    startMachine(machine, (ref) => context.failureOf(this.id, ref) === 'panic');
    context.seen.boots += 1;
    this.isLeaving = false;
    this.progressAt = null;
    this.state = { saved: this.state.saved, boot: null, connected: false, clock: NO_CLOCK };
    this.dispatch({
      kind: 'started',
      facts: {
        bootId: `${this.id}-${machine.boots}`,
        slot: machine.slot,
        ref: machine.contents[machine.slot] ?? context.factory,
        loaderDefault: machine.loaderDefault,
        uptime: uptime(),
        evidence: machine.evidence,
      },
      clock: this.clock(),
    });
    this.connect();
  }

  get isConnected(): boolean {
    return this.isBorn;
  }

  /** Whether time may change what it does. */
  get isBusy(): boolean {
    return this.state.saved.execution !== null || this.state.saved.outbox.length > 0;
  }

  tick(): void {
    this.dispatch({ kind: 'tick', clock: this.clock() });
  }

  ping(): void {
    this.link?.ping(this.isOpen);
  }

  tell(): void {
    if (this.isOpen) this.send('telemetry', this.telemetry());
  }

  /** The link is cut, as by a bad line. */
  drop(): void {
    this.link?.cut();
  }

  stop(): void {
    this.isLeaving = true;
    this.stopJob();
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.asking !== null) clearTimeout(this.asking);
    this.link?.cut();
  }

  private zone(): string {
    const { zones, seed } = this.context.options;
    return zones[Math.floor(fractionOf(seed, `${this.id}:zone`) * zones.length)] ?? 'UTC';
  }

  private clock(): State['clock'] {
    const { options } = this.context;
    const { skewed, skewSeconds } = options.faults;
    const skew = isMet(options.seed, skewed, this.id, 'skewed')
      ? skewSeconds * (2 * fractionOf(options.seed, `${this.id}:skew`) - 1)
      : 0;
    const now = Math.max(Math.floor(Date.now() / 1000 + skew), this.state.saved.floor.time);
    const zone = this.zone();
    // Asked for at every event, of thousands of devices.
    const zoneOffset = zone === 'UTC' ? 0 : 60 * minutesAhead(zone, now * 1000);
    return { now, zoneOffset, metered: false };
  }

  private dispatch(event: Event): void {
    const before = this.state.saved;
    const [next, effects] = step(this.state, event);
    this.state = next;
    for (const status of next.saved.outbox)
      if (status.seq >= before.nextSeq) {
        this.ledger.onMade(status);
        if (status.code === 'INSTALL_AWAITS_CONSENT') this.ask(status.execution);
      }
    for (const effect of effects) this.carryOut(effect);
  }

  /** Whoever is at the device answers after a while. What has changed by then is the core's to judge. */
  private ask(id: ExecutionId): void {
    const { execution } = this.state.saved;
    if (execution?.id !== id) return;
    const { options, waitMs } = this.context;
    const hasDeferred = (execution.consent?.deferredTo ?? null) !== null;
    const answer = answerOf(options, this.id, execution.version, hasDeferred);
    if (answer === undefined) return;
    if (this.asking !== null) clearTimeout(this.asking);
    this.asking = setTimeout(() => {
      this.asking = null;
      this.dispatch({ kind: 'consent', execution: id, answer });
    }, waitMs(ANSWER_S));
  }

  private carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'run':
        this.startJob(effect.job);
        return;
      case 'stop':
        this.stopJob();
        return;
      case 'status':
        this.report(effect.status);
        return;
      case 'birth':
        this.bear();
        return;
      case 'result':
        this.send('result', effect.result);
        return;
      case 'disarm':
        this.machine.oneShot = null;
        return;
      case 'clearEvidence':
      case 'log':
        return;
      default:
        effect satisfies never;
    }
  }

  private startJob(job: Job): void {
    this.stopJob();
    const mine = { job, controller: new AbortController() };
    this.running = mine;
    void runJob(job, this.bench(), this.context, mine.controller.signal).then((result) => {
      if (this.running !== mine) return;
      this.running = null;
      this.blocks = null;
      if (result !== undefined) this.dispatch({ kind: 'job', id: job.id, result });
    });
  }

  private stopJob(): void {
    this.running?.controller.abort(new Error('the job was stopped'));
    this.running = null;
    this.blocks = null;
  }

  private bench(): Bench {
    return {
      id: this.id,
      machine: this.machine,
      wanted: () => {
        const { execution } = this.state.saved;
        if (execution === null) throw new Error('nothing is being installed');
        return execution;
      },
      read: async (bundle, offset, length, signal) => {
        if (this.blocks === null) {
          this.blocks = blockTransfer({
            time: {
              uptime,
              sleep: async (ms) => {
                await new Promise((resolve) => setTimeout(resolve, ms));
              },
            },
          });
          this.relink();
        }
        await this.blocks.reader(bundle, signal).read(offset, length);
      },
      progressed: (bytes) => this.progress(bytes),
      armed: () => {
        const { execution } = this.state.saved;
        if (execution !== null) this.ledger.onArmed(execution.id);
      },
      proveBroker: async (signal) => this.proveBroker(signal),
      leave: async () => this.leave(),
      reboot: () => {
        this.stopJob();
        this.later(this.context.waitMs(this.context.options.bootSeconds), () => this.boot());
      },
    };
  }

  /** At most one thing waits for its time: the next connection, or the end of a boot. */
  private later(ms: number, work: () => void): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      work();
    }, ms);
  }

  private connect(): void {
    this.dispatch({ kind: 'connecting' });
    this.connectedAt = uptime();
    this.link = new Link(this.target, this, this.context.seen);
  }

  onOpen(link: Link): void {
    const { tenant } = this.context.options;
    const death: Death = { v: 1, connection: this.state.saved.connection, reason: 'lost' };
    link.connect({
      cmd: 'connect',
      clientId: this.id,
      protocolId: 'MQTT',
      protocolVersion: 5,
      clean: false,
      keepalive: this.context.options.keepaliveSeconds,
      properties: { sessionExpiryInterval: SESSION_EXPIRY_S, maximumPacketSize: MAX_PACKET_BYTES },
      will: {
        topic: deviceTopic(tenant, this.id, 'death'),
        payload: JSON.stringify(death),
        qos: 1,
        retain: true,
        properties: { willDelayInterval: WILL_DELAY_S },
      },
    });
  }

  onPacket(link: Link, packet: Packet): void {
    const { cmd } = packet;
    if (cmd === 'publish') this.onMessage(packet);
    else if (cmd === 'puback') this.onPuback(packet.messageId ?? 0);
    else if (cmd === 'suback') this.onSubscribed();
    else if (cmd === 'disconnect') link.cut();
    else if (cmd === 'connack') {
      if (packet.reasonCode === 0) {
        link.subscribe([...subscriptionsOf(this.context.options.tenant, this.id)]);
        return;
      }
      this.context.seen.refused += 1;
      link.cut();
    }
  }

  private onSubscribed(): void {
    this.isOpen = true;
    this.connects += 1;
    this.relink();
    this.dispatch({ kind: 'connected' });
    this.tell();
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
    this.relink();
    this.dispatch({ kind: 'disconnected' });
    const { whenClosed } = this;
    this.whenClosed = null;
    whenClosed?.();
    if (this.isLeaving) return;
    seen.drops += 1;
    this.drops = countDrop(this.drops, uptime() - this.connectedAt);
    this.later(reconnectDelayMs(this.drops, this.context.random()), () => this.connect());
  }

  private onMessage(packet: IPublishPacket): void {
    const { topic, retain, properties } = packet;
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const code = properties?.userProperties?.['code'];
    const message = {
      topic,
      payload,
      retained: retain,
      correlation: properties?.correlationData?.toString(),
      code: Array.isArray(code) ? code[0] : code,
    };
    const said = readDownlink({ tenant: this.context.options.tenant, deviceId: this.id }, message);
    switch (said.kind) {
      case 'block': {
        const { seen } = this.context;
        if (message.code !== undefined) seen.blocksRefused += 1;
        else seen.blocks += 1;
        seen.blockBytes += payload.length;
        // It is looked at later, and the buffer it lies in is read into again.
        this.blocks?.deliver({ ...message, payload: Buffer.from(payload) });
        return;
      }
      case 'desired':
        if (said.message.seq > this.state.saved.desiredSeq) this.ledger.onDesired(said.message);
        this.dispatch({ kind: 'desired', message: said.message, clock: this.clock() });
        return;
      case 'ack': {
        const status = this.state.saved.outbox.find(({ seq }) => seq === said.seq);
        if (status !== undefined) this.ledger.onAcknowledged(this.id, status);
        this.dispatch({ kind: 'ack', seq: said.seq });
        return;
      }
      case 'server':
        this.isServerThere = said.isThere;
        this.relink();
        return;
      case 'command':
        this.take(said.command, retain);
        return;
      case 'ignored':
        return;
      default:
        said satisfies never;
    }
  }

  private take(command: Command, retained: boolean): void {
    const { admission, seen } = admitCommand(this.commandsSeen, command, retained, this.clock().now);
    this.commandsSeen = seen;
    if (admission.kind === 'ignored') return;
    this.context.seen.commands += 1;
    if (admission.kind === 'expired') {
      const message = `It expired ${admission.late} s before it came, by the clock of the device.`;
      this.send('result', { v: 1, id: command.id, ok: false, code: 'COMMAND_EXPIRED', message });
      return;
    }
    const answer = answerTo(command, retained);
    if (answer.kind === 'event') {
      this.dispatch(answer.event);
      return;
    }
    if (answer.log !== undefined) this.send('log', answer.log);
    this.send('result', answer.result);
  }

  /** @returns by which its acknowledgement is known; 0: there is none to come */
  private send<K extends UpKind>(kind: K, message: Uplink[K], qos: 0 | 1 = DELIVERY[kind].qos): number {
    if (!this.isOpen || this.link === null) return 0;
    if (kind === 'telemetry') this.context.seen.telemetry += 1;
    const topic = deviceTopic(this.context.options.tenant, this.id, kind);
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

  private report(status: Status): void {
    if (this.send('status', status) > 0) this.context.seen.sent += 1;
  }

  private bear(): void {
    const { deviceClass, arch } = this.context.options;
    const image = { release: { deviceClass, arch }, timeZone: this.zone() };
    const birth = birthOf(this.state, this.id, image, HEALTH, null);
    if (birth === undefined) return;
    const messageId = this.send('birth', birth);
    if (!this.isBorn) this.birthId = messageId;
  }

  private progress(bytes: number): void {
    const { execution } = this.state.saved;
    if (execution === null) return;
    if (this.progressAt !== null && uptime() - this.progressAt < PROGRESS_S) return;
    this.progressAt = uptime();
    this.send('progress', {
      v: 1,
      execution: execution.id,
      phase: 'DOWNLOADING',
      bytesDone: bytes,
      bytesTotal: execution.bundle.size,
      bytesReceived: bytes,
      bytesReused: 0,
    });
  }

  private telemetry(): Uplink['telemetry'] {
    return telemetryOf(
      `${this.id}-${this.machine.boots}`,
      Math.floor(uptime()),
      Math.max(0, this.connects - 1),
    );
  }

  /** Bulk transfer only while both broker and server are there. */
  private relink(): void {
    this.blocks?.link(
      this.isOpen && this.isServerThere
        ? (get) => {
            this.send('stream/get', get);
          }
        : null,
    );
  }

  /** A message goes to the broker and its acknowledgement comes back, now or at a later connection. */
  private async proveBroker(signal: AbortSignal): Promise<boolean> {
    const given = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      if (await Promise.race([this.deliver('telemetry', this.telemetry()), given.then(() => false)]))
        return true;
      if (this.isOpen || signal.aborted) continue;
      const opened = new Promise<void>((resolve) => {
        this.whenOpen = resolve;
      });
      await Promise.race([opened, given]);
    }
    return false;
  }

  private async leave(): Promise<void> {
    this.isLeaving = true;
    const death: Death = { v: 1, connection: this.state.saved.connection, reason: 'shutdown' };
    // The acknowledgement of the last publication means that those before it have arrived as well.
    const late = new Promise<void>((resolve) => {
      setTimeout(resolve, GOODBYE_MS).unref();
    });
    await Promise.race([this.deliver('death', death), late]);
    const { link } = this;
    if (link === null) return;
    const closed = new Promise<void>((resolve) => {
      this.whenClosed = resolve;
    });
    link.end();
    await closed;
  }
}
