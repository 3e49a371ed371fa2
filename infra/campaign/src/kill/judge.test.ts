import { DeviceId, ExecutionId, type ExecutionState } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { aboveLimits, judgeRollout, type Facts, type WaveCount } from './judge.ts';

const [good, bad] = [DeviceId.parse('good'), DeviceId.parse('bad')];
const exe = (digit: number): ExecutionId => ExecutionId.parse(`exe_${String(digit).padStart(16, '0')}`);
const report = (device: DeviceId, seq: number, state: ExecutionState) => ({
  device,
  seq,
  execution: exe(device === good ? 1 : 2),
  state,
});
const reports = [report(good, 1, 'TRIAL'), report(good, 2, 'COMMITTED'), report(bad, 1, 'ROLLED_BACK')];

const facts: Facts = {
  expected: new Map<DeviceId, ExecutionState>([
    [good, 'COMMITTED'],
    [bad, 'ROLLED_BACK'],
  ]),
  rollout: { state: 'completed', version: '2.0.0' },
  acknowledged: reports,
  // One that the device has not been told of yet is no fault.
  recorded: [...reports, report(bad, 2, 'TRIAL')],
  executions: [
    { id: exe(1), device: good, state: 'COMMITTED' },
    { id: exe(2), device: bad, state: 'ROLLED_BACK' },
  ],
  history: [{ execution: exe(1), state: 'COMMITTED', times: 1 }],
  versions: new Map([
    [good, '2.0.0'],
    [bad, '1.0.0'],
  ]),
  seen: { doubleInstalls: 0, doubleArms: 0, boots: 5 },
  above: [],
};
const nothing = { lost: [], doubled: [], above: [], different: [] };

test('a rollout that went as it had to has no fault', () => {
  expect(judgeRollout(facts)).toEqual(nothing);
});

test.each<[string, Partial<Facts>, keyof typeof nothing]>([
  ['a report that was acknowledged and is not there', { recorded: reports.slice(1) }, 'lost'],
  [
    'a report that is there with another state',
    { recorded: [report(good, 1, 'FAILED'), ...reports.slice(1)] },
    'lost',
  ],
  ['a second execution', { executions: [...facts.executions, ...facts.executions.slice(0, 1)] }, 'doubled'],
  ['a trial twice', { history: [{ execution: exe(1), state: 'TRIAL', times: 2 }] }, 'doubled'],
  ['an install after its outcome', { seen: { ...facts.seen, doubleInstalls: 1 } }, 'doubled'],
  ['a trial armed again', { seen: { ...facts.seen, doubleArms: 1 } }, 'doubled'],
  ['a boot too many', { seen: { ...facts.seen, boots: 6 } }, 'doubled'],
  ['a wave above its limit', { above: ['11 of 10 under way'] }, 'above'],
  ['a rollout that stopped', { rollout: { state: 'stopped', version: '2.0.0' } }, 'different'],
  ['a device without an execution', { executions: facts.executions.slice(1) }, 'different'],
  ['an outcome that nobody was told', { acknowledged: reports.slice(0, 1) }, 'different'],
  [
    'a device that is thought to run the old version',
    {
      versions: new Map([
        [good, '1.0.0'],
        [bad, '1.0.0'],
      ]),
    },
    'different',
  ],
])('%s is a fault', (_, change, where) => {
  const verdict = judgeRollout({ ...facts, ...change });
  expect(verdict[where].length).toBeGreaterThan(0);
  expect({ ...verdict, [where]: [] }).toEqual(nothing);
});

const limits = { maxInFlight: 5, upTo: [2, 10] };

test.each<[string, WaveCount[], number]>([
  ['nothing has begun', [], 0],
  ['a wave is under way', [{ wave: 0, open: 2, begun: 2 }], 0],
  [
    'the next wave runs after the first',
    [
      { wave: 0, open: 0, begun: 2 },
      { wave: 1, open: 5, begun: 8 },
    ],
    0,
  ],
  ['more are in a wave than may', [{ wave: 0, open: 1, begun: 3 }], 1],
  [
    'more are under way than may',
    [
      { wave: 0, open: 0, begun: 2 },
      { wave: 1, open: 6, begun: 6 },
    ],
    1,
  ],
  [
    'a wave begins too early',
    [
      { wave: 0, open: 1, begun: 2 },
      { wave: 1, open: 1, begun: 1 },
    ],
    1,
  ],
  ['a wave is left out', [{ wave: 1, open: 1, begun: 1 }], 1],
])('%s', (_, waves, count) => {
  expect(aboveLimits(waves, limits)).toHaveLength(count);
});
