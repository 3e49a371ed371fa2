import { codeOf, KeyId, messageOf, type Authority, type RotationProgress } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { requireFollowers } from './rotations.ts';

const key = KeyId.parse('a'.repeat(64));
const at = (change: Partial<RotationProgress>): RotationProgress => ({
  purpose: 'server-authority',
  step: 'begun',
  current: key,
  next: key,
  outgoing: null,
  devices: 10,
  following: 10,
  unknown: 0,
  ...change,
});
const refusal = (purpose: Authority, step: string, progress: RotationProgress | undefined): string => {
  try {
    requireFollowers(purpose, step, progress);
    return 'none';
  } catch (error) {
    return `${codeOf(error)} ${messageOf(error)}`;
  }
};

test.each([
  ['all devices trust the next one', 'switch', at({}), /^none$/],
  ['one does not', 'switch', at({ following: 9 }), /^ROTATION_TOO_EARLY 1 of 10 devices have not followed\./],
  ['of some it is not known', 'switch', at({ following: 7, unknown: 2 }), /3 of 10 .*of 2 it is not known/],
  ['nobody can be asked', 'switch', undefined, /^ROTATION_TOO_EARLY Which .* Start the instance/],
  ['the server has not been restarted', 'switch', at({ step: 'steady' }), /Restart the instance/],
  ['the last step is done too soon after the one before', 'finish', at({}), /Restart the instance/],
  ['all have followed, at the end', 'finish', at({ step: 'switched' }), /^none$/],
] as const)('where %s', (_, step, progress, expected) => {
  expect(refusal('server-authority', step, progress)).toMatch(expected);
});

test('devices that renew need to be waited for', () => {
  expect(refusal('device-authority', 'finish', at({ step: 'switched', following: 1 }))).toMatch(/Wait/);
});
