import { otherSlot, type Assignment, type Desired } from '@slipway/protocol';
import { MAX_ATTEMPTS, type OpenExecution } from './state.ts';
import { log, report, startJob, stopJob, type Turn } from './turn.ts';

/**
 * A new wish of the server. Every execution ends once: an id that is under way or done is never started again,
 * whatever is delivered twice, late or out of order.
 */
export const onDesired = (turn: Turn, message: Desired, now: number): void => {
  if (message.seq <= turn.saved.desiredSeq) return;
  // Retained, so it comes again after the reboot.
  if (turn.saved.job?.kind === 'reboot') return;
  turn.saved = { ...turn.saved, desiredSeq: message.seq };
  const { assignment } = message;
  const open = turn.saved.execution;
  if (assignment !== null && assignment.execution === open?.id) return;
  if (open !== null && isCancelable(turn)) cancel(turn, open);
  if (assignment === null || turn.saved.finished.includes(assignment.execution)) return;
  begin(turn, assignment, Math.max(now, turn.saved.floor.time));
};

/** Until the trial is being armed. From then on the boot loader may already know of it. */
const isCancelable = (turn: Turn): boolean =>
  turn.saved.slots[otherSlot(turn.boot.slot)].state !== 'TRIAL' &&
  turn.saved.slots[turn.boot.slot].state === 'GOOD';

const cancel = (turn: Turn, open: OpenExecution): void => {
  stopJob(turn);
  log(turn, `release ${open.version} canceled`);
  report(turn, open, 'CANCELED');
};

const begin = (turn: Turn, assignment: Assignment, now: number): void => {
  const execution: OpenExecution = {
    id: assignment.execution,
    rollout: assignment.rollout,
    release: assignment.release,
    version: assignment.version,
    bundle: assignment.bundle,
    state: 'OFFERED',
    bytesReceived: 0,
    bytesReused: 0,
  };
  const refusal = refuse(turn, assignment, now);
  if (refusal !== undefined) {
    log(turn, `rejected release ${assignment.version}: ${refusal.code}`);
    const open = turn.saved.execution;
    report(turn, execution, 'REJECTED', refusal);
    turn.saved = { ...turn.saved, execution: open };
    return;
  }
  if (assignment.release === turn.boot.ref.release) {
    log(turn, `release ${assignment.version} is already running`);
    report(turn, execution, 'COMMITTED');
    return;
  }
  turn.saved = { ...turn.saved, execution };
  startFetch(turn, execution);
};

export const startFetch = (turn: Turn, execution: OpenExecution): void => {
  startJob(turn, {
    kind: 'fetch',
    bundle: execution.bundle,
    release: execution.release,
    floor: turn.saved.floor,
  });
};

const refuse = (turn: Turn, assignment: Assignment, now: number) => {
  const { saved, boot } = turn;
  if (saved.execution !== null || saved.slots[boot.slot].state !== 'GOOD') {
    return {
      code: 'INSTALL_BUSY',
      message: `Slot ${boot.slot} is not confirmed or execution ${saved.execution?.id ?? '-'} is under way; wait for its outcome.`,
    };
  }
  if (assignment.expiresAt <= now) {
    return {
      code: 'ASSIGNMENT_EXPIRED',
      message: `Expected an assignment valid after ${now} s, found one that ended at ${assignment.expiresAt} s; assign it again.`,
    };
  }
  const failed = saved.failures.find((failure) => failure.release === assignment.release)?.count ?? 0;
  if (failed >= MAX_ATTEMPTS) {
    return {
      code: 'INSTALL_ATTEMPTS_EXHAUSTED',
      message: `Release ${assignment.version} failed ${failed} times here, at most ${MAX_ATTEMPTS} are allowed; mend the release.`,
    };
  }
  return undefined;
};

/** The slot that is not booted is given over to the bundle. From here its old content counts for nothing. */
export const startWrite = (turn: Turn, execution: OpenExecution): void => {
  startJob(turn, { kind: 'write', bundle: execution.bundle, slot: otherSlot(turn.boot.slot) });
};
