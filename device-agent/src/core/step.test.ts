import type { AssignmentPolicy, ExecutionState, SlotName } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import {
  commandOf,
  desiredOf,
  digestOf,
  executionOf,
  localOf,
  NO_EVIDENCE,
  releaseOf,
  World,
} from '../fixture/world.ts';
import type { ConsentAnswer } from './event.ts';
import { MAX_TRIES, type Clock, type Job, type SlotRecord } from './state.ts';
import { step } from './step.ts';

const CLOCK: Clock = { now: 100, zoneOffset: 0, metered: false };

/** A device on which release 2 has come as far as the job named. */
const at = (kind: Job['kind'] | 'start'): World => {
  const world = new World();
  world.send({ kind: 'desired', message: desiredOf(1, 1, 2), clock: CLOCK });
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
    expect(world.saved.slots.b).toEqual({ state: 'GOOD', ref: releaseOf(2), bundle: digestOf(2) });
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
    ['fetch', 'DOWNLOAD_FAILED', 'EMPTY', 'EMPTY'],
    ['write', 'DOWNLOAD_FAILED', 'WRITING', 'EMPTY'],
    ['place', 'INSTALL_WRITE_FAILED', 'VERIFIED', 'EMPTY'],
    ['arm', 'BOOT_CONTROL_FAILED', 'VERIFIED', 'VERIFIED'],
  ] as const)('%s is tried again, and ends as FAILED %s without a reboot', (kind, code, between, record) => {
    const world = at(kind);
    for (let tries = 1; tries < MAX_TRIES; tries++) {
      world.tick(false);
      expect(world.runs).toMatchObject({ kind: 'wait', failures: tries });
      expect(world.saved.slots.b.state).toBe(between);
      for (let ticks = 0; ticks < 10 && world.runs?.kind !== kind; ticks++) world.tick();
    }
    world.tick(false);
    expect(reportsOf(world).at(-1)).toBe(`FAILED ${code}`);
    expect(world.saved.slots.b.state).toBe(record);
    expect([world.boots, world.runs]).toEqual([1, null]);
  });

  test('a refused bundle is not asked for again', () => {
    const world = new World();
    world.send({ kind: 'desired', message: desiredOf(1, 1, 1), clock: CLOCK });
    expect(reportsOf(world)).toEqual(['COMMITTED']);
    const older = at('commit');
    older.tick();
    older.tick();
    older.send({ kind: 'desired', message: desiredOf(2, 2, 1), clock: CLOCK });
    older.tick();
    expect(reportsOf(older).at(-1)).toBe('REJECTED BUNDLE_COUNTER_TOO_LOW');
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

  test.each([
    ['panic', 'TRIAL_PANIC', 1],
    ['hangs', 'TRIAL_WATCHDOG', 1],
    ['initramfs', 'TRIAL_INITRAMFS', 1],
    // Whether the power went before there could be a sign is only known after a second time.
    ['unloadable', 'TRIAL_UKI_UNLOADABLE', 2],
  ] as const)('a trial that ends by %s is rolled back as %s after %i boots', (fate, code, trials) => {
    const world = at('reboot');
    world.fate = fate;
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe(`ROLLED_BACK ${code}`);
    expect(world.saved.slots.b).toMatchObject({ state: 'FAILED', code });
    expect([world.slot, world.boots, world.evidence]).toEqual(['a', 1 + 2 * trials, NO_EVIDENCE]);
  });

  test.each(['cutInLoader', 'cutInInitramfs', 'cutInInit'] as const)(
    'a trial that ends by %s is armed again, and then committed',
    (fate) => {
      const world = at('reboot');
      world.fate = fate;
      world.run(20);
      expect(reportsOf(world).at(-1)).toBe('COMMITTED');
      expect([world.slot, world.boots]).toEqual(['b', 4]);
    },
  );

  test('a trial that is cut three times is rolled back, with the logs of the last boot', () => {
    const world = at('judge');
    for (let cut = 1; cut <= 3; cut++) {
      expect([world.slot, world.runs?.kind]).toEqual(['b', 'judge']);
      world.evidence = { ...world.evidence, log: `boot ${cut}` };
      world.reboot();
      for (let ticks = 0; ticks < 10 && world.runs?.kind !== 'judge'; ticks++) world.tick();
    }
    expect(world.slot).toBe('a');
    expect([...world.reports.values()].at(-1)).toMatchObject({
      state: 'ROLLED_BACK',
      code: 'TRIAL_POWER_LOSS',
      message: expect.stringContaining('3 trial boots'),
      log: 'boot 3',
    });
  });

  test('a slot that boots as something else than was recorded is left', () => {
    const world = at('reboot');
    world.contents.b = [3, 3];
    world.ukis.b = 3;
    world.tick();
    expect([world.slot, world.runs?.kind]).toEqual(['b', 'reboot']);
    expect(world.saved.slots.b).toMatchObject({ state: 'FAILED', code: 'TRIAL_NOT_BOOTED' });
  });

  test('a release that rolled back is refused until an operator raises its retry', () => {
    const world = new World();
    const ask = (execution: number, retry: number): string | undefined => {
      world.send({ kind: 'desired', message: desiredOf(execution, execution, 2, { retry }), clock: CLOCK });
      for (let ticks = 0; ticks < 20; ticks++) world.tick(world.runs?.kind !== 'judge');
      return reportsOf(world).at(-1);
    };
    expect(ask(1, 0)).toBe('ROLLED_BACK TRIAL_GATE_FAILED');
    expect(ask(2, 0)).toBe('REJECTED INSTALL_ATTEMPTS_EXHAUSTED');
    expect(ask(3, 1)).toBe('ROLLED_BACK TRIAL_GATE_FAILED');
    expect(ask(4, 1)).toBe('REJECTED INSTALL_ATTEMPTS_EXHAUSTED');
    expect([...world.reports.values()].at(-1)?.message).toContain('retry 2');
    expect(ask(5, 2)).toBe('ROLLED_BACK TRIAL_GATE_FAILED');
  });

  test('an install that failed three times in passing is refused as well', () => {
    const world = new World();
    for (let execution = 1; execution <= 4; execution++) {
      world.send({ kind: 'desired', message: desiredOf(execution, execution, 2), clock: CLOCK });
      for (let ticks = 0; ticks < 20; ticks++) world.tick(world.runs?.kind === 'wait');
    }
    const ends = reportsOf(world).filter((report) => /^(?:FAILED|REJECTED)/.test(report));
    const failed = 'FAILED DOWNLOAD_FAILED';
    expect(ends).toEqual([failed, failed, failed, 'REJECTED INSTALL_ATTEMPTS_EXHAUSTED']);
  });
});

describe('what the loader does wrong', () => {
  test('a one-shot that it keeps: the second boot is none, the old slot arms again', () => {
    const world = at('reboot');
    world.keepsOneShot = true;
    world.tick();
    // The power goes before the agent has taken the one-shot back.
    world.reboot();
    expect(world.lines.join()).toContain('armed once');
    world.run(1);
    expect([world.slot, world.saved.slots.b]).toMatchObject(['a', { state: 'TRIAL', attempt: 2 }]);
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
  });

  test('a one-shot that nobody can take back: the device stays up, and installs nothing', () => {
    const world = at('judge');
    world.tick(false);
    world.oneShot = 'b';
    [world.keepsOneShot, world.isReadOnly] = [true, true];
    world.run(20);
    expect([world.slot, world.runs, world.boots]).toEqual(['b', null, 6]);
    world.send({ kind: 'desired', message: desiredOf(2, 2, 3), clock: CLOCK });
    expect(reportsOf(world).at(-1)).toBe('REJECTED INSTALL_BUSY');
  });

  test('a default that is lost during a trial is restored before the device leaves it', () => {
    const world = at('judge');
    world.loaderDefault = null;
    world.tick(false);
    world.run(20);
    expect([world.slot, world.loaderDefault]).toEqual(['a', 'a']);
    expect(reportsOf(world).at(-1)).toBe('ROLLED_BACK TRIAL_GATE_FAILED');
  });

  test('nothing at all says which slot is good: it becomes the default once it has passed its gates', () => {
    const world = new World();
    world.loaderDefault = null;
    for (const copy of ['a', 'b'] as const) world.damage(copy);
    world.start();
    expect([world.runs?.kind, world.loaderDefault]).toEqual(['judge', null]);
    world.tick(false);
    expect([world.runs, world.boots]).toEqual([null, 1]);
    world.start();
    world.run(5);
    expect([world.loaderDefault, world.saved.slots.a.state]).toEqual(['a', 'GOOD']);
  });
});

describe('state that is lost', () => {
  test('on the default slot: it is good, the other is empty', () => {
    const world = new World();
    expect(world.saved.slots).toEqual({
      a: { state: 'GOOD', ref: releaseOf(1), bundle: null },
      b: { state: 'EMPTY' },
    });
  });

  test('during a trial: back to the default, without a commit', () => {
    const world = at('judge');
    for (const copy of ['a', 'b'] as const) world.damage(copy);
    world.start();
    expect(world.runs?.kind).toBe('reboot');
    world.tick();
    expect([world.slot, world.loaderDefault]).toEqual(['a', 'a']);
    expect(world.saved.slots).toMatchObject({ a: { state: 'GOOD' }, b: { state: 'EMPTY' } });
  });

  test('in one copy only: the other one goes on, with numbers that were not used', () => {
    const world = at('place');
    const { nextSeq } = world.saved;
    world.damageNewest();
    world.start();
    expect(world.runs?.kind).toBe('write');
    expect(world.saved.nextSeq).toBeGreaterThan(nextSeq);
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
  });
});

describe('what is asked', () => {
  test('of a device on trial is refused, and the trial goes on', () => {
    const world = at('judge');
    world.send({ kind: 'desired', message: desiredOf(2, 2, 3), clock: CLOCK });
    expect(reportsOf(world).at(-1)).toBe('REJECTED INSTALL_BUSY');
    expect(world.runs?.kind).toBe('judge');
    expect(world.saved.execution?.state).toBe('TRIAL');
  });

  test.each(['fetch', 'write', 'place'] as const)('to stop during %s is done', (kind) => {
    const world = at(kind);
    world.send({ kind: 'desired', message: { v: 1, seq: 2, assignment: null }, clock: CLOCK });
    expect(reportsOf(world).at(-1)).toBe('CANCELED');
    expect(world.runs).toBeNull();
  });

  test.each(['arm', 'judge', 'commit'] as const)('to stop during %s comes too late', (kind) => {
    const world = at(kind);
    world.send({ kind: 'desired', message: { v: 1, seq: 2, assignment: null }, clock: CLOCK });
    expect(world.runs?.kind).toBe(kind);
  });

  test('by another execution replaces the one that downloads', () => {
    const world = at('write');
    world.send({ kind: 'desired', message: desiredOf(2, 2, 3), clock: CLOCK });
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

describe('maintenance windows', () => {
  const night: AssignmentPolicy = { windows: [{ from: '02:00', to: '04:00' }] };
  const HOUR = 3600;

  test('hold back the reboot, not the download; the trial begins in the window', () => {
    const world = new World();
    world.send({ kind: 'desired', message: desiredOf(1, 1, 2, night), clock: CLOCK });
    world.run(20);
    expect(world.saved.slots.b.state).toBe('VERIFIED');
    expect(world.ukis.b).toBe(2);
    expect(reportsOf(world).at(-1)).toBe('DEFERRED INSTALL_HELD');
    const { saved } = world;
    world.pass(HOUR - 200);
    expect([world.saved.execution, world.runs]).toEqual([saved.execution, null]);
    world.reboot();
    expect([reportsOf(world).at(-1), world.runs]).toEqual(['DEFERRED INSTALL_HELD', null]);
    world.pass(HOUR + 200);
    expect(world.runs?.kind).toBe('arm');
    world.run(20);
    expect(reportsOf(world).slice(-4)).toEqual(['DEFERRED INSTALL_HELD', 'REBOOTING', 'TRIAL', 'COMMITTED']);
  });

  test('are in the time of the device', () => {
    const world = new World();
    world.clock = { ...CLOCK, zoneOffset: 2 * HOUR };
    world.send({ kind: 'desired', message: desiredOf(1, 1, 2, night), clock: world.clock });
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
  });

  test('hold nothing back after the deadline', () => {
    const world = new World();
    const message = desiredOf(1, 1, 2, { ...night, deadline: 3000 });
    world.send({ kind: 'desired', message, clock: CLOCK });
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe('DEFERRED INSTALL_HELD');
    world.pass(3000);
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
  });

  test('hold the download back while the link is metered, also one under way', () => {
    const world = new World();
    world.send({ kind: 'desired', message: desiredOf(1, 1, 2, night), clock: CLOCK });
    world.tick();
    world.tick();
    expect(world.runs?.kind).toBe('write');
    world.clock = { ...CLOCK, metered: true };
    world.pass(60);
    expect([world.runs, reportsOf(world).at(-1)]).toEqual([null, 'DEFERRED INSTALL_HELD']);
    world.start();
    expect([world.runs, reportsOf(world).length]).toEqual([null, 3]);
    world.clock = { ...world.clock, metered: false };
    world.pass(60);
    expect([world.runs?.kind, reportsOf(world).at(-1)]).toEqual(['write', 'DOWNLOADING']);
  });

  test('that are widened by a new policy let the same execution go on', () => {
    const world = new World();
    world.send({ kind: 'desired', message: desiredOf(1, 1, 2, night), clock: CLOCK });
    world.run(20);
    world.send({ kind: 'desired', message: desiredOf(2, 1, 2), clock: CLOCK });
    expect(world.runs?.kind).toBe('arm');
  });

  test('hold back the next try of a trial that was cut off; it can still be canceled', () => {
    const world = at('judge');
    world.send({ kind: 'desired', message: desiredOf(2, 1, 2, night), clock: CLOCK });
    world.reboot();
    // The policy came while the trial was on, so it does not count for it.
    expect(world.runs?.kind).toBe('arm');

    const held = new World();
    const message = desiredOf(1, 1, 2, { windows: [{ from: '00:00', to: '01:00' }] });
    held.send({ kind: 'desired', message, clock: CLOCK });
    for (let ticks = 0; ticks < 20 && held.runs?.kind !== 'judge'; ticks++) held.tick();
    held.clock = { ...CLOCK, now: 2 * HOUR };
    held.reboot();
    expect(held.saved.slots.b).toMatchObject({ state: 'VERIFIED', trials: 1 });
    expect(reportsOf(held).at(-1)).toBe('DEFERRED INSTALL_HELD');
    held.pass(22 * HOUR);
    expect(held.saved.slots.b).toMatchObject({ state: 'TRIAL', attempt: 2 });
  });
});

describe('download only', () => {
  test('ends in the slot, and is started by the same execution with another mode', () => {
    const world = new World();
    world.send({ kind: 'desired', message: desiredOf(1, 1, 2, { mode: 'download' }), clock: CLOCK });
    world.run(20);
    expect([reportsOf(world).at(-1), world.runs]).toEqual(['DEFERRED INSTALL_DOWNLOADED', null]);
    world.send({ kind: 'desired', message: desiredOf(2, 1, 2), clock: CLOCK });
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
  });

  test('may be given up', () => {
    const world = new World();
    world.send({ kind: 'desired', message: desiredOf(1, 1, 2, { mode: 'download' }), clock: CLOCK });
    world.run(20);
    world.send({ kind: 'desired', message: { v: 1, seq: 2, assignment: null }, clock: CLOCK });
    expect([reportsOf(world).at(-1), world.saved.execution]).toEqual(['CANCELED', null]);
  });
});

describe('consent', () => {
  const DEADLINE = 10_000;
  /** Release 2 lies verified in its slot, and waits. */
  const waiting = (policy: AssignmentPolicy = {}): World => {
    const world = new World();
    world.send({ kind: 'desired', message: desiredOf(1, 1, 2, { mode: 'soft', ...policy }), clock: CLOCK });
    world.run(20);
    expect([reportsOf(world).at(-1), world.runs]).toEqual(['DEFERRED INSTALL_AWAITS_CONSENT', null]);
    return world;
  };
  const say = (world: World, answer: ConsentAnswer, execution = 1): void => {
    world.send({ kind: 'consent', execution: executionOf(execution), answer });
  };
  const ACCEPT: ConsentAnswer = { kind: 'accept' };
  const defer = (seconds: number): ConsentAnswer => ({ kind: 'defer', seconds });

  test('lets the release start', () => {
    const world = waiting();
    world.pass(1_000_000);
    expect(world.runs).toBeNull();
    say(world, ACCEPT);
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
  });

  test('is waited for without end: the server hears of it once a week, before it gives up', () => {
    const world = waiting();
    const reports = () => reportsOf(world).filter((report) => report === 'DEFERRED INSTALL_AWAITS_CONSENT');
    const DAY = 86_400;
    for (let days = 0; days < 6; days++) world.pass(DAY);
    world.reboot();
    expect(reports()).toHaveLength(1);
    for (let days = 0; days < 30; days++) world.pass(DAY);
    expect(reports()).toHaveLength(6);
  });

  test('may be given while the release comes, and outlasts a power cut', () => {
    const world = new World();
    world.send({ kind: 'desired', message: desiredOf(1, 1, 2, { mode: 'soft' }), clock: CLOCK });
    world.tick();
    say(world, ACCEPT);
    world.reboot();
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
  });

  test('counts for every trial boot of its execution', () => {
    const world = waiting();
    say(world, ACCEPT);
    world.run(3);
    expect(world.runs?.kind).toBe('judge');
    world.reboot();
    expect([world.slot, world.runs?.kind]).toEqual(['a', 'arm']);
  });

  test('of one execution counts for no other, not of the same release either', () => {
    const world = new World();
    world.send({ kind: 'desired', message: desiredOf(1, 1, 2, { mode: 'soft' }), clock: CLOCK });
    say(world, ACCEPT);
    world.send({ kind: 'desired', message: desiredOf(2, 6, 2, { mode: 'soft' }), clock: CLOCK });
    say(world, ACCEPT, 1);
    world.run(20);
    expect([reportsOf(world).at(-1), world.runs]).toEqual(['DEFERRED INSTALL_AWAITS_CONSENT', null]);
  });

  test('is not waited for after the deadline, whatever was said', () => {
    const world = waiting({ deadline: DEADLINE });
    say(world, defer(1_000_000));
    expect(world.saved.execution?.hold).toMatchObject({ code: 'INSTALL_DEFERRED', until: DEADLINE });
    world.pass(DEADLINE - 101);
    expect(world.runs).toBeNull();
    world.pass(1);
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
  });

  test('does not open a window; the deadline does', () => {
    const policy: AssignmentPolicy = { windows: [{ from: '02:00', to: '04:00' }], deadline: DEADLINE };
    const world = waiting(policy);
    say(world, ACCEPT);
    expect([reportsOf(world).at(-1), world.runs]).toEqual(['DEFERRED INSTALL_HELD', null]);
    world.pass(7_200);
    expect(world.runs?.kind).toBe('arm');

    const late = waiting({ windows: [{ from: '12:00', to: '13:00' }], deadline: DEADLINE });
    late.pass(DEADLINE);
    expect(late.runs?.kind).toBe('arm');
  });

  test('is asked for again after it was deferred, and is taken back by that', () => {
    const world = waiting({ windows: [{ from: '02:00', to: '04:00' }] });
    say(world, ACCEPT);
    say(world, defer(8_000));
    world.pass(7_500);
    expect([reportsOf(world).at(-1), world.runs]).toEqual(['DEFERRED INSTALL_DEFERRED', null]);
    world.reboot();
    world.pass(600);
    expect([reportsOf(world).at(-1), world.runs]).toEqual(['DEFERRED INSTALL_AWAITS_CONSENT', null]);
    say(world, ACCEPT);
    expect(world.runs?.kind).toBe('arm');
  });

  test('that is refused ends the execution; the next one asks anew', () => {
    const world = waiting();
    say(world, { kind: 'refuse' });
    expect([reportsOf(world).at(-1), world.saved.execution]).toEqual(['CANCELED INSTALL_REFUSED', null]);
    world.reboot();
    expect([world.slot, world.runs]).toEqual(['a', null]);
    world.send({ kind: 'desired', message: desiredOf(2, 6, 2, { mode: 'soft' }), clock: CLOCK });
    world.run(20);
    expect(reportsOf(world).at(-1)).toBe('DEFERRED INSTALL_AWAITS_CONSENT');
  });

  test.each<[string, (world: World) => void]>([
    ['forced', (world) => world.send({ kind: 'desired', message: desiredOf(1, 1, 2), clock: CLOCK })],
    [
      'only to be downloaded',
      (world) =>
        world.send({ kind: 'desired', message: desiredOf(1, 1, 2, { mode: 'download' }), clock: CLOCK }),
    ],
    ['begun at the device', (world) => world.send(localOf(1, 2))],
    [
      'past its deadline',
      (world) =>
        world.send({
          kind: 'desired',
          message: desiredOf(1, 1, 2, { mode: 'soft', deadline: 50 }),
          clock: CLOCK,
        }),
    ],
  ])('is not asked for where the install is %s', (_, begin) => {
    for (const answer of [ACCEPT, defer(60), { kind: 'refuse' }] as const) {
      const world = new World();
      begin(world);
      const { saved } = world;
      say(world, answer);
      expect(world.saved).toBe(saved);
    }
  });

  test.each(['arm', 'reboot', 'judge', 'commit'] as const)('comes too late during %s', (kind) => {
    const world = waiting();
    say(world, ACCEPT);
    for (let ticks = 0; ticks < 20 && world.runs?.kind !== kind; ticks++) world.tick();
    const { saved } = world;
    for (const answer of [defer(60), { kind: 'refuse' }] as const) say(world, answer);
    expect(world.saved).toBe(saved);
  });

  test('follows the policy: forced it is not needed, soft again it is asked for anew', () => {
    const policy = (seq: number, more: AssignmentPolicy): void => {
      world.send({ kind: 'desired', message: desiredOf(seq, 1, 2, more), clock: CLOCK });
    };
    const windows = [{ from: '02:00', to: '04:00' }];
    const world = waiting({ windows });
    say(world, ACCEPT);
    policy(2, { mode: 'soft', windows: [{ from: '03:00', to: '04:00' }] });
    expect(reportsOf(world).at(-1)).toBe('DEFERRED INSTALL_HELD');
    policy(3, { mode: 'download' });
    policy(4, { mode: 'soft' });
    expect([reportsOf(world).at(-1), world.runs]).toEqual(['DEFERRED INSTALL_AWAITS_CONSENT', null]);
    policy(5, {});
    expect(world.runs?.kind).toBe('arm');
  });

  test('is what an agent that does not know of it takes for a download: it waits', () => {
    const { consent, ...known } = desiredOf(1, 1, 2, { mode: 'soft', deadline: 50 }).assignment ?? {};
    expect([consent, known]).toEqual([true, expect.objectContaining({ mode: 'download' })]);
  });
});

describe('an install begun at the device', () => {
  test('goes the same way, and is reported as local', () => {
    const world = new World();
    world.send(localOf(100, 2));
    expect(world.runs).toMatchObject({
      kind: 'fetch',
      source: { kind: 'file', path: '/run/usb/bundle.tar' },
    });
    world.run(20);
    expect([...world.reports.values()].every(({ local }) => local === true)).toBe(true);
    expect(reportsOf(world).at(-1)).toBe('COMMITTED');
  });

  test('is not canceled by the server, which is told that the device is busy', () => {
    const world = new World();
    world.send(localOf(100, 2));
    world.tick();
    world.send({ kind: 'desired', message: { v: 1, seq: 1, assignment: null }, clock: CLOCK });
    expect(world.runs?.kind).toBe('write');
    world.send({ kind: 'desired', message: desiredOf(2, 2, 3), clock: CLOCK });
    expect(reportsOf(world).at(-1)).toBe('REJECTED INSTALL_BUSY');
    expect(world.runs?.kind).toBe('write');
  });

  test('that was only to be brought is started by asking again', () => {
    const world = new World();
    world.send(localOf(100, 2, 'download'));
    world.run(20);
    expect(world.runs).toBeNull();
    world.send(localOf(101, 2));
    world.run(20);
    const reports = [...world.reports.values()];
    expect(reports.at(-1)).toMatchObject({ execution: executionOf(100), state: 'COMMITTED' });
  });

  test('fails at once where the file cannot be read: a person can ask again', () => {
    const world = new World();
    world.send(localOf(100, 2));
    world.tick(false);
    expect([reportsOf(world).at(-1), world.runs]).toEqual(['FAILED DOWNLOAD_FAILED', null]);
  });
});

describe('going back on command', () => {
  const back = { kind: 'command', name: 'rollback', id: commandOf(7), retained: false } as const;
  const committed = (): World => {
    const world = at('commit');
    world.run(5);
    return world;
  };

  test('gives the slot before a trial; its floor stays', () => {
    const world = committed();
    world.send(back);
    world.run(20);
    expect([world.slot, world.loaderDefault]).toEqual(['a', 'a']);
    expect(world.saved.floor).toEqual({ counter: 2, time: 1002 });
    expect([...world.reports.values()].at(-1)).toMatchObject({
      state: 'COMMITTED',
      local: true,
      execution: executionOf(7),
      release: releaseOf(1).release,
    });
    expect(world.saved.slots).toMatchObject({ a: { state: 'GOOD' }, b: { state: 'GOOD' } });
  });

  test('stays where it is, if the slot before is no longer well', () => {
    const world = committed();
    world.send(back);
    for (let ticks = 0; ticks < 20; ticks++) world.tick(world.runs?.kind !== 'judge');
    expect([world.slot, world.loaderDefault]).toEqual(['b', 'b']);
    expect(reportsOf(world).at(-1)).toBe('ROLLED_BACK TRIAL_GATE_FAILED');
  });

  test('is refused where the other slot was never good, during a trial, and twice', () => {
    const answer = (world: World): unknown =>
      step(world.state, back)[1].find((effect) => effect.kind === 'result');
    expect(answer(new World())).toMatchObject({ result: { ok: false, code: 'SLOT_NOT_GOOD' } });
    expect(answer(at('judge'))).toMatchObject({ result: { ok: false, code: 'COMMAND_REFUSED' } });
    expect(answer(at('write'))).toMatchObject({ result: { ok: false, code: 'INSTALL_BUSY' } });
    const world = committed();
    world.send(back);
    world.run(20);
    world.send(back);
    expect([world.runs, world.slot]).toEqual([null, 'a']);
  });
});

test('what the clock last showed is kept once an hour, and never below the floor', () => {
  const world = new World();
  world.pass(3000);
  expect(world.saved.lastTime).toBe(0);
  world.pass(3000);
  expect(world.saved.lastTime).toBe(6100);
  world.pass(1000);
  expect(world.saved.lastTime).toBe(6100);
});

test('reports that wait keep the logs of the last three only', () => {
  const world = new World();
  for (let execution = 1; execution <= 5; execution++) {
    const retry = execution;
    world.send({ kind: 'desired', message: desiredOf(execution, execution, 2, { retry }), clock: CLOCK });
    for (let ticks = 0; ticks < 20; ticks++) {
      if (world.runs?.kind === 'judge') world.evidence = { ...world.evidence, log: 'x' };
      world.tick(world.runs?.kind !== 'judge');
    }
  }
  const logs = world.saved.outbox.filter(({ state }) => state === 'ROLLED_BACK').map(({ log }) => log);
  expect(logs).toEqual([undefined, undefined, 'x', 'x', 'x']);
});

test('the server is told anew where the clocks have changed, while there is a connection', () => {
  const { state } = new World();
  const tick = (connected: boolean, zoneOffset: number) =>
    step({ ...state, connected, clock: CLOCK }, { kind: 'tick', clock: { ...CLOCK, zoneOffset } })[1];
  expect(tick(true, 3600)).toEqual([{ kind: 'birth' }]);
  expect(tick(true, 0)).toEqual([]);
  // It says so when it is back.
  expect(tick(false, 3600)).toEqual([]);
});
