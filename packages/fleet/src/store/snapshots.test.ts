import { expect, test } from 'vitest';
import { historyOf } from './snapshots.ts';

const at = (minutes: number): Date => new Date(minutes * 60_000);

test('each version has a line, the newest first, and devices without one are the rest', () => {
  const history = historyOf(
    [
      { at: at(0), total: 3, online: 1, versions: { edge: { '1.9.0': 2, '': 1 } } },
      {
        at: at(10),
        total: 4,
        online: 4,
        versions: { edge: { '1.10.0': 3, '1.9.0': 0 }, other: { '1.0.0': 1 } },
      },
    ],
    600,
  );
  expect(history).toEqual({
    step: 600,
    times: [0, 600],
    online: [1, 4],
    total: [3, 4],
    series: [
      { deviceClass: 'edge', version: '1.10.0', counts: [0, 3] },
      { deviceClass: 'edge', version: '1.9.0', counts: [2, 0] },
      { deviceClass: 'edge', version: null, counts: [1, 0] },
      { deviceClass: 'other', version: '1.0.0', counts: [0, 1] },
    ],
  });
});

test('of very many versions the rarest are one line', () => {
  const versions = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`1.${n}.0`, 100 - n]));
  const { series } = historyOf([{ at: at(0), total: 0, online: 0, versions: { edge: versions } }], 600);
  expect(series.map(({ version }) => version)).toEqual([
    ...[7, 6, 5, 4, 3, 2, 1, 0].map((n) => `1.${n}.0`),
    null,
  ]);
  expect(series.at(-1)?.counts).toEqual([
    Array.from({ length: 12 }, (_, n) => 92 - n).reduce((a, b) => a + b),
  ]);
});
