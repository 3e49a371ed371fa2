import type { ConsentAnswer } from '@slipway/device-agent/simulation';
import type { SimOptions } from '../options.ts';
import { isMet } from './fate.ts';

/** Simulated seconds that somebody takes to answer. */
export const ANSWER_S = 30;

/**
 * What somebody at a device says when it asks whether it may start a version. Who has deferred it once accepts it when
 * they are asked again.
 *
 * @returns undefined: nobody is there
 */
export const answerOf = (
  {
    seed,
    faults,
  }: Pick<SimOptions, 'seed'> & {
    readonly faults: Pick<SimOptions['faults'], 'declines' | 'defers' | 'deferSeconds' | 'accepts'>;
  },
  device: string,
  version: string,
  hasDeferred: boolean,
): ConsentAnswer | undefined => {
  const is = (share: number, what: string): boolean => isMet(seed, share, device, `${version}:${what}`);
  if (hasDeferred) return { kind: 'accept' };
  if (is(faults.declines, 'declines')) return { kind: 'refuse' };
  if (is(faults.defers, 'defers')) return { kind: 'defer', seconds: faults.deferSeconds };
  return is(faults.accepts, 'accepts') ? { kind: 'accept' } : undefined;
};
