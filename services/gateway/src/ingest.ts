import {
  dropAgain,
  recordLogPiece,
  recordPresence,
  recordProgress,
  recordResult,
  recordStatuses,
  runningRolloutsOnAny,
  type Database,
  type Deadlines,
  type FleetEvents,
  type PresenceOutcome,
  type ProgressReport,
  type Said,
  type StatusOutcome,
  type StatusReport,
} from '@slipway/fleet';
import {
  Birth,
  CommandResult,
  Death,
  DeviceId,
  deviceTopic,
  LogPiece,
  parseUpTopic,
  Progress,
  Status,
  Telemetry,
  type Ack,
  type TenantId,
  type UpKind,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { createBatches } from './batches.ts';
import type { BlockStream } from './block-stream.ts';
import type { Channel } from './channel.ts';
import { despiteFaults } from './despite-faults.ts';
import type { Lanes } from './lanes.ts';
import type { MetricsHistory } from './metrics-history.ts';
import type { LiveChanges } from './live-changes.ts';
import type { Planner } from './planner.ts';
import type { Rebirths } from './rebirths.ts';
import type { Received } from './receive.ts';
import { createTurns } from './turns.ts';
import type { Urgent } from './urgent.ts';

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
  readonly lanes: Lanes;
  readonly tenant: TenantId;
  readonly planner: Planner;
  readonly blocks: BlockStream;
  readonly changes: LiveChanges;
  readonly rebirths: Rebirths;
  readonly urgent: Urgent;
  readonly offering: Urgent;
  readonly metrics: MetricsHistory;
  readonly publish: Channel['publish'];
  readonly deadlines?: Deadlines | undefined;
};

export type Ingest = {
  readonly take: (message: Received) => void;
  /** ends once what was taken is recorded; where the database is away, it is left to the broker */
  readonly close: () => Promise<void>;
};

/** Answers of commands at once; of the ten connections to the database each kind of report takes one. */
const AT_ONCE = 2;
const MAX_MESSAGE_BYTES = 64 * 1024;
const MAX_OF_DEVICE = 256;
const MAX_BATCH = 500;
/** What nobody waits for gathers for longer. */
const GATHER_MS = { presence: 100, statuses: 10, progress: 100 } as const;
/** Of messages that may be lost; what may not waits at the broker, by the receive maximum. */
const MAX_WAITING = 20_000;
const AGAIN_MS = 1000;
const SAY_MS = 10_000;
/** So long the end of the gateway waits for the database. */
const PATIENCE_MS = 5000;

type Taken<Item> = { readonly item: Item; readonly done: () => void };
/** So often and so long a report waits for the one before it, which another gateway has, or the broker has lost. */
const EARLY_AGAIN_MS = 50;
const EARLY_MS = 5000;

/**
 * What devices say. Nothing they send can do more than be logged: the broker vouches for the device id in the topic
 * and for nothing else. Reports are recorded many at once, those of a device in their order, and acknowledged once they
 * are committed: to the device by us, and to the broker, which gives to another gateway what this one has not done.
 */
export const createIngest = (needs: Needs): Ingest => {
  const { db, events, logger, lanes, planner, changes } = needs;
  const turns = createTurns(AT_ONCE);
  const giveUp = new AbortController();

  const refuse = (device: string, kind: string, why: string): void => {
    logger.warn({ code: 'MESSAGE_INVALID', device, kind, why }, 'message refused');
  };
  const parse = <S extends z.ZodType>(schema: S, device: DeviceId, kind: UpKind, payload: Buffer) => {
    const result = schema.safeParse(parseJson(payload));
    if (result.success) return result.data;
    refuse(
      device,
      kind,
      result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    );
    return undefined;
  };

  const batchesOf = <Item extends { readonly device: DeviceId }, Outcome>(
    record: (items: readonly Item[], now: Date) => Promise<readonly Outcome[]>,
    follow: (items: readonly Item[], outcomes: readonly (Outcome | undefined)[]) => Promise<void>,
    gatherMs: number,
    /** has it wait; not done with */
    holds: (taken: Taken<Item>, outcome: Outcome | undefined) => boolean = () => false,
  ) =>
    createBatches<Taken<Item>>(
      async (taken) => {
        const items = taken.map(({ item }) => item);
        try {
          // Reports wait while offers are taken back, and give way to offers.
          await needs.urgent.over();
          await needs.offering.over();
          const outcomes = await despiteFaults(items, (some) => record(some, new Date()), {
            logger,
            signal: giveUp.signal,
            againMs: AGAIN_MS,
          });
          for (const [at, one] of taken.entries()) if (!holds(one, outcomes[at])) one.done();
          await follow(items, outcomes);
        } catch (error) {
          if (!giveUp.signal.aborted) logger.error({ err: error }, 'what follows from reports failed');
        }
      },
      { maxItems: MAX_BATCH, gatherMs, keyOf: ({ item }) => item.device, maxOfKey: MAX_OF_DEVICE },
    );

  const wakeOn = async (devices: ReadonlySet<DeviceId>): Promise<void> => {
    if (devices.size > 0) (await runningRolloutsOnAny(db, [...devices])).forEach(planner.wake);
  };

  const refused = async (said: Said): Promise<void> => {
    if (said.kind !== 'birth') return refuse(said.device, said.kind, 'is not enrolled, or not active');
    // It is here although it was let out: by a certificate that no list names, or before the broker had the list.
    if (!said.retained && (await dropAgain(db, said.device, new Date())))
      logger.warn({ device: said.device }, 'a device that was let out is back; its session ends again');
    refuse(said.device, 'birth', 'is not enrolled with that class and architecture, or not active');
  };
  const followSaid = async (said: Said, outcome: PresenceOutcome): Promise<void> => {
    if (outcome.kind === 'refused') return refused(said);
    const facts = { device: said.device };
    if (outcome.kind === 'late') return logger.debug(facts, `late ${said.kind} ignored`);
    const { online, version } = outcome.device;
    if (said.kind === 'birth')
      logger.info({ ...facts, online, version, retained: said.retained }, 'device birth');
    if (said.kind === 'death') logger.info({ ...facts, online, reason: said.death.reason }, 'device death');
    if (said.kind === 'telemetry')
      needs.metrics.add({ device: said.device, telemetry: said.telemetry, at: new Date() });
    if (!outcome.isKnown) needs.rebirths.ask(said.device);
    events.publish({ kind: 'device', device: outcome.device });
  };
  const presence = batchesOf<Said, PresenceOutcome>(
    (said, now) => recordPresence(db, said, now),
    async (all, outcomes) => {
      const born = new Set<DeviceId>();
      for (const [at, said] of all.entries()) {
        const outcome = outcomes[at];
        if (outcome === undefined) continue;
        await followSaid(said, outcome);
        if (said.kind === 'birth' && outcome.kind === 'recorded' && outcome.device.online)
          born.add(said.device);
      }
      await wakeOn(born);
    },
    GATHER_MS.presence,
  );

  const followStatus = (
    { device, status }: StatusReport,
    outcome: Exclude<StatusOutcome, { kind: 'early' }>,
  ): void => {
    // Committed: only now may the device forget it. Where this is lost, it reports once more.
    const ack = JSON.stringify({ v: 1, seq: status.seq } satisfies Ack);
    needs
      .publish(deviceTopic(needs.tenant, device, 'ack'), ack, { qos: 1 })
      .catch((error: unknown) => logger.debug({ err: error, device }, 'acknowledging a report failed'));
    const facts = { device, seq: status.seq, execution: status.execution, state: status.state };
    if (outcome.kind === 'duplicate') logger.debug(facts, 'status repeated');
    else if (outcome.kind === 'local') logger.info({ ...facts, code: status.code }, 'local install');
    else if (outcome.kind === 'refused')
      logger.warn({ ...facts, why: outcome.why }, 'status changes nothing');
    else logger.info({ ...facts, code: status.code }, 'status');
  };
  type Held = StatusReport & { readonly since: number };
  const holdEarly = (taken: Taken<Held>, outcome: StatusOutcome | undefined): boolean => {
    if (outcome?.kind !== 'early') return false;
    const again = (): void => {
      const { item, done } = taken;
      const isDue = Date.now() - item.since >= EARLY_MS;
      if (!statuses.add({ item: { ...item, isDue }, done })) done();
    };
    setTimeout(again, EARLY_AGAIN_MS).unref();
    return true;
  };
  const statuses = batchesOf<Held, StatusOutcome>(
    (reports, now) => recordStatuses(db, reports, now, needs.deadlines),
    async (reports, outcomes) => {
      const counted = outcomes.filter((outcome) => outcome?.kind === 'counted');
      const over = new Set<DeviceId>();
      for (const [at, report] of reports.entries()) {
        const outcome = outcomes[at];
        if (outcome === undefined || outcome.kind === 'early') continue;
        followStatus(report, outcome);
        if (outcome.kind === 'counted' && outcome.over) over.add(report.device);
      }
      for (const device of over) planner.publishDesired(device);
      changes.executions(counted.map(({ execution }) => execution));
      for (const rollout of new Set(counted.map((outcome) => outcome.rollout))) {
        changes.rollout(rollout);
        planner.wake(rollout);
      }
      // Others may wait for those devices.
      await wakeOn(over);
    },
    GATHER_MS.statuses,
    holdEarly,
  );

  const progress = batchesOf<ProgressReport, undefined>(
    async (reports, now) => {
      changes.executions(await recordProgress(db, reports, now, needs.deadlines));
      return reports.map(() => undefined);
    },
    async () => undefined,
    GATHER_MS.progress,
  );

  const onResult = async (device: DeviceId, payload: Buffer): Promise<void> => {
    const result = parse(CommandResult, device, 'result', payload);
    if (result === undefined || needs.rebirths.isOurs(result.id)) return;
    const command = await recordResult(db, device, result, new Date());
    if (command === undefined) return refuse(device, 'result', `answers no open command: ${result.id}`);
    logger.info({ device, command: command.id, ok: result.ok, code: result.code }, 'command answered');
    events.publish({ kind: 'command', command });
  };

  const onLog = async (device: DeviceId, payload: Buffer): Promise<void> => {
    const piece = parse(LogPiece, device, 'log', payload);
    if (piece === undefined) return;
    const command = await recordLogPiece(db, device, piece, new Date());
    if (command === undefined)
      return refuse(device, 'log', `is for no command that may have it: ${piece.id}`);
    events.publish({ kind: 'command', command });
  };

  /** @returns false: more of the device waits than is taken */
  const handle = (kind: UpKind, device: DeviceId, message: Received): boolean => {
    const { payload, retained, done } = message;
    const batch = <Item>(
      batches: { readonly add: (taken: Taken<Item>) => boolean },
      item: Item | undefined,
    ): boolean => {
      if (item !== undefined) return batches.add({ item, done });
      done();
      return true;
    };
    const inLane = (lane: string, work: () => Promise<void>): boolean =>
      lanes.run(lane, () => work().finally(done));
    const inTurn = (work: () => Promise<void>): boolean =>
      inLane(`device:${device}`, () => turns(() => needs.urgent.over().then(work)));

    switch (kind) {
      case 'birth': {
        const birth = parse(Birth, device, kind, payload);
        const isOwn = birth?.deviceId === device;
        if (birth !== undefined && !isOwn) refuse(device, kind, `names the device ${birth.deviceId}`);
        return batch(presence, birth !== undefined && isOwn ? { kind, device, birth, retained } : undefined);
      }
      case 'death': {
        const death = parse(Death, device, kind, payload);
        return batch(presence, death && { kind, device, death });
      }
      case 'telemetry': {
        const telemetry = parse(Telemetry, device, kind, payload);
        return batch(presence, telemetry && { kind, device, telemetry });
      }
      case 'status': {
        const status = parse(Status, device, kind, payload);
        return batch(statuses, status && { device, status, isDue: false, since: Date.now() });
      }
      case 'progress': {
        const said = parse(Progress, device, kind, payload);
        return batch(progress, said && { device, progress: said });
      }
      case 'result':
        return inTurn(() => onResult(device, payload));
      case 'log':
        return inTurn(() => onLog(device, payload));
      case 'stream/get':
        // Blocks do not wait behind reports, which wait for the database.
        return inLane(`blocks:${device}`, () => needs.blocks.answer(device, parseJson(payload)));
      default:
        return kind satisfies never;
    }
  };

  let leftOut = 0;
  let saidAt = 0;
  /** The first of many is told, and how many there were since the one before. */
  const leaveOut = ({ done }: Received): void => {
    done();
    leftOut += 1;
    if (Date.now() - saidAt < SAY_MS) return;
    logger.warn({ messages: leftOut }, 'telemetry and progress were left out: the database does not keep up');
    saidAt = Date.now();
    leftOut = 0;
  };

  const take = (message: Received): void => {
    const { topic: name, payload, done } = message;
    const drop = (device: string, kind: string, why: string): void => {
      refuse(device, kind, why);
      done();
    };
    // An emptied retained message.
    if (payload.length === 0) return done();
    const topic = parseUpTopic(name);
    const device = DeviceId.safeParse(topic?.device);
    if (topic === undefined || topic.tenant !== needs.tenant || !device.success)
      return drop(topic?.device ?? '', name.slice(0, 200), 'is not a topic of the device channel');
    if (payload.length > MAX_MESSAGE_BYTES)
      return drop(device.data, topic.kind, `has ${payload.length} bytes`);
    const mayBeLost = topic.kind === 'telemetry' || topic.kind === 'progress';
    if (mayBeLost && presence.waiting() + progress.waiting() >= MAX_WAITING) return leaveOut(message);
    if (!handle(topic.kind, device.data, message))
      drop(device.data, topic.kind, 'came faster than messages of the device are taken');
  };

  return {
    take,
    close: async () => {
      const timer = setTimeout(() => giveUp.abort(), PATIENCE_MS);
      await Promise.all([presence.idle(), statuses.idle(), progress.idle()]);
      clearTimeout(timer);
    },
  };
};

/** Control characters but tab and new line. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Texts of devices end up in a database, which takes neither NUL nor half a surrogate pair (a report that is never
 * committed would be repeated for ever), and on terminals of operators, which obey control characters.
 */
const readable = (_key: string, value: unknown): unknown =>
  typeof value === 'string'
    ? value.replaceAll('\r\n', '\n').replace(CONTROL, '\ufffd').toWellFormed()
    : value;

const parseJson = (payload: Buffer): unknown => {
  try {
    return JSON.parse(payload.toString('utf8'), readable);
  } catch {
    return undefined;
  }
};
