import { and, asc, eq, inArray } from 'drizzle-orm';
import {
  TERMINAL_STATES,
  type DeviceId,
  type Digest,
  type Execution,
  type ExecutionId,
  type ExecutionState,
  type ReleaseId,
  type RolloutId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { deadlineAfter, type Deadlines } from '../deadlines.ts';
import { LIVE_STATES } from '../live-states.ts';
import { executionHistory, executions, releases } from '../schema.ts';
import { unassign } from './devices.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';
import { isOneOf } from './row-set.ts';

type Row = typeof executions.$inferSelect;

export const isLive = inArray(executions.state, [...LIVE_STATES]);

const withHistory = async (db: Database, rows: readonly Row[]): Promise<Execution[]> => {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const steps = await db
    .select()
    .from(executionHistory)
    .where(isOneOf(executionHistory.execution, ids))
    .orderBy(asc(executionHistory.id));
  const byExecution = Map.groupBy(steps, ({ execution }) => execution);
  return rows.map((row) => ({
    id: row.id,
    rollout: row.rollout,
    device: row.device,
    release: row.release,
    wave: row.wave,
    attempt: row.attempt,
    state: row.state,
    code: row.code,
    message: row.message,
    log: row.log,
    bytesDone: row.bytesDone,
    bytesTotal: row.bytesTotal,
    bytesReceived: row.bytesReceived,
    bytesReused: row.bytesReused,
    history: (byExecution.get(row.id) ?? []).map(({ state, at, code, bootId }) => ({
      state,
      at: at.toISOString(),
      code,
      bootId,
    })),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }));
};

export const getExecution = async (db: Database, id: ExecutionId): Promise<Execution> =>
  found(await getExecutions(db, [id]), 'execution', id);

/** Those of them that there are. */
export const getExecutions = async (db: Database, ids: readonly ExecutionId[]): Promise<Execution[]> =>
  withHistory(db, await db.select().from(executions).where(isOneOf(executions.id, ids)));

export const listExecutions = async (
  db: Database,
  page: Page & {
    readonly rollout?: RolloutId | undefined;
    readonly device?: DeviceId | undefined;
    readonly wave?: number | undefined;
    readonly state?: ExecutionState | undefined;
    readonly code?: string | undefined;
  },
): Promise<Paged<Execution>> => {
  const filter = and(
    page.wave === undefined ? undefined : eq(executions.wave, page.wave),
    page.state === undefined ? undefined : eq(executions.state, page.state),
    page.code === undefined ? undefined : eq(executions.code, page.code),
    page.rollout === undefined ? undefined : eq(executions.rollout, page.rollout),
    page.device === undefined ? undefined : eq(executions.device, page.device),
  );
  const keys = keyset(page, { by: [executions.createdAt, executions.id], direction: 'desc' });
  const rows = await db
    .select({ row: executions, key: keys.key })
    .from(executions)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    (found) => withHistory(db, found),
    () => db.$count(executions, filter),
  );
};

export type Step = {
  readonly state: ExecutionState;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly log?: string | undefined;
  readonly bootId?: string | undefined;
  readonly statusSeq?: number | undefined;
  readonly bytesReceived?: number | undefined;
  readonly bytesReused?: number | undefined;
};

/** Moves an execution and writes its history. Once it is over, nothing more is asked of the device. */
export const stepExecution = async (
  db: Database,
  execution: Pick<Row, 'id' | 'device' | 'bytesTotal'>,
  step: Step,
  now: Date,
  deadlines?: Deadlines,
): Promise<void> => {
  const { state, code, message, log, bootId, statusSeq, bytesReceived, bytesReused } = step;
  const whole = state === 'REBOOTING' || state === 'TRIAL' || state === 'COMMITTED';
  await db
    .update(executions)
    .set({
      state,
      code: code ?? null,
      message: message ?? null,
      log: log ?? null,
      ...(statusSeq === undefined ? {} : { statusSeq }),
      ...(bytesReceived === undefined ? {} : { bytesReceived }),
      ...(bytesReused === undefined ? {} : { bytesReused }),
      ...(whole ? { bytesDone: execution.bytesTotal } : {}),
      deadlineAt: deadlineAfter(state, now, deadlines),
      updatedAt: now,
    })
    .where(eq(executions.id, execution.id));
  await db.insert(executionHistory).values({ execution: execution.id, state, code, bootId, at: now });
  if ((TERMINAL_STATES as readonly ExecutionState[]).includes(state)) {
    await unassign(db, execution.device, execution.id);
  }
};

/** The execution that a device is at, if any. */
export const liveExecution = async (db: Database, device: DeviceId): Promise<Row | undefined> =>
  (
    await db
      .select()
      .from(executions)
      .where(and(eq(executions.device, device), isLive))
  )[0];

export const endLiveExecution = async (
  db: Database,
  device: DeviceId,
  message: string,
  now: Date,
): Promise<void> => {
  const live = await liveExecution(db, device);
  if (live !== undefined) await stepExecution(db, live, { state: 'CANCELED', message }, now);
};

/** The bundle that a device may read at the moment: that of its live execution. */
export const bundleFor = async (
  db: Database,
  device: DeviceId,
): Promise<{ readonly release: ReleaseId; readonly digest: Digest; readonly size: number } | undefined> => {
  const [row] = await db
    .select({ release: releases.id, digest: releases.bundleDigest, size: releases.bundleSize })
    .from(executions)
    .innerJoin(releases, eq(releases.id, executions.release))
    .where(and(eq(executions.device, device), isLive));
  return row;
};
