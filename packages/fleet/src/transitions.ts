import { isTerminal, type ExecutionState } from '@slipway/protocol';

const ENDS = ['REJECTED', 'FAILED', 'CANCELED'] as const;

/**
 * What a device may report next. An interrupted install starts over from what is in place, so it may step back until
 * the trial is armed; a step may be left out, except that nothing is committed that was not booted.
 */
const NEXT: Readonly<Record<ExecutionState, readonly ExecutionState[]>> = {
  OFFERED: ['ACCEPTED', 'DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', ...ENDS],
  ACCEPTED: ['ACCEPTED', 'DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', ...ENDS],
  DOWNLOADING: ['DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', ...ENDS],
  VERIFIED: ['DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', ...ENDS],
  INSTALLING: ['DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', ...ENDS],
  // Held back at any point, also between two trial boots of which the first was cut off.
  DEFERRED: ['ACCEPTED', 'DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', ...ENDS],
  REBOOTING: ['REBOOTING', 'TRIAL', 'DEFERRED', 'COMMITTED', 'ROLLED_BACK', 'FAILED'],
  TRIAL: ['TRIAL', 'REBOOTING', 'DEFERRED', 'COMMITTED', 'ROLLED_BACK', 'FAILED'],
  COMMITTED: [],
  ROLLED_BACK: [],
  REJECTED: [],
  FAILED: [],
  // The server's own verdicts. What runs on the device is a fact, so a trial that was already armed still counts.
  TIMED_OUT: ['COMMITTED', 'ROLLED_BACK'],
  CANCELED: ['COMMITTED', 'ROLLED_BACK'],
};

/** What only a boot brings about. */
const BOOTED: readonly ExecutionState[] = ['TRIAL', 'COMMITTED', 'ROLLED_BACK'];

/**
 * @param misses whether reports between the last one that counted and this one have not come: they may be on their way
 *   over another gateway, and what this one says is a fact all the same
 * @returns why a report changes nothing; undefined where it counts
 */
export const refuseTransition = (
  from: ExecutionState,
  to: ExecutionState,
  misses = false,
): string | undefined => {
  if (NEXT[from].includes(to)) return undefined;
  if (isTerminal(from)) return `the execution ended as ${from}`;
  return misses && BOOTED.includes(to) ? undefined : `${to} does not follow ${from}`;
};
