import { describe, expect, test } from 'vitest';
import { RolloutId } from './ids.ts';
import { consequencesOf, type RolloutStep } from './rollout-consequences.ts';
import { RolloutState, type Rollout } from './rollouts.ts';

type Shown = Parameters<typeof consequencesOf>[0];
const wave = (over: Partial<Rollout['waves'][number]>): Rollout['waves'][number] => ({
  index: 0,
  name: null,
  who: {},
  state: 'running',
  size: 100,
  counts: {},
  open: 0,
  offline: 0,
  failed: 0,
  healthy: 0,
  back: null,
  success: null,
  failure: { count: 1, percent: null, now: 0, of: 100 },
  soakSeconds: 0,
  approval: false,
  maxInFlight: null,
  startedAt: null,
  soakUntil: null,
  finishedAt: null,
  ...over,
});
const rollout = (over: Partial<Shown> = {}): Shown => ({
  id: RolloutId.parse('rol_0123456789abcdef'),
  state: 'running',
  counts: { OFFERED: 2, DOWNLOADING: 7, TRIAL: 3, COMMITTED: 40, FAILED: 4 },
  waiting: 44,
  waves: [wave({ open: 44, offline: 5, failed: 4, healthy: 40 })],
  approvals: [],
  onFailure: 'stop',
  ...over,
});

const fatesOf = (shown: Shown, step: RolloutStep): Record<string, string> =>
  Object.fromEntries(
    (consequencesOf(shown).steps.find((one) => one.step === step)?.effects ?? []).map(
      ({ stage, devices, fate }) => [stage, `${devices} ${fate}`],
    ),
  );
const allowedIn = (state: RolloutState): RolloutStep[] =>
  consequencesOf(rollout({ state }))
    .steps.filter(({ allowed }) => allowed)
    .map(({ step }) => step);

describe('what a step with a rollout does to its devices', () => {
  test.each([
    ['pause', { open: '44 held', preparing: '9 continue', trial: '3 continue', committed: '40 stay' }],
    ['abort', { open: '44 left', preparing: '9 taken-back', trial: '3 finish', committed: '40 stay' }],
    [
      'rollback',
      { open: '44 left', preparing: '9 taken-back', trial: '3 finish-then-back', committed: '40 back' },
    ],
  ] as const)('%s', (step, fates) => {
    expect(fatesOf(rollout(), step)).toEqual({ ...fates, failed: '4 stay' });
  });

  test('who is back already does not go back again, and who is open is left once it is over', () => {
    const back = { open: 0, offline: 0, done: 15, stuck: 0 };
    const shown = rollout({ state: 'aborted', waves: [wave({ back, failed: 4 })] });
    expect(fatesOf(shown, 'rollback')).toMatchObject({ committed: '25 back', back: '15 stay' });
    expect(fatesOf(shown, 'rollback')).not.toHaveProperty('open');
  });

  test.each<[RolloutState, RolloutStep[]]>([
    ['pending', ['approve', 'abort']],
    ['scheduled', ['abort']],
    ['running', ['pause', 'abort', 'rollback']],
    ['paused', ['resume', 'abort', 'rollback']],
    ['completed', ['rollback']],
    ['stopped', ['rollback']],
    ['aborted', ['rollback']],
    ['rolling_back', ['abort']],
    ['rolled_back', []],
  ])('%s: %j', (state, steps) => {
    expect(allowedIn(state)).toEqual(steps);
  });

  test('a wave that waits for its approval can be approved; only what paused by itself forgives', () => {
    const steps = (over: Partial<Shown>) => consequencesOf(rollout(over)).steps;
    expect(steps({ waves: [wave({}), wave({ index: 1, state: 'pending' })] })[0]).toMatchObject({
      step: 'approve',
      allowed: true,
    });
    const resume = (onFailure: Rollout['onFailure']) =>
      steps({ state: 'paused', onFailure }).find(({ step }) => step === 'resume');
    expect([resume('pause')?.forgives, resume('stop')?.forgives]).toEqual([true, false]);
  });
});
