import { expect, test } from 'vitest';
import { ExecutionState, isTerminal } from '@slipway/protocol';
import { refuseTransition } from './transitions.ts';

const states = ExecutionState.options;
const allowed = (from: ExecutionState): ExecutionState[] =>
  states.filter((to) => refuseTransition(from, to) === undefined);

test('nothing is committed that was not booted', () => {
  expect(states.filter((from) => allowed(from).includes('COMMITTED'))).toEqual([
    'REBOOTING',
    'TRIAL',
    'TIMED_OUT',
    'CANCELED',
  ]);
});

test('what a device ended stays ended', () => {
  for (const from of ['COMMITTED', 'ROLLED_BACK', 'REJECTED', 'FAILED'] as const)
    expect(allowed(from)).toEqual([]);
});

test('the verdicts of the server give way only to what the device runs', () => {
  for (const from of ['TIMED_OUT', 'CANCELED'] as const)
    expect(allowed(from)).toEqual(['COMMITTED', 'ROLLED_BACK']);
});

test('an interrupted install may start over', () => {
  expect(allowed('INSTALLING')).toContain('DOWNLOADING');
  expect(refuseTransition('TRIAL', 'DOWNLOADING')).toBe('DOWNLOADING does not follow TRIAL');
});

test('an install may be held back until its trial is over, and a trial that was cut off starts again', () => {
  const holds = states.filter((from) => allowed(from).includes('DEFERRED'));
  expect(holds).toEqual(states.filter((state) => !isTerminal(state)));
  expect(allowed('DEFERRED')).toContain('REBOOTING');
  expect(allowed('DEFERRED')).not.toContain('TRIAL');
  expect(allowed('TRIAL')).toContain('REBOOTING');
});

test('no device reports what only the server decides', () => {
  for (const from of states) {
    expect(allowed(from)).not.toContain('OFFERED');
    expect(allowed(from)).not.toContain('TIMED_OUT');
  }
});

test('every live state can end', () => {
  for (const from of states.filter((state) => !isTerminal(state))) {
    expect(allowed(from).some((to) => isTerminal(to))).toBe(true);
  }
});

test('an outcome that overtakes the reports before it counts, and still ends nothing twice', () => {
  for (const from of states.filter((state) => !isTerminal(state)))
    for (const to of ['TRIAL', 'COMMITTED', 'ROLLED_BACK'] as const)
      expect(refuseTransition(from, to, true)).toBeUndefined();
  for (const from of states.filter(isTerminal))
    for (const to of states) expect(refuseTransition(from, to, true)).toBe(refuseTransition(from, to));
  expect(refuseTransition('TRIAL', 'DOWNLOADING', true)).toBe('DOWNLOADING does not follow TRIAL');
});
