import { ExecutionState, isTerminal, type Rollout } from '@slipway/protocol';

/** Devices of a rollout by what it means for its health. */
export type Shares = {
  readonly done: number;
  readonly busy: number;
  readonly failed: number;
  readonly waiting: number;
  readonly total: number;
};

const FAILED: readonly ExecutionState[] = ['REJECTED', 'ROLLED_BACK', 'FAILED', 'TIMED_OUT'];

export const sharesOf = ({
  counts,
  waiting,
  waves,
}: Pick<Rollout, 'counts' | 'waiting' | 'waves'>): Shares => {
  const of = (is: (state: ExecutionState) => boolean): number =>
    ExecutionState.options.reduce((sum, state) => (is(state) ? sum + (counts[state] ?? 0) : sum), 0);
  const done = counts.COMMITTED ?? 0;
  const busy = of((state) => !isTerminal(state));
  const failed = of((state) => FAILED.includes(state));
  const open = waves.reduce((sum, wave) => sum + wave.open, 0);
  const left = Math.max(waiting ?? 0, open);
  return { done, busy, failed, waiting: left, total: done + busy + failed + left };
};
