import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeviceId, ExecutionId, ExecutionState, isTerminal } from '@slipway/protocol';
import { plan, type PlanAction, type PlanDevice, type PlanExecution, type PlanRollout } from './plan.ts';

const now = new Date('2026-01-01T00:00:00Z');
const later = new Date(now.getTime() + 1000);
const deviceId = (n: number): DeviceId => DeviceId.parse(`dev-${n}`);
const executionId = (n: number): ExecutionId => ExecutionId.parse(`exe_${String(n).padStart(16, '0')}`);

const running: PlanRollout = { state: 'running', failureThreshold: 1, maxInFlight: 10 };
const device = (n: number, over: Partial<PlanDevice> = {}): PlanDevice => ({
  id: deviceId(n),
  online: true,
  busy: false,
  current: false,
  ...over,
});
const execution = (n: number, state: ExecutionState, over: Partial<PlanExecution> = {}): PlanExecution => ({
  id: executionId(n),
  device: deviceId(n),
  state,
  code: null,
  deadlineAt: later,
  assigned: !isTerminal(state),
  ...over,
});
const kinds = (actions: readonly PlanAction[]): string[] => actions.map(({ kind }) => kind);

describe('a running rollout', () => {
  test('offers the release to devices that are online, up to maxInFlight', () => {
    const devices = [device(1), device(2, { online: false }), device(3), device(4)];
    expect(plan({ ...running, maxInFlight: 2 }, [], devices, now)).toEqual([
      { kind: 'offer', device: deviceId(1) },
      { kind: 'offer', device: deviceId(3) },
    ]);
  });

  test('offers as many more as have finished', () => {
    const begun = [execution(1, 'COMMITTED'), execution(2, 'TRIAL')];
    expect(
      plan(
        { ...running, maxInFlight: 2 },
        begun,
        [1, 2, 3, 4].map((n) => device(n)),
        now,
      ),
    ).toEqual([{ kind: 'offer', device: deviceId(3) }]);
  });

  test('leaves out devices that take another release or run this one', () => {
    const busy = device(1, { busy: true, waitsUntil: later });
    expect(plan(running, [], [busy, device(2, { current: true })], now)).toEqual([]);
  });

  test('has devices that take another release wait on record, until they are free or it has lasted too long', () => {
    const busy = device(1, { busy: true });
    expect(plan(running, [], [busy], now)).toEqual([{ kind: 'wait', device: deviceId(1) }]);
    expect(plan(running, [], [{ ...busy, waitsUntil: later }], now)).toEqual([]);
    expect(plan(running, [], [{ ...busy, waitsUntil: now }, device(2)], now)).toEqual([
      { kind: 'giveUp', device: deviceId(1) },
      { kind: 'offer', device: deviceId(2) },
    ]);
    // Nobody else is left.
    expect(kinds(plan(running, [], [{ ...busy, waitsUntil: now }], now))).toEqual(['giveUp', 'complete']);
    expect(kinds(plan(running, [], [device(1, { waitsUntil: now })], now))).toEqual(['unwait', 'offer']);
    // A stop ends no waiting.
    expect(plan({ ...running, halted: true }, [], [{ ...busy, waitsUntil: now }], now)).toEqual([]);
  });

  test('is complete when every device has finished or has the release', () => {
    const devices = [device(1), device(2, { current: true })];
    expect(plan(running, [execution(1, 'COMMITTED')], devices, now)).toEqual([{ kind: 'complete' }]);
  });

  test('offers nothing during an emergency stop, but stops at failures of trials that were armed', () => {
    const halted = { ...running, halted: true };
    expect(plan(halted, [], [device(1)], now)).toEqual([]);
    expect(plan(halted, [execution(1, 'TRIAL', { outdated: true })], [device(1), device(2)], now)).toEqual(
      [],
    );
    expect(kinds(plan(halted, [execution(1, 'ROLLED_BACK')], [device(1), device(2)], now))).toEqual(['stop']);
  });

  test('offers the release anew to devices whose execution a stop ended, but not to one that armed it', () => {
    const begun = [
      execution(1, 'CANCELED', { halted: true }),
      execution(2, 'COMMITTED', { halted: true }),
      execution(3, 'CANCELED'),
    ];
    const devices = [1, 2, 3].map((n) => device(n));
    expect(plan(running, begun, devices, now)).toEqual([{ kind: 'offer', device: deviceId(1) }]);
  });

  test('waits for devices that are offline', () => {
    expect(plan(running, [], [device(1, { online: false })], now)).toEqual([]);
  });

  test('times out what is past its deadline', () => {
    const late = execution(1, 'DOWNLOADING', { deadlineAt: now });
    expect(plan({ ...running, failureThreshold: 2 }, [late], [device(1)], now)).toEqual([
      { kind: 'timeOut', execution: executionId(1), state: 'DOWNLOADING' },
      { kind: 'complete' },
    ]);
  });
});

describe('at the failure threshold', () => {
  test.each(['ROLLED_BACK', 'FAILED', 'REJECTED', 'TIMED_OUT'] as const)('%s stops the rollout', (state) => {
    const actions = plan(
      running,
      [execution(1, state, { code: 'TRIAL_GATE_FAILED' }), execution(2, 'DOWNLOADING')],
      [device(1), device(2), device(3)],
      now,
    );
    expect(actions).toEqual([
      { kind: 'stop', reason: '1 failed, the rollout stops at 1 (TRIAL_GATE_FAILED: dev-1)' },
      { kind: 'cancel', execution: executionId(2) },
    ]);
  });

  test('canceled executions are no failures', () => {
    expect(plan(running, [execution(1, 'CANCELED')], [device(1)], now)).toEqual([{ kind: 'complete' }]);
  });

  test('the reason groups devices by code', () => {
    const failed = [1, 2, 3, 4, 5].map((n) => execution(n, 'FAILED', { code: 'DOWNLOAD_FAILED' }));
    const actions = plan(running, [...failed, execution(6, 'ROLLED_BACK')], [], now);
    expect(actions).toEqual([
      {
        kind: 'stop',
        reason:
          '6 failed, the rollout stops at 1 (DOWNLOAD_FAILED: dev-1, dev-2, dev-3 and 2 more; ROLLED_BACK: dev-6)',
      },
    ]);
  });
});

describe.each(['stopped', 'aborted'] as const)('a rollout that is %s', (state) => {
  const ended: PlanRollout = { ...running, state };

  test('cancels what is not armed, withdraws what is, offers nothing', () => {
    const begun = [execution(1, 'OFFERED'), execution(2, 'INSTALLING'), execution(3, 'TRIAL')];
    expect(
      plan(
        ended,
        begun,
        [1, 2, 3, 4].map((n) => device(n)),
        now,
      ),
    ).toEqual([
      { kind: 'cancel', execution: executionId(1) },
      { kind: 'cancel', execution: executionId(2) },
      { kind: 'withdraw', execution: executionId(3) },
    ]);
  });

  test('withdraws once', () => {
    expect(plan(ended, [execution(1, 'REBOOTING', { assigned: false })], [], now)).toEqual([]);
  });

  test('still times out trials', () => {
    expect(kinds(plan(ended, [execution(1, 'TRIAL', { deadlineAt: now })], [], now))).toEqual(['timeOut']);
  });
});

/** A fleet whose devices do anything at any time, to which the plan's actions are applied. */
describe('whatever devices do', () => {
  type World = { rollout: PlanRollout; executions: PlanExecution[]; devices: PlanDevice[] };
  type Event =
    | { readonly kind: 'report'; readonly device: number; readonly state: ExecutionState }
    | { readonly kind: 'presence'; readonly device: number; readonly online: boolean }
    | { readonly kind: 'late'; readonly device: number }
    | { readonly kind: 'busy'; readonly device: number; readonly busy: boolean }
    | { readonly kind: 'patience'; readonly device: number }
    | { readonly kind: 'abort' };

  const apply = (world: World, actions: readonly PlanAction[]): void => {
    const change = (id: ExecutionId, over: Partial<PlanExecution>): void => {
      world.executions = world.executions.map((one) => (one.id === id ? { ...one, ...over } : one));
    };
    const wait = (id: DeviceId, waitsUntil: Date | undefined): void => {
      world.devices = world.devices.map((one) => (one.id === id ? { ...one, waitsUntil } : one));
    };
    for (const action of actions) {
      if (action.kind === 'offer') {
        const n = world.devices.findIndex(({ id }) => id === action.device);
        world.executions.push(execution(n, 'OFFERED'));
      } else if (action.kind === 'wait') wait(action.device, later);
      else if (action.kind === 'unwait') wait(action.device, undefined);
      else if (action.kind === 'giveUp') {
        const n = world.devices.findIndex(({ id }) => id === action.device);
        wait(action.device, undefined);
        world.executions.push(execution(n, 'CANCELED', { code: 'ROLLOUT_CONFLICT' }));
      } else if (action.kind === 'cancel') change(action.execution, { state: 'CANCELED', assigned: false });
      else if (action.kind === 'withdraw') change(action.execution, { assigned: false });
      else if (action.kind === 'timeOut') change(action.execution, { state: 'TIMED_OUT', assigned: false });
      else world.rollout = { ...world.rollout, state: action.kind === 'stop' ? 'stopped' : 'completed' };
    }
  };

  const index = fc.nat(7);
  const event: fc.Arbitrary<Event> = fc.oneof(
    fc.record({
      kind: fc.constant('report' as const),
      device: index,
      state: fc.constantFrom(...ExecutionState.options),
    }),
    fc.record({ kind: fc.constant('presence' as const), device: index, online: fc.boolean() }),
    fc.record({ kind: fc.constant('late' as const), device: index }),
    fc.record({ kind: fc.constant('busy' as const), device: index, busy: fc.boolean() }),
    fc.record({ kind: fc.constant('patience' as const), device: index }),
    fc.record({ kind: fc.constant('abort' as const) }),
  );

  test('limits hold, plans settle at once, and an ended rollout asks for nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(event, { maxLength: 60 }),
        (maxInFlight, failureThreshold, script) => {
          const world: World = {
            rollout: { state: 'running', maxInFlight, failureThreshold },
            executions: [],
            devices: Array.from({ length: 8 }, (_, n) => device(n)),
          };
          for (const happened of [{ kind: 'start' } as const, ...script]) {
            if (happened.kind === 'abort' && world.rollout.state === 'running') {
              world.rollout = { ...world.rollout, state: 'aborted' };
            }
            if (happened.kind === 'presence') {
              world.devices = world.devices.map((one, n) =>
                n === happened.device ? { ...one, online: happened.online } : one,
              );
            }
            if (happened.kind === 'busy' || happened.kind === 'patience') {
              // A device takes one release at a time.
              const isOurs = (id: DeviceId): boolean =>
                world.executions.some((one) => one.device === id && !isTerminal(one.state));
              world.devices = world.devices.map((one, n) => {
                if (n !== happened.device || isOurs(one.id)) return one;
                if (happened.kind === 'busy') return { ...one, busy: happened.busy };
                return one.waitsUntil === undefined ? one : { ...one, waitsUntil: now };
              });
            }
            if (happened.kind === 'report' || happened.kind === 'late') {
              world.executions = world.executions.map((one) => {
                if (one.device !== deviceId(happened.device) || isTerminal(one.state)) return one;
                if (happened.kind === 'late') return { ...one, deadlineAt: now };
                const over = isTerminal(happened.state);
                return { ...one, state: happened.state, assigned: one.assigned && !over };
              });
            }
            const before = world.rollout.state;
            const actions = plan(world.rollout, world.executions, world.devices, now);
            expect(before !== 'running' && kinds(actions).includes('offer')).toBe(false);
            apply(world, actions);

            const live = world.executions.filter(({ state }) => !isTerminal(state));
            expect(live.length).toBeLessThanOrEqual(maxInFlight);
            expect(new Set(world.executions.map((one) => one.device)).size).toBe(world.executions.length);
            expect(plan(world.rollout, world.executions, world.devices, now)).toEqual([]);
            const asked = live.filter(
              ({ state, assigned }) => assigned || !/^(?:REBOOTING|TRIAL)$/.test(state),
            );
            expect(world.rollout.state === 'running' || asked.length === 0).toBe(true);
            const failed = world.executions.filter(({ state }) =>
              ['FAILED', 'REJECTED', 'ROLLED_BACK', 'TIMED_OUT'].includes(state),
            );
            expect(world.rollout.state !== 'running' || failed.length < failureThreshold).toBe(true);
          }
        },
      ),
    );
  });
});
