import { isTerminal, type DeviceId, type ExecutionId, type ExecutionState } from '@slipway/protocol';
import type { RolloutState } from '@slipway/protocol';

export type PlanRollout = {
  readonly state: RolloutState;
  readonly failureThreshold: number;
  readonly maxInFlight: number;
  /** an emergency stop is in force: nothing is offered, what is armed goes on */
  readonly halted?: boolean;
};

export type PlanExecution = {
  readonly id: ExecutionId;
  readonly device: DeviceId;
  readonly state: ExecutionState;
  readonly code: string | null;
  readonly deadlineAt: Date;
  /** the device is still asked for it */
  readonly assigned: boolean;
  /** but by another policy than that of the rollout */
  readonly outdated?: boolean;
  /** an emergency stop ended it: the device is offered the release anew */
  readonly halted?: boolean;
};

/** A device that the rollout is meant for. */
export type PlanDevice = {
  readonly id: DeviceId;
  readonly online: boolean;
  /** takes a release for another rollout */
  readonly busy: boolean;
  /** it is on record that it waits for that other rollout; until when it does */
  readonly waitsUntil?: Date | undefined;
  /** already runs the release */
  readonly current: boolean;
};

export type PlanAction =
  /** create an execution and assign the release */
  | { readonly kind: 'offer'; readonly device: DeviceId }
  /** put on record that the device waits for another rollout */
  | { readonly kind: 'wait'; readonly device: DeviceId }
  /** it does not wait any more */
  | { readonly kind: 'unwait'; readonly device: DeviceId }
  /** it has waited for too long: an execution that is over, CANCELED */
  | { readonly kind: 'giveUp'; readonly device: DeviceId }
  /** the execution is over: CANCELED, nothing is asked of the device any more */
  | { readonly kind: 'cancel'; readonly execution: ExecutionId }
  /** assign it again, as the policy of the rollout is now */
  | { readonly kind: 'instruct'; readonly execution: ExecutionId }
  /** the trial is armed and will end by itself; nothing more is asked of the device */
  | { readonly kind: 'withdraw'; readonly execution: ExecutionId }
  | { readonly kind: 'timeOut'; readonly execution: ExecutionId; readonly state: ExecutionState }
  | { readonly kind: 'stop'; readonly reason: string }
  | { readonly kind: 'complete' };

const isFailure = (state: ExecutionState): boolean =>
  isTerminal(state) && state !== 'COMMITTED' && state !== 'CANCELED';

/** From here on the device boots the new release whatever the server says. */
const isArmed = (state: ExecutionState): boolean => state === 'REBOOTING' || state === 'TRIAL';

/**
 * What a rollout has to do next. Pure: the same rows and the same time give the same actions, and planning again
 * after they were applied gives none.
 *
 * Only devices that are online are offered the release, so that absent ones do not use up `maxInFlight`; a rollout
 * runs until every device it is meant for has finished, already has the release, or has waited in vain for another rollout.
 */
export const plan = (
  rollout: PlanRollout,
  executions: readonly PlanExecution[],
  devices: readonly PlanDevice[],
  now: Date,
): readonly PlanAction[] => {
  const unfinished = executions.filter(({ state }) => !isTerminal(state));
  const late = unfinished.filter(({ deadlineAt }) => deadlineAt <= now);
  const live = unfinished.filter(({ deadlineAt }) => deadlineAt > now);
  const timeOuts = late.map(({ id, state }): PlanAction => ({ kind: 'timeOut', execution: id, state }));
  const halt = (): readonly PlanAction[] =>
    live.flatMap(({ id, state, assigned }): PlanAction[] => {
      if (!isArmed(state)) return [{ kind: 'cancel', execution: id }];
      return assigned ? [{ kind: 'withdraw', execution: id }] : [];
    });

  if (rollout.state !== 'running') return [...timeOuts, ...halt()];

  const failures = [...executions.filter(({ state }) => isFailure(state)), ...late];
  if (failures.length >= rollout.failureThreshold) {
    return [...timeOuts, { kind: 'stop', reason: reasonOf(failures, rollout.failureThreshold) }, ...halt()];
  }

  const counted = executions.filter(({ state, halted }) => halted !== true || state !== 'CANCELED');
  const begun = new Set(counted.map(({ device }) => device));
  const open = devices.filter(({ id, current }) => !begun.has(id) && !current);
  const offers = (rollout.halted === true ? [] : open)
    .filter(({ online, busy }) => online && !busy)
    .slice(0, Math.max(0, rollout.maxInFlight - live.length))
    .map(({ id }): PlanAction => ({ kind: 'offer', device: id }));
  const instructions = live
    .filter(({ state, outdated }) => rollout.halted !== true && outdated === true && !isArmed(state))
    .map(({ id }): PlanAction => ({ kind: 'instruct', execution: id }));
  const waits = open.flatMap(({ id, busy, waitsUntil }): PlanAction[] => {
    if (busy && waitsUntil === undefined) return [{ kind: 'wait', device: id }];
    if (busy && rollout.halted !== true && waitsUntil !== undefined && waitsUntil <= now)
      return [{ kind: 'giveUp', device: id }];
    return !busy && waitsUntil !== undefined ? [{ kind: 'unwait', device: id }] : [];
  });
  const givenUp = waits.filter(({ kind }) => kind === 'giveUp').length;
  const done = live.length === 0 && open.length === givenUp;
  return [
    ...timeOuts,
    ...instructions,
    ...waits,
    ...offers,
    ...(done ? [{ kind: 'complete' } as const] : []),
  ];
};

const reasonOf = (failures: readonly PlanExecution[], threshold: number): string => {
  const byCode = new Map<string, string[]>();
  for (const { state, code, device } of failures) {
    const key = isTerminal(state) ? (code ?? state) : 'TIMED_OUT';
    byCode.set(key, [...(byCode.get(key) ?? []), device]);
  }
  const groups = [...byCode].map(([code, devices]) => {
    const named = devices.slice(0, 3).join(', ');
    return `${code}: ${named}${devices.length > 3 ? ` and ${devices.length - 3} more` : ''}`;
  });
  return `${failures.length} failed, the rollout stops at ${threshold} (${groups.join('; ')})`;
};
