import { expect, test } from 'vitest';
import { Wave } from '@slipway/protocol';
import { waveLine, waveTable } from './wave-table.ts';

const wave = (index: number, over: object = {}): Wave =>
  Wave.parse({
    index,
    name: null,
    who: {},
    state: 'waiting',
    size: null,
    counts: {},
    open: 0,
    offline: 0,
    failed: 0,
    healthy: 0,
    back: null,
    success: null,
    failure: { count: 1, percent: null, now: 0, of: 0 },
    soakSeconds: 0,
    approval: false,
    maxInFlight: null,
    startedAt: null,
    soakUntil: null,
    finishedAt: null,
    ...over,
  });

const WAVES = [
  wave(0, {
    name: 'canary',
    who: { devices: ['dev-1', 'dev-2', 'dev-3', 'dev-4', 'dev-5'] },
    state: 'passed',
    size: 5,
    counts: { COMMITTED: 5 },
    healthy: 5,
    soakSeconds: 3600,
    failure: { count: 1, percent: null, now: 0, of: 5 },
    startedAt: '2026-01-31T10:00:00.000Z',
    finishedAt: '2026-01-31T11:10:30.000Z',
  }),
  wave(1, {
    who: { percent: 10 },
    state: 'running',
    size: 98,
    counts: { COMMITTED: 40, DOWNLOADING: 12, REBOOTING: 3, FAILED: 1 },
    open: 42,
    offline: 5,
    failed: 1,
    healthy: 30,
    soakSeconds: 1800,
    failure: { count: 3, percent: 5, now: 1, of: 41 },
    startedAt: '2026-01-31T11:10:30.000Z',
  }),
  wave(2, { who: { query: 'attr.site = berlin' }, state: 'pending', approval: true }),
  wave(3, { name: 'all', success: { count: null, percent: 95, now: 0, of: 0 } }),
];

test('each wave has a row, with what it stops at and what it waits for', () => {
  expect(waveTable(WAVES, undefined)).toBe(
    [
      'WAVE      WHO                             DEVICES  OPEN            UNDER WAY  COMMITTED  HEALTHY  FAILED     LIMIT     STATE',
      '1 canary  dev-1, dev-2, dev-3 and 2 more  5        0               0          5          5        0          1         passed 2026-01-31 11:10',
      '2         until 10 %                      98       42 (5 offline)  15         40         30       1 (2.4 %)  3 or 5 %  running since 2026-01-31 11:10',
      '3         attr.site = berlin              -        -               -          -          -        -          1         waits for approval',
      '4 all     everybody left                  -        -               -          -          -        -          1         waiting, enough at 95 % healthy',
    ].join('\n'),
  );
});

test('where there is no room for a table, each wave is told in words', () => {
  const text = waveTable(WAVES, 80);
  expect(text).toBe(
    [
      '1 canary (dev-1, dev-2, dev-3 and 2 more): passed 2026-01-31 11:10',
      '  5 devices: 0 open, 0 under way, 5 committed, 5 healthy, 0 failed, limit 1',
      '2 until 10 %: running since 2026-01-31 11:10',
      '  98 devices: 42 (5 offline) open, 15 under way, 40 committed, 30 healthy, 1 (2.4 %) failed, limit 3 or 5 %',
      '3 attr.site = berlin: waits for approval',
      '4 all (everybody left): waiting, enough at 95 % healthy',
    ].join('\n'),
  );
});

test('failures of waves that are counted together are told together', () => {
  const second = wave(1, {
    state: 'soaking',
    size: 10,
    failed: 1,
    failure: { count: 5, percent: null, now: 3, of: 20 },
    startedAt: '2026-01-31T10:00:00.000Z',
    soakUntil: '2026-01-31T12:00:00.000Z',
  });
  expect(waveLine(second)).toMatch(
    /^wave 2 everybody left {2}soaking until 2026-01-31 12:00; 10 devices: .*1, with earlier waves 3 \(15 %\) failed, limit 5$/,
  );
});

test('what a wave waits for, and how many of it went back, is told with its state', () => {
  const running = { state: 'running', size: 10, open: 2, offline: 2, startedAt: '2026-01-31T10:00:00.000Z' };
  expect(waveTable([wave(0, running)], undefined)).toMatch(
    /running since 2026-01-31 10:00, waits for 2 offline$/,
  );
  const back = { open: 3, offline: 1, done: 5, stuck: 1 };
  const failed = { ...running, state: 'failed', finishedAt: '2026-01-31T11:00:00.000Z', back };
  expect(waveTable([wave(0, failed)], undefined)).toMatch(
    /failed 2026-01-31 11:00, 5 of 9 back, 1 offline, 1 did not go back$/,
  );
});
