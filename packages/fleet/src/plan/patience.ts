import type { Tallies } from './tallies.ts';
import type { PlanAbsent, PlanAction, PlanRollout, PlanWave } from './types.ts';

/** Whether a wave waits no longer for devices that are not connected. */
export const isOutOfPatience = (
  { offlinePatienceSeconds }: Pick<PlanRollout, 'offlinePatienceSeconds'>,
  { startedAt }: Pick<PlanWave, 'startedAt'>,
  now: Date,
): boolean =>
  offlinePatienceSeconds !== null &&
  startedAt !== null &&
  startedAt.getTime() + offlinePatienceSeconds * 1000 <= now.getTime();

/** Devices that have not come in time are left out, unless they come while the rollout runs. */
export const skipAbsent = (
  rollout: PlanRollout,
  waves: readonly PlanWave[],
  absent: readonly PlanAbsent[],
  tallies: Tallies,
  now: Date,
): readonly PlanAction[] =>
  absent.flatMap(({ device, wave: index }): PlanAction[] => {
    const wave = waves.find((one) => one.index === index);
    // While nothing is offered, nobody comes too late.
    if (rollout.halted || wave === undefined || !isOutOfPatience(rollout, wave, now)) return [];
    tallies.move(index, 'away', 'skipped');
    return [{ kind: 'move', device, to: 'skipped' }];
  });
