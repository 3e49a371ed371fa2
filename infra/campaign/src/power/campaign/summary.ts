import { WholeChainArch } from '@slipway/protocol';
import { z } from 'zod';
import type { Case } from '../cut/cases.ts';
import { VERDICTS, type Verdict } from '../judge/verdict.ts';
import type { CaseResult } from '../results.ts';
import type { Keys } from './keys.ts';

const Count = z.int().min(0);

/** What a campaign found. */
export const Summary = z.object({
  v: z.literal(1),
  ok: z
    .boolean()
    .describe('no case bricked the device, none ended wrong, and no boot contradicted the model'),
  archs: z.array(WholeChainArch),
  seed: z.int(),
  boundaries: Count.describe('writes and flushes after each of which the power is cut'),
  cases: Count.describe('boundaries, torn writes and lost writes that were asked for'),
  judged: Count.describe('of them judged so far, by a boot, by the model, or as the same as one that was'),
  states: Count.describe('media that can be told apart among the cases'),
  booted: Count.describe('cases that were booted in QEMU'),
  modelled: Count.describe('states that the model judged'),
  same: Count.describe('cases judged because they leave the same as one that was'),
  kills: Count.describe('updates in which QEMU was killed and booted again'),
  bricked: Count,
  wrong: Count,
  contradictions: z.array(z.string()).describe('cases whose boot showed another verdict than the model'),
  verdicts: z.array(
    z.object({
      verdict: z.enum(VERDICTS),
      cases: Count,
      states: Count.describe('that the model judged so'),
      boots: Count.describe('that confirmed it'),
    }),
  ),
  unconfirmed: z.array(z.enum(VERDICTS)).describe('verdicts of the model that no boot has confirmed'),
  failures: z.array(
    z.object({ id: z.string(), by: z.string(), result: z.string(), faults: z.array(z.string()) }),
  ),
});
export type Summary = z.infer<typeof Summary>;

export const summarise = (
  cases: readonly Case[],
  keys: Keys,
  results: readonly CaseResult[],
  about: { readonly archs: readonly WholeChainArch[]; readonly seed: number },
): Summary => {
  const ids = new Set(cases.map(({ id }) => id));
  const boots = new Map(
    results.filter(({ by, id }) => by === 'boot' && ids.has(id)).map((one) => [one.id, one]),
  );
  const kills = results.filter(({ by }) => by === 'kill');
  const known = new Set(keys.values());
  const models = new Map<string, CaseResult>();
  for (const one of results)
    if (one.by === 'model' && one.key !== undefined && known.has(one.key)) models.set(one.key, one);

  const modelOf = (item: Case): CaseResult | undefined => models.get(keys.get(item.id) ?? '');
  const contradictions: string[] = [];
  const confirmed = new Map<Verdict, number>();
  const verdictCounts = new Map<Verdict, number>();
  const failing = new Map<string, CaseResult>();
  let [judged, same] = [0, 0];
  for (const item of cases) {
    const boot = boots.get(item.id);
    const model = modelOf(item);
    const told = boot ?? model;
    if (told === undefined) continue;
    judged++;
    if (boot === undefined && model?.id !== item.id) same++;
    if (told.verdict !== undefined)
      verdictCounts.set(told.verdict, (verdictCounts.get(told.verdict) ?? 0) + 1);
    if (told.result !== 'good') failing.set(item.id, { ...told, id: item.id });
    if (boot === undefined || model === undefined) continue;
    if (boot.verdict === model.verdict && boot.verdict !== undefined)
      confirmed.set(boot.verdict, (confirmed.get(boot.verdict) ?? 0) + 1);
    else
      contradictions.push(
        `${item.id}: the model says ${model.verdict ?? 'none'}, the boot ${boot.verdict ?? 'none'}`,
      );
  }
  for (const kill of kills) if (kill.result !== 'good') failing.set(kill.id, kill);
  const failures = [...failing.values()];
  const verdicts = VERDICTS.map((verdict) => ({
    verdict,
    cases: verdictCounts.get(verdict) ?? 0,
    states: [...models.values()].filter((model) => model.verdict === verdict).length,
    boots: confirmed.get(verdict) ?? 0,
  })).filter(({ cases: count, states }) => count + states > 0);
  const count = (result: CaseResult['result']): number =>
    failures.filter((failure) => failure.result === result).length;
  return {
    v: 1,
    ok: failures.length === 0 && contradictions.length === 0,
    archs: [...about.archs],
    seed: about.seed,
    boundaries: cases.filter(({ cut }) => cut.kind === 'prefix').length,
    cases: cases.length,
    judged,
    states: new Set([...keys].filter(([id, key]) => key !== null && ids.has(id)).map(([, key]) => key)).size,
    booted: boots.size,
    modelled: models.size,
    same,
    kills: kills.length,
    bricked: count('bricked'),
    wrong: count('wrong'),
    contradictions,
    verdicts,
    unconfirmed: verdicts
      .filter(({ states, boots: seen }) => states > 0 && seen === 0)
      .map(({ verdict }) => verdict),
    failures: failures.map(({ id, by, result, faults }) => ({ id, by, result, faults })),
  };
};

const SHOWN = 20;

export const renderSummary = (summary: Summary): string =>
  [
    '',
    `cases       ${summary.cases}, of them ${summary.boundaries} boundaries between writes; ${summary.states} states can be told apart`,
    `judged      ${summary.judged}: ${summary.booted} by real boots, ${summary.judged - summary.booted - summary.same} by the model only, ${summary.same} the same as one of the model`,
    `kills       ${summary.kills} of QEMU, each booted again`,
    `bricked     ${summary.bricked}`,
    `wrong       ${summary.wrong}`,
    '',
    `${'verdict'.padEnd(20)} ${'cases'.padStart(7)} ${'states'.padStart(7)} ${'boots'.padStart(7)}`,
    ...summary.verdicts.map(
      ({ verdict, cases, states, boots }) =>
        `${verdict.padEnd(20)} ${String(cases).padStart(7)} ${String(states).padStart(7)} ${String(boots).padStart(7)}`,
    ),
    '',
    ...(summary.unconfirmed.length > 0
      ? [`No boot has confirmed yet: ${summary.unconfirmed.join(', ')}.`]
      : []),
    ...summary.contradictions.slice(0, SHOWN).map((line) => `CONTRADICTION ${line}`),
    ...summary.failures
      .slice(0, SHOWN)
      .map(({ id, by, result, faults }) => `${result.toUpperCase()} ${id} (${by}): ${faults.join('; ')}`),
    ...(summary.failures.length > 0
      ? [`To see one again: npm run campaign -- power --case ${summary.failures[0]?.id ?? ''}`]
      : []),
  ].join('\n');
