import { otherSlot, type ErrorCode, type SlotName } from '@slipway/protocol';
import type { JobResult } from './event.ts';
import { failTrial, leave } from './on-started.ts';
import { armOrHold, proceed } from './proceed.ts';
import { MAX_TRIES, type Job, type OpenExecution } from './state.ts';
import { log, report, setExecution, setSlot, startJob, type Turn } from './turn.ts';

/** The result of the job under way; results of replaced jobs were dropped before. */
export const onJobResult = (turn: Turn, job: Job, result: JobResult): void => {
  turn.saved = { ...turn.saved, job: null };
  const { execution } = turn.saved;
  switch (result.kind) {
    case 'healthy':
      log(turn, 'trial: gates passed');
      startJob(turn, { kind: 'commit', slot: turn.boot.slot, heal: false });
      return;
    case 'committed':
      if (job.kind === 'commit') {
        if (!job.heal) onCommitted(turn);
        else onHealed(turn, job.slot);
      }
      return;
    case 'failed':
      onFailed(turn, job, result);
      return;
    case 'waited':
      proceed(turn);
      return;
    case 'armed':
      onArmed(turn);
      return;
    case 'fetched':
    case 'refused':
    case 'written':
    case 'placed':
      if (execution !== null) onInstallResult(turn, execution, result);
      return;
    default:
      return result satisfies never;
  }
};

type InstallResult = Extract<JobResult, { readonly kind: 'fetched' | 'refused' | 'written' | 'placed' }>;

/** Install order: manifest, slot, UKI, one-shot, reboot. Each record is saved before the next thing is touched. */
const onInstallResult = (turn: Turn, execution: OpenExecution, result: InstallResult): void => {
  const slot = otherSlot(turn.boot.slot);
  const record = turn.saved.slots[slot];
  const { bundle, source } = execution;
  switch (result.kind) {
    case 'fetched':
      setSlot(turn, slot, { state: 'WRITING', ref: result.ref, bundle: bundle.digest });
      log(turn, `accepted release ${execution.version}, writing slot ${slot}`);
      if (execution.state === 'OFFERED' || execution.state === 'DEFERRED')
        report(turn, execution, 'ACCEPTED');
      reportNext(turn, 'DOWNLOADING');
      startJob(turn, { kind: 'write', bundle, source, slot });
      return;
    case 'refused':
      log(turn, `rejected release ${execution.version}: ${result.code}: ${result.message}`);
      report(turn, execution, 'REJECTED', result);
      return;
    case 'written':
      if (record.state !== 'WRITING') return;
      setSlot(turn, slot, { ...record, state: 'VERIFIED', trials: 0, unseen: 0 });
      log(turn, `verified release ${execution.version} in slot ${slot}`);
      report(turn, addBytes(execution, result), 'VERIFIED');
      reportNext(turn, 'INSTALLING');
      startJob(turn, { kind: 'place', bundle, source, slot });
      return;
    case 'placed':
      if (record.state !== 'VERIFIED') return;
      // Failures of arming go on being counted: each try of it places the UKI once more.
      setExecution(turn, { ...addBytes(execution, result), tries: execution.tries });
      armOrHold(turn, slot, record);
      return;
    default:
      return result satisfies never;
  }
};

const onArmed = (turn: Turn): void => {
  const slot = otherSlot(turn.boot.slot);
  const record = turn.saved.slots[slot];
  if (record.state !== 'TRIAL') return;
  setSlot(turn, slot, { ...record, armedIn: turn.boot.bootId });
  log(turn, `armed slot ${slot}, rebooting`);
  if (turn.saved.execution !== null) report(turn, turn.saved.execution, 'REBOOTING');
  startJob(turn, { kind: 'reboot', from: turn.boot.bootId, why: 'trial armed', disarm: false });
};

const reportNext = (turn: Turn, state: 'DOWNLOADING' | 'INSTALLING'): void => {
  if (turn.saved.execution !== null) report(turn, { ...turn.saved.execution, tries: 0 }, state);
};

const addBytes = (
  execution: OpenExecution,
  bytes: { readonly bytesReceived: number; readonly bytesReused: number },
): OpenExecution => ({
  ...execution,
  tries: 0,
  bytesReceived: execution.bytesReceived + bytes.bytesReceived,
  bytesReused: execution.bytesReused + bytes.bytesReused,
});

/** The loader's default has been written and read back: from here the release is good. The floor rises now, not earlier. */
const onCommitted = (turn: Turn): void => {
  const { slot, ref } = turn.boot;
  const { floor, execution } = turn.saved;
  const record = turn.saved.slots[slot];
  setSlot(turn, slot, { state: 'GOOD', ref, bundle: 'bundle' in record ? record.bundle : null });
  turn.saved = {
    ...turn.saved,
    floor: { counter: Math.max(floor.counter, ref.counter), time: Math.max(floor.time, ref.timeFloor) },
  };
  log(turn, `committed ${ref.version} in slot ${slot}`);
  if (execution !== null) report(turn, execution, 'COMMITTED');
  turn.effects.push({ kind: 'clearEvidence' });
};

/** The loader knows the good slot again; what had to wait for that goes on. */
const onHealed = (turn: Turn, slot: SlotName): void => {
  if (slot === turn.boot.slot) {
    proceed(turn);
    return;
  }
  turn.saved = { ...turn.saved, strays: 0 };
  leave(turn, 'default restored');
};

/** What may be otherwise in a while: the link, the server, the disk, the storage, the variables of the firmware. */
const PASSING: readonly ErrorCode[] = [
  'DOWNLOAD_FAILED',
  'DISK_FULL',
  'INSTALL_WRITE_FAILED',
  'INSTALL_READBACK_MISMATCH',
  'BOOT_CONTROL_FAILED',
];

type Failure = Extract<JobResult, { readonly kind: 'failed' }>;

const onFailed = (turn: Turn, job: Job, reason: Failure): void => {
  switch (job.kind) {
    case 'fetch':
    case 'write':
    case 'place':
    case 'arm':
      onStepFailed(turn, job, reason);
      return;
    case 'judge':
      failTrial(turn, reason);
      return;
    case 'commit':
      // The default alone says which slot is good: where it named this one at boot, an earlier try had worked.
      if (turn.boot.loaderDefault === turn.boot.slot) {
        if (!job.heal) onCommitted(turn);
      } else if (job.heal) {
        log(turn, `default not restored: ${reason.code}: ${reason.message}`);
        if (job.slot === turn.boot.slot) proceed(turn);
        else leave(turn, 'booted slot is not the good one');
      } else failTrial(turn, reason);
      return;
    case 'wait':
      proceed(turn);
      return;
    case 'reboot':
      // Nothing else is left to do: try again.
      startJob(turn, { kind: 'reboot', from: job.from, why: job.why, disarm: job.disarm });
      return;
    default:
      return job satisfies never;
  }
};

/** The old slot runs on whatever happens; the step is tried again later, a bounded number of times. */
const onStepFailed = (
  turn: Turn,
  job: Extract<Job, { readonly kind: 'fetch' | 'write' | 'place' | 'arm' }>,
  reason: Failure,
): void => {
  const { execution } = turn.saved;
  const slot = otherSlot(turn.boot.slot);
  const record = turn.saved.slots[slot];
  // Nothing is armed where arming failed.
  if (job.kind === 'arm' && record.state === 'TRIAL') {
    const { ref, bundle, attempt, unseen } = record;
    setSlot(
      turn,
      slot,
      record.restore
        ? { state: 'GOOD', ref, bundle }
        : { state: 'VERIFIED', ref, bundle, trials: attempt - 1, unseen },
    );
  }
  if (execution === null) return;
  const tries = execution.tries + 1;
  // A person waits for what comes from a file, and can ask again.
  if (PASSING.includes(reason.code) && tries < MAX_TRIES && !execution.local) {
    log(turn, `${job.kind} failed, ${tries} of ${MAX_TRIES} tries: ${reason.code}: ${reason.message}`);
    if (execution.state === 'OFFERED') setExecution(turn, { ...execution, tries });
    else report(turn, { ...execution, tries }, execution.state, reason);
    startJob(turn, { kind: 'wait', failures: tries });
    return;
  }
  if (job.kind === 'write' || job.kind === 'place') setSlot(turn, slot, { state: 'EMPTY' });
  log(turn, `install of ${execution.version} failed: ${reason.code}: ${reason.message}`);
  report(turn, execution, 'FAILED', reason);
};
