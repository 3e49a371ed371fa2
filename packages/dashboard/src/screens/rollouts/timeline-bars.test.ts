import type { WavePreview } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { barsOf } from './timeline-bars.ts';

const at = (minute: number): string => new Date(minute * 60_000).toISOString();
const wave = (index: number, startsAt: string | null, endsAt: string | null): WavePreview => ({
  index,
  name: null,
  who: {},
  devices: 1,
  current: 0,
  online: 1,
  bytes: { most: 1, expected: null },
  duration: { least: 0, likely: null, slow: null },
  startsAt,
  endsAt,
  approval: false,
});

test('waves lie one after the other on the whole time; one that takes none is still seen', () => {
  expect(barsOf([wave(0, at(0), at(10)), wave(1, at(10), at(40)), wave(2, at(40), at(40))])).toEqual([
    { index: 0, from: 0, to: 0.25 },
    { index: 1, from: 0.25, to: 1 },
    { index: 2, from: 1, to: 1.01 },
  ]);
});
test('without times there are none', () => expect(barsOf([wave(0, null, null)])).toEqual([]));
