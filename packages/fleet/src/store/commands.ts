import { and, asc, desc, eq, gt, inArray, sql } from 'drizzle-orm';
import {
  MAX_LOG_BYTES,
  SlipwayError,
  type CommandId,
  type CommandRequest,
  type CommandResult,
  type DeviceCommand,
  type DeviceId,
  type DeviceLogPiece,
  type LogPiece,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newCommandId } from '../new-id.ts';
import { deviceCommands, deviceLogs } from '../schema.ts';
import { getDevice } from './devices.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { isOneOf } from './row-set.ts';

/** A command is for now: a device that comes back later does not want it any more. */
const LIFE_S = 60;
/** What a device may take beyond that to do it and answer. */
const ANSWER_S = 60;
/** Of each device; older ones go, with their logs. */
const KEPT = 32;
/** What a piece of logs counts for beside its text, so that empty ones have an end as well. */
const PIECE_CHARACTERS = 16;

type Row = typeof deviceCommands.$inferSelect;

const toCommand = (row: Row, now: Date): DeviceCommand => {
  const isOpen = row.state === 'queued' || row.state === 'sent';
  const isExpired = isOpen && now > row.answerBy;
  return {
    id: row.id,
    device: row.device,
    request: row.request,
    state: isExpired ? 'expired' : row.state,
    code: isExpired ? 'COMMAND_EXPIRED' : row.code,
    message: isExpired ? 'The device did not answer in time.' : row.message,
    output: row.output,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    finishedAt: isExpired ? row.answerBy.toISOString() : (row.finishedAt?.toISOString() ?? null),
  };
};

/** Seconds that a device may be at it. */
const takes = (request: CommandRequest): number => {
  if (request.name === 'collect') return (request.durationSeconds ?? 0) + ANSWER_S;
  if (request.name === 'identify') return (request.seconds ?? 0) + ANSWER_S;
  // A diagnostic runs for 300 s at most.
  return request.name === 'diagnose' ? 300 + ANSWER_S : ANSWER_S;
};

/** @throws {SlipwayError} NOT_FOUND, DEVICE_OFFLINE */
export const createCommand = async (
  db: Database,
  id: DeviceId,
  request: CommandRequest,
  now: Date,
): Promise<DeviceCommand> => {
  const device = await getDevice(db, id);
  if (!device.online) {
    const seen = device.lastSeenAt === null ? 'never seen' : `last seen ${device.lastSeenAt}`;
    throw new SlipwayError(
      'DEVICE_OFFLINE',
      `Device ${id} is offline, ${seen}; commands are not kept for later.`,
    );
  }
  const expiresAt = new Date(now.getTime() + LIFE_S * 1000);
  const answerBy = new Date(expiresAt.getTime() + takes(request) * 1000);
  const rows = await db
    .insert(deviceCommands)
    .values({ id: newCommandId(), device: id, request, createdAt: now, expiresAt, answerBy })
    .returning();
  const old = db
    .select({ id: deviceCommands.id })
    .from(deviceCommands)
    .where(eq(deviceCommands.device, id))
    .orderBy(desc(deviceCommands.createdAt), desc(deviceCommands.id))
    .offset(KEPT);
  await db.delete(deviceCommands).where(inArray(deviceCommands.id, old));
  return toCommand(found(rows, 'command', ''), now);
};

/** The same of many devices at once, which are online. */
export const createCommands = async (
  db: Database,
  ids: readonly DeviceId[],
  request: CommandRequest,
  now: Date,
): Promise<DeviceCommand[]> => {
  if (ids.length === 0) return [];
  const expiresAt = new Date(now.getTime() + LIFE_S * 1000);
  const answerBy = new Date(expiresAt.getTime() + takes(request) * 1000);
  const rows = await db
    .insert(deviceCommands)
    .values(
      ids.map((device) => ({ id: newCommandId(), device, request, createdAt: now, expiresAt, answerBy })),
    )
    .returning();
  await db.execute(sql`delete from ${deviceCommands} where id in (
    select id from (select id, row_number() over (partition by device order by created_at desc, id desc) as place
      from ${deviceCommands} where ${isOneOf(deviceCommands.device, ids)}) as placed where place > ${KEPT})`);
  return rows.map((row) => toCommand(row, now));
};

/** To go back to the release before. @returns what is to be sent */
export const askToGoBack = async (db: Database, ids: readonly DeviceId[], now: Date): Promise<CommandId[]> =>
  (await createCommands(db, ids, { name: 'rollback' }, now)).map(({ id }) => id);

export const getCommand = async (
  db: Database,
  device: DeviceId,
  id: CommandId,
  now: Date,
): Promise<DeviceCommand> => {
  const rows = await db
    .select()
    .from(deviceCommands)
    .where(and(eq(deviceCommands.id, id), eq(deviceCommands.device, device)));
  return toCommand(found(rows, 'command', id), now);
};

/** Those of them that there are. */
export const getCommands = async (
  db: Database,
  ids: readonly CommandId[],
  now: Date,
): Promise<DeviceCommand[]> =>
  (await db.select().from(deviceCommands).where(isOneOf(deviceCommands.id, ids))).map((row) =>
    toCommand(row, now),
  );

export const listCommands = async (
  db: Database,
  device: DeviceId,
  page: Page,
  now: Date,
): Promise<Paged<DeviceCommand>> => {
  const filter = eq(deviceCommands.device, device);
  const keys = keyset(page, { by: [deviceCommands.createdAt, deviceCommands.id], direction: 'desc' });
  const rows = await db
    .select({ row: deviceCommands, key: keys.key })
    .from(deviceCommands)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map((row) => toCommand(row, now)),
    () => db.$count(deviceCommands, filter),
  );
};

/**
 * Marks a command as sent, for whoever sends it then.
 *
 * @returns undefined where somebody has sent it, or it is too late
 */
export const takeCommand = async (
  db: Database,
  id: CommandId,
  now: Date,
): Promise<DeviceCommand | undefined> => {
  const [row] = await db
    .update(deviceCommands)
    .set({ state: 'sent' })
    .where(
      and(eq(deviceCommands.id, id), eq(deviceCommands.state, 'queued'), gt(deviceCommands.expiresAt, now)),
    )
    .returning();
  return row === undefined ? undefined : toCommand(row, now);
};

/** Neither database nor terminal likes them. */
const clean = (text: string): string => text.replaceAll('\0', '\ufffd');

/** @returns undefined where no such command of the device waits for an answer */
export const recordResult = async (
  db: Database,
  device: DeviceId,
  result: CommandResult,
  now: Date,
): Promise<DeviceCommand | undefined> => {
  const [row] = await db
    .update(deviceCommands)
    .set({
      state: result.ok ? 'succeeded' : 'failed',
      code: result.code ?? null,
      message: result.message === undefined ? null : clean(result.message),
      output: result.output === undefined ? null : clean(result.output),
      finishedAt: now,
    })
    .where(
      and(
        eq(deviceCommands.id, result.id),
        eq(deviceCommands.device, device),
        inArray(deviceCommands.state, ['queued', 'sent']),
      ),
    )
    .returning();
  return row === undefined ? undefined : toCommand(row, now);
};

/**
 * Keeps a piece of logs, as long as the command asks for logs and has not had more than it may.
 *
 * @returns undefined where it was not wanted
 */
export const recordLogPiece = async (
  db: Database,
  device: DeviceId,
  piece: LogPiece,
  now: Date,
): Promise<DeviceCommand | undefined> => {
  const { id, seq, source, text, end = false, truncated = false } = piece;
  const characters = PIECE_CHARACTERS + text.length + source.length;
  const [row] = await db
    .update(deviceCommands)
    .set({ logCharacters: sql`${deviceCommands.logCharacters} + ${characters}` })
    .where(
      and(
        eq(deviceCommands.id, id),
        eq(deviceCommands.device, device),
        gt(deviceCommands.answerBy, now),
        sql`${deviceCommands.request}->>'name' = 'collect'`,
        // sources and ends of pieces are beside the bytes of the logs
        sql`${deviceCommands.logCharacters} + ${characters} <= ${2 * MAX_LOG_BYTES}`,
      ),
    )
    .returning();
  if (row === undefined) return undefined;
  await db
    .insert(deviceLogs)
    .values({ command: id, seq, source: clean(source), text: clean(text), end, truncated })
    .onConflictDoNothing();
  return toCommand(row, now);
};

/** @param after number of the last piece that is known already; -1: none */
export const listLogPieces = async (
  db: Database,
  device: DeviceId,
  id: CommandId,
  after: number,
  now: Date,
): Promise<DeviceLogPiece[]> => {
  await getCommand(db, device, id, now);
  return db
    .select({
      seq: deviceLogs.seq,
      source: deviceLogs.source,
      text: deviceLogs.text,
      end: deviceLogs.end,
      truncated: deviceLogs.truncated,
    })
    .from(deviceLogs)
    .where(and(eq(deviceLogs.command, id), gt(deviceLogs.seq, after)))
    .orderBy(asc(deviceLogs.seq));
};
