import { z } from 'zod';
import type { ExecutionState } from './channel.ts';
import { RolloutId } from './ids.ts';
import { isOverRollout, RolloutState, type Rollout } from './rollouts.ts';

/** What would become of devices if somebody took a step with a rollout now. */
export const RolloutStep = z.enum(['approve', 'pause', 'resume', 'abort', 'rollback']);
export type RolloutStep = z.infer<typeof RolloutStep>;

/**
 * Where devices are: not offered the release yet, on their way to the trial, on trial, run it, failed, back on the
 * release before.
 */
export const RolloutStage = z.enum(['open', 'preparing', 'trial', 'committed', 'failed', 'back']);
export type RolloutStage = z.infer<typeof RolloutStage>;

/**
 * - `offered`: by and by, as limits and waves let them; `held`: until it goes on; `left`: they never get it
 * - `continue`: to their end; `taken-back`: the offer; `finish`: their trial, which nobody can stop;
 *   `finish-then-back`: that, and go back where they commit
 * - `back`: restart into the release before; `stay` as they are
 */
export const RolloutFate = z.enum([
  'offered',
  'held',
  'left',
  'continue',
  'taken-back',
  'finish',
  'finish-then-back',
  'back',
  'stay',
]);
export type RolloutFate = z.infer<typeof RolloutFate>;

export const RolloutConsequences = z.object({
  rollout: RolloutId,
  state: RolloutState,
  steps: z.array(
    z.object({
      step: RolloutStep,
      /** in the state that it is in; roles and second persons aside */
      allowed: z.boolean(),
      /** it cannot be undone: an aborted rollout does not go on */
      final: z.boolean(),
      /** failures so far count for no threshold any more */
      forgives: z.boolean(),
      /** each stage with devices in it; `offline`: of them, as far as that is known, for whom it waits until they are back */
      effects: z.array(
        z.object({ stage: RolloutStage, devices: z.int(), offline: z.int(), fate: RolloutFate }),
      ),
    }),
  ),
});
export type RolloutConsequences = z.infer<typeof RolloutConsequences>;

const PREPARING = ['OFFERED', 'ACCEPTED', 'DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING'] as const;
const TRIAL = ['REBOOTING', 'TRIAL'] as const;

type Shown = Pick<Rollout, 'id' | 'state' | 'counts' | 'waves' | 'waiting' | 'approvals' | 'onFailure'>;

/** How many devices of a rollout are in each stage. */
export const stagesOf = ({
  state,
  counts,
  waves,
  waiting,
}: Shown): Record<RolloutStage, { devices: number; offline: number }> => {
  const sum = (states: readonly ExecutionState[]): number =>
    states.reduce((total, one) => total + (counts[one] ?? 0), 0);
  const total = (of: (wave: Shown['waves'][number]) => number): number =>
    waves.reduce((so, wave) => so + of(wave), 0);
  const back = total((wave) => wave.back?.done ?? 0);
  const failed = total((wave) => wave.failed);
  return {
    open: isOverRollout(state)
      ? { devices: 0, offline: 0 }
      : { devices: waiting ?? total((wave) => wave.open), offline: total((wave) => wave.offline) },
    preparing: { devices: sum(PREPARING), offline: 0 },
    trial: { devices: sum(TRIAL), offline: 0 },
    // One that fell ill after it had committed runs it as well, so it is in both.
    committed: {
      devices: Math.max(0, (counts.COMMITTED ?? 0) - back),
      offline: total((wave) => wave.back?.offline ?? 0),
    },
    failed: { devices: failed, offline: 0 },
    back: { devices: back, offline: 0 },
  };
};

type Rule = {
  readonly allowed: (rollout: Shown) => boolean;
  readonly final: boolean;
  readonly fates: Record<RolloutStage, RolloutFate>;
};

const isIn =
  (...states: readonly RolloutState[]) =>
  ({ state }: Shown): boolean =>
    states.includes(state);

const GOES_ON = { preparing: 'continue', trial: 'continue', committed: 'stay' } as const;
const OVER = { failed: 'stay', back: 'stay' } as const;

/** As `steer-rollout` and the planner do it. */
const RULES: Record<RolloutStep, Rule> = {
  approve: {
    allowed: ({ state, waves }) =>
      state === 'pending' ||
      (['scheduled', 'running', 'paused'].includes(state) && waves.some((wave) => wave.state === 'pending')),
    final: false,
    fates: { open: 'offered', ...GOES_ON, ...OVER },
  },
  pause: { allowed: isIn('running'), final: false, fates: { open: 'held', ...GOES_ON, ...OVER } },
  resume: { allowed: isIn('paused'), final: false, fates: { open: 'offered', ...GOES_ON, ...OVER } },
  abort: {
    allowed: isIn('pending', 'scheduled', 'running', 'paused', 'rolling_back'),
    final: true,
    fates: { open: 'left', preparing: 'taken-back', trial: 'finish', committed: 'stay', ...OVER },
  },
  rollback: {
    allowed: isIn('running', 'paused', 'completed', 'stopped', 'aborted'),
    final: true,
    fates: { open: 'left', preparing: 'taken-back', trial: 'finish-then-back', committed: 'back', ...OVER },
  },
};

/** What each step would do, as far as the rollout tells; devices move on meanwhile. */
export const consequencesOf = (rollout: Shown): RolloutConsequences => {
  const stages = stagesOf(rollout);
  return {
    rollout: rollout.id,
    state: rollout.state,
    steps: RolloutStep.options.map((step) => {
      const { allowed, final, fates } = RULES[step];
      return {
        step,
        allowed: allowed(rollout),
        final,
        forgives: step === 'resume' && rollout.onFailure === 'pause' && stages.failed.devices > 0,
        effects: RolloutStage.options
          .map((stage) => ({ stage, ...stages[stage], fate: fates[stage] }))
          .filter(({ devices }) => devices > 0),
      };
    }),
  };
};
