import type { AssignmentPolicy } from '@slipway/protocol';
import { nextOpening } from './window-times.ts';

/** How long one device takes for one release, in seconds. */
export type Pace = {
  /** from the offer until it could restart: download, verification, installation */
  readonly prepare: number;
  /** from there until it has committed */
  readonly restart: number;
};

export type WaveToEstimate = {
  /** releases to be taken by its devices in all; one that goes by a stepping stone takes two */
  readonly updates: number;
  readonly maxInFlight: number;
  readonly soakSeconds: number;
  /** it passes once so many devices are good; absent: once all are decided */
  readonly success?: { readonly count?: number | undefined; readonly percent?: number | undefined };
};

export type EstimateRules = {
  readonly policy: AssignmentPolicy;
  /** offers */
  readonly maxPerMinute: number | undefined;
  /** of the devices, each with its share of them, together 1 */
  readonly zones: readonly { readonly timeZone: string; readonly share: number }[];
};

/** in milliseconds */
export type EstimatedWave = { readonly startsAt: number; readonly endsAt: number };

/** So many are followed one by one; of more, several go as one. */
const MAX_FOLLOWED = 2000;

/**
 * When the waves of a rollout would begin and end, one after the other, if every device were online, none failed, and
 * nobody had to be waited for.
 *
 * @param start in milliseconds
 */
export const estimateWaves = (
  waves: readonly WaveToEstimate[],
  rules: EstimateRules,
  pace: Pace,
  start: number,
): readonly EstimatedWave[] => {
  const estimated: EstimatedWave[] = [];
  let startsAt = start;
  for (const wave of waves) {
    const finished = finishTimes(wave, rules, pace, startsAt);
    const passed = finished[Math.max(0, neededOf(wave, finished.length) - 1)] ?? startsAt;
    const endsAt = wave.updates === 0 ? startsAt : passed + wave.soakSeconds * 1000;
    estimated.push({ startsAt, endsAt });
    startsAt = endsAt;
  }
  return estimated;
};

/** Of those that are followed, how many have to be good. */
const neededOf = ({ success, updates }: WaveToEstimate, followed: number): number => {
  const { count, percent } = success ?? {};
  const share = Math.min(
    1,
    count === undefined || updates === 0 ? 1 : count / updates,
    percent === undefined ? 1 : percent / 100,
  );
  return Math.ceil(share * followed);
};

/** Ascending. Each device takes the first place that is free, not sooner than the rate lets it. */
const finishTimes = (
  { updates, maxInFlight }: WaveToEstimate,
  { policy, maxPerMinute, zones }: EstimateRules,
  pace: Pace,
  startsAt: number,
): readonly number[] => {
  const together = Math.max(1, Math.ceil(updates / MAX_FOLLOWED));
  const followed = Math.ceil(updates / together);
  const places = Math.max(1, Math.min(followed, Math.floor(maxInFlight / together)));
  const apartMs = maxPerMinute === undefined ? 0 : (together * 60_000) / maxPerMinute;
  const zoneOf = dealOut(zones);
  /** when places become free, ascending */
  const free = Array.from({ length: places }, () => startsAt);
  const finished: number[] = [];
  for (let at = 0; at < followed; at += 1) {
    const offered = Math.max(free.shift() ?? startsAt, startsAt + at * apartMs);
    const prepared = offered + pace.prepare * 1000;
    const done =
      policy.mode === 'download'
        ? prepared
        : nextOpening(policy.windows ?? [], zoneOf(at), prepared, policy.deadline) + pace.restart * 1000;
    insertSorted(free, done);
    insertSorted(finished, done);
  }
  return finished;
};

/** Deals zones out so that after any number each has had about its share. */
const dealOut = (zones: EstimateRules['zones']): ((at: number) => string) => {
  const dealt = zones.map(() => 0);
  return (at) => {
    const behind = zones.map(({ share }, zone) => share * (at + 1) - (dealt[zone] ?? 0));
    const next = behind.indexOf(Math.max(...behind));
    dealt[next] = (dealt[next] ?? 0) + 1;
    return zones[next]?.timeZone ?? 'UTC';
  };
};

const insertSorted = (ascending: number[], value: number): void => {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  ascending.splice(low, 0, value);
};
