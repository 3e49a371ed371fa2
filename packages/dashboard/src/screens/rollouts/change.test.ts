import { Rollout } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { consequencesOfChange, draftOf, faultOf, limitsOf, policyOf, type ChangeDraft } from './change.ts';
import { localOf, momentOf } from './local-moment.ts';

const now = Date.UTC(2026, 0, 31, 12);
const WAVE = {
  index: 0,
  name: null,
  who: {},
  state: 'running',
  size: 100,
  open: 60,
  healthy: 10,
  failed: 2,
  counts: { DOWNLOADING: 20, TRIAL: 8, COMMITTED: 10, FAILED: 2 },
  success: null,
  failure: { count: 5, percent: null, now: 2, of: 100 },
  soakSeconds: 0,
  approval: false,
  maxInFlight: null,
  startedAt: null,
  soakUntil: null,
  offline: 0,
  back: null,
  finishedAt: null,
};
const rollout: Rollout = Rollout.parse({
  id: 'rol_0000000000000000',
  release: 'rel_0000000000000000',
  deviceClass: 'edge',
  version: '1.0.0',
  state: 'running',
  reason: null,
  failureThreshold: 5,
  failurePercent: null,
  maxInFlight: 50,
  maxPerMinute: null,
  priority: 50,
  soakSeconds: 0,
  onFailure: 'stop',
  retries: null,
  penaltySeconds: 0,
  startAt: null,
  endAt: null,
  policy: { retry: 2, deadline: 1_800_000_037 },
  counts: WAVE.counts,
  conflictPatienceSeconds: 60,
  offlinePatienceSeconds: null,
  waitsFor: [],
  waves: [WAVE],
  approvals: [],
  createdBy: 'anna',
  createdAt: '2026-01-31T11:00:00.000Z',
  finishedAt: null,
});
const before = draftOf(rollout);
const told = (change: Partial<ChangeDraft>) =>
  consequencesOfChange(rollout, before, { ...before, ...change }, now);

test('what was not touched is not sent', () => {
  expect(limitsOf(before, before)).toEqual({});
  expect(policyOf(rollout, before, before)).toBeUndefined();
  expect(told({})).toEqual([]);
});

test.each<[Partial<ChangeDraft>, object]>([
  [
    { maxInFlight: 10, maxPerMinute: 5 },
    { maxInFlight: 10, maxPerMinute: 5 },
  ],
  [{ failurePercent: 2 }, { failurePercent: 2 }],
  [{ offlineHours: 0.5 }, { offlinePatienceSeconds: 1800 }],
  [
    { onFailure: 'pause', priority: 60 },
    { onFailure: 'pause', priority: 60 },
  ],
  [{ endAt: '2026-02-01T00:00' }, { endAt: momentOf('2026-02-01T00:00') }],
])('%j is sent as %j', (change, sent) => expect(limitsOf(before, { ...before, ...change })).toEqual(sent));

test('a limit that is taken away is sent as none', () => {
  const bounded = {
    ...before,
    maxPerMinute: 5,
    failurePercent: 2,
    offlineHours: 1,
    endAt: '2026-02-01T00:00',
  };
  const free = { ...before, maxPerMinute: '' as const, failurePercent: '' as const, endAt: '' };
  expect(limitsOf(bounded, { ...free, offlineHours: '' })).toEqual({
    maxPerMinute: null,
    failurePercent: null,
    offlinePatienceSeconds: null,
    endAt: null,
  });
});

test('of a policy what is not shown, or not changed, stays to the second', () => {
  expect(policyOf(rollout, before, { ...before, windows: [{ from: '02:00', to: '04:00' }] })).toEqual({
    windows: [{ from: '02:00', to: '04:00' }],
    deadline: 1_800_000_037,
    retry: 2,
  });
  expect(policyOf(rollout, before, { ...before, deadline: '' })).toEqual({ retry: 2 });
});

test.each<[Partial<ChangeDraft>, string, boolean]>([
  [{ failureThreshold: 2 }, '2 devices failed already, so it ends, at once.', true],
  [{ failurePercent: 1, onFailure: 'pause' }, '2 devices failed already, so it pauses, at once.', true],
  [{ failureThreshold: 9 }, 'At 9 failed devices it ends; 2 failed so far.', false],
  [
    { maxInFlight: 10 },
    '28 devices are under way and go on; no other is offered it until fewer than 10 are.',
    false,
  ],
  [{ maxInFlight: 99 }, 'Up to 99 devices at once; 28 are under way.', false],
  [
    { mode: 'download' },
    '80 devices that have not begun their trial download it and wait for another word.',
    false,
  ],
  [{ endAt: '2020-01-01T00:00' }, 'That moment is over. Choose a later one; to end it now, abort it.', true],
])('%j: %s', (change, text, isGrave) =>
  expect(told(change)[0]).toEqual(isGrave ? { text, isGrave } : { text }),
);

test('a moment of this zone is the same on the way back', () => {
  expect(localOf(momentOf('2026-07-01T09:05') ?? null)).toBe('2026-07-01T09:05');
  expect([localOf(null), momentOf(''), momentOf('no')]).toEqual(['', undefined, undefined]);
});

test('an end in the past is not sent, but one that was there before is left alone', () => {
  const past = { ...before, endAt: '2020-01-01T00:00' };
  expect(faultOf(past, before, now)).toMatch(/past/);
  expect(faultOf(past, past, now)).toBeUndefined();
  expect(faultOf({ ...before, maxInFlight: '' }, before, now)).toMatch(/at once/);
});
