import { expect, test } from 'vitest';
import { desiredOf, NO_EVIDENCE, releaseOf } from './fixture/world.ts';
import { freshState, NO_CLOCK, type Event } from './core/index.ts';
import { openRunner } from './runner.ts';

const STARTED: Event = {
  kind: 'started',
  facts: {
    bootId: 'boot-1',
    slot: 'a',
    ref: releaseOf(1),
    loaderDefault: 'a',
    uptime: 1,
    evidence: NO_EVIDENCE,
  },
  clock: NO_CLOCK,
};

test('what a start decides, and what goes over an old record of a slot, is saved in both copies before it is done', async () => {
  const seen: string[] = [];
  const runner = openRunner({
    runtime: {
      time: { now: () => 0, uptime: () => 0, zoneOffset: async () => 0, sleep: async () => undefined },
    },
    initial: { saved: freshState(1), boot: null, connected: false, clock: NO_CLOCK },
    save: async ({ slots, job }) => {
      seen.push(`saved ${slots.a.state} ${slots.b.state} ${job?.kind ?? '-'}`);
    },
    perform: async ({ kind }) => {
      seen.push(kind);
      return kind === 'fetch' ? { kind: 'fetched', ref: releaseOf(2) } : undefined;
    },
    onState: () => undefined,
    carryOut: () => undefined,
  });
  await runner.dispatch(STARTED);
  await runner.dispatch({ kind: 'desired', message: desiredOf(1, 1, 2), clock: NO_CLOCK });
  await expect.poll(() => seen).toContain('write');
  expect(seen).toEqual([
    'saved GOOD EMPTY -',
    'saved GOOD EMPTY -',
    'saved GOOD EMPTY fetch',
    'fetch',
    'saved GOOD WRITING write',
    'saved GOOD WRITING write',
    'write',
  ]);
});
