import {
  admitCommand,
  birthOf,
  freshState,
  NO_CLOCK,
  readDownlink,
  step,
  type Effect,
  type Event,
  type State,
  type Uplink,
} from '@slipway/device-agent/simulation';
import type { Command, CommandId, Death, DeviceId, ExecutionId, Status } from '@slipway/protocol';
import type { IPublishPacket } from 'mqtt-packet';
import type { Target } from '../wire/link.ts';
import { clockOf, uptime, zoneOf } from './clock.ts';
import { answerTo } from './commands.ts';
import { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { Ledger } from './ledger.ts';
import { newMachine, startMachine, type Machine } from './machine.ts';
import { ANSWER_S, answerOf } from './person.ts';
import { telemetryOf } from './telemetry.ts';
import { Work } from './work.ts';

/** 2024-01-01, as for the agent: counters begin with the clock, so that a new simulator is not taken for an old one. */
const COUNTER_EPOCH_S = 1_704_067_200;
const HEALTH = { state: 'ok', services: [] } as const;

/**
 * One device: the agent's core, a machine that is simulated, and one connection. Everything that only some devices need
 * at some times is null until then, because there are many of them.
 */
export class Device {
  readonly id: DeviceId;
  readonly machine: Machine;
  readonly ledger: Ledger;
  readonly connection: Connection;
  private readonly context: Context;
  private readonly work: Work;
  private state: State;
  /** a person thinks about it */
  private asking: NodeJS.Timeout | null = null;
  private commandsSeen: readonly CommandId[] = [];

  constructor(id: DeviceId, target: Target, context: Context) {
    const { seen, acknowledged, options } = context;
    this.id = id;
    this.context = context;
    this.machine = newMachine(context.factory);
    this.ledger = new Ledger(seen, options.keepReports ? acknowledged : undefined);
    this.connection = new Connection(target, this, context);
    this.work = new Work(this, context);
    const base = Math.max(1, Math.floor(Date.now() / 1000) - COUNTER_EPOCH_S);
    this.state = { saved: freshState(base), boot: null, connected: false, clock: NO_CLOCK };
    seen.devices += 1;
  }

  /** Comes up, and connects. */
  boot(): void {
    const { machine, context } = this;
    startMachine(machine, (ref) => context.failureOf(this.id, ref) === 'panic');
    context.seen.boots += 1;
    this.connection.stay();
    this.work.beginAnew();
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
    this.connection.connect();
  }

  get isConnected(): boolean {
    return this.connection.isBorn;
  }

  /** Whether time may change what it does. */
  get isBusy(): boolean {
    return this.state.saved.execution !== null || this.state.saved.outbox.length > 0;
  }

  get execution(): State['saved']['execution'] {
    return this.state.saved.execution;
  }

  tick(): void {
    this.dispatch({ kind: 'tick', clock: this.clock() });
  }

  ping(): void {
    this.connection.ping();
  }

  tell(): void {
    if (this.connection.isOpen) this.connection.send('telemetry', this.telemetry());
  }

  /** The link is cut, as by a bad line. */
  drop(): void {
    this.connection.cut();
  }

  stop(): void {
    this.work.stop();
    if (this.asking !== null) clearTimeout(this.asking);
    this.connection.stop();
  }

  private clock(): State['clock'] {
    return clockOf(this.context, this.id, this.state.saved.floor.time);
  }

  telemetry(): Uplink['telemetry'] {
    return telemetryOf(`${this.id}-${this.machine.boots}`, Math.floor(uptime()), this.connection.reconnects);
  }

  deathBy(reason: Death['reason']): Death {
    return { v: 1, connection: this.state.saved.connection, reason };
  }

  dispatch(event: Event): void {
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
        this.work.start(effect.job);
        return;
      case 'stop':
        this.work.stop();
        return;
      case 'status':
        this.report(effect.status);
        return;
      case 'birth':
        this.bear();
        return;
      case 'result':
        this.connection.send('result', effect.result);
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

  private report(status: Status): void {
    if (this.connection.send('status', status) > 0) this.context.seen.sent += 1;
  }

  private bear(): void {
    const { deviceClass, arch } = this.context.options;
    const image = { release: { deviceClass, arch }, timeZone: zoneOf(this.context, this.id) };
    const birth = birthOf(this.state, this.id, image, HEALTH, null);
    if (birth !== undefined) this.connection.bear(birth);
  }

  onConnecting(): void {
    this.dispatch({ kind: 'connecting' });
  }

  onConnected(): void {
    this.work.relink();
    this.dispatch({ kind: 'connected' });
    this.tell();
  }

  onDisconnected(): void {
    this.work.relink();
    this.dispatch({ kind: 'disconnected' });
  }

  onMessage(packet: IPublishPacket): void {
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
      case 'block':
        this.work.onBlock(message);
        return;
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
        this.work.onServer(said.isThere);
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
    const { connection } = this;
    const { admission, seen } = admitCommand(this.commandsSeen, command, retained, this.clock().now);
    this.commandsSeen = seen;
    if (admission.kind === 'ignored') return;
    this.context.seen.commands += 1;
    if (admission.kind === 'expired') {
      const message = `It expired ${admission.late} s before it came, by the clock of the device.`;
      connection.send('result', { v: 1, id: command.id, ok: false, code: 'COMMAND_EXPIRED', message });
      return;
    }
    const answer = answerTo(command, retained);
    if (answer.kind === 'event') {
      this.dispatch(answer.event);
      return;
    }
    if (answer.log !== undefined) connection.send('log', answer.log);
    connection.send('result', answer.result);
  }
}
