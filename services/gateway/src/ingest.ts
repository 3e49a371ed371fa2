import {
  dropAgain,
  recordBirth,
  recordDeath,
  recordLogPiece,
  recordProgress,
  recordResult,
  recordStatus,
  recordTelemetry,
  runningRolloutsOn,
  type Database,
  type Deadlines,
  type FleetEvents,
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
  type Device,
  type TenantId,
  type UpKind,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { BlockStream } from './block-stream.ts';
import type { Channel, Received } from './channel.ts';
import type { Lanes } from './lanes.ts';
import type { Planner } from './planner.ts';
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
  readonly urgent: Urgent;
  readonly publish: Channel['publish'];
  readonly deadlines?: Deadlines | undefined;
};

/** Of the ten connections to the database; the others are for blocks, rollouts and an emergency stop. */
const AT_ONCE = 5;
const MAX_MESSAGE_BYTES = 64 * 1024;

/**
 * What devices say. Nothing they send can do more than be logged: the broker vouches for the device id in the topic
 * and for nothing else.
 */
export const createIngest = (needs: Needs): ((message: Received) => void) => {
  const { db, events, logger, lanes, planner } = needs;
  const turns = createTurns(AT_ONCE);

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
  const tellDevice = (device: Device): void => events.publish({ kind: 'device', device });

  const onBirth = async (device: DeviceId, payload: Buffer, retained: boolean): Promise<void> => {
    const birth = parse(Birth, device, 'birth', payload);
    if (birth === undefined) return;
    if (birth.deviceId !== device) return refuse(device, 'birth', `names the device ${birth.deviceId}`);
    const born = await recordBirth(db, birth, retained, new Date());
    if (born === undefined) {
      // It is here although it was let out: by a certificate that no list names, or before the broker had the list.
      if (!retained && (await dropAgain(db, device, new Date())))
        logger.warn({ device }, 'a device that was let out is back; its session ends again');
      return refuse(device, 'birth', 'is not enrolled with that class and architecture, or not active');
    }
    logger.info({ device, online: born.online, version: born.version, retained }, 'device birth');
    tellDevice(born);
    if (born.online) (await runningRolloutsOn(db, device)).forEach(planner.wake);
  };

  const onDeath = async (device: DeviceId, payload: Buffer): Promise<void> => {
    const death = parse(Death, device, 'death', payload);
    if (death === undefined) return;
    const gone = await recordDeath(db, device, death.connection);
    if (gone === undefined)
      return logger.debug({ device, connection: death.connection }, 'late will ignored');
    logger.info({ device, online: gone.online, reason: death.reason }, 'device death');
    tellDevice(gone);
  };

  const onStatus = async (device: DeviceId, payload: Buffer): Promise<void> => {
    const status = parse(Status, device, 'status', payload);
    if (status === undefined) return;
    const outcome = await recordStatus(db, device, status, new Date(), needs.deadlines);
    // Committed: only now may the device forget it.
    const ack = JSON.stringify({ v: 1, seq: status.seq } satisfies Ack);
    await needs.publish(deviceTopic(needs.tenant, device, 'ack'), ack, { qos: 1 });
    const facts = { device, seq: status.seq, execution: status.execution, state: status.state };
    if (outcome.kind === 'duplicate') return logger.debug(facts, 'status repeated');
    if (outcome.kind === 'local') return logger.info({ ...facts, code: status.code }, 'local install');
    if (outcome.kind === 'refused')
      return logger.warn({ ...facts, why: outcome.why }, 'status changes nothing');
    logger.info({ ...facts, code: status.code }, 'status');
    if (outcome.over) {
      planner.publishDesired(device);
      // Others may wait for it.
      (await runningRolloutsOn(db, device)).forEach(planner.wake);
    }
    await planner.tell(outcome);
    planner.wake(outcome.rollout);
  };

  const onProgress = async (device: DeviceId, payload: Buffer): Promise<void> => {
    const progress = parse(Progress, device, 'progress', payload);
    if (progress === undefined) return;
    const execution = await recordProgress(db, device, progress, new Date(), needs.deadlines);
    if (execution !== undefined) events.publish({ kind: 'execution', execution });
  };

  const onTelemetry = async (device: DeviceId, payload: Buffer): Promise<void> => {
    const telemetry = parse(Telemetry, device, 'telemetry', payload);
    if (telemetry === undefined) return;
    const seen = await recordTelemetry(db, device, telemetry, new Date());
    if (seen === undefined) return refuse(device, 'telemetry', 'is not enrolled, or not active');
    tellDevice(seen);
  };

  const onResult = async (device: DeviceId, payload: Buffer): Promise<void> => {
    const result = parse(CommandResult, device, 'result', payload);
    if (result === undefined) return;
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

  const handle = (kind: UpKind, device: DeviceId, { payload, retained }: Received): Promise<void> => {
    switch (kind) {
      case 'birth':
        return onBirth(device, payload, retained);
      case 'death':
        return onDeath(device, payload);
      case 'status':
        return onStatus(device, payload);
      case 'progress':
        return onProgress(device, payload);
      case 'telemetry':
        return onTelemetry(device, payload);
      case 'result':
        return onResult(device, payload);
      case 'log':
        return onLog(device, payload);
      case 'stream/get':
        return needs.blocks.answer(device, parseJson(payload));
      default:
        return kind satisfies never;
    }
  };

  return (message) => {
    // An emptied retained message.
    if (message.payload.length === 0) return;
    const topic = parseUpTopic(message.topic);
    const device = DeviceId.safeParse(topic?.device);
    if (topic === undefined || topic.tenant !== needs.tenant || !device.success) {
      return refuse(topic?.device ?? '', message.topic.slice(0, 200), 'is not a topic of the device channel');
    }
    if (message.payload.length > MAX_MESSAGE_BYTES) {
      return refuse(device.data, topic.kind, `has ${message.payload.length} bytes`);
    }
    // Blocks do not wait behind reports, which wait for the database.
    const lane = topic.kind === 'stream/get' ? `blocks:${device.data}` : `device:${device.data}`;
    const work = (): Promise<void> => handle(topic.kind, device.data, message);
    // Reports wait while offers are taken back; blocks are refused at once.
    const inTurn = topic.kind === 'stream/get' ? work : () => turns(() => needs.urgent.over().then(work));
    if (!lanes.run(lane, inTurn)) {
      refuse(device.data, topic.kind, 'came faster than messages of the device are taken');
    }
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
