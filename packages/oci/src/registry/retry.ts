import { setTimeout as sleep } from 'node:timers/promises';

/** How often a registry is asked that is busy or breaks connections. */
export type RetryPolicy = {
  /** tries in all that bring nothing */
  readonly attempts: number;
  /** before the second try; doubled from one to the next */
  readonly baseMs: number;
  readonly maxMs: number;
  /** a server that wants more patience gets an error */
  readonly maxRetryAfterMs: number;
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
};

export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 5,
  baseMs: 500,
  maxMs: 15_000,
  maxRetryAfterMs: 120_000,
  wait: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  },
};

/** Milliseconds of a `Retry-After`, which is in seconds or a date. */
export const parseRetryAfter = (value: string | undefined, now: number): number | undefined => {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value.trim()) * 1000;
  // `Date.parse` also makes a date of many a number.
  const date = /^[A-Z]/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
};

/** @param failures so far, from 1; half of the wait is random, so that builds which failed together do not return together */
export const backoffMs = ({ baseMs, maxMs }: RetryPolicy, failures: number, random: number): number => {
  const full = Math.min(maxMs, baseMs * 2 ** (failures - 1));
  return Math.round(full / 2 + (full / 2) * random);
};
