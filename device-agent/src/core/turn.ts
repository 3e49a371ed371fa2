import { isTerminal, type ExecutionState, type SlotName } from '@slipway/protocol';
import type { Effect } from './event.ts';
import type { BootFacts, Job, OpenExecution, Saved, SlotRecord, State } from './state.ts';

/** One call of `step` while it is being worked out: the state so far and the effects so far. Never leaves `step`. */
export type Turn = {
  saved: Saved;
  readonly boot: BootFacts;
  readonly connected: boolean;
  readonly effects: Effect[];
};

export const beginTurn = (state: State, boot: BootFacts): Turn => ({
  saved: state.saved,
  boot,
  connected: state.connected,
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

type Reason = { readonly code: string; readonly message: string };

const MAX_FINISHED = 32;
const MAX_OUTBOX = 128;
const MAX_MESSAGE = 2000;

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
  const status = {
    v: 1 as const,
    seq: turn.saved.nextSeq,
    execution: execution.id,
    release: execution.release,
    state,
    bootId: turn.boot.bootId,
    slot: turn.boot.slot,
    bytesReceived: execution.bytesReceived,
    bytesReused: execution.bytesReused,
    ...(reason === undefined ? {} : { code: reason.code, message: reason.message.slice(0, MAX_MESSAGE) }),
  };
  const closed = isTerminal(state);
  turn.saved = {
    ...turn.saved,
    nextSeq: status.seq + 1,
    outbox: trimOutbox([...turn.saved.outbox, status]),
    execution: closed ? null : { ...execution, state },
    finished: closed ? [...turn.saved.finished, execution.id].slice(-MAX_FINISHED) : turn.saved.finished,
    failures:
      state === 'FAILED' || state === 'ROLLED_BACK'
        ? countFailure(turn.saved.failures, execution.release)
        : turn.saved.failures,
  };
  if (turn.connected) {
    turn.effects.push({ kind: 'status', status });
    turn.effects.push({ kind: 'birth' });
  }
};

/** A device that is offline for long drops the steps in between, never an outcome. */
const trimOutbox = (outbox: Saved['outbox']): Saved['outbox'] => {
  if (outbox.length <= MAX_OUTBOX) return outbox;
  const drop = outbox.findIndex((status) => !isTerminal(status.state));
  return outbox.filter((_, at) => at !== Math.max(drop, 0));
};

const MAX_FAILURES = 32;

const countFailure = (failures: Saved['failures'], release: OpenExecution['release']): Saved['failures'] => {
  const count = 1 + (failures.find((failure) => failure.release === release)?.count ?? 0);
  return [...failures.filter((failure) => failure.release !== release), { release, count }].slice(
    -MAX_FAILURES,
  );
};
