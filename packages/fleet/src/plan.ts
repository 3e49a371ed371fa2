import { isOverRollout, isTerminal, type ExecutionState } from '@slipway/protocol';
import { committedOf, undecidedOf } from './plan/members.ts';
import { makeOffers, mayOffer } from './plan/offers.ts';
import { skipAbsent } from './plan/patience.ts';
import { settle } from './plan/settle.ts';
import { talliesOf, type Tallies } from './plan/tallies.ts';
import { failedWave } from './plan/thresholds.ts';
import type { PlanAction, PlanInput, PlanLive, Planned, PlanWave } from './plan/types.ts';
import { goBack, judgeSoak } from './plan/watch.ts';
import { advanceWaves } from './plan/waves.ts';

export type { PlanAction, PlanInput, Planned } from './plan/types.ts';

/** From here on the device boots the new release whatever the server says. */
const isArmed = (state: ExecutionState): boolean => state === 'REBOOTING' || state === 'TRIAL';

/**
 * What a rollout has to do next. Pure: the same facts and the same time give the same actions, and planning again
 * after they were applied gives none. It gets pages of what there is to be decided, and counts of the rest.
 *
 * Only devices that are online are offered the release, so that absent ones do not use up `maxInFlight`; a rollout
 * runs until every device it is meant for has finished, already has the release, or has waited in vain for another rollout.
 */
export const plan = (input: PlanInput, now: Date): Planned => {
  const { rollout, waves, live } = input;
  const tallies = talliesOf(waves);
  const late = live.filter(({ state, deadlineAt }) => !isTerminal(state) && deadlineAt <= now);
  const news = [
    ...input.ended.flatMap((ended) => settle(input, ended, tallies, now)),
    ...late.flatMap((one) => timeOut(input, one, tallies, now)),
    ...judgeSoak(waves, rollout.state === 'rolling_back' ? [] : input.watched, tallies, now),
  ];
  const others = live.filter((one) => !late.includes(one));
  const { actions, again } = decide(input, others, tallies, now);
  const reopened = news.some((action) => action.kind === 'move' && action.to === 'open');
  const isMore = isBehind(input) || input.more.watched || (reopened && input.rollout.state === 'running');
  return { actions: [...news, ...actions], again: again || isMore };
};

/** Nothing is concluded from what is known so far. */
const isBehind = ({ more }: PlanInput): boolean => more.ended || more.intake;

const timeOut = (
  input: PlanInput,
  { execution, device, wave, state, stone, member }: PlanLive,
  tallies: Tallies,
  now: Date,
): readonly PlanAction[] => [
  { kind: 'timeOut', execution, state },
  ...settle(
    input,
    {
      execution,
      device,
      wave,
      state: 'TIMED_OUT',
      code: null,
      at: now,
      halted: false,
      ...(stone === undefined ? {} : { stone }),
      ...(member === undefined ? {} : { member }),
    },
    tallies,
    now,
  ),
];

const decide = (
  input: PlanInput,
  live: readonly PlanLive[],
  tallies: Tallies,
  now: Date,
): { readonly actions: readonly PlanAction[]; readonly again: boolean } => {
  const { rollout, waves, watched } = input;
  const nothing = { actions: [], again: false };
  if (rollout.state === 'pending') return nothing;
  if (rollout.state === 'scheduled')
    return rollout.startAt === null || rollout.startAt <= now
      ? { actions: [{ kind: 'begin' }], again: true }
      : nothing;
  if (isOverRollout(rollout.state)) return { actions: halt(live), again: isAnyCanceled(live) };
  if (rollout.state === 'rolling_back') {
    const back = goBack(rollout, watched, tallies, now);
    const isDone = tallies.all().live === 0 && leftToRevert(tallies) === 0 && !isBehind(input);
    const again =
      isAnyCanceled(live) || back.some((action) => action.kind === 'move' && action.to === 'unwell');
    return { actions: [...halt(live), ...back, ...(isDone ? [{ kind: 'rolledBack' } as const] : [])], again };
  }

  const failed = failedWave(rollout, waves, (index) => tallies.of(index));
  if (failed !== undefined) return fail(input, failed, live);
  // A paused rollout lets devices finish, and waves with them, but begins none.
  if (rollout.state === 'paused') return { actions: instruct(input, live), again: false };

  const skipped = skipAbsent(rollout, waves, input.absent, tallies, now);
  const waving = advanceWaves(rollout, waves, tallies);
  if (waving.fallenShort !== undefined && !isBehind(input)) return fail(input, waving.fallenShort, live);
  const isSettled = rollout.isSwept && rollout.isPlaced && !isBehind(input);
  const offers = input.more.ended
    ? []
    : makeOffers(
        rollout,
        waves,
        input.candidates.filter(({ wave }) => hasBegun(waving.states.get(wave))),
        tallies,
        now,
      );
  const { live: underWay, soaking } = tallies.all();
  const undecided = undecidedOf(tallies.all());
  const actions = [...instruct(input, live), ...skipped, ...offers];
  if (isSettled && undecided === 0 && soaking === 0) {
    // The last ones may just have been put aside.
    const after = offers.length === 0 ? waving : advanceWaves(rollout, waves, tallies);
    if (after.fallenShort !== undefined) return { ...fail(input, after.fallenShort, live) };
    if (after.allPassed) return { actions: [...actions, { kind: 'complete' }], again: false };
  }
  if (rollout.endAt !== null && rollout.endAt <= now && underWay === 0 && soaking === 0 && !isBehind(input))
    return {
      actions: [
        ...actions,
        { kind: 'stop', reason: `its time is over, ${undecided} devices were not offered the release` },
      ],
      again: true,
    };
  const room = mayOffer(rollout, tallies, now);
  // A wave that begins shows its devices next.
  const again =
    waving.actions.some((action) => action.kind === 'wave' && action.state !== 'pending') ||
    input.more.absent ||
    (input.more.candidates && room > 0 && offers.length > 0);
  return { actions: [...waving.actions, ...actions], again };
};

const hasBegun = (state: string | undefined): boolean =>
  state === 'running' || state === 'soaking' || state === 'passed';

const leftToRevert = (tallies: Tallies): number => {
  const all = tallies.all();
  return committedOf(all) + all.reverting + all.stranded;
};

const fail = (
  { rollout }: PlanInput,
  { wave, reason }: { readonly wave: PlanWave; readonly reason: string },
  live: readonly PlanLive[],
): { readonly actions: readonly PlanAction[]; readonly again: boolean } => {
  if (rollout.onFailure === 'pause')
    return { actions: rollout.state === 'paused' ? [] : [{ kind: 'pause', reason }], again: false };
  const failed: PlanAction = { kind: 'wave', wave: wave.index, state: 'failed' };
  const end: PlanAction = { kind: rollout.onFailure === 'rollback' ? 'rollBack' : 'stop', reason };
  return { actions: [failed, end, ...halt(live)], again: true };
};

/** What ends by that is taken account of next. */
const isAnyCanceled = (live: readonly PlanLive[]): boolean => live.some(({ state }) => !isArmed(state));

/** The rollout is over: nothing is asked of devices any more. */
const halt = (live: readonly PlanLive[]): readonly PlanAction[] =>
  live.flatMap(({ execution, state, assigned }): PlanAction[] => {
    if (!isArmed(state)) return [{ kind: 'cancel', execution }];
    return assigned ? [{ kind: 'withdraw', execution }] : [];
  });

const instruct = ({ rollout }: PlanInput, live: readonly PlanLive[]): readonly PlanAction[] =>
  rollout.halted
    ? []
    : live
        .filter(({ state, outdated }) => outdated && !isArmed(state))
        .map(({ execution }): PlanAction => ({ kind: 'instruct', execution }));
