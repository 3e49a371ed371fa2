import { describe, expect, test } from 'vitest';
import { judgeGates, type GateSight } from './gates.ts';

const gates = { deadline: 60, stable: 10 };
const well: GateSight = { gate: 'service:web', ok: true, saw: 'well' };
const ill: GateSight = { gate: 'probe:page', ok: false, saw: 'expected status 200, found 500' };
const open = (holdingSince: number | null) => ({ kind: 'open', watch: { holdingSince } });

describe('gates of a trial', () => {
  test('must hold for the stable time without a break', () => {
    expect(judgeGates({ holdingSince: null }, gates, [well], 100, 105)).toEqual(open(105));
    expect(judgeGates({ holdingSince: 105 }, gates, [well], 100, 114)).toEqual(open(105));
    expect(judgeGates({ holdingSince: 105 }, gates, [well, ill], 100, 114)).toEqual(open(null));
    expect(judgeGates({ holdingSince: 105 }, gates, [well], 100, 115)).toEqual({ kind: 'healthy' });
  });

  test('one that fails at the deadline is named with what it showed', () => {
    expect(judgeGates({ holdingSince: null }, gates, [well, ill], 100, 160)).toMatchObject({
      code: 'TRIAL_GATE_FAILED',
      message: expect.stringContaining('probe:page: expected status 200, found 500'),
    });
  });

  test('that hold too late end at the deadline', () => {
    expect(judgeGates({ holdingSince: 155 }, gates, [well], 100, 160)).toMatchObject({
      code: 'TRIAL_DEADLINE',
    });
  });

  test('one that cannot recover fails before the deadline', () => {
    expect(judgeGates({ holdingSince: null }, gates, [{ ...ill, final: true }], 100, 101)).toMatchObject({
      code: 'TRIAL_GATE_FAILED',
    });
  });

  test('none at all hold at once', () => {
    expect(judgeGates({ holdingSince: null }, { deadline: 60, stable: 0 }, [], 100, 100)).toEqual({
      kind: 'healthy',
    });
  });
});
