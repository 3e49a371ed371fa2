import { expect, test } from 'vitest';
import { snapshotsOf, type Lived } from './version-timeline.ts';

const at = (hour: number): Date => new Date(hour * 3_600_000);
const life = (change: Partial<Lived> = {}): Lived => ({
  deviceClass: 'edge',
  enrolledAt: at(0),
  version: '1.0.0',
  other: null,
  updates: [],
  ...change,
});
const ranAt = (lives: readonly Lived[], ...hours: number[]) =>
  snapshotsOf(lives, hours.map(at)).map(({ versions }) => versions['edge'] ?? {});

test.each([
  [
    'was never updated: from its enrolment on',
    life({ enrolledAt: at(2) }),
    [{}, { '1.0.0': 1 }, { '1.0.0': 1 }],
  ],
  [
    'was updated once: before, what is in the other slot',
    life({ version: '2.0.0', other: '1.0.0', updates: [{ at: at(2), version: '2.0.0' }] }),
    [{ '1.0.0': 1 }, { '2.0.0': 1 }, { '2.0.0': 1 }],
  ],
  [
    'was updated twice: before, nobody knows',
    life({
      version: '3.0.0',
      other: '2.0.0',
      updates: [
        { at: at(2), version: '2.0.0' },
        { at: at(3), version: '3.0.0' },
      ],
    }),
    [{ '': 1 }, { '2.0.0': 1 }, { '3.0.0': 1 }],
  ],
  [
    'went back by itself: now, what it says',
    life({ version: '1.0.0', updates: [{ at: at(2), version: '2.0.0' }], other: '2.0.0' }),
    [{ '2.0.0': 1 }, { '2.0.0': 1 }, { '1.0.0': 1 }],
  ],
  ['has not said yet', life({ version: null }), [{ '': 1 }, { '': 1 }, { '': 1 }]],
] as const)('a device that %s', (_, one, expected) => {
  expect(ranAt([one], 1, 2, 4)).toEqual(expected);
});

test('devices are counted together', () => {
  expect(snapshotsOf([life(), life(), life({ deviceClass: 'other' })], [at(1)])).toMatchObject([
    { total: 3, versions: { edge: { '1.0.0': 2 }, other: { '1.0.0': 1 } } },
  ]);
});
