import type { GateSight } from './gates.ts';

/** What is remembered of a probe from one look to the next. */
export type ProbeWatch = {
  /** uptime in seconds at which it was last run */
  readonly at: number;
  /** in a row */
  readonly failures: number;
  readonly hasSucceeded: boolean;
  /** how it counts until it is run again */
  readonly sight: GateSight;
};

/** @param interval seconds; absent: at every look */
export const isProbeDue = (
  watch: ProbeWatch | undefined,
  interval: number | undefined,
  now: number,
): boolean => watch === undefined || interval === undefined || now - watch.at >= interval;

/**
 * A probe that never succeeded is not forgiven: otherwise a release that never answers would pass while its retries last.
 *
 * @param retries failures in a row that are forgiven
 */
export const afterProbe = (
  watch: ProbeWatch | undefined,
  retries: number,
  sight: GateSight,
  now: number,
): ProbeWatch => {
  if (sight.ok) return { at: now, failures: 0, hasSucceeded: true, sight };
  const failures = (watch?.failures ?? 0) + 1;
  const hasSucceeded = watch?.hasSucceeded ?? false;
  if (!hasSucceeded || failures > retries) return { at: now, failures, hasSucceeded, sight };
  const saw = `forgiven, ${failures} of ${retries}: ${sight.saw}`;
  return { at: now, failures, hasSucceeded, sight: { ...sight, ok: true, saw } };
};
