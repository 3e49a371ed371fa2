import type { Wave } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import {
  failureGauge,
  nameOfWave,
  sharesFailures,
  stagesOfWave,
  successGauge,
  successOf,
  totalOf,
} from './stages.ts';

const wave = (over: Partial<Wave> = {}): Wave => ({
  index: 0,
  name: null,
  who: {},
  state: 'running',
  size: 100,
  counts: { OFFERED: 1, DOWNLOADING: 4, TRIAL: 2, COMMITTED: 60, FAILED: 3, CANCELED: 1 },
  open: 20,
  offline: 4,
  failed: 4,
  healthy: 50,
  soaking: 9,
  unwell: 1,
  back: null,
  success: null,
  failure: { count: null, percent: null, now: 4, of: 100 },
  soakSeconds: 60,
  approval: false,
  maxInFlight: null,
  startedAt: null,
  soakUntil: null,
  finishedAt: null,
  ...over,
});

describe('the stages of a wave', () => {
  test('hold each of its devices once', () => {
    const stages = stagesOfWave(wave());
    expect(stages).toEqual({
      healthy: 50,
      soaking: 9,
      trial: 2,
      preparing: 5,
      failed: 4,
      open: 20,
      returning: 0,
      back: 0,
      stuck: 0,
      other: 10,
    });
    expect(totalOf(stages)).toBe(100);
  });

  test('are told of those that go back, and of a server that does not count those that soak', () => {
    const back = { open: 5, offline: 1, done: 40, stuck: 1 };
    expect(stagesOfWave(wave({ back, healthy: 0, soaking: 0, failed: 4 }))).toMatchObject({
      returning: 5,
      back: 40,
      stuck: 1,
    });
    const { soaking: _soaking, unwell: _unwell, ...older } = wave();
    expect(stagesOfWave(older).soaking).toBe(10);
  });

  test('say what succeeded of what is decided', () => {
    expect(successOf(stagesOfWave(wave()))).toBeCloseTo(59 / 63);
    expect(successOf(stagesOfWave(wave({ counts: {}, healthy: 0, soaking: 0, failed: 0 })))).toBeUndefined();
  });
});

describe('the gauge of failures', () => {
  test.each([
    [{ count: 3, percent: null, now: 1, of: 100 }, 3, '3 devices'],
    [{ count: null, percent: 2, now: 1, of: 150 }, 3, '2 % of 150'],
    [{ count: 10, percent: 2, now: 1, of: 150 }, 3, '10 devices or 2 % of 150'],
    [{ count: null, percent: 1, now: 0, of: 10 }, 1, '1 % of 10'],
  ])('%j ends at %d: %s', (failure, limit, said) => {
    expect(failureGauge({ failure })).toEqual({ now: failure.now, limit, said });
  });
  test('is none where nothing ends it', () => {
    expect(failureGauge(wave())).toBeUndefined();
  });
});

test('failures are those of several waves where they are of more devices than the wave has', () => {
  expect(sharesFailures(wave())).toBe(false);
  expect(sharesFailures(wave({ failure: { count: 4, percent: null, now: 9, of: 300 } }))).toBe(true);
});

test('a wave has passed with its threshold, or once all are decided', () => {
  expect(successGauge(wave())).toEqual({ now: 50, limit: 100, said: 'all devices decided' });
  const success = { count: null, percent: 95, now: 50, of: 95 };
  expect(successGauge(wave({ success }))).toEqual({ now: 50, limit: 95, said: '95 %' });
});

test.each([
  [{ name: 'canary' }, 'canary'],
  [{ who: { count: 1 } }, '1. 1 device'],
  [{ index: 1, who: { percent: 25 } }, '2. up to 25 %'],
  [{ index: 2 }, '3. everybody else'],
])('a wave %j is called %s', (over, name) => expect(nameOfWave(wave(over as Partial<Wave>))).toBe(name));
