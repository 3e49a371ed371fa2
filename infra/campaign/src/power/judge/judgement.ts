import type { Verdict } from './verdict.ts';

export type Judgement = {
  /** what came up first; undefined where nothing did */
  readonly verdict: Verdict | undefined;
  readonly result: 'good' | 'bricked' | 'wrong';
  /** empty where it is good */
  readonly faults: readonly string[];
};
