import type { CaseResult } from '../results.ts';

const EVERY_MS = 10_000;

const clock = (ms: number): string => {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

export type Progress = {
  /** prints a line, if the last one is a while ago */
  readonly show: (line: string) => void;
  readonly result: (result: CaseResult, left: { readonly models: number; readonly boots: number }) => void;
};

/** Lines for whoever watches: how far it is, how fast, how long it will take; and each failure at once. */
export const createProgress = (print: (line: string) => void, began: number): Progress => {
  let shownAt = Number.NEGATIVE_INFINITY;
  const spent = { model: { count: 0, seconds: 0 }, boot: { count: 0, seconds: 0 } };
  let [bricked, wrong] = [0, 0];
  let firstAt: number | undefined;
  const show = (line: string): void => {
    const now = performance.now();
    if (now - shownAt < EVERY_MS) return;
    shownAt = now;
    print(`[${clock(now - began)}] ${line}`);
  };
  return {
    show,
    result: (result, left) => {
      const now = performance.now();
      firstAt ??= now - result.seconds * 1000;
      const kind = spent[result.by === 'model' ? 'model' : 'boot'];
      kind.count++;
      kind.seconds += result.seconds;
      if (result.result === 'bricked') bricked++;
      if (result.result === 'wrong') wrong++;
      if (result.result !== 'good')
        print(
          `[${clock(now - began)}] ${result.result.toUpperCase()} ${result.id} (${result.by}): ${result.faults.join('; ')}`,
        );
      const mean = ({ count, seconds }: { count: number; seconds: number }): number =>
        count === 0 ? 0 : seconds / count;
      const work = left.models * mean(spent.model) + left.boots * mean(spent.boot);
      const parallel = ((spent.model.seconds + spent.boot.seconds) * 1000) / Math.max(now - firstAt, 1);
      show(
        `${spent.model.count} models, ${left.models} left; ${spent.boot.count} boots, ${left.boots} left; ` +
          `bricked ${bricked}, wrong ${wrong}; about ${clock((work * 1000) / Math.max(parallel, 0.1))} left`,
      );
    },
  };
};
