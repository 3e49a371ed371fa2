import type { HealthGates } from '@slipway/protocol';

/** What one gate showed when it was looked at. */
export type GateSight = {
  /** `service:web`, `probe:page`, `broker` */
  readonly gate: string;
  readonly ok: boolean;
  /** for the operator: what was expected and found */
  readonly saw: string;
  /** it cannot become well again in this trial */
  readonly final?: boolean;
};

export type GateWatch = {
  /** uptime in seconds since when every gate has held; null: one does not */
  readonly holdingSince: number | null;
};

export type Verdict =
  | { readonly kind: 'open'; readonly watch: GateWatch }
  | { readonly kind: 'healthy' }
  | {
      readonly kind: 'failed';
      readonly code: 'TRIAL_GATE_FAILED' | 'TRIAL_DEADLINE';
      readonly message: string;
    };

/** Starts of one service within a trial after which it is taken to be crashing for good. */
export const CRASH_STARTS = 5;

const describe = (sights: readonly GateSight[]): string =>
  sights.map((sight) => `${sight.gate}: ${sight.saw}`).join('; ');

/**
 * One look at all gates of a trial.
 *
 * @param now uptime in seconds
 * @param startedAt uptime at which the agent of this trial first started
 */
export const judgeGates = (
  watch: GateWatch,
  gates: Pick<HealthGates, 'deadline' | 'stable'>,
  sights: readonly GateSight[],
  startedAt: number,
  now: number,
): Verdict => {
  const failing = sights.filter((sight) => !sight.ok);
  const final = failing.filter((sight) => sight.final === true);
  if (final.length > 0) {
    return { kind: 'failed', code: 'TRIAL_GATE_FAILED', message: describe(final) };
  }
  const holdingSince = failing.length > 0 ? null : (watch.holdingSince ?? now);
  if (holdingSince !== null && now - holdingSince >= gates.stable) return { kind: 'healthy' };
  if (now - startedAt < gates.deadline) return { kind: 'open', watch: { holdingSince } };
  if (failing.length > 0) {
    return {
      kind: 'failed',
      code: 'TRIAL_GATE_FAILED',
      message: `${describe(failing)} (still so after ${gates.deadline} s)`,
    };
  }
  return {
    kind: 'failed',
    code: 'TRIAL_DEADLINE',
    message: `Every gate held, but not for ${gates.stable} s without a break within ${gates.deadline} s.`,
  };
};
