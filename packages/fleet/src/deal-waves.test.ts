import { array, assert, constant, integer, oneof, property, record, subarray } from 'fast-check';
import { expect, test } from 'vitest';
import { dealWaves } from './deal-waves.ts';

const cell = (devices: number, ...named: number[]) => ({ devices, named: new Set(named) });

test.each([
  ['everybody', [{}], [cell(7)], [[7]]],
  ['ten percent, then the rest', [{ percent: 10 }, {}], [cell(100)], [[10], [90]]],
  ['shares are of all, with the waves before', [{ percent: 10 }, { percent: 50 }], [cell(100)], [[10], [40]]],
  [
    'canaries count towards the share that follows',
    [{ devices: [] }, { percent: 10 }, {}],
    [cell(5, 0), cell(95)],
    [
      [5, 0],
      [0, 5],
      [0, 90],
    ],
  ],
  [
    'a share that the waves before are beyond is empty',
    [{ devices: [] }, { percent: 10 }],
    [cell(50, 0), cell(50)],
    [
      [50, 0],
      [0, 0],
    ],
  ],
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
    'a query finds what no wave before has taken',
    [{ percent: 50 }, { query: 'tag = x' }, {}],
    [cell(10, 1), cell(10)],
    [
      [5, 5],
      [5, 0],
      [0, 5],
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
const anyCell = record({
  devices: integer({ min: 0, max: 1000 }),
  named: subarray([0, 1, 2, 3]).map((waves) => new Set(waves)),
});

test('nobody is dealt twice, shares are never exceeded, and the rest takes everybody who is left', () => {
  assert(
    property(array(anyWave, { maxLength: 4 }), array(anyCell, { maxLength: 6 }), (waves, cells) => {
      const dealt = dealWaves([...waves, {}], cells);
      cells.forEach(({ devices }, at) => {
        const of = dealt.map((takes) => takes[at] ?? 0);
        expect(Math.min(0, ...of)).toBe(0);
        expect(of.reduce((total, takes) => total + takes, 0)).toBe(devices);
      });
      const all = cells.reduce((total, { devices }) => total + devices, 0);
      const sizes = dealt.map((takes) => takes.reduce((total, number) => total + number, 0));
      const asked = waves.map((wave, index) => {
        const taken = sizes.slice(0, index + 1).reduce((total, size) => total + size, 0);
        if ('percent' in wave) return sizes[index] === 0 || taken === Math.ceil((wave.percent / 100) * all);
        return 'query' in wave || (sizes[index] ?? 0) <= wave.count;
      });
      expect(asked).not.toContain(false);
    }),
  );
});
