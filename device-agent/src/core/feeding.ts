import { MAX_STRAYS, type BootFacts, type Job, type Saved } from './state.ts';

/** Whether the loop of the agent turns, as the watchdog sees it; uptime in seconds. */
export type LoopFacts = {
  readonly now: number;
  /** start of the agent */
  readonly begunAt: number;
  /** end of the last look at the gates */
  readonly lookedAt: number;
  /** what runs, and since when; null: nothing */
  readonly job: { readonly kind: Job['kind']; readonly since: number } | null;
  /** longest that one look may take: the slowest probe */
  readonly lookTakes: number;
  /** the loader's default was read and names no other slot */
  readonly isConfirmed: boolean;
};

/** Until the agent knows what it runs on, where that may be a trial. */
const START_S = 60;
/** Beyond what the slowest probe takes. */
const STALL_S = 30;
const COMMIT_S = 120;

/**
 * Whether the watchdog may be fed. A committed slot is fed while the loop turns, however ill its services are: going
 * round in resets mends nothing. A trial is fed only on its way to a verdict, and never after it has failed: should the
 * reboot hang, the watchdog does it. Nor does a reset mend a loader that starts the wrong slot again and again: a device
 * that has given up leaving it stays up.
 */
export const mayFeed = (
  {
    saved,
    boot,
  }: { readonly saved: Pick<Saved, 'slots' | 'strays'>; readonly boot: Pick<BootFacts, 'slot'> | null },
  loop: LoopFacts,
): boolean => {
  const isTurning = loop.now - loop.lookedAt <= STALL_S + loop.lookTakes;
  // Storage that does not take the state leaves a committed slot here for as long as that lasts.
  if (boot === null) return loop.isConfirmed ? isTurning : loop.now - loop.begunAt <= START_S;
  if (loop.job === null && saved.strays >= MAX_STRAYS) return isTurning;
  const { state } = saved.slots[boot.slot];
  switch (state) {
    case 'FAILED':
      return false;
    case 'TRIAL':
      if (loop.job?.kind === 'judge') return isTurning;
      return loop.job?.kind === 'commit' && loop.now - loop.job.since <= COMMIT_S;
    case 'EMPTY':
    case 'WRITING':
    case 'VERIFIED':
    case 'GOOD':
      return isTurning;
    default:
      return state satisfies never;
  }
};
