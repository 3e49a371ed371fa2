import { isTerminal, type ExecutionState } from '@slipway/protocol';

/**
 * What a device may report next. An interrupted install starts over from what is in place, so it may step back until
 * the trial is armed; a step may be left out, except that nothing is committed that was not booted.
 */
const NEXT: Readonly<Record<ExecutionState, readonly ExecutionState[]>> = {
  OFFERED: ['ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REJECTED', 'FAILED', 'CANCELED'],
  ACCEPTED: ['ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REJECTED', 'FAILED', 'CANCELED'],
  DOWNLOADING: ['DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'REJECTED', 'FAILED', 'CANCELED'],
  VERIFIED: ['DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'REJECTED', 'FAILED', 'CANCELED'],
  INSTALLING: ['DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'REJECTED', 'FAILED', 'CANCELED'],
  REBOOTING: ['REBOOTING', 'TRIAL', 'COMMITTED', 'ROLLED_BACK', 'FAILED'],
  TRIAL: ['TRIAL', 'COMMITTED', 'ROLLED_BACK', 'FAILED'],
  COMMITTED: [],
  ROLLED_BACK: [],
  REJECTED: [],
  FAILED: [],
  // The server's own verdicts. What runs on the device is a fact, so a trial that was already armed still counts.
  TIMED_OUT: ['COMMITTED', 'ROLLED_BACK'],
  CANCELED: ['COMMITTED', 'ROLLED_BACK'],
};

/** @returns why a report changes nothing; undefined where it counts */
export const refuseTransition = (from: ExecutionState, to: ExecutionState): string | undefined => {
  if (NEXT[from].includes(to)) return undefined;
  return isTerminal(from) ? `the execution ended as ${from}` : `${to} does not follow ${from}`;
};
