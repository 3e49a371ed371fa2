import { otherSlot, type Desired, type DesiredAssignment } from '@slipway/protocol';
import type { LocalInstall } from './event.ts';
import { policyOf } from './execution-policy.ts';
import { isUnarmed, proceed, review } from './proceed.ts';
import { MAX_ATTEMPTS, NEW_EXECUTION, NO_ROLLOUT, type OpenExecution } from './state.ts';
import { log, report, setExecution, stopJob, type Reason, type Turn } from './turn.ts';

/**
 * A new wish of the server. Every execution ends once: an id that is under way or done is never started again,
 * whatever is delivered twice, late or out of order.
 */
export const onDesired = (turn: Turn, message: Desired): void => {
  if (message.seq <= turn.saved.desiredSeq) return;
  // Retained, so it comes again after the reboot.
  if (turn.saved.job?.kind === 'reboot') return;
  turn.saved = { ...turn.saved, desiredSeq: message.seq };
  const { assignment } = message;
  const open = turn.saved.execution;
  if (assignment !== null && assignment.execution === open?.id) {
    follow(turn, open, assignment);
    return;
  }
  // What a person at the device began is none of the server's.
  if (open !== null && !open.local && isUnarmed(turn.saved, turn.boot)) cancel(turn, open);
  if (assignment === null || turn.saved.finished.includes(assignment.execution)) return;
  const now = Math.max(turn.clock.now, turn.saved.floor.time);
  const expired: Reason | undefined =
    assignment.expiresAt <= now
      ? {
          code: 'ASSIGNMENT_EXPIRED',
          message: `Expected an assignment valid after ${now} s, found one that ended at ${assignment.expiresAt} s; assign it again.`,
        }
      : undefined;
  begin(turn, executionOf(assignment), assignment.retry ?? 0, expired);
};

const executionOf = (assignment: DesiredAssignment): OpenExecution => ({
  ...NEW_EXECUTION,
  id: assignment.execution,
  rollout: assignment.rollout,
  release: assignment.release,
  version: assignment.version,
  bundle: assignment.bundle,
  ...policyOf(assignment),
});

/** A person at the device asks. Windows and deadlines are not for them; everything else is as for an assignment. */
export const onLocal = (turn: Turn, wanted: LocalInstall): void => {
  const { saved } = turn;
  const open = saved.execution;
  if (saved.job?.kind === 'reboot' || saved.finished.includes(wanted.execution)) return;
  if (open?.local === true && open.bundle.digest === wanted.bundle.digest && wanted.mode === 'install') {
    // The same file again: what was only to be brought is now to be started. Never in a slot that is not good: the
    // other one is all that the device has.
    if (!isUnarmed(turn.saved, turn.boot)) return;
    setExecution(turn, { ...open, mode: 'install' });
    review(turn);
    return;
  }
  if (open?.id === wanted.execution) return;
  const execution: OpenExecution = {
    ...NEW_EXECUTION,
    id: wanted.execution,
    rollout: NO_ROLLOUT,
    release: wanted.release,
    version: wanted.version,
    bundle: wanted.bundle,
    source: { kind: 'file', path: wanted.path },
    local: true,
    ...policyOf({ mode: wanted.mode }),
  };
  begin(turn, execution, 0, undefined);
};

/** The policy of the execution under way changes, as long as its trial is not armed. */
const follow = (turn: Turn, open: OpenExecution, assignment: DesiredAssignment): void => {
  if (!isUnarmed(turn.saved, turn.boot)) return;
  setExecution(turn, { ...open, ...policyOf(assignment, open) });
  review(turn);
};

const cancel = (turn: Turn, open: OpenExecution): void => {
  stopJob(turn);
  log(turn, `release ${open.version} canceled`);
  report(turn, open, 'CANCELED');
};

const begin = (turn: Turn, execution: OpenExecution, retry: number, expired: Reason | undefined): void => {
  const refusal = refuseBusy(turn) ?? expired ?? refuseFailed(turn, execution, retry);
  if (refusal !== undefined) {
    log(turn, `rejected release ${execution.version}: ${refusal.code}`);
    const open = turn.saved.execution;
    report(turn, execution, 'REJECTED', refusal);
    turn.saved = { ...turn.saved, execution: open };
    return;
  }
  if (execution.release === turn.boot.ref.release) {
    log(turn, `release ${execution.version} is already running`);
    report(turn, execution, 'COMMITTED');
    return;
  }
  setExecution(turn, execution);
  proceed(turn);
};

const refuseBusy = ({ saved, boot }: Turn): Reason | undefined =>
  saved.execution === null && saved.slots[boot.slot].state === 'GOOD' && !isOnTrial(saved, boot)
    ? undefined
    : {
        code: 'INSTALL_BUSY',
        message: `Slot ${boot.slot} is not confirmed or execution ${saved.execution?.id ?? '-'} is under way; wait for its outcome.`,
      };

const isOnTrial = (saved: Turn['saved'], boot: Turn['boot']): boolean =>
  saved.slots[otherSlot(boot.slot)].state === 'TRIAL';

/** Each `retry` of an operator gives a release as many attempts as it had in the first place. */
const refuseFailed = ({ saved }: Turn, execution: OpenExecution, retry: number): Reason | undefined => {
  const used = saved.failures.find(({ release }) => release === execution.release)?.count ?? 0;
  if (used < MAX_ATTEMPTS * (retry + 1)) return undefined;
  const wanted = Math.floor(used / MAX_ATTEMPTS);
  return {
    code: 'INSTALL_ATTEMPTS_EXHAUSTED',
    message: `Release ${execution.version} was given up on this device; mend it, or assign it with retry ${wanted}.`,
  };
};
