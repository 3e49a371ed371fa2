import { otherSlot, type SlotName } from '@slipway/protocol';
import { holdArming, holdDownload, type Hold } from './execution-policy.ts';
import type { BootFacts, OpenExecution, Saved, SlotRecord } from './state.ts';
import { log, report, setExecution, setSlot, startJob, stopJob, type Turn } from './turn.ts';

type Armable = Extract<SlotRecord, { state: 'VERIFIED' | 'TRIAL' }>;

/** Until the trial is being armed. From then on the boot loader may already know of it. */
export const isUnarmed = ({ slots }: Saved, { slot }: BootFacts): boolean =>
  slots[otherSlot(slot)].state !== 'TRIAL' && slots[slot].state === 'GOOD';

/** What comes next for the execution under way, from where the record of the inactive slot stands. */
export const proceed = (turn: Turn): void => {
  const { execution } = turn.saved;
  if (execution === null) return;
  const slot = otherSlot(turn.boot.slot);
  const record = turn.saved.slots[slot];
  const isOurs = 'bundle' in record && record.bundle === execution.bundle.digest;
  if (isOurs && record.state === 'VERIFIED' && execution.hold?.step === 'arm') {
    armOrHold(turn, slot, record);
    return;
  }
  const hold = holdDownload(execution, turn.clock);
  if (hold !== undefined) {
    holdBack(turn, execution, 'download', hold);
    return;
  }
  const { bundle, source } = execution;
  if (isOurs && record.state === 'WRITING') {
    goOnAs(turn, execution, 'DOWNLOADING');
    startJob(turn, { kind: 'write', bundle, source, slot });
  } else if (isOurs && record.state === 'VERIFIED') {
    goOnAs(turn, execution, 'INSTALLING');
    startJob(turn, { kind: 'place', bundle, source, slot });
  } else {
    setExecution(turn, { ...execution, hold: null });
    const { release } = execution;
    startJob(turn, { kind: 'fetch', bundle, source, release, floor: turn.saved.floor });
  }
};

/** An execution that was held back is told to go on. */
const goOnAs = (turn: Turn, execution: OpenExecution, state: 'DOWNLOADING' | 'INSTALLING'): void => {
  if (execution.hold === null) return;
  report(turn, { ...execution, hold: null }, state);
};

/** The trial of a slot whose bytes and UKI are in place, unless the policy holds it back. */
export const armOrHold = (turn: Turn, slot: SlotName, record: Armable): void => {
  const { execution } = turn.saved;
  const { ref, bundle, unseen } = record;
  const attempt = record.state === 'TRIAL' ? record.attempt : record.trials + 1;
  const hold = execution === null ? undefined : holdArming(execution, turn.clock);
  if (execution !== null && hold !== undefined) {
    if (record.state === 'TRIAL')
      setSlot(turn, slot, { state: 'VERIFIED', ref, bundle, trials: attempt - 1, unseen });
    holdBack(turn, execution, 'arm', hold);
    return;
  }
  if (execution !== null) setExecution(turn, { ...execution, hold: null });
  const restore = record.state === 'TRIAL' && record.restore;
  setSlot(turn, slot, {
    state: 'TRIAL',
    ref,
    bundle,
    attempt,
    unseen,
    armedIn: null,
    boot: null,
    restore,
  });
  startJob(turn, { kind: 'arm', slot });
};

/** Half the time that the server waits for the next report of what is deferred. */
const SAY_AGAIN_S = 7 * 86_400;

/** Reported once for each reason and time; nothing changes where it still holds. Consent may take longer than servers wait. */
const holdBack = (turn: Turn, execution: OpenExecution, step: 'download' | 'arm', hold: Hold): void => {
  stopJob(turn);
  const { hold: known } = execution;
  const { now } = turn.clock;
  const isKnown = known?.step === step && known.code === hold.code && known.message === hold.message;
  const isFresh = execution.consent === null || Math.abs(now - (known?.since ?? 0)) < SAY_AGAIN_S;
  if (isKnown && isFresh && execution.state === 'DEFERRED') return;
  log(turn, `release ${execution.version} held back: ${hold.code}: ${hold.message}`);
  report(turn, { ...execution, hold: { step, ...hold, since: now } }, 'DEFERRED', hold);
};

/** The time, the link or the policy is another: what is held back may go on, what comes may have to wait. */
export const review = (turn: Turn): void => {
  const { execution, job } = turn.saved;
  if (execution === null) return;
  if (job === null) {
    if (execution.hold !== null) proceed(turn);
    return;
  }
  if (job.kind !== 'fetch' && job.kind !== 'write' && job.kind !== 'place') return;
  const hold = holdDownload(execution, turn.clock);
  if (hold !== undefined) holdBack(turn, execution, 'download', hold);
};
