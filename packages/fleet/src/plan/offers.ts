import { isOutOfPatience } from './patience.ts';
import type { Tallies } from './tallies.ts';
import type { PlanAction, PlanCandidate, PlanRollout, PlanWave } from './types.ts';

/** When something is tried again that nothing is heard of when it becomes possible. */
const LOOK_AGAIN_MS = 300_000;

const budgetOf = (rollout: PlanRollout, tallies: Tallies): number =>
  Math.min(
    rollout.maxInFlight - tallies.all().live,
    (rollout.maxPerMinute ?? Number.POSITIVE_INFINITY) - rollout.offeredLately,
  );

/** How many offers may be made. */
export const mayOffer = (rollout: PlanRollout, tallies: Tallies, now: Date): number =>
  rollout.state !== 'running' || rollout.halted || (rollout.endAt !== null && rollout.endAt <= now)
    ? 0
    : Math.max(0, budgetOf(rollout, tallies));

/** Goes through open members until there is no room for another offer; those that cannot be offered anything are put aside. */
export const makeOffers = (
  rollout: PlanRollout,
  waves: readonly PlanWave[],
  candidates: readonly PlanCandidate[],
  tallies: Tallies,
  now: Date,
): readonly PlanAction[] => {
  const actions: PlanAction[] = [];
  let budget = mayOffer(rollout, tallies, now);
  const hasRoom = ({ wave }: PlanCandidate): boolean => {
    const max = waves.find(({ index }) => index === wave)?.maxInFlight ?? null;
    return budget > 0 && (max === null || tallies.of(wave).live < max);
  };
  for (const candidate of candidates) {
    if (budget <= 0) break;
    const aside = putAside(rollout, waves, candidate, now);
    if (aside === undefined && !hasRoom(candidate)) continue;
    const { device, wave, busy, stone, waitsUntil } = candidate;
    if (aside !== undefined) {
      actions.push(...aside.actions);
      tallies.move(wave, 'open', aside.to);
      continue;
    }
    if (busy !== undefined) actions.push({ kind: 'preempt', execution: busy.execution, device });
    if (waitsUntil !== undefined) actions.push({ kind: 'unwait', device });
    actions.push({ kind: 'offer', device, wave, ...(stone === undefined ? {} : { via: stone.release }) });
    tallies.move(wave, 'open', 'live');
    budget -= 1;
  }
  return actions;
};

type Aside = {
  readonly actions: readonly PlanAction[];
  readonly to: 'current' | 'retrying' | 'away' | 'skipped' | 'busy' | 'out' | 'live' | undefined;
};

/** @returns undefined where it can be offered the release */
const putAside = (
  rollout: PlanRollout,
  waves: readonly PlanWave[],
  candidate: PlanCandidate,
  now: Date,
): Aside | undefined => {
  const { device, wave, busy, waitsUntil, penaltyUntil } = candidate;
  const move = (to: NonNullable<Aside['to']>, notBefore?: Date, code?: string): Aside => ({
    to,
    actions: [
      {
        kind: 'move',
        device,
        to,
        ...(notBefore === undefined ? {} : { notBefore }),
        ...(code === undefined ? {} : { code }),
      },
    ],
  });
  if (!candidate.isTarget) return { to: undefined, actions: [{ kind: 'leave', device }] };
  if (candidate.current) return move('current');
  if (busy?.isOurs === true) return move('live');
  if (penaltyUntil !== null && penaltyUntil > now) return move('retrying', penaltyUntil, 'PENALTY');
  if (busy !== undefined && !busy.yields) {
    if (waitsUntil === undefined) {
      const until = new Date(now.getTime() + rollout.patienceSeconds * 1000);
      return { to: 'busy', actions: [{ kind: 'wait', device }, ...move('busy', until).actions] };
    }
    if (waitsUntil > now) return move('busy', waitsUntil);
    return { to: 'out', actions: [{ kind: 'giveUp', device, wave }, ...move('out').actions] };
  }
  if (!candidate.online) {
    const own = waves.find(({ index }) => index === wave);
    return move(own !== undefined && isOutOfPatience(rollout, own, now) ? 'skipped' : 'away');
  }
  if (candidate.stone?.usable === false)
    return move('retrying', new Date(now.getTime() + LOOK_AGAIN_MS), 'STEPPING_STONE_MISSING');
  return undefined;
};
