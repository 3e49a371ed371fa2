import type { Execution } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { durationOf, phasesOf, sharesOf } from './phases.ts';

const at = (second: number): string => new Date(second * 1000).toISOString();
const step = (state: Execution['state'], second: number) => ({
  state,
  at: at(second),
  code: null,
  bootId: null,
});

test('each phase lasts until the next; the last of one that goes on until now', () => {
  const history = [step('OFFERED', 0), step('DOWNLOADING', 10), step('INSTALLING', 40)];
  expect(phasesOf({ history }, 100_000).map(({ state, ms }) => [state, ms])).toEqual([
    ['OFFERED', 10_000],
    ['DOWNLOADING', 30_000],
    ['INSTALLING', 60_000],
  ]);
});

test('what is over lasts no longer', () => {
  const phases = phasesOf({ history: [step('TRIAL', 0), step('COMMITTED', 20)] }, 1_000_000);
  expect(durationOf(phases)).toBe(20_000);
});

test('parts of a bar are all seen, and are a whole', () => {
  const phases = phasesOf(
    { history: [step('OFFERED', 0), step('ACCEPTED', 1), step('TRIAL', 1000)] },
    1_000_000,
  );
  const shares = sharesOf(phases);
  expect(shares).toHaveLength(2);
  expect(shares[0]?.percent).toBeGreaterThan(1.5);
  expect(shares.reduce((sum, { percent }) => sum + percent, 0)).toBeCloseTo(100);
  expect(sharesOf([])).toEqual([]);
});
