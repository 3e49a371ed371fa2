import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@slipway/protocol';
import { Untold } from '../model/visible-state.ts';
import type { CaseResult, Results } from '../results.ts';
import type { Keys } from './keys.ts';
import type { Plan, Task } from './plan.ts';
import type { Stage } from './stage.ts';

export type RunCases = {
  readonly folder: string;
  readonly plan: Plan;
  readonly keys: Keys;
  readonly results: Results;
  readonly stageOf: (task: Task) => Stage;
  readonly jobs: number;
  readonly isOver: () => boolean;
  readonly onResult: (result: CaseResult) => void;
};

/** Judges one case; whatever goes wrong is its result. */
const judge = async (run: RunCases, task: Task): Promise<CaseResult> => {
  const { item, by } = task;
  const began = performance.now();
  const folder = join(run.folder, 'cases', by === 'boot' ? item.id : `${item.id}-model`);
  const key = run.keys.get(item.id);
  const stage = run.stageOf(task);
  const judged = await (by === 'boot' ? stage.boot(item, folder) : stage.model(item, folder)).catch(
    (error: unknown) => {
      const why = error instanceof Untold ? 'the model cannot tell' : 'it could not be judged';
      return { verdict: undefined, result: 'wrong' as const, faults: [`${why}: ${messageOf(error)}`] };
    },
  );
  if (judged.result === 'good') await rm(folder, { recursive: true, force: true });
  return {
    id: item.id,
    by,
    ...(typeof key === 'string' ? { key } : {}),
    ...(judged.verdict === undefined ? {} : { verdict: judged.verdict }),
    result: judged.result,
    faults: [...judged.faults],
    seconds: Math.round((performance.now() - began) / 100) / 10,
  };
};

/** Works through a plan with some cases at once, until it is over or the time is. */
export const runCases = async (run: RunCases): Promise<void> => {
  const { plan, results } = run;
  const worker = async (): Promise<void> => {
    while (!run.isOver()) {
      const task = plan.next();
      if (task === undefined) return;
      const result = await judge(run, task);
      results.add(result);
      plan.done(result);
      run.onResult(result);
    }
  };
  // A worker that found nothing to do may have been early: boots wait for what models say.
  do await Promise.all(Array.from({ length: run.jobs }, worker));
  while (!plan.isOver() && !run.isOver());
};
