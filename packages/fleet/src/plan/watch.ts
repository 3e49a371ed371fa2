import type { Tallies } from './tallies.ts';
import type { PlanAction, PlanRollout, PlanWatched, PlanWave } from './types.ts';

/** A device that is not there when its soak ends is given as long again, but no less. */
const MIN_GRACE_S = 600;
/** What a device has to go back, before it is asked again; and how often it is asked. */
const REVERT_MS = 150_000;
const REVERTS = 5;

/** Devices whose soak ends, or is spoiled. */
export const judgeSoak = (
  waves: readonly PlanWave[],
  watched: readonly PlanWatched[],
  tallies: Tallies,
  now: Date,
): readonly PlanAction[] =>
  watched.flatMap((one): PlanAction[] => {
    const { device, wave, notBefore, health, runsIt, isOverdue } = one;
    if (one.state !== 'soaking' || notBefore === null) return [];
    const end = (to: 'healthy' | 'unwell', code?: string): PlanAction[] => {
      tallies.move(wave, 'soaking', to);
      return [{ kind: 'move', device, to, ...(code === undefined ? {} : { code }) }];
    };
    if (health === 'bad') return end('unwell', 'SOAK_UNHEALTHY');
    const isOver = notBefore <= now || isOverdue;
    if (!isOver) return [];
    if (one.online && health === 'ok') return runsIt ? end('healthy') : end('unwell', 'SOAK_OTHER_RELEASE');
    if (isOverdue) return notBefore <= now ? end('unwell', 'SOAK_LOST') : [];
    const soakSeconds = waves.find(({ index }) => index === wave)?.soakSeconds ?? 0;
    const until = new Date(now.getTime() + Math.max(soakSeconds, MIN_GRACE_S) * 1000);
    return [{ kind: 'move', device, to: 'soaking', notBefore: until, code: 'SOAK_OVERDUE' }];
  });

/** Devices that are to go back to the release before, as many at once as may be under way. */
export const goBack = (
  rollout: PlanRollout,
  watched: readonly PlanWatched[],
  tallies: Tallies,
  now: Date,
): readonly PlanAction[] => {
  let budget = rollout.halted ? 0 : rollout.maxInFlight - tallies.all().reverting;
  return watched.flatMap((one): PlanAction[] => {
    const { device, wave, state, notBefore, tries } = one;
    const move = (to: 'reverted' | 'stuck' | 'stranded' | 'unwell', code?: string): PlanAction[] => {
      tallies.move(wave, state, to);
      return [{ kind: 'move', device, to, ...(code === undefined ? {} : { code }) }];
    };
    if (!one.runsIt) return move('reverted');
    if (state === 'reverting') {
      if (notBefore !== null && notBefore > now) return [];
      return tries < REVERTS ? move('unwell') : move('stuck', 'ROLLBACK_UNHEARD');
    }
    if (!one.online) return state === 'stranded' ? [] : move('stranded');
    if (budget <= 0) return state === 'stranded' ? move('unwell') : [];
    budget -= 1;
    tallies.move(wave, state, 'reverting');
    return [
      { kind: 'revert', device },
      {
        kind: 'move',
        device,
        to: 'reverting',
        notBefore: new Date(now.getTime() + REVERT_MS),
        tried: true,
      },
    ];
  });
};
