import { otherSlot, type SlotName } from '@slipway/protocol';
import { startFetch, startWrite } from './on-desired.ts';
import { MAX_TRIAL_BOOTS, type Job, type SlotRecord } from './state.ts';
import { log, report, setSlot, startJob, type Turn } from './turn.ts';

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
  else if (boot.loaderDefault !== null && boot.loaderDefault !== boot.slot) stray(turn);
  else {
    settle(turn);
    if (theirs.state === 'TRIAL') afterTrial(turn, other, theirs);
    else goOn(turn, theirs);
  }
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
  if (boot.loaderDefault === boot.slot || turn.saved.job?.kind === 'commit') {
    // The gates had passed and the default may be written: finish the commit.
    startJob(turn, { kind: 'commit', slot: boot.slot, heal: false });
    return;
  }
  if (record.boot !== null && record.boot.bootId !== boot.bootId) {
    // One-shot by the loader; should the loader fail to forget it, the second boot ends the trial.
    failTrial(turn, {
      code: 'TRIAL_NOT_BOOTED',
      message: `slot ${boot.slot}: the trial was booted twice although it was armed once; the first boot ended without a verdict.`,
    });
    return;
  }
  log(turn, `trial boot of ${record.ref.version} in slot ${boot.slot}`);
  startJob(turn, { kind: 'judge', startedAt, broker: turn.saved.brokerWorked });
};

/** Records why the trial failed, then leaves it. The loader's default still names the old slot, which reports it. */
export const failTrial = (turn: Turn, reason: { readonly code: string; readonly message: string }): void => {
  const record = turn.saved.slots[turn.boot.slot];
  if (record.state === 'TRIAL')
    setSlot(turn, turn.boot.slot, { state: 'FAILED', ref: record.ref, ...reason });
  log(turn, `trial failed: ${reason.code}: ${reason.message}`);
  startJob(turn, { kind: 'reboot', from: turn.boot.bootId, why: 'trial failed' });
};

/**
 * Neither the loader's default nor a known trial: the state was lost during a trial, or the default does not start.
 * One reboot tells; after that the device stays up as it is and refuses installs, rather than loop.
 */
const stray = (turn: Turn): void => {
  const { boot } = turn;
  if (turn.saved.strays > 0) {
    turn.saved = { ...turn.saved, job: null };
    log(
      turn,
      `slot ${boot.slot} runs although slot ${boot.loaderDefault ?? '-'} is the default; staying up, no installs`,
    );
    return;
  }
  turn.saved = { ...turn.saved, strays: 1 };
  startJob(turn, { kind: 'reboot', from: boot.bootId, why: 'booted slot is not the default' });
};

/** The booted slot is the confirmed one. */
const settle = (turn: Turn): void => {
  const { ref, slot } = turn.boot;
  const { floor } = turn.saved;
  setSlot(turn, slot, { state: 'GOOD', ref });
  turn.saved = {
    ...turn.saved,
    strays: 0,
    floor: { counter: Math.max(floor.counter, ref.counter), time: Math.max(floor.time, ref.timeFloor) },
  };
};

/** The old slot runs and a trial of the other stands in the records. */
const afterTrial = (turn: Turn, slot: SlotName, record: Trial): void => {
  const { bootId } = turn.boot;
  if (record.armedIn === null && record.boot === null) {
    startJob(turn, { kind: 'arm', slot });
  } else if (record.armedIn === bootId) {
    startJob(turn, { kind: 'reboot', from: bootId, why: 'trial armed' });
  } else if (record.boot !== null && record.attempt < MAX_TRIAL_BOOTS) {
    // Its agent had started and left no verdict: most likely the power went.
    log(turn, `trial of ${record.ref.version} ended without a verdict, arming it again`);
    setSlot(turn, slot, { ...record, attempt: record.attempt + 1, armedIn: null, boot: null });
    startJob(turn, { kind: 'arm', slot });
  } else {
    const message =
      record.boot === null
        ? `slot ${slot}: armed once, and the agent of ${record.ref.version} never started (panic, hang, or no boot at all).`
        : `slot ${slot}: ${record.attempt} trial boots of ${record.ref.version} ended without a verdict.`;
    setSlot(turn, slot, { state: 'FAILED', ref: record.ref, code: 'TRIAL_NOT_BOOTED', message });
    rolledBack(turn, { code: 'TRIAL_NOT_BOOTED', message });
  }
};

const rolledBack = (turn: Turn, reason: { readonly code: string; readonly message: string }): void => {
  turn.saved = { ...turn.saved, job: null };
  log(turn, `rolled back: ${reason.code}: ${reason.message}`);
  if (turn.saved.execution !== null) report(turn, turn.saved.execution, 'ROLLED_BACK', reason);
};

/** No trial: an outcome to report, an install to go on with, a default to restore, or nothing. */
const goOn = (turn: Turn, inactive: SlotRecord): void => {
  const { boot } = turn;
  const { execution } = turn.saved;
  const resumed = turn.saved.job;
  turn.saved = { ...turn.saved, job: null };
  if (execution?.state === 'TRIAL') {
    const lost = {
      code: 'TRIAL_NOT_BOOTED',
      message: `slot ${otherSlot(boot.slot)}: the record of the trial is gone.`,
    };
    rolledBack(turn, inactive.state === 'FAILED' ? inactive : lost);
  } else if (execution !== null) {
    resume(turn, inactive, resumed);
  } else if (boot.loaderDefault === null) {
    startJob(turn, { kind: 'commit', slot: boot.slot, heal: true });
  }
};

const resume = (turn: Turn, inactive: SlotRecord, job: Job | null): void => {
  const { execution } = turn.saved;
  if (execution === null) return;
  const same = 'bundle' in inactive && inactive.bundle === execution.bundle.digest;
  if (same && inactive.state === 'WRITING') startWrite(turn, execution);
  else if (same && inactive.state === 'VERIFIED') {
    startJob(turn, { kind: 'place', bundle: execution.bundle, slot: otherSlot(turn.boot.slot) });
  } else startFetch(turn, execution);
  if (job !== null || same) log(turn, `resuming release ${execution.version}`);
};
