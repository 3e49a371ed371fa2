import {
  codeOf,
  CommandId,
  MAX_LOG_BYTES,
  MAX_LOG_PIECE_BYTES,
  type CommandResult,
  type DeviceCommand,
  type LogPiece,
} from '@slipway/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { seedDevice, seedOnlineDevice } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import {
  createCommand,
  getCommand,
  listCommands,
  listLogPieces,
  recordLogPiece,
  recordResult,
  takeCommand,
} from './commands.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const NOW = new Date('2026-05-01T12:00:00Z');
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

describe.each(engines)('commands on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  let count = 0;
  beforeAll(async () => {
    database = await open();
    ({ db } = database);
  });
  afterAll(() => database.close());

  const online = async () => {
    count += 1;
    return (await seedOnlineDevice(db, `device-${count}`)).id;
  };
  const resultOf = (command: DeviceCommand, over: Partial<CommandResult> = {}): CommandResult => ({
    v: 1,
    id: command.id,
    ok: true,
    ...over,
  });
  const pieceOf = (command: DeviceCommand, seq: number, over: Partial<LogPiece> = {}): LogPiece => ({
    v: 1,
    id: command.id,
    seq,
    source: 'web',
    text: `line ${seq}\n`,
    ...over,
  });

  test('are for devices that are online', async () => {
    const { id } = await seedDevice(db, 'never-online');
    const refused = await createCommand(db, id, { name: 'reboot' }, NOW).catch(codeOf);
    expect(refused).toBe('DEVICE_OFFLINE');
  });

  test('are sent once, and not when they have expired', async () => {
    const device = await online();
    const first = await createCommand(db, device, { name: 'reboot' }, NOW);
    expect((await takeCommand(db, first.id, later(1)))?.state).toBe('sent');
    expect(await takeCommand(db, first.id, later(1))).toBeUndefined();
    const second = await createCommand(db, device, { name: 'reboot' }, NOW);
    expect(await takeCommand(db, second.id, later(61))).toBeUndefined();
  });

  test('are answered once, by their device', async () => {
    const [device, other] = [await online(), await online()];
    const command = await createCommand(db, device, { name: 'diagnose', diagnostic: 'disk' }, NOW);
    expect(await recordResult(db, other, resultOf(command), NOW)).toBeUndefined();
    const bad = resultOf(command, { ok: false, code: 'COMMAND_FAILED', output: 'a\0b' });
    expect(await recordResult(db, device, bad, later(2))).toMatchObject({
      state: 'failed',
      code: 'COMMAND_FAILED',
      output: 'a\ufffdb',
      finishedAt: later(2).toISOString(),
    });
    expect(await recordResult(db, device, resultOf(command), later(3))).toBeUndefined();
  });

  test('without an answer in time are expired, whenever one looks', async () => {
    const device = await online();
    const command = await createCommand(db, device, { name: 'collect', durationSeconds: 100 }, NOW);
    expect((await getCommand(db, device, command.id, later(219))).state).toBe('queued');
    expect(await getCommand(db, device, command.id, later(221))).toMatchObject({
      state: 'expired',
      code: 'COMMAND_EXPIRED',
      finishedAt: later(220).toISOString(),
    });
  });

  test('keep the logs that were asked for, each piece once, as many as are allowed', async () => {
    const [device, other] = [await online(), await online()];
    const command = await createCommand(db, device, { name: 'collect' }, NOW);
    const reboot = await createCommand(db, device, { name: 'reboot' }, NOW);
    expect(await recordLogPiece(db, device, pieceOf(reboot, 0), NOW)).toBeUndefined();
    expect(await recordLogPiece(db, other, pieceOf(command, 0), NOW)).toBeUndefined();
    for (const seq of [1, 0, 1]) await recordLogPiece(db, device, pieceOf(command, seq), NOW);
    expect(await listLogPieces(db, device, command.id, -1, NOW)).toEqual([
      { seq: 0, source: 'web', text: 'line 0\n', end: false, truncated: false },
      { seq: 1, source: 'web', text: 'line 1\n', end: false, truncated: false },
    ]);
    expect(await listLogPieces(db, device, command.id, 0, NOW)).toHaveLength(1);
    let seq = 2;
    const flood = async () =>
      recordLogPiece(db, device, pieceOf(command, seq++, { text: 'x'.repeat(MAX_LOG_PIECE_BYTES) }), NOW);
    while ((await flood()) !== undefined) expect(seq).toBeLessThan(100);
    expect(seq * MAX_LOG_PIECE_BYTES).toBeLessThan(2 * MAX_LOG_BYTES + 3 * MAX_LOG_PIECE_BYTES);
    expect(await recordLogPiece(db, device, pieceOf(command, 999), later(3600))).toBeUndefined();
  });

  test('are not flooded by pieces without text either', async () => {
    const device = await online();
    const command = await createCommand(db, device, { name: 'collect' }, NOW);
    // As if it had sent them already: what is left is for one more.
    await recordLogPiece(
      db,
      device,
      pieceOf(command, 0, { source: '', text: 'x'.repeat(2 * MAX_LOG_BYTES - 40) }),
      NOW,
    );
    const empty = async (seq: number) =>
      recordLogPiece(db, device, pieceOf(command, seq, { source: '', text: '' }), NOW);
    expect(await empty(1)).toMatchObject({ id: command.id });
    expect(await empty(2)).toBeUndefined();
  });

  test('of a device are kept as the newest 32, with their logs', async () => {
    const device = await online();
    const first = await createCommand(db, device, { name: 'collect' }, NOW);
    await recordLogPiece(db, device, pieceOf(first, 0), NOW);
    for (let at = 1; at <= 32; at++) await createCommand(db, device, { name: 'identify' }, later(at));
    const kept = await listCommands(db, device, { limit: 100, offset: 0 }, NOW);
    expect(kept).toHaveLength(32);
    expect(kept[0]?.createdAt).toBe(later(32).toISOString());
    expect(await getCommand(db, device, first.id, NOW).catch(codeOf)).toBe('NOT_FOUND');
    expect(await listLogPieces(db, device, first.id, -1, NOW).catch(codeOf)).toBe('NOT_FOUND');
  });

  test('that do not exist are not found', async () => {
    const none = CommandId.parse('cmd_aaaaaaaaaaaaaaaa');
    expect(await getCommand(db, await online(), none, NOW).catch(codeOf)).toBe('NOT_FOUND');
  });
});
