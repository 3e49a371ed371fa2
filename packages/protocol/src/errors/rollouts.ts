import { entry, type ErrorEntry } from './entry.ts';

/** Of rollouts. */
export const ROLLOUTS = {
  ROLLOUT_CONFLICT: entry(
    75,
    409,
    'A device took a release of another rollout for longer than a rollout waits for it, and was left out.',
    'Look what holds the other rollout up, or abort it; then roll out to the device again, with more patience if need be.',
  ),
  ROLLOUT_PREEMPTED: entry(
    75,
    409,
    'A rollout of higher priority took the device, so the offer was taken back; it comes again.',
    'Nothing is to be done. Give the rollout a higher priority if it should go first.',
  ),
  ROLLOUT_FAILED: entry(
    1,
    409,
    'Too many devices of a rollout failed, for reasons that have no code of their own.',
    'See slipway rollouts failures, and what the devices named say; mend the release.',
  ),
  ROLLOUT_PAUSED: entry(
    75,
    409,
    'So many devices failed that a rollout paused; it waits for a person.',
    'See slipway rollouts failures; then resume the rollout, which forgives them, or abort it or roll it back.',
  ),
  ROLLOUT_ABORTED: entry(1, 409, 'Somebody ended a rollout.', 'Ask who it was: the reason names them.'),
  ROLLOUT_ENDED: entry(
    75,
    409,
    'The end that a rollout was given came before all of its devices had the release.',
    'Roll out to the devices that are left, with a later end or more of them at once.',
  ),
  ROLLOUT_ROLLED_BACK: entry(
    1,
    409,
    'Somebody had the devices of a rollout go back to the release before it.',
    'Ask who it was: the reason names them.',
  ),
  SECOND_PERSON_NEEDED: entry(
    77,
    403,
    'Whoever created a rollout cannot approve it as well.',
    'Have somebody else approve it who may.',
  ),
} as const satisfies Record<string, ErrorEntry>;
