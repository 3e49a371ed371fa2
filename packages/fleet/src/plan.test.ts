import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOverRollout, isTerminal, type DeviceId, type ExecutionState } from '@slipway/protocol';
import { failedOf, openOf } from './plan/members.ts';
import { neededOf } from './plan/thresholds.ts';
import type { PlanAction, PlanRollout } from './plan/types.ts';
import { deviceId, minutes, World } from './testing/plan-world.ts';

const BOOKS = new Set(['settle', 'move', 'wave']);
/** What an operator would see. */
const told = (actions: readonly PlanAction[]): string[] =>
  actions
    .filter(({ kind }) => !BOOKS.has(kind))
    .map((action) => ('device' in action ? `${action.kind} ${action.device}` : action.kind));
const wait = (world: World, ms: number): void => {
  world.now = new Date(world.now.getTime() + ms);
};
const finish = (world: World, state: ExecutionState, ...devices: number[]): readonly PlanAction[] => {
  for (const n of devices) world.report(deviceId(n), state);
  return world.settle();
};
const range = (n: number): number[] => Array.from({ length: n }, (_, at) => at + 1);

describe('a running rollout', () => {
  test('offers the release to devices that are online, up to maxInFlight', () => {
    const world = new World({ maxInFlight: 2 }, [{}], [4]);
    world.change(deviceId(2), { online: false });
    expect(told(world.settle())).toEqual(['offer dev-1', 'offer dev-3']);
    expect(told(finish(world, 'COMMITTED', 1))).toEqual(['offer dev-4']);
    expect(told(finish(world, 'COMMITTED', 3, 4))).toEqual([]);
    world.change(deviceId(2), { online: true });
    expect(told(world.settle())).toEqual(['offer dev-2']);
    expect(told(finish(world, 'COMMITTED', 2))).toEqual(['complete']);
  });

  test('leaves out devices that run the release, until they run another', () => {
    const world = new World({}, [{}], [2]);
    world.change(deviceId(1), { runsIt: true });
    expect(told(world.settle())).toEqual(['offer dev-2']);
    world.change(deviceId(1), { runsIt: false });
    expect(told(world.settle())).toEqual(['offer dev-1']);
  });

  test('has devices that take another release wait on record, until they are free or it has lasted too long', () => {
    const world = new World({}, [{}], [3]);
    for (const n of [1, 2]) world.change(deviceId(n), { busy: true });
    expect(told(world.settle())).toEqual(['wait dev-1', 'wait dev-2', 'offer dev-3']);
    expect(told(world.settle())).toEqual([]);
    world.change(deviceId(1), { busy: false });
    expect(told(world.settle())).toEqual(['unwait dev-1', 'offer dev-1']);
    finish(world, 'COMMITTED', 1, 3);
    wait(world, minutes(10));
    expect(told(world.settle())).toEqual(['giveUp dev-2', 'complete']);
  });

  test('offers nothing during an emergency stop, but stops at failures of trials that were armed', () => {
    const world = new World({ halted: true }, [{}], [2]);
    expect(told(world.settle())).toEqual([]);
    world.rollout = { ...world.rollout, halted: false, maxInFlight: 1 };
    world.settle();
    world.rollout = { ...world.rollout, halted: true };
    expect(told(finish(world, 'ROLLED_BACK', 1))).toEqual(['stop']);
  });

  test('offers the release anew to devices whose execution a stop ended, and knows one that came back to life', () => {
    const world = new World({ maxInFlight: 2 }, [{}], [3]);
    world.settle();
    for (const one of world.executions) Object.assign(one, { state: 'CANCELED', halted: true });
    world.rollout = { ...world.rollout, halted: true };
    world.settle();
    expect(world.tally().open).toBe(3);
    const [armed] = world.executions;
    Object.assign(armed ?? {}, { state: 'TRIAL' });
    world.settle();
    world.rollout = { ...world.rollout, halted: false };
    expect(told(world.settle())).toEqual(['offer dev-2']);
  });

  test('goes on with offers while what happened to devices is taken in, but concludes nothing', () => {
    const world = new World({ maxInFlight: 2 }, [{ state: 'running' }], [2]);
    for (const device of world.devices.keys()) world.change(device, { runsIt: true });
    for (let n = 3; n <= 9; n += 1) world.hinted.add(deviceId(n));
    expect(told(world.decide().actions)).toEqual([]);
    expect(told(world.settle())).toEqual(['complete']);

    const other = new World({ maxInFlight: 2 }, [{ state: 'running' }], [9]);
    for (const device of other.devices.keys()) other.change(device, { health: 'ok' });
    expect(told(other.decide().actions)).toEqual(['offer dev-1', 'offer dev-2']);
  });

  test('offers nothing while failed health is left that may forbid it, which it hears of first', () => {
    const world = new World({ failureThreshold: 4, maxInFlight: 4 }, [{ soakSeconds: 60 }], [12]);
    world.settle();
    for (let n = 1; n <= 4; n += 1) world.report(deviceId(n), 'COMMITTED');
    world.rollout = { ...world.rollout, halted: true };
    world.settle();
    world.rollout = { ...world.rollout, halted: false };
    for (let n = 5; n <= 12; n += 1) world.change(deviceId(n), { health: 'ok' });
    for (let n = 1; n <= 4; n += 1) world.change(deviceId(n), { health: 'bad' });
    expect(told(world.settle())).toEqual(['stop']);
    expect(world.live()).toEqual([]);
  });

  test('times out what is past its deadline', () => {
    const world = new World({ failureThreshold: 2 }, [{}], [1]);
    world.settle();
    wait(world, minutes(60));
    expect(told(world.settle())).toEqual(['timeOut', 'complete']);
  });

  test.each(['stopped', 'aborted'] as const)(
    'that is %s cancels what is not armed, withdraws what is',
    (state) => {
      const world = new World({}, [{}], [3]);
      world.settle();
      world.report(deviceId(3), 'TRIAL');
      world.rollout = { ...world.rollout, state };
      const { actions } = world.decide();
      expect(told(actions)).toEqual(['cancel', 'cancel', 'withdraw']);
    },
  );
});

describe('at the failure threshold', () => {
  test.each(['ROLLED_BACK', 'FAILED', 'REJECTED', 'TIMED_OUT'] as const)('%s stops the rollout', (state) => {
    const world = new World({ maxInFlight: 2 }, [{}], [4]);
    world.settle();
    expect(told(finish(world, state, 1))).toEqual(['stop', 'cancel']);
    expect(world.reason).toBe('1 failed, the rollout stops at 1');
    expect(world.tally()).toMatchObject({ failed: 1, out: 1, open: 2 });
  });

  test('canceled executions are no failures', () => {
    const world = new World({}, [{}], [1]);
    world.settle();
    expect(told(finish(world, 'CANCELED', 1))).toEqual(['complete']);
  });

  test('by percent counts of the devices of the waves that have begun', () => {
    const world = new World({ failureThreshold: 100, failurePercent: 20 }, [{}], [10]);
    world.settle();
    expect(told(finish(world, 'FAILED', 1))).toEqual([]);
    finish(world, 'FAILED', 2);
    expect(world).toMatchObject({ reason: '2 failed, the rollout stops at 20 % (of 10)' });
  });

  test('pauses where that is wanted, and goes on once it is forgiven', () => {
    const world = new World({ maxInFlight: 1, onFailure: 'pause' }, [{}], [3]);
    world.settle();
    expect(told(finish(world, 'FAILED', 1))).toEqual(['pause']);
    expect(told(world.settle())).toEqual([]);
    world.waves = world.waves.map((wave) => ({ ...wave, forgiven: 1 }));
    world.rollout = { ...world.rollout, state: 'running' };
    expect(told(world.settle())).toEqual(['offer dev-2']);
    expect(told(finish(world, 'FAILED', 2))).toEqual(['pause']);
  });

  test('has devices go back that had committed, so many at once, also those that come back later', () => {
    const world = new World({ maxInFlight: 2, onFailure: 'rollback' }, [{}], [5]);
    world.settle();
    finish(world, 'COMMITTED', 1, 2);
    finish(world, 'COMMITTED', 3);
    world.change(deviceId(2), { online: false });
    expect(told(finish(world, 'FAILED', 4)).filter((one) => one !== 'cancel')).toEqual([
      'rollBack',
      'revert dev-1',
      'revert dev-3',
    ]);
    world.change(deviceId(1), { runsIt: false });
    expect(told(world.settle())).toEqual([]);
    wait(world, 150_000);
    expect(told(world.settle())).toEqual(['revert dev-3']);
    world.change(deviceId(3), { runsIt: false });
    world.settle();
    expect(world.rollout.state).toBe('rolling_back');
    world.change(deviceId(2), { online: true });
    expect(told(world.settle())).toEqual(['revert dev-2']);
    world.change(deviceId(2), { runsIt: false });
    expect(told(world.settle())).toEqual(['rolledBack']);
    expect(world.tally()).toMatchObject({ reverted: 3, failed: 1 });
  });
});

describe('waves', () => {
  test('begin one after the other, once all devices are decided', () => {
    const world = new World({ failureThreshold: 9 }, [{}, {}], [2, 1]);
    expect(told(world.settle())).toEqual(['offer dev-1', 'offer dev-2']);
    expect(told(finish(world, 'COMMITTED', 1))).toEqual([]);
    expect(told(finish(world, 'FAILED', 2))).toEqual(['offer dev-3']);
    expect(told(finish(world, 'COMMITTED', 3))).toEqual(['complete']);
  });

  test('pass early at their success threshold, by count or share, whichever comes first', () => {
    const world = new World({}, [{ success: { count: 5, percent: 50 } }, {}], [4, 1]);
    world.settle();
    expect(told(finish(world, 'COMMITTED', 1))).toEqual([]);
    expect(told(finish(world, 'COMMITTED', 2))).toEqual(['offer dev-5']);
    finish(world, 'COMMITTED', 3, 5);
    expect(world.rollout.state).toBe('running');
    expect(told(finish(world, 'COMMITTED', 4))).toEqual(['complete']);
  });

  test('that are decided with too few healthy devices end the rollout', () => {
    const world = new World({ failureThreshold: 9 }, [{ success: { percent: 100 } }, {}], [2, 1]);
    world.settle();
    expect(told(finish(world, 'FAILED', 1))).toEqual([]);
    expect(told(finish(world, 'COMMITTED', 2))).toEqual(['stop']);
    expect(world.reason).toBe('wave 1 ended with 1 healthy of 2 devices, too few');
  });

  test('wait for an approval, then go on', () => {
    const world = new World({}, [{}, { approval: true }], [1, 1]);
    world.settle();
    expect(told(finish(world, 'COMMITTED', 1))).toEqual([]);
    expect(world.waves[1]?.state).toBe('pending');
    world.waves = world.waves.map((wave) => ({ ...wave, approved: true }));
    expect(told(world.settle())).toEqual(['offer dev-2']);
  });

  test('keep to their own limit, and to a threshold of their own', () => {
    const world = new World({ failureThreshold: 1 }, [{ maxInFlight: 1, failure: { count: 2 } }, {}], [3, 3]);
    expect(told(world.settle())).toEqual(['offer dev-1']);
    expect(told(finish(world, 'FAILED', 1))).toEqual(['offer dev-2']);
    finish(world, 'COMMITTED', 2);
    expect(told(finish(world, 'COMMITTED', 3))).toEqual(['offer dev-4', 'offer dev-5', 'offer dev-6']);
    expect(told(finish(world, 'FAILED', 4))[0]).toBe('stop');
  });

  test('that are at their limit leave the planner nothing to do, however many devices are left', () => {
    const world = new World({}, [{ maxInFlight: 1 }], [9]);
    expect(told(world.settle())).toEqual(['offer dev-1']);
    expect(told(world.settle())).toEqual([]);
    expect(told(finish(world, 'COMMITTED', 1))).toEqual(['offer dev-2']);
  });

  test('wait for devices that are not connected as long as they are told, then leave them out until they are', () => {
    const world = new World({ offlinePatienceSeconds: 60 }, [{ success: { percent: 100 } }, {}], [6, 1]);
    for (let n = 2; n <= 6; n += 1) world.change(deviceId(n), { online: false });
    expect(told(world.settle())).toEqual(['offer dev-1']);
    expect(told(finish(world, 'COMMITTED', 1))).toEqual([]);
    wait(world, 59_999);
    expect(told(world.settle())).toEqual([]);
    wait(world, 1);
    expect(told(world.settle())).toEqual(['offer dev-7']);
    expect(world.tally(0)).toMatchObject({ healthy: 1, skipped: 5 });

    world.change(deviceId(2), { online: true });
    expect(told(world.settle())).toEqual(['offer dev-2']);
    expect(told(finish(world, 'COMMITTED', 7))).toEqual([]);
    expect(told(finish(world, 'COMMITTED', 2))).toEqual(['complete']);
  });

  test('leave nobody out while nothing is offered', () => {
    const world = new World({ offlinePatienceSeconds: 60 }, [{}], [2]);
    world.change(deviceId(2), { online: false });
    world.settle();
    for (const over of [{ halted: true }, { halted: false, state: 'paused' as const }]) {
      world.rollout = { ...world.rollout, ...over };
      wait(world, 60_000);
      expect(told(world.settle())).toEqual([]);
      expect(world.tally()).toMatchObject({ away: 1, skipped: 0 });
    }
    world.rollout = { ...world.rollout, state: 'running' };
    expect(told(finish(world, 'COMMITTED', 1))).toEqual(['complete']);
    expect(world.tally()).toMatchObject({ healthy: 1, skipped: 1 });
  });

  test('wait until every member is known where they go by its place', () => {
    const world = new World({ isSwept: false, isPlaced: false }, [{ needsAll: true }], [1]);
    expect(told(world.settle())).toEqual([]);
    world.rollout = { ...world.rollout, isSwept: true, isPlaced: true };
    expect(told(world.settle())).toEqual(['offer dev-1']);
  });

  test.each([
    [{ count: 3 }, 10, 3],
    [{ count: 30 }, 10, 10],
    [{ percent: 95 }, 10, 10],
    [{ percent: 90 }, 10, 9],
    [{ percent: 33.3 }, 1000, 333],
    [{ count: 8, percent: 50 }, 10, 5],
    [{ percent: 50 }, 0, 0],
  ])('%j of %d devices takes %d', (threshold, size, needed) => {
    expect(neededOf(threshold, size)).toBe(needed);
  });
});

describe('a soak', () => {
  const soaking = (): World => {
    const world = new World({ failureThreshold: 1 }, [{ soakSeconds: 60 }, {}], [2, 1]);
    world.settle();
    finish(world, 'COMMITTED', 1, 2);
    return world;
  };

  test('holds the next wave back until devices have stayed healthy', () => {
    const world = soaking();
    expect(world.waves[0]?.state).toBe('soaking');
    wait(world, 59_999);
    expect(told(world.settle())).toEqual([]);
    wait(world, 1);
    expect(told(world.settle())).toEqual(['offer dev-3']);
  });

  test('that is spoiled counts as a failure, however well the device is by its end', () => {
    const world = soaking();
    world.change(deviceId(1), { health: 'bad' });
    expect(told(world.settle())).toEqual(['stop']);
    expect(world.tally()).toMatchObject({ unwell: 1, soaking: 1 });
  });

  test('finds devices that run another release at its end', () => {
    const world = soaking();
    world.change(deviceId(1), { runsIt: false });
    wait(world, 60_000);
    expect(told(world.settle())).toEqual(['stop']);
  });

  test('gives a device that is not there as long again, then it has failed', () => {
    const world = soaking();
    world.change(deviceId(1), { online: false });
    wait(world, 60_000);
    expect(told(world.settle())).toEqual([]);
    const back = structuredClone(world.members.get(deviceId(1)));
    expect(back).toMatchObject({ state: 'soaking', code: 'SOAK_OVERDUE' });
    wait(world, minutes(10));
    expect(told(world.settle())).toEqual(['stop']);
  });

  test('goes on where it was when such a device is back', () => {
    const world = soaking();
    world.change(deviceId(1), { online: false });
    wait(world, 60_000);
    world.settle();
    world.change(deviceId(1), { online: true });
    expect(told(world.settle())).toEqual(['offer dev-3']);
  });
});

describe('time', () => {
  test('a schedule begins it, its end stops it once nothing is under way', () => {
    const world = new World({ state: 'scheduled' }, [{}], [2]);
    const at = (ms: number): Date => new Date(world.now.getTime() + ms);
    world.rollout = { ...world.rollout, maxInFlight: 1, startAt: at(1000), endAt: at(5000) };
    expect(told(world.settle())).toEqual([]);
    wait(world, 1000);
    expect(told(world.settle())).toEqual(['begin', 'offer dev-1']);
    wait(world, 4000);
    expect(told(world.settle())).toEqual([]);
    expect(told(finish(world, 'COMMITTED', 1))).toEqual(['stop']);
    expect(world.reason).toContain('1 devices were not offered');
  });

  test('a rate holds in every minute', () => {
    const world = new World({ maxPerMinute: 2 }, [{}], [5]);
    expect(told(world.settle())).toEqual(['offer dev-1', 'offer dev-2']);
    wait(world, 59_999);
    expect(told(world.settle())).toEqual([]);
    wait(world, 1);
    expect(told(world.settle())).toEqual(['offer dev-3', 'offer dev-4']);
  });

  test('failures are retried after twice as long each time, and only the last counts; then comes the penalty box', () => {
    const retries = { max: 2, backoffSeconds: 60 };
    const world = new World({ retries, penaltySeconds: 100 }, [{}], [1]);
    world.settle();
    expect(told(finish(world, 'FAILED', 1))).toEqual([]);
    wait(world, 59_999);
    expect(told(world.settle())).toEqual([]);
    wait(world, 1);
    expect(told(world.settle())).toEqual(['offer dev-1']);
    expect(told(finish(world, 'ROLLED_BACK', 1))).toEqual([]);
    wait(world, 120_000);
    expect(told(world.settle())).toEqual(['offer dev-1']);
    expect(told(finish(world, 'FAILED', 1))).toEqual(['penalize dev-1', 'stop']);
    expect(world.penalties.get(deviceId(1))).toEqual(new Date(world.now.getTime() + 100_000));
    expect(world.executions.map(({ superseded }) => superseded)).toEqual([true, true, false]);
  });

  test('a device in the penalty box is left alone until its time', () => {
    const world = new World({}, [{}], [1]);
    world.penalties.set(deviceId(1), new Date(world.now.getTime() + 5000));
    expect(told(world.settle())).toEqual([]);
    wait(world, 5000);
    expect(told(world.settle())).toEqual(['offer dev-1']);
  });

  test('a commit that comes after the server gave up is one', () => {
    const world = new World({ failureThreshold: 2 }, [{ soakSeconds: 0 }], [2]);
    world.settle();
    wait(world, minutes(60));
    world.decide();
    const [late] = world.executions;
    Object.assign(late ?? {}, { state: 'COMMITTED' });
    world.settle();
    expect(world.tally()).toMatchObject({ healthy: 1, failed: 1 });
  });
});

/** Devices that do anything at any time, planners that are cut off after any decision. */
describe('whatever devices do', () => {
  type Event =
    | { readonly kind: 'report'; readonly device: number; readonly state: ExecutionState }
    | { readonly kind: 'device'; readonly device: number; readonly online: boolean; readonly busy: boolean }
    | { readonly kind: 'health'; readonly device: number; readonly health: 'ok' | 'bad' }
    | { readonly kind: 'wait'; readonly ms: number }
    | { readonly kind: 'decide' | 'settle' | 'pause' | 'resume' | 'abort' };

  const index = fc.integer({ min: 1, max: 9 });
  const event: fc.Arbitrary<Event> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('report' as const),
        device: index,
        state: fc.constantFrom(
          'DOWNLOADING',
          'TRIAL',
          'COMMITTED',
          'COMMITTED',
          'FAILED',
          'ROLLED_BACK',
          'CANCELED',
        ),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('device' as const),
        device: index,
        online: fc.boolean(),
        busy: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('health' as const),
        device: index,
        health: fc.constantFrom('ok' as const, 'bad' as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        ms: fc.constantFrom(1000, 30_000, 60_000, 3_600_000),
      }),
    },
    { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('decide' as const, 'settle' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const) }) },
  );
  const asked: fc.Arbitrary<Partial<PlanRollout>> = fc.record({
    maxInFlight: fc.integer({ min: 1, max: 5 }),
    failureThreshold: fc.integer({ min: 1, max: 4 }),
    failurePercent: fc.constantFrom(null, 50),
    maxPerMinute: fc.constantFrom(null, 1, 3),
    offlinePatienceSeconds: fc.constantFrom(null, 30, 3600),
    retries: fc.constantFrom(null, { max: 1, backoffSeconds: 60 }),
    onFailure: fc.constantFrom('stop' as const, 'pause' as const, 'rollback' as const),
  });
  const wave = fc.record({
    soakSeconds: fc.constantFrom(0, 60),
    success: fc.constantFrom(null, { percent: 60 }),
    failure: fc.constantFrom(null, { count: 2 }),
    maxInFlight: fc.constantFrom(null, 2),
  });

  const happen = (world: World, one: Event): void => {
    if (one.kind === 'report') world.report(deviceId(one.device), one.state);
    if (one.kind === 'device') {
      const busy = one.busy && world.liveOf(deviceId(one.device)) === undefined;
      world.change(deviceId(one.device), { online: one.online, busy });
    }
    if (one.kind === 'health') world.change(deviceId(one.device), { health: one.health });
    if (one.kind === 'wait') wait(world, one.ms);
    if (one.kind === 'pause' && world.rollout.state === 'running')
      world.rollout = { ...world.rollout, state: 'paused' };
    if (one.kind === 'resume' && world.rollout.state === 'paused') {
      world.waves = world.waves.map((each) => {
        const tally = world.tally(each.index);
        return { ...each, forgiven: failedOf(tally) };
      });
      world.rollout = { ...world.rollout, state: 'running' };
    }
  };

  /** What holds before and after every decision. */
  const check = (world: World, actions: readonly PlanAction[], before: World['rollout']['state']): void => {
    const offers = actions.filter(({ kind }) => kind === 'offer');
    expect(world.live().length).toBeLessThanOrEqual(world.rollout.maxInFlight);
    expect(world.tally().live).toBe(world.executions.filter(({ settled }) => !isTerminal(settled)).length);
    for (const { index: at, maxInFlight } of world.waves)
      if (maxInFlight !== null && offers.length > 0)
        expect(world.tally(at).live).toBeLessThanOrEqual(maxInFlight);
    const devices = world.live().map(({ device }) => device);
    expect(new Set(devices).size).toBe(devices.length);
    if (offers.length === 0) return;
    expect(before).toBe('running');
    // Every failure that is known was taken account of before an offer.
    const failed = world.waves
      .filter(({ failure }) => failure === null)
      .reduce((sum, one) => sum + failedOf(world.tally(one.index)) - one.forgiven, 0);
    expect(failed).toBeLessThan(world.rollout.failureThreshold);
    for (const offer of offers) {
      if (offer.kind !== 'offer') continue;
      const earlier = world.waves.filter((one) => one.index < offer.wave);
      expect(earlier.every(({ state }) => state === 'passed')).toBe(true);
      const { retries } = world.rollout;
      const failures = world.executions.filter(
        (one) => one.device === offer.device && isTerminal(one.state) && one.state !== 'CANCELED',
      );
      expect(failures.length).toBeLessThanOrEqual(retries?.max ?? 0);
    }
    const { maxPerMinute } = world.rollout;
    const minute = world.now.getTime() - minutes(1);
    const lately = world.executions.filter(({ deadlineAt }) => deadlineAt.getTime() - minutes(60) > minute);
    expect(lately.length).toBeLessThanOrEqual(maxPerMinute ?? Number.POSITIVE_INFINITY);
  };

  test('limits, thresholds and the order of waves hold, nothing is offered twice, and plans settle', () => {
    fc.assert(
      fc.property(
        asked,
        fc.array(wave, { minLength: 1, maxLength: 3 }),
        fc.array(event, { maxLength: 80 }),
        (rollout, waves, script) => {
          const world = new World(rollout, waves, [4, 3, 2].slice(0, waves.length));
          for (const one of script) {
            happen(world, one);
            if (one.kind !== 'decide' && one.kind !== 'settle') continue;
            const before = world.rollout.state;
            const { actions } = world.decide();
            check(world, actions, before);
            if (one.kind === 'decide') continue;
            world.settle();
            const state = world.rollout.state;
            expect(told(world.settle())).toEqual([]);
            expect(world.rollout.state).toBe(state);
          }
        },
      ),
    );
  });

  test('the same devices end in the same states, in whatever order they answer and however often the planner is cut off', () => {
    const fate = fc.record({
      /** times it fails first */
      failures: fc.integer({ min: 0, max: 3 }),
      away: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(fate, { minLength: 9, maxLength: 9 }),
        fc.record({ maxInFlight: fc.integer({ min: 1, max: 9 }), maxPerMinute: fc.constantFrom(null, 2) }),
        fc.infiniteStream(fc.nat(99)),
        (fates, limits, chance) => {
          const retries = { max: 1, backoffSeconds: 60 };
          const world = new World(
            { ...limits, failureThreshold: 100, retries },
            [{}, { soakSeconds: 60 }, {}],
            [4, 3, 2],
          );
          const fateOf = (device: DeviceId) =>
            fates[Number(device.slice(4)) - 1] ?? { failures: 0, away: false };
          for (const n of range(9)) world.change(deviceId(n), { online: !fateOf(deviceId(n)).away });
          const next = (below: number): number => (chance.next().value ?? 0) % below;
          for (let left = 2000; left > 0 && !isOverRollout(world.rollout.state); left -= 1) {
            const live = world.live();
            const what = next(4);
            if (what === 0) wait(world, 30_000);
            else if (what === 1) world.decide();
            else if (what === 2) world.change(deviceId(1 + next(9)), { online: true });
            else {
              const one = live[next(Math.max(1, live.length))];
              if (one === undefined) continue;
              const failed = world.executions.filter(
                (each) => each.device === one.device && each.state === 'FAILED',
              ).length;
              world.report(one.device, failed < fateOf(one.device).failures ? 'FAILED' : 'COMMITTED');
            }
          }
          expect(world.rollout.state).toBe('completed');
          expect(openOf(world.tally())).toBe(0);
          for (const n of range(9)) {
            const { failures } = fateOf(deviceId(n));
            expect(world.members.get(deviceId(n))?.state).toBe(failures > retries.max ? 'failed' : 'healthy');
            const offers = world.executions.filter(({ device }) => device === deviceId(n)).length;
            expect(offers).toBe(1 + Math.min(failures, retries.max));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
