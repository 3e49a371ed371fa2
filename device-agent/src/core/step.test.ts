import type { ExecutionState, SlotName } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { commandOf, desiredOf, releaseOf, World } from '../fixture/world.ts';
import type { Job, SlotRecord } from './state.ts';
import { step } from './step.ts';

/** A device on which release 2 has come as far as the job named. */
const at = (kind: Job['kind'] | 'start'): World => {
  const world = new World();
  world.send({ kind: 'desired', message: desiredOf(1, 1, 2), now: 100 });
  for (let ticks = 0; ticks < 100; ticks++) {
    if (kind === 'start' || world.runs?.kind === kind) return world;
    world.tick();
  }
  throw new Error(`never came to ${kind}`);
};

const reportsOf = (world: World): readonly string[] =>
  [...world.reports.values()].map(({ state, code }) => (code === undefined ? state : `${state} ${code}`));

type Row = {
  readonly from: Job['kind'];
  readonly slot: SlotName;
  readonly record: SlotRecord['state'];
  readonly reported: readonly ExecutionState[];
};

/** The way of an install: which job runs, in which slot, what the records say of slot b, what has been reported. */
const WAY: readonly Row[] = [
  { from: 'fetch', slot: 'a', record: 'EMPTY', reported: [] },
  { from: 'write', slot: 'a', record: 'WRITING', reported: ['ACCEPTED', 'DOWNLOADING'] },
  {
    from: 'place',
    slot: 'a',
    record: 'VERIFIED',
    reported: ['ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING'],
  },
  {
    from: 'arm',
    slot: 'a',
    record: 'TRIAL',
    reported: ['ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING'],
  },
  {
    from: 'reboot',
    slot: 'a',
    record: 'TRIAL',
    reported: ['ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING'],
  },
  {
    from: 'judge',
    slot: 'b',
    record: 'TRIAL',
    reported: ['ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'TRIAL'],
  },
  {
    from: 'commit',
    slot: 'b',
    record: 'TRIAL',
    reported: ['ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'TRIAL'],
  },
];

describe('the way of an install', () => {
  test.each(WAY)('$from runs in slot $slot with slot b $record', ({ from, slot, record, reported }) => {
    const world = at(from);
    expect(world.slot).toBe(slot);
    expect(world.saved.slots.b.state).toBe(record);
    expect(reportsOf(world)).toEqual(reported);
  });

  test('ends committed, with the floor raised', () => {
    const world = at('commit');
    expect(world.saved.floor).toEqual({ counter: 1, time: 1001 });
    world.tick();
    world.tick();
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
    expect(world.saved.slots.b).toEqual({ state: 'GOOD', ref: releaseOf(2) });
    expect(world.saved.floor).toEqual({ counter: 2, time: 1002 });
    expect(world.runs).toBeNull();
  });
});

describe('killed in', () => {
  test.each([
    ['fetch', 'a', 'fetch'],
    ['write', 'a', 'write'],
    ['place', 'a', 'place'],
    ['arm', 'a', 'arm'],
    ['reboot', 'b', 'judge'],
    // The trial had begun and left no verdict: one more try.
    ['judge', 'a', 'arm'],
    ['commit', 'a', 'arm'],
  ] as const)('%s by a power cut: slot %s boots and goes on with %s', (kind, slot, next) => {
    const world = at(kind);
    world.reboot();
    expect([world.slot, world.runs?.kind]).toEqual([slot, next]);
  });

  test.each(['fetch', 'write', 'place', 'arm', 'reboot', 'judge', 'commit'] as const)(
    '%s by the end of the agent: the same job runs again',
    (kind) => {
      const world = at(kind);
      const { slot } = world;
      world.start();
      expect([world.slot, world.runs?.kind]).toEqual([slot, kind]);
    },
  );

  test('commit, after the default was written: the commit is finished', () => {
    const world = at('commit');
    world.tick();
    world.reboot();
    expect([world.slot, world.runs?.kind]).toEqual(['b', 'commit']);
    world.tick();
    world.tick();
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
  });

  test('arm, after the one-shot was written: the trial counts', () => {
    const world = at('arm');
    world.tick();
    world.reboot();
    expect([world.slot, world.runs?.kind]).toEqual(['b', 'judge']);
  });
});

describe('failing', () => {
  test.each([
    ['fetch', 'REJECTED BUNDLE_COUNTER_TOO_LOW', 'EMPTY'],
    ['write', 'FAILED INSTALL_WRITE_FAILED', 'EMPTY'],
    ['place', 'FAILED INSTALL_WRITE_FAILED', 'EMPTY'],
    ['arm', 'FAILED INSTALL_WRITE_FAILED', 'VERIFIED'],
  ] as const)('%s ends as %s without a reboot', (kind, end, record) => {
    const world = at(kind);
    world.tick(false);
    expect(reportsOf(world).at(-1)).toBe(end);
    expect(world.saved.slots.b.state).toBe(record);
    expect([world.boots, world.runs]).toEqual([1, null]);
  });

  test.each([
    ['judge', 'ROLLED_BACK TRIAL_GATE_FAILED'],
    ['commit', 'ROLLED_BACK BOOT_CONTROL_FAILED'],
  ] as const)('%s returns to the old slot, which reports %s', (kind, end) => {
    const world = at(kind);
    world.tick(false);
    expect(world.saved.slots.b.state).toBe('FAILED');
    world.tick();
    expect(world.slot).toBe('a');
    expect(reportsOf(world).at(-1)).toBe(end);
    expect(world.runs).toBeNull();
  });

  test('a trial that never starts its agent is rolled back at once', () => {
    const world = at('reboot');
    world.hangs = true;
    world.tick();
    expect(world.slot).toBe('a');
    expect(reportsOf(world).at(-1)).toBe('ROLLED_BACK TRIAL_NOT_BOOTED');
  });

  test('a trial that is cut three times is rolled back', () => {
    const world = at('judge');
    for (let cut = 1; cut <= 3; cut++) {
      expect([world.slot, world.runs?.kind]).toEqual(['b', 'judge']);
      world.reboot();
      for (let ticks = 0; ticks < 10 && world.runs?.kind !== 'judge'; ticks++) world.tick();
    }
    expect(world.slot).toBe('a');
    expect(reportsOf(world).at(-1)).toBe('ROLLED_BACK TRIAL_NOT_BOOTED');
  });

  test('a release that failed three times is refused, whatever execution asks for it', () => {
    const world = new World();
    for (let execution = 1; execution <= 4; execution++) {
      world.send({ kind: 'desired', message: desiredOf(execution, execution, 2), now: 100 });
      for (let ticks = 0; ticks < 20; ticks++) world.tick(world.runs?.kind !== 'judge');
    }
    const ends = reportsOf(world).filter((report) => /^(?:ROLLED|REJECTED)/.test(report));
    expect(ends).toEqual([
      'ROLLED_BACK TRIAL_GATE_FAILED',
      'ROLLED_BACK TRIAL_GATE_FAILED',
      'ROLLED_BACK TRIAL_GATE_FAILED',
      'REJECTED INSTALL_ATTEMPTS_EXHAUSTED',
    ]);
  });
});

describe('state that is lost', () => {
  test('on the default slot: it is good, the other is empty', () => {
    const world = new World();
    expect(world.saved.slots).toEqual({ a: { state: 'GOOD', ref: releaseOf(1) }, b: { state: 'EMPTY' } });
  });

  test('during a trial: back to the default, without a commit', () => {
    const world = at('judge');
    world.state = { ...world.state, saved: new World().saved };
    world.state = {
      ...world.state,
      saved: { ...world.saved, slots: { a: { state: 'EMPTY' }, b: { state: 'EMPTY' } } },
    };
    world.start();
    expect(world.runs?.kind).toBe('reboot');
    world.tick();
    expect([world.slot, world.loaderDefault]).toEqual(['a', 'a']);
    expect(world.saved.slots.a.state).toBe('GOOD');
  });
});

describe('what is asked', () => {
  test('of a device on trial is refused, and the trial goes on', () => {
    const world = at('judge');
    world.send({ kind: 'desired', message: desiredOf(2, 2, 3), now: 100 });
    expect(reportsOf(world).at(-1)).toBe('REJECTED INSTALL_BUSY');
    expect(world.runs?.kind).toBe('judge');
    expect(world.saved.execution?.state).toBe('TRIAL');
  });

  test.each(['fetch', 'write', 'place'] as const)('to stop during %s is done', (kind) => {
    const world = at(kind);
    world.send({ kind: 'desired', message: { v: 1, seq: 2, assignment: null }, now: 100 });
    expect(reportsOf(world).at(-1)).toBe('CANCELED');
    expect(world.runs).toBeNull();
  });

  test.each(['arm', 'judge', 'commit'] as const)('to stop during %s comes too late', (kind) => {
    const world = at(kind);
    world.send({ kind: 'desired', message: { v: 1, seq: 2, assignment: null }, now: 100 });
    expect(world.runs?.kind).toBe(kind);
  });

  test('by another execution replaces the one that downloads', () => {
    const world = at('write');
    world.send({ kind: 'desired', message: desiredOf(2, 2, 3), now: 100 });
    expect(reportsOf(world)).toContain('CANCELED');
    expect([world.runs?.kind, world.saved.execution?.version]).toEqual(['fetch', '3.0.0']);
  });

  test('as a retained or repeated reboot command is not done', () => {
    const world = new World();
    const reboot = { kind: 'command', name: 'reboot', id: commandOf(1), retained: false } as const;
    world.send({ ...reboot, retained: true });
    expect(world.runs).toBeNull();
    world.send(reboot);
    world.tick();
    expect(world.boots).toBe(2);
    world.send(reboot);
    expect(world.runs).toBeNull();
    world.send({ ...reboot, id: commandOf(2) });
    expect(world.runs?.kind).toBe('reboot');
  });

  test('as a reboot during a trial is refused, and the server told', () => {
    const world = at('judge');
    const before = world.runs;
    const [, effects] = step(world.state, {
      kind: 'command',
      name: 'reboot',
      id: commandOf(1),
      retained: false,
    });
    expect(effects).toContainEqual({
      kind: 'result',
      result: { v: 1, id: commandOf(1), ok: false, code: 'COMMAND_REFUSED', message: expect.any(String) },
    });
    expect(world.runs).toBe(before);
  });
});
