import { expect, test } from 'vitest';
import { codeOf, messageOf, RolloutId, type Wave } from '@slipway/protocol';
import { hasPausedItself, refuseBadEnd } from './rollout-end.ts';

const wave = (now: number, over: Partial<Wave['failure']> = {}, state: Wave['state'] = 'running') => ({
  state,
  failure: { count: 2, percent: null, now, of: 100, ...over },
});
const id = RolloutId.parse('rol_0123456789abcdef');
const GATES = { code: 'TRIAL_GATE_FAILED', devices: 7 };
const PANICS = { code: 'TRIAL_PANIC', devices: 2 };
const LATE = { code: 'TIMED_OUT', devices: 9 };

const thrownBy = (work: () => void): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
};

test.each([
  ['most failed at their gates', 'stopped', [wave(2)], [GATES, PANICS], 'TRIAL_GATE_FAILED'],
  ['of most only the state is known', 'stopped', [wave(2)], [LATE, GATES], 'ROLLOUT_FAILED'],
  ['devices fell ill after they had committed', 'stopped', [wave(2)], [], 'ROLLOUT_FAILED'],
  ['a share failed', 'stopped', [wave(3, { count: null, percent: 3 })], [PANICS], 'TRIAL_PANIC'],
  ['it went back at its threshold', 'rolled_back', [wave(5)], [GATES], 'TRIAL_GATE_FAILED'],
  ['it went back by hand', 'rolled_back', [wave(1)], [GATES], 'ROLLOUT_ROLLED_BACK'],
  ['its end came', 'stopped', [wave(1), wave(1, {}, 'waiting')], [GATES], 'ROLLOUT_ENDED'],
  ['somebody aborted it', 'aborted', [wave(2)], [GATES], 'ROLLOUT_ABORTED'],
  ['it paused by itself', 'paused', [wave(2)], [GATES], 'ROLLOUT_PAUSED'],
] as const)('where %s, the code says so', (_title, state, waves, failures, expected) => {
  const error = thrownBy(() => refuseBadEnd({ id, state, reason: 'the reason', waves }, failures));
  expect(codeOf(error)).toBe(expected);
  expect(messageOf(error)).toMatch(/^Rollout rol_0123456789abcdef [a-z ]+: the reason\./);
});

test('one that completed has no bad end, also where devices failed', () => {
  const rollout = { id, state: 'completed', reason: null, waves: [wave(1)] } as const;
  expect(thrownBy(() => refuseBadEnd(rollout, [GATES]))).toBeUndefined();
});

test.each([
  ['at a threshold', 'paused', [wave(0), wave(2)], true],
  ['by a person', 'paused', [wave(1)], false],
  ['where a wave that fails together with others has not begun', 'paused', [wave(2, {}, 'waiting')], false],
  ['not at all', 'running', [wave(2)], false],
] as const)('paused %s', (_title, state, waves, expected) => {
  expect(hasPausedItself({ state, waves })).toBe(expected);
});
