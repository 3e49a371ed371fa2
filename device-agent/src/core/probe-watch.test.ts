import { describe, expect, test } from 'vitest';
import type { GateSight } from './gates.ts';
import { afterProbe, isProbeDue, type ProbeWatch } from './probe-watch.ts';

const well: GateSight = { gate: 'probe:page', ok: true, saw: 'well' };
const ill: GateSight = { gate: 'probe:page', ok: false, saw: 'no answer' };

/** How a probe counts after each of these looks, one per second. */
const counts = (retries: number, looks: readonly GateSight[]): readonly boolean[] => {
  let watch: ProbeWatch | undefined;
  return looks.map((sight, at) => {
    watch = afterProbe(watch, retries, sight, at);
    return watch.sight.ok;
  });
};

describe('retries of a probe', () => {
  test.each([
    ['none: each failure counts', 0, [well, ill, well], [true, false, true]],
    ['two are forgiven, the third counts', 2, [well, ill, ill, ill], [true, true, true, false]],
    ['a success forgives again', 1, [well, ill, well, ill, ill], [true, true, true, true, false]],
    ['what never succeeded is not forgiven', 5, [ill, ill, well, ill], [false, false, true, true]],
  ] as const)('%s', (_, retries, looks, expected) => {
    expect(counts(retries, looks)).toEqual(expected);
  });

  test('what was forgiven still says what was seen', () => {
    const watch = afterProbe(afterProbe(undefined, 1, well, 1), 1, ill, 2);
    expect(watch.sight.saw).toContain('no answer');
  });
});

test('a probe with an interval is run when it is over, one without at every look', () => {
  const watch = afterProbe(undefined, 0, well, 100);
  expect(isProbeDue(undefined, 30, 100)).toBe(true);
  expect(isProbeDue(watch, undefined, 100)).toBe(true);
  expect(isProbeDue(watch, 30, 129)).toBe(false);
  expect(isProbeDue(watch, 30, 130)).toBe(true);
});
