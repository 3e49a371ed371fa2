import { expect, test } from 'vitest';
import { RolloutRule } from '@slipway/protocol';
import { describePlan, planOf, timesOf, type PlanOptions } from './rollout-plan.ts';

const plan = (options: PlanOptions) => planOf('/nonexistent', options);

test.each<[PlanOptions, object]>([
  [{}, {}],
  [
    { failurePercent: '2%', maxPerMinute: 30 },
    { failureThreshold: 1_000_000, failurePercent: 2, maxPerMinute: 30 },
  ],
  [
    { failurePercent: '2.5', failureThreshold: 3 },
    { failureThreshold: 3, failurePercent: 2.5 },
  ],
  [
    { soak: '1h30m', penalty: '1d', priority: 60 },
    { soakSeconds: 5400, penaltySeconds: 86_400, priority: 60 },
  ],
  [{ retries: 2 }, { retries: { max: 2, backoffSeconds: 600 } }],
  [{ retries: 2, backoff: '30s' }, { retries: { max: 2, backoffSeconds: 30 } }],
  [
    { wave: ['count=3', 'rest'], onFailure: 'rollback' },
    { waves: [{ count: 3 }, {}], onFailure: 'rollback' },
  ],
  [
    { conflictPatience: 60, approval: true, offlinePatience: '2d' },
    { conflictPatienceSeconds: 60, approval: true, offlinePatienceSeconds: 172_800 },
  ],
])('%j says %j', async (options, asked) => {
  expect(await plan(options)).toEqual(asked);
});

test.each<[PlanOptions, string]>([
  [{ soak: '90' }, '--soak: expected a time such as 90s'],
  [{ offlinePatience: 'long' }, '--offline-patience: expected a time such as 90s'],
  [{ failurePercent: '0' }, '--failure-percent: expected a share above 0 %'],
  [{ backoff: '10m' }, 'say how often by --retries'],
  [{ wave: ['rest'], waves: 'waves.yml' }, '--wave or --waves, not both'],
  [{ wave: ['rest', '10%; sok=1h'] }, '--wave, column 6'],
  [{ waves: 'waves.yml' }, 'waves.yml cannot be read'],
])('%j is refused: %s', async (options, message) => {
  await expect(plan(options)).rejects.toThrow(message);
});

const NOW = new Date('2026-01-31T12:00:00Z');
test.each([
  [{ startAt: '2h' }, { startAt: '2026-01-31T14:00:00.000Z' }],
  [
    { startAt: '2026-02-01T02:00Z', endAt: '2026-02-01T03:00+01:00' },
    { startAt: '2026-02-01T02:00:00.000Z', endAt: '2026-02-01T02:00:00.000Z' },
  ],
])('%j is %j', (options, times) => {
  expect(timesOf(options, NOW)).toEqual(times);
});

test('a time that is none is refused', () => {
  expect(() => timesOf({ startAt: 'soon' }, NOW)).toThrow(
    '--start-at: expected a time such as 2026-12-24T18:00Z',
  );
});

test('a plan is told in few words', () => {
  const rule = {
    waves: [{ name: 'canary', count: 3 }, { percent: 10 }, {}],
    failureThreshold: 1_000_000,
    failurePercent: 2,
    maxPerMinute: 30,
    soakSeconds: 3600,
    onFailure: 'rollback',
    retries: { max: 2, backoffSeconds: 60 },
    priority: 60,
    approval: true,
  };
  expect(describePlan(RolloutRule.parse(rule)).join('; ')).toBe(
    'wave 1 canary: 3 devices; wave 2: until 10 %; wave 3: everybody left; 100 at once; 30 a minute; ' +
      'goes back at 2 % failed; soak 1h; 2 retries; priority 60; after approval',
  );
  expect(describePlan(RolloutRule.parse({}))).toEqual(['100 at once', 'stops at 1 failed']);
});
