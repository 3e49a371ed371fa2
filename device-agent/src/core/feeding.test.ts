import { describe, expect, test } from 'vitest';
import { digestOf, releaseOf } from '../fixture/world.ts';
import { mayFeed, type LoopFacts } from './feeding.ts';
import { MAX_STRAYS, SlotRecord } from './state.ts';

const ref = releaseOf(2);
const GOOD = SlotRecord.parse({ state: 'GOOD', ref });
const TRIAL = SlotRecord.parse({
  state: 'TRIAL',
  ref,
  bundle: digestOf(2),
  attempt: 1,
  armedIn: 'boot-1',
  boot: { bootId: 'boot-2', startedAt: 5 },
});
const FAILED = SlotRecord.parse({ state: 'FAILED', ref, code: 'TRIAL_GATE_FAILED', message: 'service:web' });

const stateWith = (record: SlotRecord, strays = 0) => ({
  saved: { slots: { a: { state: 'EMPTY' as const }, b: record }, strays },
  boot: { slot: 'b' as const },
});

const loop = (more: Partial<LoopFacts> = {}): LoopFacts => ({
  now: 1000,
  begunAt: 0,
  lookedAt: 995,
  job: null,
  lookTakes: 10,
  isConfirmed: false,
  ...more,
});
const judge = { kind: 'judge', since: 5 } as const;
const commit = { kind: 'commit', since: 990 } as const;
const HUNG = { lookedAt: 900 };

describe('the watchdog is fed', () => {
  test.each<readonly [string, SlotRecord, Partial<LoopFacts>, boolean]>([
    ['on a committed slot while the loop turns', GOOD, {}, true],
    ['not on a committed slot whose loop hangs', GOOD, HUNG, false],
    ['while a slow probe takes its time', GOOD, { lookedAt: 940, lookTakes: 60 }, true],
    ['on trial while the judge looks', TRIAL, { job: judge }, true],
    ['not on trial when the judge hangs', TRIAL, { job: judge, ...HUNG }, false],
    ['not on trial without a judge', TRIAL, {}, false],
    ['during the commit', TRIAL, { job: commit }, true],
    ['not during a commit that never ends', TRIAL, { job: { ...commit, since: 100 } }, false],
    ['never after a trial has failed', FAILED, { job: { kind: 'reboot', since: 999 } }, false],
    ['never after a trial has failed, not even while the loop turns', FAILED, {}, false],
  ])('%s', (_, record, more, expected) => {
    expect(mayFeed(stateWith(record), loop(more))).toBe(expected);
  });

  test('for a minute before the agent knows what it runs on', () => {
    const state = { ...stateWith(GOOD), boot: null };
    expect(mayFeed(state, loop({ begunAt: 950 }))).toBe(true);
    expect(mayFeed(state, loop({ begunAt: 900 }))).toBe(false);
  });

  test('on the confirmed slot while its loop turns, although its state cannot be saved', () => {
    const state = { ...stateWith(GOOD), boot: null };
    expect(mayFeed(state, loop({ isConfirmed: true }))).toBe(true);
    expect(mayFeed(state, loop({ isConfirmed: true, ...HUNG }))).toBe(false);
  });

  test.each([TRIAL, FAILED])('in a slot that was not to be left by reboots: $state', (record) => {
    expect(mayFeed(stateWith(record, MAX_STRAYS), loop())).toBe(true);
    expect(mayFeed(stateWith(record, MAX_STRAYS), loop(HUNG))).toBe(false);
    expect(mayFeed(stateWith(record, MAX_STRAYS - 1), loop())).toBe(false);
  });
});
