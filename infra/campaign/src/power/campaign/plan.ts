import type { Case } from '../cut/cases.ts';
import { random } from '../cut/random.ts';
import type { CaseResult } from '../results.ts';
import type { Keys } from './keys.ts';

export type Task =
  | { readonly by: 'model'; readonly item: Case; readonly key: string }
  | { readonly by: 'boot'; readonly item: Case };

export type Plan = {
  /** @returns the next thing to do; undefined where there is none, or where what runs now must end first */
  readonly next: () => Task | undefined;
  readonly done: (result: CaseResult) => void;
  readonly isOver: () => boolean;
  readonly left: () => { readonly models: number; readonly boots: number };
};

export type PlanOptions = {
  readonly cases: readonly Case[];
  readonly keys: Keys;
  readonly results: readonly CaseResult[];
  /** how many cases boot */
  readonly real: number;
  readonly seed: number;
};

/**
 * Decides what runs next. Each distinct state is modelled once. Boots go to where there are fewest: to every
 * architecture, scenario, kind of cut, phase and verdict of the model in turn. What the model cannot tell is one of
 * these kinds, and all of it is booted in the end, however few were asked for.
 */
export const planCampaign = ({ cases, keys, results, real, seed }: PlanOptions): Plan => {
  const chance = random(seed);
  const shuffled = cases
    .map((item) => ({ item, at: chance() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
  const verdicts = new Map<string, string>();
  const booted = new Set<string>();
  const modelled = new Set<string>();
  const counts = new Map<string, number>();
  const untold = shuffled.filter(({ id }) => keys.get(id) === null);
  const models = new Map<string, Case>();
  for (const item of shuffled) {
    const key = keys.get(item.id);
    if (typeof key === 'string' && !models.has(key)) models.set(key, item);
  }
  const groupOf = (item: Case): string | undefined => {
    const key = keys.get(item.id);
    const verdict = typeof key === 'string' ? verdicts.get(key) : 'untold';
    return verdict === undefined
      ? undefined
      : `${item.arch} ${item.scenario} ${item.cut.kind} ${item.phase} ${verdict}`;
  };
  const byId = new Map(cases.map((item) => [item.id, item]));
  const wanted = Math.min(real, cases.length);

  const note = (result: CaseResult): void => {
    if (result.by === 'model' && result.key !== undefined) {
      modelled.add(result.key);
      verdicts.set(result.key, result.verdict ?? 'none');
    }
  };
  const takeBoot = (item: Case): void => {
    booted.add(item.id);
    const group = groupOf(item) ?? '';
    counts.set(group, (counts.get(group) ?? 0) + 1);
  };
  for (const result of results) note(result);
  for (const result of results) {
    const item = byId.get(result.id);
    if (result.by === 'boot' && item !== undefined) takeBoot(item);
  }

  const nextBoot = (): Case | undefined => {
    // The sample is complete: what is left is what nobody else can tell.
    if (booted.size >= wanted) return untold.find(({ id }) => !booted.has(id));
    let best: Case | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const item of shuffled) {
      const group = booted.has(item.id) ? undefined : groupOf(item);
      const count = group === undefined ? fewest : (counts.get(group) ?? 0);
      if (count < fewest) [best, fewest] = [item, count];
    }
    return best;
  };
  const nextModel = (): Task | undefined => {
    for (const [key, item] of models) if (!modelled.has(key)) return { by: 'model', item, key };
    return undefined;
  };

  return {
    next: () => {
      const model = nextModel();
      const share = models.size === 0 ? 1 : modelled.size / models.size;
      const isDue = booted.size < wanted ? booted.size <= wanted * share : model === undefined;
      const boot = isDue ? nextBoot() : undefined;
      if (boot !== undefined) {
        takeBoot(boot);
        return { by: 'boot', item: boot };
      }
      if (model?.by === 'model') modelled.add(model.key);
      return model;
    },
    done: note,
    isOver: () => nextModel() === undefined && nextBoot() === undefined,
    left: () => ({
      models: models.size - [...models.keys()].filter((key) => modelled.has(key)).length,
      boots: Math.max(wanted, booted.size + untold.filter(({ id }) => !booted.has(id)).length) - booted.size,
    }),
  };
};
