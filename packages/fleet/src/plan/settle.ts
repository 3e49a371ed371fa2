import { isTerminal } from '@slipway/protocol';
import type { MemberState } from './members.ts';
import type { Tallies } from './tallies.ts';
import type { PlanAction, PlanEnded, PlanInput, PlanWave } from './types.ts';

/** A device that refuses a release refuses it again. */
const MAY_RETRY: ReadonlySet<string> = new Set(['FAILED', 'ROLLED_BACK', 'TIMED_OUT']);

type Move = Omit<Extract<PlanAction, { kind: 'move' }>, 'kind' | 'device'>;

/** What the end of an execution means for its device, and whether the device is offered something again. */
export const settle = (
  { rollout, waves }: Pick<PlanInput, 'rollout' | 'waves'>,
  ended: PlanEnded,
  tallies: Tallies,
  now: Date,
): readonly PlanAction[] => {
  const { execution, device, wave, member } = ended;
  // A later offer tells how it stands with the device.
  if (member === undefined) return [{ kind: 'settle', execution }];
  const goesOn = rollout.state === 'running' || rollout.state === 'paused';
  const { superseded, ...move } = outcomeOf(
    ended,
    waves.find(({ index }) => index === wave),
    now,
    goesOn ? rollout.retries : null,
    member.tries,
  );
  tallies.move(wave, member.state, move.to);
  const actions: PlanAction[] = [
    { kind: 'settle', execution, superseded },
    { kind: 'move', device, ...move },
  ];
  if (move.to === 'failed' && rollout.penaltySeconds > 0 && MAY_RETRY.has(ended.state))
    actions.push({ kind: 'penalize', device, until: after(now, rollout.penaltySeconds) });
  return actions;
};

const after = (now: Date, seconds: number): Date => new Date(now.getTime() + seconds * 1000);

const outcomeOf = (
  { state, code, at, halted, stone }: PlanEnded,
  wave: PlanWave | undefined,
  now: Date,
  retries: { readonly max: number; readonly backoffSeconds: number } | null,
  tries: number,
): Move & { readonly superseded: boolean } => {
  const to = (where: MemberState, superseded = false) => ({ to: where, superseded });
  if (!isTerminal(state)) return to('live');
  if (state === 'COMMITTED') {
    if (stone !== undefined) return { ...to('open', true), passed: stone };
    const soakSeconds = wave?.soakSeconds ?? 0;
    return soakSeconds === 0
      ? to('healthy')
      : { ...to('soaking'), notBefore: after(at < now ? at : now, soakSeconds) };
  }
  if (state === 'CANCELED') {
    if (halted) return to('open');
    return code === 'ROLLOUT_PREEMPTED' ? to('open', true) : to('out');
  }
  const why = code ?? state;
  if (retries === null || tries >= retries.max || !MAY_RETRY.has(state))
    return { ...to('failed'), code: why };
  const notBefore = after(now, retries.backoffSeconds * 2 ** tries);
  return { ...to('retrying', true), notBefore, code: why, tried: true };
};
