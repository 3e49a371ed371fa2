import { array, assert, integer, option, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { estimateWaves, type EstimateRules, type WaveToEstimate } from './estimate.ts';

const START = Date.parse('2026-01-31T00:00:00Z');
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const PACE = { prepare: 8 * MINUTE, restart: 2 * MINUTE };
const RULES: EstimateRules = { policy: {}, maxPerMinute: undefined, zones: [{ timeZone: 'UTC', share: 1 }] };
const wave = (changes: Partial<WaveToEstimate>): WaveToEstimate => ({
  updates: 10,
  maxInFlight: 100,
  soakSeconds: 0,
  ...changes,
});
const secondsOf = (waves: readonly WaveToEstimate[], rules: Partial<EstimateRules> = {}): number[] =>
  estimateWaves(waves, { ...RULES, ...rules }, PACE, START).map(({ endsAt }) => (endsAt - START) / 1000);

test.each<[title: string, waves: WaveToEstimate[], rules: Partial<EstimateRules>, ends: number[]]>([
  ['nobody', [wave({ updates: 0, soakSeconds: HOUR })], {}, [0]],
  ['all at once', [wave({})], {}, [10 * MINUTE]],
  ['as many as there are places, then the others', [wave({ maxInFlight: 4 })], {}, [30 * MINUTE]],
  [
    'wave after wave, with a soak between',
    [wave({ soakSeconds: HOUR }), wave({})],
    {},
    [70 * MINUTE, 80 * MINUTE],
  ],
  ['two offers a minute', [wave({})], { maxPerMinute: 2 }, [14.5 * MINUTE]],
  ['half of them are enough', [wave({ maxInFlight: 1, success: { percent: 50 } })], {}, [50 * MINUTE]],
  ['three are enough', [wave({ maxInFlight: 1, success: { count: 3, percent: 50 } })], {}, [30 * MINUTE]],
  [
    'restarts wait for the window',
    [wave({})],
    { policy: { windows: [{ from: '02:00', to: '04:00' }] } },
    [2 * HOUR + 2 * MINUTE],
  ],
  [
    'within a window each place is used again until it closes',
    [wave({ updates: 16, maxInFlight: 1 })],
    { policy: { windows: [{ from: '02:00', to: '04:00' }] } },
    [26 * HOUR + 32 * MINUTE],
  ],
  [
    'windows hold nothing back after the deadline',
    [wave({})],
    { policy: { windows: [{ from: '02:00', to: '04:00' }], deadline: START / 1000 + HOUR } },
    [HOUR + 2 * MINUTE],
  ],
  [
    'each device waits for the window of its own zone',
    [wave({ updates: 4 })],
    {
      policy: { windows: [{ from: '02:00', to: '04:00' }] },
      zones: [
        { timeZone: 'Europe/Berlin', share: 0.5 },
        { timeZone: 'America/New_York', share: 0.5 },
      ],
    },
    [7 * HOUR + 2 * MINUTE],
  ],
  [
    'the first half of two zones is that of the earlier one',
    [wave({ updates: 4, success: { percent: 50 } })],
    {
      policy: { windows: [{ from: '02:00', to: '04:00' }] },
      zones: [
        { timeZone: 'Europe/Berlin', share: 0.5 },
        { timeZone: 'America/New_York', share: 0.5 },
      ],
    },
    [HOUR + 2 * MINUTE],
  ],
  ['only downloads restart nothing', [wave({})], { policy: { mode: 'download' } }, [8 * MINUTE]],
])('%s', (_title, waves, rules, ends) => {
  expect(secondsOf(waves, rules)).toEqual(ends);
});

test('a million devices are estimated as ten thousand with a hundredth of the places', () => {
  const [small] = secondsOf([wave({ updates: 10_000, maxInFlight: 100 })]);
  const [large] = secondsOf([wave({ updates: 1_000_000, maxInFlight: 10_000 })]);
  expect(large).toBe(small);
});

const anyWave = record({
  updates: integer({ min: 0, max: 5000 }),
  maxInFlight: integer({ min: 1, max: 3000 }),
  soakSeconds: integer({ min: 0, max: HOUR }),
});
const anyCase = record({
  waves: array(anyWave, { minLength: 1, maxLength: 4 }),
  maxPerMinute: option(integer({ min: 1, max: 600 }), { nil: undefined }),
});

test('no wave is over sooner than its devices, its rate and its soak allow, and less of either never takes longer', () => {
  assert(
    property(anyCase, ({ waves, maxPerMinute }) => {
      const rules = { ...RULES, maxPerMinute };
      const estimated = estimateWaves(waves, rules, PACE, START);
      estimated.forEach(({ startsAt, endsAt }, at) => {
        const { updates, soakSeconds } = waves[at] ?? wave({});
        expect(startsAt).toBe(at === 0 ? START : estimated[at - 1]?.endsAt);
        if (updates === 0) return;
        // What goes together is offered together: the last of it at once with its first.
        const together = Math.ceil(updates / 2000);
        const offering = maxPerMinute === undefined ? 0 : ((updates - together) * 60_000) / maxPerMinute;
        const alone = (PACE.prepare + PACE.restart + soakSeconds) * 1000;
        expect(endsAt - startsAt).toBeGreaterThanOrEqual(offering + alone - 1);
      });
      const easier = waves.map((one) => ({ ...one, maxInFlight: one.maxInFlight * 2, soakSeconds: 0 }));
      const sooner = estimateWaves(easier, rules, PACE, START);
      expect(sooner.at(-1)?.endsAt).toBeLessThanOrEqual(estimated.at(-1)?.endsAt ?? 0);
    }),
    { numRuns: 60 },
  );
});
