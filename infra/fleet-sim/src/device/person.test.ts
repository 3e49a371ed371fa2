import { expect, test } from 'vitest';
import { answerOf } from './person.ts';

const NOBODY = { declines: 0, defers: 0, deferSeconds: 60, accepts: 0 };
const ask = (faults: Partial<typeof NOBODY>, hasDeferred = false, device = 'sim-00001') =>
  answerOf({ seed: 1, faults: { ...NOBODY, ...faults } }, device, '1.0.0', hasDeferred);

test.each([
  ['nobody is there', {}, undefined],
  ['one accepts', { accepts: 1 }, { kind: 'accept' }],
  ['one defers', { defers: 1, accepts: 1 }, { kind: 'defer', seconds: 60 }],
  ['one refuses, before anything else', { declines: 1, defers: 1, accepts: 1 }, { kind: 'refuse' }],
])('%s', (_title, faults, expected) => {
  expect(ask(faults)).toEqual(expected);
});

test('who has deferred accepts when asked again', () => {
  expect(ask({ defers: 1 }, true)).toEqual({ kind: 'accept' });
});

test('a share is one of all devices, the same whenever it is asked', () => {
  const answers = () =>
    Array.from({ length: 1000 }, (_, at) => ask({ declines: 0.3 }, false, `sim-${at}`)?.kind);
  const refused = answers().filter((kind) => kind === 'refuse').length;
  expect(refused).toBeGreaterThan(240);
  expect(refused).toBeLessThan(360);
  expect(answers()).toEqual(answers());
});
