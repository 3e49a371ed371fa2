import { describe, expect, test } from 'vitest';
import { digestOf, releaseOf } from '../fixture/world.ts';
import { freshState, type BootFacts, type Saved, type State } from './state.ts';
import { step } from './step.ts';

const CLOCK = { now: 5_000, zoneOffset: 0, metered: false };
const FLOOR = 50;

const started = (saved: Saved, over: Partial<BootFacts>): Saved => {
  const state: State = { saved, boot: null, connected: false, clock: CLOCK };
  const facts: BootFacts = {
    bootId: 'boot-2',
    slot: 'b',
    ref: releaseOf(20),
    loaderDefault: 'a',
    uptime: 5,
    evidence: null,
    ...over,
  };
  const [next] = step(state, { kind: 'started', facts, clock: CLOCK });
  return next.saved;
};

describe('a release below the rollback floor that is booted', () => {
  const saved: Saved = {
    ...freshState(1),
    floor: { counter: FLOOR, time: 1_000 },
    slots: {
      a: { state: 'GOOD', ref: releaseOf(FLOOR), bundle: null },
      b: {
        state: 'TRIAL',
        ref: releaseOf(20),
        bundle: digestOf(20),
        attempt: 1,
        unseen: 0,
        armedIn: 'boot-1',
        boot: null,
        restore: false,
      },
    },
  };

  test('on trial, although its record says so: it fails with its code and is left', () => {
    const after = started(saved, {});
    expect(after.slots.b).toMatchObject({ state: 'FAILED', code: 'BUNDLE_COUNTER_TOO_LOW' });
    expect(after.job).toMatchObject({ kind: 'reboot' });
    expect(after.floor.counter).toBe(FLOOR);
  });

  test('at the floor it is tried', () => {
    const ref = releaseOf(FLOOR);
    const slots = { ...saved.slots, b: { ...saved.slots.b, ref } as Saved['slots']['b'] }; // eslint-disable-line typescript/no-unsafe-type-assertion -- the same record with another release
    expect(started({ ...saved, slots }, { ref }).job).toMatchObject({ kind: 'judge' });
  });

  test('as the default it stays: the floor never shuts out the only slot that boots, and does not fall', () => {
    const after = started(
      { ...saved, slots: { a: { state: 'EMPTY' }, b: { state: 'EMPTY' } } },
      { slot: 'a' },
    );
    expect(after.slots.a).toMatchObject({ state: 'GOOD', ref: { counter: 20 } });
    expect(after.job?.kind).not.toBe('reboot');
    expect(after.floor.counter).toBe(FLOOR);
  });
});
