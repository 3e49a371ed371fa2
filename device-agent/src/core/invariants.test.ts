import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { happenings, live, type Happening, type Kind } from '../fixture/happenings.ts';
import { MUTANTS } from '../fixture/mutants.ts';
import { Violation } from '../fixture/watcher.ts';
import { readSaved, type WorldOptions } from '../fixture/world.ts';
import { step } from './step.ts';

/**
 * The same worlds in every run, so that a change is judged by what it changed. Searches for new ones are long runs with
 * seeds of their own: `SLIPWAY_FUZZ_RUNS=100000 SLIPWAY_FUZZ_SEED=1 npx vitest run …/invariants.test.ts`
 */
const RUNS = Number(process.env['SLIPWAY_FUZZ_RUNS'] ?? 250);
const SEED = Number(process.env['SLIPWAY_FUZZ_SEED'] ?? 20_261_126);
const TIMEOUT_MS = 60_000 + 200 * RUNS;
/** Enough to find every mutant, whatever the seed. */
const MUTANT_RUNS = 2_000;

type Row = {
  readonly invariant: number;
  readonly says: string;
  /** what happens more often than usual, because it puts this one to the test */
  readonly more: Partial<Record<Kind, number>>;
};

const INVARIANTS: readonly Row[] = [
  { invariant: 1, says: 'some verified slot boots, the active one is never written', more: { cut: 6 } },
  {
    invariant: 2,
    says: 'the default names only a slot that passed its gates',
    more: { loader: 2, failingTick: 6 },
  },
  { invariant: 3, says: 'unverified bytes cannot be chosen', more: { cutAfterSave: 8, nothingDesired: 4 } },
  {
    invariant: 4,
    says: 'a trial boots once per arming, whatever the loader does',
    more: { loader: 5, fate: 4, cut: 4 },
  },
  { invariant: 5, says: 'a second cut anywhere changes nothing', more: { cutAfterSave: 10, restart: 4 } },
  {
    invariant: 6,
    says: 'every execution ends once, a success after its commit',
    more: { connect: 4, cutAfterSave: 6 },
  },
  {
    invariant: 7,
    says: 'what is armed is what was asked for, however often it was resumed',
    more: { cut: 8, desired: 10 },
  },
  {
    invariant: 8,
    says: 'a release that failed is not tried again by itself',
    more: { fate: 8, failingTick: 8, desired: 10 },
  },
  {
    invariant: 9,
    says: 'the floor never falls, rises at commit, and shuts nobody out',
    more: { command: 5, loader: 1 },
  },
  {
    invariant: 10,
    says: 'what fails in passing is tried again, and the old slot runs on',
    more: { failingTick: 16, pass: 4 },
  },
  { invariant: 11, says: 'a state that is lost leaves the default and nothing else', more: { loseState: 2 } },
  { invariant: 12, says: 'agents of other versions go on with it', more: { older: 3, newer: 3 } },
  {
    invariant: 13,
    says: 'messages that come twice, late or retained do nothing twice',
    more: { desired: 20, command: 8 },
  },
  { invariant: 14, says: 'a trial that does not come up returns, and its cause is told', more: { fate: 10 } },
  {
    invariant: 15,
    says: 'nothing starts without the consent that it asks for, given to itself',
    more: { consent: 10, pass: 2 },
  },
  {
    invariant: 16,
    says: 'a deadline ends the waiting for consent, whatever was said',
    more: { consent: 6, older: 1 },
  },
];

/** @returns the first violation that is found, made small; undefined where all worlds live on */
const search = (
  more: Row['more'],
  parameters: fc.Parameters<[unknown]>,
  options: WorldOptions = {},
  only?: number,
): string | undefined => {
  const found = fc.check(
    fc.property(happenings(more), (happened) => {
      try {
        live(happened, options);
      } catch (error) {
        // A world that is broken otherwise says nothing about the one that is asked for.
        if (only === undefined || !(error instanceof Violation) || error.invariant === only) throw error;
      }
    }),
    parameters,
  );
  if (!found.failed) return undefined;
  const cause = found.errorInstance;
  if (!(cause instanceof Violation)) throw cause;
  return `${cause.message}, seed ${found.seed}: ${JSON.stringify(found.counterexample)}`;
};
const parameters = { numRuns: RUNS, seed: SEED };

const MIXED: readonly (readonly [string, Row['more']])[] = [
  ['a default that is lost comes back', { loseDefault: 1 }],
  ['a damaged copy of the state costs a step at most', { damage: 3 }],
  ['a damaged copy costs no second judgement', { damage: 3, loader: 5, fate: 4, cut: 4 }],
  [
    'all of it at once is survived',
    { loseDefault: 1, damage: 1, loseState: 1, loader: 2, older: 1, newer: 1 },
  ],
];

describe('under every sequence of events, faults and cuts', () => {
  test.each(INVARIANTS)(
    'invariant $invariant: $says',
    ({ more }) => {
      expect(search(more, parameters)).toBeUndefined();
    },
    TIMEOUT_MS,
  );
  test.each(MIXED)(
    '%s',
    (_, more) => {
      expect(search(more, parameters)).toBeUndefined();
    },
    TIMEOUT_MS,
  );
});

const ticks = (count: number): Happening[] => Array.from({ length: count }, () => ({ kind: 'tick' }));

test('a file that was only brought does not go over the good slot from a slot that is not', () => {
  const file = (mode: 'install' | 'download'): Happening => ({ kind: 'local', execution: 104, mode });
  // The loader has lost its default, cannot be told another, and takes the slot that was only brought.
  const happened: Happening[] = [
    { kind: 'loader', keeps: false, loses: false, readOnly: true },
    file('download'),
    ...ticks(6),
    { kind: 'loseDefault' },
    ...ticks(1),
    { kind: 'cut' },
    ...ticks(7),
    file('install'),
    ...ticks(7),
  ];
  expect(() => live(happened)).not.toThrow();
});

describe.each(['a', 'b'] as const)('where copy %s of the state is damaged', (copy) => {
  test('a trial is judged once for one arming, also by a loader that keeps its one-shot', () => {
    const happened: Happening[] = [
      { kind: 'desired', seq: 1, execution: 1, policy: {} },
      ...ticks(1),
      { kind: 'loader', keeps: true, loses: false, readOnly: false },
      ...ticks(3),
      { kind: 'cutAfterSave' },
      ...ticks(5),
      { kind: 'failingTick' },
      { kind: 'damage', copy },
      { kind: 'cut' },
    ];
    expect(() => live(happened)).not.toThrow();
  });

  test('a slot that is being written does not count for what it held', () => {
    const happened: Happening[] = [
      { kind: 'desired', seq: 1, execution: 7, policy: {} },
      ...ticks(5),
      { kind: 'desired', seq: 2, execution: 1, policy: {} },
      ...ticks(3),
      { kind: 'damage', copy },
      { kind: 'restart' },
      { kind: 'desired', seq: 3, execution: 2, policy: {} },
    ];
    expect(() => live(happened)).not.toThrow();
  });
});

test('a lot happens in these worlds', () => {
  const ends = new Map<string, number>();
  for (const happened of fc.sample(happenings({ consent: 8, failingTick: 4 }), { numRuns: 300, seed: 1 }))
    for (const { state, code } of live(happened).reports.values()) {
      const end = code === undefined ? state : `${state} ${code}`;
      ends.set(end, 1 + (ends.get(end) ?? 0));
    }
  const common = [...ends].filter(([, count]) => count > 5).map(([end]) => end);
  expect(common).toEqual(
    expect.arrayContaining([
      'COMMITTED',
      'CANCELED',
      'DEFERRED INSTALL_HELD',
      'DEFERRED INSTALL_DOWNLOADED',
      'DEFERRED INSTALL_AWAITS_CONSENT',
      'DEFERRED INSTALL_DEFERRED',
      'CANCELED INSTALL_REFUSED',
      'REJECTED INSTALL_ATTEMPTS_EXHAUSTED',
      'ROLLED_BACK TRIAL_PANIC',
      'ROLLED_BACK TRIAL_GATE_FAILED',
    ]),
  );
});

describe('each of these checks can fail', () => {
  test.each(MUTANTS)(
    'invariant $invariant is broken by an agent that $does',
    ({ invariant, mutant = step, reads = readSaved, more = {} }) => {
      const row = INVARIANTS.find((known) => known.invariant === invariant);
      const happening = { ...row?.more, ...more };
      const found = search(
        happening,
        { numRuns: MUTANT_RUNS, seed: 7, endOnFailure: true },
        { step: mutant, reads },
        invariant,
      );
      expect(found).toContain(`invariant ${invariant}:`);
    },
    TIMEOUT_MS,
  );
});
