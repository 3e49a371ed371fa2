import type { Threshold } from '@slipway/protocol';
import { addTallies, EMPTY_TALLY, failedOf, sizeOf, type Tally } from './members.ts';
import type { PlanRollout, PlanWave } from './types.ts';

/** Healthy devices by which a wave has passed. A wave that is smaller than the number asked for has passed with all. */
export const neededOf = ({ count, percent }: Threshold, size: number): number =>
  Math.min(
    size,
    count ?? Number.POSITIVE_INFINITY,
    percent === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Math.ceil((size * percent) / 100 - 1e-9)),
  );

export const hasSucceeded = ({ success }: Pick<PlanWave, 'success'>, tally: Tally): boolean =>
  success !== null && tally.healthy >= neededOf(success, sizeOf(tally));

export type Failures = {
  readonly failed: number;
  /** devices that a share is one of */
  readonly of: number;
  readonly threshold: { readonly count: number | null; readonly percent: number | null };
};

const isReached = ({ failed, of, threshold: { count, percent } }: Failures): boolean =>
  (count !== null && failed >= count) || (percent !== null && failed > 0 && failed * 100 >= percent * of);

export const hasBegun = ({ state }: Pick<PlanWave, 'state'>): boolean =>
  state !== 'waiting' && state !== 'pending';

/**
 * Failures that count for a wave: its own where it has a threshold of its own, else those of all such waves together. A
 * share is one of all devices of these waves as far as they have begun: of those that are decided it would be reached
 * by the first that fails.
 *
 * @param tallyOf as it is now
 */
export const failuresOf = (
  rollout: Pick<PlanRollout, 'failureThreshold' | 'failurePercent'>,
  waves: readonly PlanWave[],
  wave: PlanWave,
  tallyOf: (index: number) => Tally,
): Failures => {
  if (wave.failure !== null) {
    const { count = null, percent = null } = wave.failure;
    return { ...failuresIn([wave], tallyOf), threshold: { count, percent } };
  }
  const shared = waves.filter(({ failure }) => failure === null);
  return {
    ...failuresIn(shared, tallyOf),
    threshold: { count: rollout.failureThreshold, percent: rollout.failurePercent },
  };
};

const failuresIn = (waves: readonly PlanWave[], tallyOf: (index: number) => Tally) => {
  const begun = waves.filter(hasBegun);
  const tally = begun.map(({ index }) => tallyOf(index)).reduce(addTallies, EMPTY_TALLY);
  const forgiven = begun.reduce((sum, wave) => sum + wave.forgiven, 0);
  return { failed: failedOf(tally) - forgiven, of: sizeOf(tally) };
};

/** The wave whose failures have reached their threshold, and by how many of what. */
export const failedWave = (
  rollout: PlanRollout,
  waves: readonly PlanWave[],
  tallyOf: (index: number) => Tally,
): { readonly wave: PlanWave; readonly reason: string } | undefined => {
  for (const wave of waves) {
    if (!hasBegun(wave)) continue;
    const failures = failuresOf(rollout, waves, wave, tallyOf);
    if (isReached(failures)) return { wave, reason: reasonOf(rollout, waves, wave, failures) };
  }
  return undefined;
};

const ENDS = { stop: 'the rollout stops', pause: 'the rollout pauses', rollback: 'the rollout goes back' };

const reasonOf = (
  { onFailure }: PlanRollout,
  waves: readonly PlanWave[],
  { index, failure }: PlanWave,
  { failed, of, threshold: { count, percent } }: Failures,
): string => {
  const where = failure === null || waves.length === 1 ? '' : ` in wave ${index + 1}`;
  const at = count !== null && failed >= count ? `${count}` : `${percent} % (of ${of})`;
  return `${failed} failed${where}, ${ENDS[onFailure]} at ${at}`;
};
