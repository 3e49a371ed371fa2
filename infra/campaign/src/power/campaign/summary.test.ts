import { describe, expect, test } from 'vitest';
import type { Case } from '../cut/cases.ts';
import type { CaseResult } from '../results.ts';
import { renderSummary, summarise } from './summary.ts';

const cases: Case[] = [1, 2, 3, 4].map((boundary) => ({
  id: `amd64-commit-p${boundary}`,
  arch: 'amd64',
  scenario: 'commit',
  cut: { kind: 'prefix', boundary },
  phase: 'none',
}));
const [one, two, three, four] = [
  'amd64-commit-p1',
  'amd64-commit-p2',
  'amd64-commit-p3',
  'amd64-commit-p4',
] as const;
const keys = new Map<string, string | null>([
  [one, 'same'],
  [two, 'same'],
  [three, 'other'],
  [four, null],
]);
const about = { archs: ['amd64'], seed: 1 } as const;
const result = (id: string, by: CaseResult['by'], more: Partial<CaseResult> = {}): CaseResult => ({
  id,
  by,
  verdict: 'boots-old-idle',
  result: 'good',
  faults: [],
  seconds: 1,
  ...more,
});
const modelled = [
  result(one, 'model', { key: 'same' }),
  result(three, 'model', { key: 'other', verdict: 'boots-new-trial' }),
];

describe('a summary', () => {
  test('keeps boots, models and cases that are the same apart', () => {
    const summary = summarise(cases, keys, [...modelled, result(one, 'boot', { key: 'same' })], about);
    expect(summary).toMatchObject({
      cases: 4,
      judged: 3,
      booted: 1,
      modelled: 2,
      same: 1,
      states: 2,
      ok: true,
    });
    expect(summary.unconfirmed).toEqual(['boots-new-trial']);
    expect(renderSummary(summary)).toContain(
      '3: 1 by real boots, 1 by the model only, 1 the same as one of the model',
    );
  });

  test('a model that is wrong makes all cases that leave the same wrong, and a boot goes before the model', () => {
    const wrong = [result(one, 'model', { key: 'same', result: 'wrong', faults: ['x'] })];
    expect(summarise(cases, keys, wrong, about)).toMatchObject({ ok: false, wrong: 2, bricked: 0 });
    const booted = [...wrong, result(two, 'boot', { key: 'same' })];
    expect(summarise(cases, keys, booted, about).failures.map(({ id }) => id)).toEqual([one]);
  });

  test('a boot that shows another verdict than the model fails the campaign', () => {
    const boot = result(two, 'boot', { key: 'same', verdict: 'boots-new-good' });
    const summary = summarise(cases, keys, [...modelled, boot], about);
    expect(summary.ok).toBe(false);
    expect(summary.contradictions).toEqual([
      `${two}: the model says boots-old-idle, the boot boots-new-good`,
    ]);
  });

  test('a kill that bricks counts, and is told how to see it again', () => {
    const kill = result('amd64-commit-k1', 'kill', { result: 'bricked', faults: ['nothing came up'] });
    const summary = summarise(cases, keys, [kill], about);
    expect(summary).toMatchObject({ ok: false, bricked: 1, kills: 1 });
    expect(renderSummary(summary)).toContain('BRICKED amd64-commit-k1 (kill): nothing came up');
  });
});
