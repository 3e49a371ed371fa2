import { KEY_ROTATION, KeyId, KeyPurpose, type RotationProgress } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { ROTATED, stageOf } from './rotation-words.ts';

const id = KeyId.parse('a'.repeat(64));
const at = (change: Partial<RotationProgress>): RotationProgress => ({
  purpose: 'release-root',
  step: 'steady',
  current: id,
  next: null,
  outgoing: null,
  devices: 4,
  following: 4,
  unknown: 0,
  ...change,
});

test.each([
  [at({}), 0, 'put the next one into images', false],
  [at({ step: 'begun', following: 3 }), 1, 'work with the next one', true],
  [at({ step: 'begun' }), 1, 'work with the next one', false],
  [at({ step: 'switched' }), 2, 'take the one before out of images', false],
  [at({ purpose: 'device-authority' }), 0, 'certify devices by the next one', false],
  [
    at({ purpose: 'device-authority', step: 'switched', following: 0 }),
    1,
    'end the trust in the one before',
    true,
  ],
])('what is due of %j', (progress, step, due, waits) => {
  expect(stageOf(progress)).toMatchObject({ step, due, waits });
});

test('every key is rotated by one of the commands', () => {
  expect(ROTATED.flatMap(([, purposes]) => purposes).sort()).toEqual([...KeyPurpose.options].sort());
  for (const [, purposes] of ROTATED)
    expect(new Set(purposes.map((purpose) => KEY_ROTATION[purpose].command)).size).toBe(1);
});
