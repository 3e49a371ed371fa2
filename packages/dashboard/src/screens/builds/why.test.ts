import { expect, test } from 'vitest';
import { durationMs, placeOf, whyBuilt } from './why.ts';

const at = '2026-05-01T08:00:00.000Z';

test.each([
  ['by ann', { kind: 'manual', id: 'ann', cause: {} }],
  ['by hand', { kind: 'manual', id: null, cause: {} }],
  ['by ann: main 4f2c91d', { kind: 'manual', id: 'ann', cause: { branch: 'main', commit: '4f2c91d0aa' } }],
  ['a push: next', { kind: 'webhook', id: 'dlv_1', cause: { branch: 'next' } }],
  ['it was time', { kind: 'schedule', id: 'trg_1', cause: {} }],
] as const)('a build says why it is there: %s', (said, cause) => {
  expect(whyBuilt({ causes: [{ ...cause, at }] })).toBe(said);
});

test.each([
  [
    { source: 'shared', branch: 'next', commit: '4f2c91d0aa' },
    { source: 'shared', branch: 'next' },
  ],
  [{ source: 'shared' }, { source: 'shared' }],
  [{ branch: 'next' }, {}],
  [{}, {}],
])('a build with the facts %j is made anew from %j', (cause, place) => {
  expect(placeOf({ causes: [{ kind: 'manual', id: 'ann', cause, at }] })).toEqual(place);
});

test('a build lasts from its beginning until its end, or until now', () => {
  const now = Date.parse(at) + 5000;
  expect(durationMs({ startedAt: null, finishedAt: null }, now)).toBeUndefined();
  expect(durationMs({ startedAt: at, finishedAt: null }, now)).toBe(5000);
  expect(durationMs({ startedAt: at, finishedAt: '2026-05-01T08:00:02.500Z' }, now)).toBe(2500);
});
