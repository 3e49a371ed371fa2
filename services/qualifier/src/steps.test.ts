import { describe, expect, test } from 'vitest';
import { Status, type ExecutionState } from '@slipway/protocol';
import { parseProcessorSeconds } from './processor-time.ts';
import { timedSteps, wrongEnd } from './steps.ts';

const said = (state: ExecutionState, more: Partial<Status> = {}): Status =>
  Status.parse({
    v: 1,
    seq: 1,
    execution: 'exe_0000000000000001',
    release: 'rel_0000000000000001',
    state,
    bootId: 'boot',
    slot: 'a',
    ...more,
  });

describe('the end of an update', () => {
  test.each([
    ['is awaited while it goes on', [said('ACCEPTED'), said('INSTALLING')], 'COMMITTED'],
    ['is as wanted', [said('TRIAL'), said('COMMITTED')], 'COMMITTED'],
    ['may be wanted to be a rollback', [said('ROLLED_BACK', { code: 'TRIAL_POWER_LOSS' })], 'ROLLED_BACK'],
  ] as const)('%s', (_title, statuses, wanted) => {
    expect(wrongEnd(statuses, wanted)).toBeUndefined();
  });

  test.each([
    ['a rollback', said('ROLLED_BACK', { code: 'TRIAL_GATE_FAILED' }), 'COMMITTED', 'TRIAL_GATE_FAILED'],
    ['a refusal', said('REJECTED', { code: 'RELEASE_DEPRECATED' }), 'ROLLED_BACK', 'RELEASE_DEPRECATED'],
    ['a commit of what lost power', said('COMMITTED'), 'ROLLED_BACK', 'QUALIFICATION_FAILED'],
    [
      'a code that nobody knows',
      said('FAILED', { code: 'OF_TOMORROW' }),
      'COMMITTED',
      'QUALIFICATION_FAILED',
    ],
  ] as const)('%s is none that was wanted, and says why', (_title, status, wanted, code) => {
    expect(wrongEnd([status], wanted)).toMatchObject({ code });
  });
});

describe('steps', () => {
  test('are timed one after the other, also one that fails', async () => {
    let [clock, processor] = [0, 0];
    const steps = timedSteps(
      () => clock,
      async () => processor,
    );
    await steps.time('boot', async () => {
      clock += 10;
      processor += 4;
    });
    const failing = steps.time('interrupted', async () => {
      clock += 5;
      // The machine is gone, and with it what it had used.
      processor = 0;
      throw new Error('the end');
    });
    await expect(failing).rejects.toThrow('the end');
    expect(steps.done).toEqual([
      { step: 'boot', seconds: 10, cpuSeconds: 4 },
      { step: 'interrupted', seconds: 5, cpuSeconds: 0 },
    ]);
  });
});

test('processor time is read also of a process whose name looks like fields', () => {
  const stat = '4242 (qemu) S 1 2) R 1 4242 4242 0 -1 4194560 900 0 0 0 1250 250 0 0 20 0 3 0';
  expect(parseProcessorSeconds(stat)).toBe(15);
});
