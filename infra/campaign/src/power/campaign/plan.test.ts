import { expect, test } from 'vitest';
import type { Case } from '../cut/cases.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { CaseResult } from '../results.ts';
import { planCampaign, type Task } from './plan.ts';

const cases: Case[] = Array.from({ length: 40 }, (_, boundary) => ({
  id: `amd64-commit-p${boundary}`,
  arch: 'amd64',
  scenario: 'commit',
  cut: { kind: 'prefix', boundary },
  phase: 'none',
}));
/** four cases leave the same; one the model cannot tell */
const keys = new Map(
  cases.map(({ id, cut }) => [id, cut.boundary === 7 ? null : `key-${cut.boundary >> 2}`]),
);
const verdictOf = (key: string): Verdict => (key === 'key-9' ? 'boots-new-commits' : 'boots-old-resumes');

const runAll = (real: number): Task[] => {
  const plan = planCampaign({ cases, keys, results: [], real, seed: 1 });
  const tasks: Task[] = [];
  for (let task = plan.next(); task !== undefined; task = plan.next()) {
    tasks.push(task);
    const { item, by } = task;
    const common = { id: item.id, result: 'good' as const, faults: [], seconds: 1 };
    plan.done(
      task.by === 'model'
        ? { ...common, by, key: task.key, verdict: verdictOf(task.key) }
        : { ...common, by },
    );
  }
  expect(plan.isOver()).toBe(true);
  return tasks;
};

test('each distinct state is modelled once', () => {
  const modelled = runAll(5).flatMap((task) => (task.by === 'model' ? [task.key] : []));
  expect(modelled.sort()).toEqual(Array.from({ length: 10 }, (_, index) => `key-${index}`).sort());
});

test('as many cases boot as were asked for, and none twice', () => {
  const boots = runAll(12).flatMap((task) => (task.by === 'boot' ? [task.item.id] : []));
  expect(boots).toHaveLength(12);
  expect(new Set(boots).size).toBe(12);
});

test('a verdict that few cases have is booted as well, and so is what the model cannot tell', () => {
  const boots = runAll(6).flatMap((task) => (task.by === 'boot' ? [task.item] : []));
  expect(boots.some(({ id }) => keys.get(id) === null)).toBe(true);
  expect(boots.some(({ cut }) => cut.boundary >> 2 === 9)).toBe(true);
});

test('what the model cannot tell is booted although no boots were asked for', () => {
  expect(runAll(0).flatMap((task) => (task.by === 'boot' ? [task.item.id] : []))).toEqual([
    'amd64-commit-p7',
  ]);
});

test('what is known from an earlier run is not done again', () => {
  const results = cases.map(({ id }): CaseResult => {
    const key = keys.get(id);
    const common = { id, result: 'good' as const, faults: [], seconds: 1 };
    return typeof key === 'string'
      ? { ...common, by: 'model', key, verdict: verdictOf(key) }
      : { ...common, by: 'boot' };
  });
  const plan = planCampaign({ cases, keys, results, real: 1, seed: 1 });
  expect(plan.next()).toBeUndefined();
  expect(plan.isOver()).toBe(true);
});
