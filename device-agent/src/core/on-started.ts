import { otherSlot, type SlotName } from '@slipway/protocol';
import { causeOf } from './cause.ts';
import { armOrHold, proceed } from './proceed.ts';
import { MAX_STRAYS, MAX_TRIAL_BOOTS, MAX_UNSEEN, type SlotRecord } from './state.ts';
import { log, report, setSlot, startJob, type Reason, type Turn } from './turn.ts';

type Trial = Extract<SlotRecord, { state: 'TRIAL' }>;

/**
 * What to go on with after any start of the agent: a first boot, a restart of the process, a power cut, a trial, a
 * return from one. Decided from the records, the booted slot and root hash, the boot id and the loader's default.
 */
export const onStarted = (turn: Turn): void => {
  const { boot } = turn;
  const { job } = turn.saved;
  if (job?.kind === 'reboot') {
    if (job.from === boot.bootId) {
      turn.effects.push({ kind: 'run', job });
      return;
    }
    turn.saved = { ...turn.saved, job: null };
  }
  const other = otherSlot(boot.slot);
  const mine = turn.saved.slots[boot.slot];
  const theirs = turn.saved.slots[other];
  if (mine.state === 'TRIAL') inTrial(turn, mine);
  else if (boot.loaderDefault === null && mine.state !== 'GOOD' && theirs.state !== 'GOOD') unknown(turn);
  else if (!isConfirmed(turn, mine)) stray(turn);
  else {
    settle(turn);
    if (theirs.state === 'TRIAL') afterTrial(turn, other, theirs);
    else goOn(turn, theirs);
  }
};

/** The loader's default says which slot is good; where it names none, the record of a good slot does. */
const isConfirmed = ({ boot }: Turn, mine: SlotRecord): boolean =>
  boot.loaderDefault === null
    ? mine.state === 'GOOD' && mine.ref.rootHash === boot.ref.rootHash
    : boot.loaderDefault === boot.slot;

/** Neither the loader nor a record says which slot is good: this one is the default once it has passed its gates. */
const unknown = (turn: Turn): void => {
  log(turn, `nothing says which slot is good; slot ${turn.boot.slot} has to prove itself`);
  startJob(turn, { kind: 'judge', startedAt: turn.boot.uptime, broker: turn.saved.brokerWorked });
};

/** This is the trial boot. */
const inTrial = (turn: Turn, record: Trial): void => {
  const { boot } = turn;
  const startedAt = record.boot?.startedAt ?? boot.uptime;
  if (record.boot === null) {
    setSlot(turn, boot.slot, { ...record, boot: { bootId: boot.bootId, startedAt } });
    if (turn.saved.execution !== null) report(turn, turn.saved.execution, 'TRIAL');
  }
  if (record.ref.rootHash !== boot.ref.rootHash) {
    failTrial(turn, {
      code: 'TRIAL_NOT_BOOTED',
      message: `slot ${boot.slot}: expected root hash ${record.ref.rootHash}, booted ${boot.ref.rootHash}.`,
    });
    return;
  }
  const isCommitting = turn.saved.job?.kind === 'commit' && !turn.saved.job.heal;
  if (boot.loaderDefault === boot.slot || isCommitting) {
    // The gates had passed and the default may be written: finish the commit.
    startJob(turn, { kind: 'commit', slot: boot.slot, heal: false });
    return;
  }
  if (record.boot !== null && record.boot.bootId !== boot.bootId) {
    // One-shot by the loader; should the loader fail to forget it, the second boot is none. The old slot judges.
    log(turn, `slot ${boot.slot} was booted twice although it was armed once`);
    stray(turn);
    return;
  }
  if (boot.ref.counter < turn.saved.floor.counter && !record.restore) {
    failTrial(turn, {
      code: 'BUNDLE_COUNTER_TOO_LOW',
      message: `slot ${boot.slot}: expected a counter of at least ${turn.saved.floor.counter}, booted ${boot.ref.counter}.`,
    });
    return;
  }
  log(turn, `trial boot of ${record.ref.version} in slot ${boot.slot}`);
  startJob(turn, { kind: 'judge', startedAt, broker: turn.saved.brokerWorked });
};

/** Records why the trial failed, then leaves it. The loader's default still names the old slot, which reports it. */
export const failTrial = (turn: Turn, reason: { readonly code: string; readonly message: string }): void => {
  const { code, message } = reason;
  const record = turn.saved.slots[turn.boot.slot];
  log(turn, `trial failed: ${code}: ${message}`);
  // There is nothing to go back to that anybody knows of.
  if (record.state !== 'TRIAL') return;
  setSlot(turn, turn.boot.slot, { state: 'FAILED', ref: record.ref, code, message });
  startJob(turn, { kind: 'reboot', from: turn.boot.bootId, why: 'trial failed', disarm: true });
};

/**
 * Neither the loader's default nor a known trial: the state was lost during a trial, the loader did not forget a
 * one-shot, or the default does not start.
 */
const stray = (turn: Turn): void => {
  const { boot } = turn;
  const theirs = turn.saved.slots[otherSlot(boot.slot)];
  log(turn, `slot ${boot.slot} runs although slot ${boot.loaderDefault ?? '-'} is the default`);
  // Without a default the loader takes what it likes: it is told the good one before it is asked again.
  if (boot.loaderDefault === null && theirs.state === 'GOOD')
    startJob(turn, { kind: 'commit', slot: otherSlot(boot.slot), heal: true });
  else leave(turn, 'booted slot is not the default');
};

/** A few reboots tell; after that the device stays up as it is and refuses installs, rather than loop. */
export const leave = (turn: Turn, why: string): void => {
  const { strays } = turn.saved;
  if (strays >= MAX_STRAYS) {
    turn.saved = { ...turn.saved, job: null };
    turn.effects.push({ kind: 'disarm' });
    log(turn, `staying up in slot ${turn.boot.slot}, no installs`);
    return;
  }
  turn.saved = { ...turn.saved, strays: strays + 1 };
  startJob(turn, { kind: 'reboot', from: turn.boot.bootId, why, disarm: true });
};

/** The booted slot is the confirmed one. */
const settle = (turn: Turn): void => {
  const { ref, slot } = turn.boot;
  const { floor } = turn.saved;
  const record = turn.saved.slots[slot];
  const bundle = 'bundle' in record && record.ref.rootHash === ref.rootHash ? record.bundle : null;
  if (ref.counter < floor.counter)
    log(turn, `slot ${slot} runs counter ${ref.counter}, below the floor ${floor.counter}`);
  setSlot(turn, slot, { state: 'GOOD', ref, bundle });
  turn.saved = {
    ...turn.saved,
    strays: 0,
    floor: { counter: Math.max(floor.counter, ref.counter), time: Math.max(floor.time, ref.timeFloor) },
  };
};

/** The old slot runs and a trial of the other stands in the records. */
const afterTrial = (turn: Turn, slot: SlotName, record: Trial): void => {
  const { bootId } = turn.boot;
  if (record.armedIn === bootId) {
    startJob(turn, { kind: 'reboot', from: bootId, why: 'trial armed', disarm: false });
  } else if (record.armedIn === null && record.boot === null) {
    // What lies there of traces is older: arming clears them.
    armOrHold(turn, slot, record);
  } else {
    afterBoot(turn, slot, record);
  }
};

/** The trial had its boot and left no verdict. */
const afterBoot = (turn: Turn, slot: SlotName, record: Trial): void => {
  const cause = causeOf(turn.boot.evidence, record.boot !== null);
  const unseen = record.unseen + (cause.kind === 'unseen' ? 1 : 0);
  const mayTryAgain = cause.kind !== 'fault' && unseen < MAX_UNSEEN && record.attempt < MAX_TRIAL_BOOTS;
  if (mayTryAgain) {
    log(turn, `trial ${record.attempt} of ${record.ref.version} ended: ${cause.message} Arming it again.`);
    const again: Trial = {
      ...record,
      attempt: record.attempt + 1,
      unseen,
      armedIn: null,
      boot: null,
    };
    setSlot(turn, slot, again);
    armOrHold(turn, slot, again);
    return;
  }
  const { code } = cause;
  const tries = record.attempt > 1 ? ` (${record.attempt} trial boots)` : '';
  const message = `slot ${slot}: ${cause.message}${tries}`;
  setSlot(turn, slot, { state: 'FAILED', ref: record.ref, code, message });
  rolledBack(turn, { code, message });
};

const rolledBack = (turn: Turn, { code, message }: Reason): void => {
  turn.saved = { ...turn.saved, job: null };
  log(turn, `rolled back: ${code}: ${message}`);
  const lines = turn.boot.evidence?.log ?? '';
  if (turn.saved.execution !== null)
    report(turn, turn.saved.execution, 'ROLLED_BACK', { code, message, log: lines });
  turn.effects.push({ kind: 'clearEvidence' });
  restoreDefault(turn);
};

/** This slot is good; a loader that has forgotten it is told. */
const restoreDefault = (turn: Turn): void => {
  const { loaderDefault, slot } = turn.boot;
  if (loaderDefault === null) startJob(turn, { kind: 'commit', slot, heal: true });
};

/** No trial: an outcome to report, an install to go on with, a default to restore, or nothing. */
const goOn = (turn: Turn, inactive: SlotRecord): void => {
  const { boot } = turn;
  const { execution } = turn.saved;
  turn.saved = { ...turn.saved, job: null };
  const isBack = execution?.state === 'TRIAL' || execution?.state === 'REBOOTING';
  const isReady = inactive.state === 'VERIFIED' && inactive.bundle === execution?.bundle.digest;
  if (isBack && !isReady) {
    if (execution.release === boot.ref.release) {
      // The commit was written although its result was lost.
      report(turn, execution, 'COMMITTED');
      turn.effects.push({ kind: 'clearEvidence' });
      restoreDefault(turn);
      return;
    }
    const lost = {
      code: 'TRIAL_NOT_BOOTED',
      message: `slot ${otherSlot(boot.slot)}: the record of the trial is gone.`,
    };
    rolledBack(turn, inactive.state === 'FAILED' ? inactive : lost);
  } else if (boot.loaderDefault === null) {
    restoreDefault(turn);
  } else if (execution !== null) {
    log(turn, `resuming release ${execution.version}`);
    proceed(turn);
  }
};
