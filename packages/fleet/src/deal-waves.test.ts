import { array, assert, constant, integer, oneof, property, record, subarray } from 'fast-check';
import { expect, test } from 'vitest';
import { dealWaves } from './deal-waves.ts';

const cell = (devices: number, ...named: number[]) => ({ devices, named: new Set(named) });

test.each([
  ['everybody', [{}], [cell(7)], [[7]]],
  ['ten percent, then the rest', [{ percent: 10 }, {}], [cell(100)], [[10], [90]]],
  ['shares are of all, with the waves before', [{ percent: 10 }, { percent: 50 }], [cell(100)], [[10], [40]]],
  [
    'who is named is in no share, so shares are of the others',
    [{ devices: [] }, { percent: 10 }, {}],
    [cell(5, 0), cell(95)],
    [
      [5, 0],
      [0, 10],
      [0, 85],
    ],
  ],
  ['nobody is left out of a number that is too large', [{ count: 9 }, {}], [cell(5)], [[5], [0]]],
  [
    'a number is dealt over all kinds',
    [{ count: 4 }, {}],
    [cell(10), cell(30)],
    [
      [1, 3],
      [9, 27],
    ],
  ],
  ['a share of few is at least one', [{ percent: 1 }, {}], [cell(3)], [[1], [2]]],
  [
    'a query takes whom it finds out of all shares, and the first that finds somebody has them',
    [{ percent: 50 }, { query: 'tag = x' }, { query: 'tag = y' }, {}],
    [cell(10, 1), cell(6, 1, 2), cell(4, 2), cell(10)],
    [
      [0, 0, 0, 5],
      [10, 6, 0, 0],
      [0, 0, 4, 0],
      [0, 0, 0, 5],
    ],
  ],
])('%s', (_title, waves, cells, dealt) => {
  expect(dealWaves(waves, cells)).toEqual(dealt);
});

const anyWave = oneof(
  record({ percent: integer({ min: 1, max: 100 }) }),
  record({ count: integer({ min: 1, max: 500 }) }),
  constant({ query: 'online' }),
);
const anyPlan = record({
  waves: array(anyWave, { maxLength: 4 }),
  cells: array(record({ devices: integer({ min: 0, max: 1000 }), picks: subarray([0, 1, 2, 3]) }), {
    maxLength: 6,
  }),
});
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

test('everybody is dealt once, and no wave gets more than it is to', () => {
  assert(
    property(anyPlan, ({ waves, cells }) => {
      const known = cells.map(({ devices, picks }) => ({
        devices,
        // Only a wave that asks by a query can name anybody.
        named: new Set(picks.filter((index) => 'query' in (waves[index] ?? {}))),
      }));
      const dealt = dealWaves([...waves, {}], known);
      expect(known.map((_cell, at) => sum(dealt.map((takes) => takes[at] ?? 0)))).toEqual(
        known.map(({ devices }) => devices),
      );
      expect(Math.min(0, ...dealt.flat())).toBe(0);
      const others = sum(known.map(({ named, devices }) => (named.size === 0 ? devices : 0)));
      const asked = waves.map((wave, index) => {
        const size = sum(dealt[index] ?? []);
        if ('percent' in wave) return size <= Math.ceil((wave.percent / 100) * others - 1e-9);
        return 'query' in wave || size <= wave.count;
      });
      expect(asked).not.toContain(false);
    }),
  );
});
