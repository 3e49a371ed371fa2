import * as fc from 'fast-check';
import { isTerminal, type Status } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { commandOf, desiredOf, World } from '../fixture/world.ts';
import { MAX_ATTEMPTS } from './state.ts';

type Action =
  | { readonly kind: 'tick' | 'failingTick' | 'cut' | 'restart' | 'connect' | 'disconnect' }
  | { readonly kind: 'hang'; readonly hangs: boolean }
  | { readonly kind: 'desired'; readonly seq: number; readonly execution: number; readonly late: boolean }
  | { readonly kind: 'nothingDesired'; readonly seq: number }
  | { readonly kind: 'ack'; readonly at: number }
  | { readonly kind: 'command'; readonly retained: boolean; readonly id: number };

const just = (
  kind: 'tick' | 'failingTick' | 'cut' | 'restart' | 'connect' | 'disconnect',
  weight: number,
) => ({
  weight,
  arbitrary: fc.constant<Action>({ kind }),
});

/** What can happen to a device, in any order: deliveries are new, repeated and reordered alike. */
const action: fc.Arbitrary<Action> = fc.oneof(
  just('tick', 14),
  just('failingTick', 1),
  just('cut', 2),
  just('restart', 1),
  just('connect', 1),
  just('disconnect', 1),
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hang' as const), hangs: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('desired' as const),
      seq: fc.nat(60),
      execution: fc.nat(20),
      late: fc.oneof(
        { weight: 9, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('nothingDesired' as const), seq: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ack' as const), at: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      retained: fc.boolean(),
      id: fc.nat(5),
    }),
  },
);

const act = (world: World, action: Action): void => {
  switch (action.kind) {
    case 'tick':
    case 'failingTick':
      world.tick(action.kind === 'tick');
      return;
    case 'cut':
      world.reboot();
      return;
    case 'restart':
      world.start();
      return;
    case 'connect':
      world.send({ kind: 'connecting' });
      world.send({ kind: 'connected' });
      return;
    case 'disconnect':
      world.send({ kind: 'disconnected' });
      return;
    case 'hang':
      world.hangs = action.hangs;
      return;
    case 'desired': {
      // An execution always asks for the same release; five releases share the executions.
      const { seq, execution, late } = action;
      world.send({
        kind: 'desired',
        message: desiredOf(seq, execution, 1 + (execution % 5), late ? 1 : 10_000),
        now: 100,
      });
      return;
    }
    case 'nothingDesired':
      world.send({ kind: 'desired', message: { v: 1, seq: action.seq, assignment: null }, now: 100 });
      return;
    case 'ack': {
      const seq = world.saved.outbox[action.at]?.seq;
      if (seq !== undefined) world.send({ kind: 'ack', seq });
      return;
    }
    case 'command':
      world.send({
        kind: 'command',
        name: 'reboot',
        id: commandOf(action.id),
        retained: action.retained,
      });
      return;
    default:
      action satisfies never;
  }
};

const byExecution = (world: World): ReadonlyMap<string, readonly Status[]> =>
  Map.groupBy(
    [...world.reports.values()].sort((a, b) => a.seq - b.seq),
    (status) => status.execution,
  );

test('under every sequence of events and cuts the device stays bootable and every execution ends once', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 150, size: 'max' }), (actions) => {
      const world = new World();
      for (const action of actions) act(world, action);
      // From here on all goes well: whatever is open has to end, in the confirmed slot.
      world.hangs = false;
      for (let ticks = 0; ticks < 100; ticks++) world.tick();
      expect(world.lines.filter((line) => line.includes('record of the trial is gone'))).toEqual([]);
      expect(world.runs).toBeNull();
      expect(world.saved.execution).toBeNull();
      expect(world.slot).toBe(world.loaderDefault);
      expect(world.saved.slots[world.slot].state).toBe('GOOD');

      const failures = new Map<string, number>();
      for (const statuses of byExecution(world).values()) {
        const ends = statuses.filter(({ state }) => isTerminal(state));
        expect(ends).toHaveLength(1);
        expect(statuses.at(-1)).toBe(ends[0]);
        const [end] = ends;
        if (end === undefined || (end.state !== 'FAILED' && end.state !== 'ROLLED_BACK')) continue;
        expect(end.code).toBeDefined();
        failures.set(end.release, 1 + (failures.get(end.release) ?? 0));
      }
      for (const count of failures.values()) expect(count).toBeLessThanOrEqual(MAX_ATTEMPTS);
    }),
    { numRuns: 2000 },
  );
});

test('a world that commits before the gates is noticed', () => {
  // The property must be able to fail: a default that names a release which passed no gate.
  const world = new World();
  world.good.clear();
  expect(() => {
    world.start();
  }).toThrow('not good');
});
