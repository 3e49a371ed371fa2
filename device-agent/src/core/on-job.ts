import { otherSlot } from '@slipway/protocol';
import type { JobResult } from './event.ts';
import { startWrite } from './on-desired.ts';
import { failTrial } from './on-started.ts';
import type { Job, OpenExecution } from './state.ts';
import { log, report, setSlot, startJob, type Turn } from './turn.ts';

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
      if (job.kind === 'commit' && !job.heal) onCommitted(turn);
      return;
    case 'failed':
      onFailed(turn, job, result);
      return;
    case 'fetched':
    case 'refused':
    case 'written':
    case 'placed':
    case 'armed':
      if (execution !== null) onInstallResult(turn, execution, result);
      return;
    default:
      return result satisfies never;
  }
};

type InstallResult = Exclude<JobResult, { readonly kind: 'healthy' | 'committed' | 'failed' }>;

/** Install order: manifest, slot, UKI, one-shot, reboot. Each record is saved before the next thing is touched. */
const onInstallResult = (turn: Turn, execution: OpenExecution, result: InstallResult): void => {
  const slot = otherSlot(turn.boot.slot);
  const record = turn.saved.slots[slot];
  switch (result.kind) {
    case 'fetched':
      setSlot(turn, slot, { state: 'WRITING', ref: result.ref, bundle: execution.bundle.digest });
      log(turn, `accepted release ${execution.version}, writing slot ${slot}`);
      if (execution.state === 'OFFERED') report(turn, execution, 'ACCEPTED');
      reportNext(turn, 'DOWNLOADING');
      startWrite(turn, execution);
      return;
    case 'refused':
      log(turn, `rejected release ${execution.version}: ${result.code}: ${result.message}`);
      report(turn, execution, 'REJECTED', result);
      return;
    case 'written':
      if (record.state !== 'WRITING') return;
      setSlot(turn, slot, { ...record, state: 'VERIFIED' });
      log(turn, `verified release ${execution.version} in slot ${slot}`);
      report(turn, addBytes(execution, result), 'VERIFIED');
      reportNext(turn, 'INSTALLING');
      startJob(turn, { kind: 'place', bundle: execution.bundle, slot });
      return;
    case 'placed':
      if (record.state !== 'VERIFIED') return;
      turn.saved = { ...turn.saved, execution: addBytes(execution, result) };
      setSlot(turn, slot, { ...record, state: 'TRIAL', attempt: 1, armedIn: null, boot: null });
      startJob(turn, { kind: 'arm', slot });
      return;
    case 'armed':
      if (record.state !== 'TRIAL') return;
      setSlot(turn, slot, { ...record, armedIn: turn.boot.bootId });
      log(turn, `armed slot ${slot}, rebooting`);
      report(turn, execution, 'REBOOTING');
      startJob(turn, { kind: 'reboot', from: turn.boot.bootId, why: 'trial armed' });
      return;
    default:
      return result satisfies never;
  }
};

const reportNext = (turn: Turn, state: 'DOWNLOADING' | 'INSTALLING'): void => {
  if (turn.saved.execution !== null) report(turn, turn.saved.execution, state);
};

const addBytes = (
  execution: OpenExecution,
  bytes: { readonly bytesReceived: number; readonly bytesReused: number },
): OpenExecution => ({
  ...execution,
  bytesReceived: execution.bytesReceived + bytes.bytesReceived,
  bytesReused: execution.bytesReused + bytes.bytesReused,
});

/** The loader's default has been written and read back: from here the release is good. The floor rises now, not earlier. */
const onCommitted = (turn: Turn): void => {
  const { slot, ref } = turn.boot;
  const { floor, execution } = turn.saved;
  setSlot(turn, slot, { state: 'GOOD', ref });
  turn.saved = {
    ...turn.saved,
    floor: { counter: Math.max(floor.counter, ref.counter), time: Math.max(floor.time, ref.timeFloor) },
  };
  log(turn, `committed ${ref.version} in slot ${slot}`);
  if (execution !== null) report(turn, execution, 'COMMITTED');
};

const onFailed = (turn: Turn, job: Job, reason: Extract<JobResult, { readonly kind: 'failed' }>): void => {
  const { execution } = turn.saved;
  const slot = otherSlot(turn.boot.slot);
  const record = turn.saved.slots[slot];
  switch (job.kind) {
    case 'fetch':
      break;
    case 'write':
    case 'place':
      setSlot(turn, slot, { state: 'EMPTY' });
      break;
    case 'arm':
      if (record.state === 'TRIAL') {
        setSlot(turn, slot, { state: 'VERIFIED', ref: record.ref, bundle: record.bundle });
      }
      break;
    case 'judge':
      failTrial(turn, reason);
      return;
    case 'commit':
      // The default alone says which slot is good: where it named this one at boot, an earlier try had worked.
      if (turn.boot.loaderDefault === turn.boot.slot) onCommitted(turn);
      else if (job.heal) log(turn, `default not restored: ${reason.code}: ${reason.message}`);
      else failTrial(turn, reason);
      return;
    case 'reboot':
      // Nothing else is left to do: try again.
      startJob(turn, { kind: 'reboot', from: job.from, why: job.why });
      return;
    default:
      return job satisfies never;
  }
  if (execution === null) return;
  log(turn, `install of ${execution.version} failed: ${reason.code}: ${reason.message}`);
  report(turn, execution, 'FAILED', reason);
};
