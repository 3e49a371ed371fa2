/**
 * Where a device of a rollout is.
 *
 * - `open`: may be offered the release; `away`: not connected; `busy`: takes a release of another rollout;
 *   `retrying`: waits for its time; all four are looked at again
 * - `skipped`: was not connected for as long as it was waited for; takes part again once it is
 * - `live`: has an offer
 * - `soaking`: has committed and must stay healthy for a while; `healthy`: has done that; `unwell`: has not
 * - `failed`, `out` (its offer was taken back), `current` (has the release without us), `beyond` (no wave is meant for it)
 * - `reverting`, `stranded` (to go back, not connected), `reverted`, `stuck` (did not go back)
 */
export const MEMBER_STATES = [
  'open',
  'away',
  'busy',
  'retrying',
  'skipped',
  'live',
  'soaking',
  'healthy',
  'unwell',
  'failed',
  'out',
  'current',
  'beyond',
  'reverting',
  'stranded',
  'reverted',
  'stuck',
] as const;
export type MemberState = (typeof MEMBER_STATES)[number];

/** Members of a wave by state. */
export type Tally = Readonly<Record<MemberState, number>>;

export const EMPTY_TALLY: Tally = {
  open: 0,
  away: 0,
  busy: 0,
  retrying: 0,
  skipped: 0,
  live: 0,
  soaking: 0,
  healthy: 0,
  unwell: 0,
  failed: 0,
  out: 0,
  current: 0,
  beyond: 0,
  reverting: 0,
  stranded: 0,
  reverted: 0,
  stuck: 0,
};

const sum = (tally: Tally, states: readonly MemberState[]): number =>
  states.reduce((total, state) => total + tally[state], 0);

/** Not offered yet, or not for good. */
export const openOf = (tally: Tally): number => sum(tally, ['open', 'away', 'busy']);
export const undecidedOf = (tally: Tally): number => openOf(tally) + tally.retrying + tally.live;
export const failedOf = (tally: Tally): number => sum(tally, ['failed', 'unwell']);
/** It is known how the release fares on them, for now. */
const decidedOf = (tally: Tally): number =>
  failedOf(tally) + sum(tally, ['soaking', 'healthy', 'reverting', 'stranded', 'reverted', 'stuck']);
/** Run the release by us. */
export const committedOf = (tally: Tally): number => sum(tally, ['soaking', 'healthy', 'unwell']);
export const sizeOf = (tally: Tally): number => undecidedOf(tally) + decidedOf(tally) + tally.out;

export const addTallies = (a: Tally, b: Tally): Tally => {
  const total = { ...a };
  for (const state of MEMBER_STATES) total[state] += b[state];
  return total;
};
