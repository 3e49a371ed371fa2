import { and, asc, getTableColumns, inArray, isNotNull, sql } from 'drizzle-orm';
import {
  DEFAULT_TENANT,
  isTerminal,
  type DeviceId,
  type ExecutionId,
  type ExecutionState,
  type RolloutId,
  type Status,
} from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../backup/export-database.ts';
import type { Database } from '../database.ts';
import { deadlineAfter, type Deadlines } from '../deadlines.ts';
import { deviceReports, devices, executionHistory, executions } from '../schema.ts';
import { refuseTransition } from '../transitions.ts';
import { recordAudit } from './audit.ts';
import { despiteDeadlocks } from './deadlock.ts';
import { isLive } from './executions.ts';
import { isOneOf, rowSet, rowSetOfDevices } from './row-set.ts';

/** Whatever it is but `early`, the report is committed and may be acknowledged. */
export type StatusOutcome =
  | {
      readonly kind: 'counted';
      readonly execution: ExecutionId;
      readonly rollout: RolloutId;
      readonly over: boolean;
    }
  /** the device installed a file by itself; on record, but no execution of ours */
  | { readonly kind: 'local' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly why: string }
  /** the report before it has not come: nothing is recorded, and it is to come again */
  | { readonly kind: 'early' };

/** `device` is who sent it, by the topic that the broker let it use. */
export type StatusReport = {
  readonly device: DeviceId;
  readonly status: Status;
  /** it is taken although the one before it has not come */
  readonly isDue: boolean;
};

type Row = Omit<typeof executions.$inferSelect, 'log' | 'message'>;
/** An execution as the reports of a batch leave it, one after the other. */
type Moved = Row & { message: string | null; log: string | null; wasMoved: boolean };

/**
 * Takes status reports of devices: each once by its sequence number, only for an execution of its own, and only
 * forward. All are recorded together or none is; what comes of each is as if it had come alone, in this order.
 *
 * @returns the outcomes in the order of the reports
 */
export const recordStatuses = (
  db: Database,
  reports: readonly StatusReport[],
  now: Date,
  deadlines?: Deadlines,
): Promise<StatusOutcome[]> =>
  despiteDeadlocks(() => db.transaction((tx) => record(tx, reports, now, deadlines)));

/** The same for one, that is due. */
export const recordStatus = async (
  db: Database,
  device: DeviceId,
  status: Status,
  now: Date,
  deadlines?: Deadlines,
): Promise<StatusOutcome> => {
  const [outcome] = await recordStatuses(db, [{ device, status, isDue: true }], now, deadlines);
  return outcome ?? { kind: 'duplicate' };
};

const record = async (
  tx: Database,
  reports: readonly StatusReport[],
  now: Date,
  deadlines: Deadlines | undefined,
): Promise<StatusOutcome[]> => {
  const early = await findEarly(tx, reports);
  const fresh = await keepFresh(
    tx,
    reports.filter((report) => !early.has(report)),
    now,
  );
  const ids = new Set(reports.flatMap((report) => (fresh.has(report) ? [report.status.execution] : [])));
  const { log: _log, message: _message, ...columns } = getTableColumns(executions);
  const rows = await tx
    .select(columns)
    .from(executions)
    .where(isOneOf(executions.id, [...ids]))
    .orderBy(asc(executions.id))
    .for('update');
  const known = new Map<ExecutionId, Moved>(
    rows.map((row) => [row.id, { ...row, message: null, log: null, wasMoved: false }]),
  );
  const lives = await livesOf(tx, rows);
  const history: (typeof executionHistory.$inferInsert)[] = [];
  const refused: { device: DeviceId; seq: number; refused: string }[] = [];
  const installs: StatusReport[] = [];
  const ended = new Set<ExecutionId>();

  const decide = (report: StatusReport): StatusOutcome => {
    const { device, status } = report;
    if (early.has(report)) return { kind: 'early' };
    if (!fresh.has(report)) return { kind: 'duplicate' };
    const execution = known.get(status.execution);
    if (status.local === true && execution === undefined) {
      if (isTerminal(status.state)) installs.push(report);
      return { kind: 'local' };
    }
    const revives = execution !== undefined && isRevived(execution, status, lives);
    const why = refusal(execution, device, status, revives);
    if (execution === undefined || why !== undefined) {
      refused.push({ device, seq: status.seq, refused: why ?? '' });
      return { kind: 'refused', why: why ?? '' };
    }
    move(execution, status, now, deadlines);
    const { state, code, bootId } = status;
    const over = isTerminal(state);
    if (over) {
      ended.add(execution.id);
      lives.get(execution.device)?.delete(execution.id);
    } else lives.get(execution.device)?.add(execution.id);
    history.push({ execution: execution.id, state, code: code ?? null, bootId, at: now });
    return { kind: 'counted', execution: execution.id, rollout: execution.rollout, over };
  };
  const outcomes = reports.map(decide);

  const moved = [...known.values()].filter(({ wasMoved }) => wasMoved);
  if (moved.length > 0) {
    await writeMoved(tx, moved, now);
    await writeHistory(tx, history);
  }
  const over = moved.filter(({ id }) => ended.has(id));
  if (over.length > 0) await unassignAll(tx, over);
  if (refused.length > 0) {
    await tx
      .update(deviceReports)
      .set({ refused: sql`said.refused` })
      .from(rowSet(refused, 'device text, seq bigint, refused text'))
      .where(and(sql`${deviceReports.device} = said.device`, sql`${deviceReports.seq} = said.seq`));
  }
  for (const { device, status } of installs) await recordLocalInstall(tx, device, status);
  return outcomes;
};

const NEVER_FIRST: readonly ExecutionState[] = ['REBOOTING', 'TRIAL', 'COMMITTED', 'ROLLED_BACK'];

const Before = z.object({ place: z.number(), lower: z.boolean(), previous: z.boolean() });

/**
 * Reports of a device may come by several gateways, and then in any order. One whose number does not follow on another
 * waits, or what is between would be refused as too old, or it as a step that cannot be. Where nothing lower is known it
 * may be the first, unless it is one that none begins with.
 */
const findEarly = async (
  tx: Database,
  reports: readonly StatusReport[],
): Promise<ReadonlySet<StatusReport>> => {
  const rows = reports.flatMap(({ device, status, isDue }, place) =>
    isDue ? [] : [{ place, device, seq: status.seq }],
  );
  if (rows.length === 0) return new Set();
  const isOf = sql`${deviceReports.device} = said.device and ${deviceReports.tenant} = ${DEFAULT_TENANT}`;
  const before = await rowsOf(
    tx,
    Before,
    sql`select place,
        exists (select 1 from ${deviceReports} where ${isOf} and ${deviceReports.seq} < said.seq) as lower,
        exists (select 1 from ${deviceReports} where ${isOf} and ${deviceReports.seq} between said.seq - 1 and said.seq) as previous
      from ${rowSet(rows, 'place int, device text, seq bigint')}`,
  );
  const known = new Map(before.map((row) => [row.place, row]));
  const taken = new Map<DeviceId, number[]>();
  const early = new Set<StatusReport>();
  for (const [place, report] of reports.entries()) {
    const { device, status } = report;
    const { lower = false, previous = true } = known.get(place) ?? {};
    const here = taken.get(device) ?? [];
    const follows = previous || here.some((seq) => seq === status.seq || seq === status.seq - 1);
    const isLater = lower || NEVER_FIRST.includes(status.state) || here.some((seq) => seq < status.seq);
    if (!follows && isLater) early.add(report);
    else taken.set(device, [...here, status.seq]);
  }
  return early;
};

const Key = z.object({ device: z.string(), seq: z.coerce.number() });
const keyOf = (device: string, seq: number): string => `${device} ${seq}`;

/** Writes down every report that was not seen before. @returns those, each once however often it is among them */
const keepFresh = async (
  tx: Database,
  reports: readonly StatusReport[],
  now: Date,
): Promise<ReadonlySet<StatusReport>> => {
  const first = new Map<string, StatusReport>();
  for (const report of reports) {
    const key = keyOf(report.device, report.status.seq);
    if (!first.has(key)) first.set(key, report);
  }
  const rows = [...first.values()].map(({ device, status }) => ({ device, seq: status.seq, report: status }));
  // In order, because whoever comes with the same report at the same time waits for it.
  const written = await rowsOf(
    tx,
    Key,
    sql`insert into ${deviceReports} (device, seq, report, at)
      select device, seq, report, ${now.toISOString()}::timestamptz
      from ${rowSet(rows, 'device text, seq bigint, report jsonb')} order by device, seq
      on conflict do nothing returning device, seq`,
  );
  const fresh = new Set<StatusReport>();
  for (const { device, seq } of written) {
    const report = first.get(keyOf(device, seq));
    if (report !== undefined) fresh.add(report);
  }
  return fresh;
};

/** Of devices where it may matter, the executions that go on. */
const livesOf = async (tx: Database, rows: readonly Row[]): Promise<Map<DeviceId, Set<ExecutionId>>> => {
  const halted = new Set(rows.filter(({ haltedAt }) => haltedAt !== null).map(({ device }) => device));
  const lives = new Map([...halted].map((device) => [device, new Set<ExecutionId>()]));
  if (halted.size === 0) return lives;
  const live = await tx
    .select({ id: executions.id, device: executions.device })
    .from(executions)
    .where(and(inArray(executions.device, [...halted]), isLive));
  for (const { id, device } of live) lives.get(device)?.add(id);
  return lives;
};

/** How it ended. What the device runs now, its birth says. */
const recordLocalInstall = (db: Database, device: DeviceId, status: Status): Promise<void> =>
  recordAudit(db, {
    actor: `device:${device}`,
    action: 'device.install',
    subject: device,
    details: {
      execution: status.execution,
      release: status.release,
      state: status.state,
      slot: status.slot,
      ...(status.code === undefined ? {} : { code: status.code, message: status.message }),
    },
  });

/** It was armed when the emergency stop came, which the server did not know yet: the trial ends by itself. */
const isRevived = (
  execution: Moved,
  status: Status,
  lives: ReadonlyMap<DeviceId, ReadonlySet<ExecutionId>>,
): boolean =>
  execution.haltedAt !== null &&
  execution.state === 'CANCELED' &&
  (status.state === 'REBOOTING' || status.state === 'TRIAL') &&
  lives.get(execution.device)?.size === 0;

const refusal = (
  execution: Moved | undefined,
  device: DeviceId,
  status: Status,
  revives: boolean,
): string | undefined => {
  // The same words for both, so that a device learns nothing of others.
  if (execution === undefined || execution.device !== device) return 'the device has no such execution';
  if (execution.release !== status.release) return `the execution is for ${execution.release}`;
  if (status.seq <= execution.statusSeq) return `report ${execution.statusSeq} is newer`;
  // A device numbers its reports one after the other.
  const misses = status.local !== true && status.seq > execution.statusSeq + 1;
  return revives ? undefined : refuseTransition(execution.state, status.state, misses);
};

const WHOLE: readonly ExecutionState[] = ['REBOOTING', 'TRIAL', 'COMMITTED'];

const move = (execution: Moved, status: Status, now: Date, deadlines: Deadlines | undefined): void => {
  const { state, code, message, log, seq, bytesReceived, bytesReused } = status;
  execution.state = state;
  execution.code = code ?? null;
  execution.message = message ?? null;
  execution.log = log ?? null;
  execution.statusSeq = seq;
  if (bytesReceived !== undefined) execution.bytesReceived = bytesReceived;
  if (bytesReused !== undefined) execution.bytesReused = bytesReused;
  if (WHOLE.includes(state)) execution.bytesDone = execution.bytesTotal;
  execution.deadlineAt = deadlineAfter(state, now, deadlines);
  execution.wasMoved = true;
};

const writeMoved = async (tx: Database, moved: readonly Moved[], now: Date): Promise<void> => {
  const columns = `id text, state text, code text, message text, log text, "statusSeq" bigint, "bytesDone" bigint,
    "bytesReceived" bigint, "bytesReused" bigint, "deadlineAt" timestamptz`;
  await tx
    .update(executions)
    .set({
      state: sql`said.state`,
      code: sql`said.code`,
      message: sql`said.message`,
      log: sql`said.log`,
      statusSeq: sql`said."statusSeq"`,
      bytesDone: sql`said."bytesDone"`,
      bytesReceived: sql`said."bytesReceived"`,
      bytesReused: sql`said."bytesReused"`,
      deadlineAt: sql`said."deadlineAt"`,
      updatedAt: now,
    })
    .from(rowSet(moved, columns))
    .where(sql`${executions.id} = said.id`);
};

const writeHistory = async (
  tx: Database,
  steps: readonly (typeof executionHistory.$inferInsert)[],
): Promise<void> => {
  const rows = steps.map((step, at) => ({ ...step, place: at }));
  await tx.execute(sql`insert into ${executionHistory} (execution, state, code, boot_id, at)
    select execution, state, code, "bootId", at
    from ${rowSet(rows, 'execution text, state text, code text, "bootId" text, at timestamptz, place int')} order by place`);
};

/** Asks nothing more of the devices, if what is asked belongs to these executions. */
const unassignAll = async (tx: Database, over: readonly Moved[]): Promise<void> => {
  const byDevice = Map.groupBy(over, ({ device }) => device);
  const rows = [...byDevice].map(([id, ended]) => ({ id, executions: ended.map((one) => one.id) }));
  await tx
    .update(devices)
    .set({ assignment: null, desiredSeq: sql`${devices.desiredSeq} + 1` })
    .from(rowSetOfDevices(rows, 'id text, executions jsonb'))
    .where(
      and(
        sql`${devices.id} = said.id`,
        isNotNull(devices.assignment),
        sql`said.executions ? (${devices.assignment}->>'execution')`,
      ),
    );
};
