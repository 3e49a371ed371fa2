import { isTerminal, type ExecutionState, type SlotName, type Status } from '@slipway/protocol';
import type { Effect } from './event.ts';
import { MAX_ATTEMPTS } from './state.ts';
import type { BootFacts, Clock, Job, OpenExecution, Saved, SlotRecord, State } from './state.ts';

/** One call of `step` while it is being worked out: the state so far and the effects so far. Never leaves `step`. */
export type Turn = {
  saved: Saved;
  readonly boot: BootFacts;
  readonly connected: boolean;
  readonly clock: Clock;
  readonly effects: Effect[];
};

export const beginTurn = (state: State, boot: BootFacts): Turn => ({
  saved: state.saved,
  boot,
  connected: state.connected,
  clock: state.clock,
  effects: [],
});

type WithoutId<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never;

export const log = (turn: Turn, line: string): void => {
  turn.effects.push({ kind: 'log', line });
};

export const stopJob = (turn: Turn): void => {
  if (turn.saved.job === null) return;
  turn.saved = { ...turn.saved, job: null };
  turn.effects.push({ kind: 'stop' });
};

/** Replaces the job under way. */
export const startJob = (turn: Turn, wanted: WithoutId<Job>): void => {
  stopJob(turn);
  const job: Job = { ...wanted, id: turn.saved.nextJob };
  turn.saved = { ...turn.saved, job, nextJob: job.id + 1 };
  turn.effects.push({ kind: 'run', job });
};

export const setSlot = (turn: Turn, slot: SlotName, record: SlotRecord): void => {
  turn.saved = { ...turn.saved, slots: { ...turn.saved.slots, [slot]: record } };
};

export const setExecution = (turn: Turn, execution: OpenExecution): void => {
  turn.saved = { ...turn.saved, execution };
};

export type Reason = { readonly code: string; readonly message: string; readonly log?: string };

const MAX_FINISHED = 32;
const MAX_OUTBOX = 128;
const MAX_MESSAGE = 2000;

/** Of the reports that wait, so many keep their logs: the state stays small on a device that is offline for long. */
const MAX_LOGS = 3;

/**
 * Moves an execution to a state and puts the report into the outbox. A terminal state closes it: its id is remembered,
 * so that it gets exactly one outcome, and a failure counts against its release.
 */
export const report = (
  turn: Turn,
  execution: OpenExecution,
  state: ExecutionState,
  reason?: Reason,
): void => {
  const status: Status = {
    v: 1,
    seq: turn.saved.nextSeq,
    execution: execution.id,
    release: execution.release,
    state,
    bootId: turn.boot.bootId,
    slot: turn.boot.slot,
    bytesReceived: execution.bytesReceived,
    bytesReused: execution.bytesReused,
    ...(execution.local ? { local: true as const } : {}),
    ...(reason === undefined ? {} : { code: reason.code, message: reason.message.slice(0, MAX_MESSAGE) }),
    ...(reason?.log === undefined || reason.log === '' ? {} : { log: reason.log }),
  };
  const closed = isTerminal(state);
  turn.saved = {
    ...turn.saved,
    nextSeq: status.seq + 1,
    outbox: trimOutbox([...turn.saved.outbox, status]),
    execution: closed ? null : { ...execution, state },
    finished: closed ? [...turn.saved.finished, execution.id].slice(-MAX_FINISHED) : turn.saved.finished,
    failures: countFailure(turn.saved.failures, execution.release, state),
  };
  if (turn.connected) {
    turn.effects.push({ kind: 'status', status });
    turn.effects.push({ kind: 'birth' });
  }
};

/** A device that is offline for long drops the steps in between, never an outcome. */
const trimOutbox = (outbox: Saved['outbox']): Saved['outbox'] => {
  const logs = outbox.filter(({ log: lines }) => lines !== undefined).slice(0, -MAX_LOGS);
  const slim = outbox.map((status) => {
    if (!logs.includes(status)) return status;
    const { log: _dropped, ...rest } = status;
    return rest;
  });
  if (slim.length <= MAX_OUTBOX) return slim;
  const drop = slim.findIndex((status) => !isTerminal(status.state));
  return slim.filter((_, at) => at !== Math.max(drop, 0));
};

const MAX_FAILURES = 32;

/** A release that rolled back has used up its attempts; one whose install failed has used up one. */
const countFailure = (
  failures: Saved['failures'],
  release: OpenExecution['release'],
  state: ExecutionState,
): Saved['failures'] => {
  const used = state === 'ROLLED_BACK' ? MAX_ATTEMPTS : state === 'FAILED' ? 1 : 0;
  if (used === 0) return failures;
  const count = used + (failures.find((failure) => failure.release === release)?.count ?? 0);
  return [...failures.filter((failure) => failure.release !== release), { release, count }].slice(
    -MAX_FAILURES,
  );
};
