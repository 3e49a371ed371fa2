import { expect, test } from 'vitest';
import { consequenceLines } from './consequence-lines.ts';

test('what a step does is told for each lot of devices, those it does nothing to last', () => {
  expect(
    consequenceLines([
      { stage: 'open', devices: 3120, offline: 0, fate: 'left' },
      { stage: 'failed', devices: 1, offline: 0, fate: 'stay' },
      { stage: 'committed', devices: 40, offline: 2, fate: 'back' },
    ]),
  ).toEqual([
    '3,120 devices not offered the release yet will not be offered it.',
    '40 devices that run it restart into the release before it (2 of them are offline: once they are back).',
    '1 device on which it failed stay as they are.',
  ]);
});
