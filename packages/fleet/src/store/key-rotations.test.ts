import { KeyId } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { progressOf } from './key-rotations.ts';

const [A, B] = ['a', 'b'].map((letter) => KeyId.parse(letter.repeat(64)));
const a = A ?? KeyId.parse('');
const b = B ?? KeyId.parse('');
const counted = [
  { trusts: [a], devices: 5 },
  { trusts: [a, b], devices: 3 },
  { trusts: null, devices: 2 },
];

test.each([
  ['nothing is under way', { current: a, next: null, outgoing: null }, 'steady', 8],
  ['the next one goes into images', { current: a, next: b, outgoing: null }, 'begun', 3],
  ['it is worked with', { current: b, next: null, outgoing: a }, 'switched', 3],
  ['nothing was seen yet', { current: null, next: null, outgoing: null }, 'steady', 0],
] as const)('where %s, devices that trust what is to be are counted', (_, roles, step, following) => {
  expect(progressOf('server-authority', roles, counted)).toEqual({
    purpose: 'server-authority',
    step,
    ...roles,
    devices: 10,
    following,
    unknown: 2,
  });
});
