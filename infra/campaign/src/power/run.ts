import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { SlipwayError, type WholeChainArch } from '@slipway/protocol';
import { endWithChildren } from './campaign/end-with-children.ts';
import { killAndBoot } from './campaign/kills.ts';
import { readKeys } from './campaign/keys.ts';
import { planCampaign } from './campaign/plan.ts';
import { createProgress } from './campaign/progress.ts';
import { runCases } from './campaign/run-cases.ts';
import { openStage, type Stage } from './campaign/stage.ts';
import { renderSummary, summarise } from './campaign/summary.ts';
import { casesOf, parseId, pickEvenly, type Case } from './cut/cases.ts';
import { openAuthorities } from './ground/authorities.ts';
import { bundleAgent } from './ground/releases.ts';
import { parsePowerOptions, POWER_HELP, type PowerOptions } from './options.ts';
import { writeSparse } from './model/data-partition.ts';
import { disksAfter, type Recording } from './record/recording.ts';
import { openResults } from './results.ts';

type Print = (line: string) => void;

const groupOf = ({ arch, scenario, cut, phase }: Case): string => `${arch} ${scenario} ${cut.kind} ${phase}`;

const allCases = (stages: ReadonlyMap<WholeChainArch, Stage>, seed: number): Case[] =>
  [...stages.values()].flatMap((stage) =>
    [...stage.recordings].flatMap(([scenario, { log }]) =>
      casesOf({ arch: stage.arch, scenario }, log, seed),
    ),
  );

/** One case again, with all that is left of it. */
const runOne = async (
  id: string,
  open: (arch: WholeChainArch) => Promise<Stage>,
  folder: string,
  print: Print,
) => {
  const parsed = parseId(id);
  if (parsed === undefined) throw new SlipwayError('USAGE', `${id} is not the id of a case\n\n${POWER_HELP}`);
  const stage = await open(parsed.arch);
  const own = join(folder, 'cases', id);
  const item: Case = { ...parsed, id, phase: '' };
  await mkdir(own, { recursive: true });
  const recording = stage.recordings.get(item.scenario);
  if (recording === undefined)
    throw new SlipwayError('USAGE', `${id} is of a scenario that --scenario leaves out\n\n${POWER_HELP}`);
  const left = disksAfter(recording, item.cut);
  for (const [name, disk] of Object.entries(left)) await writeSparse(join(own, `${name}.img`), disk);
  const judged = await stage.boot(item, own);
  print(
    `${id}: ${judged.result}, ${judged.verdict ?? 'nothing came up'}${judged.faults.map((fault) => `\n  ${fault}`).join('')}`,
  );
  print(`console, and disk and variables as the cut left them: ${own}`);
  return judged.result === 'good' ? 0 : 1;
};

export const runPower = async (root: string, args: readonly string[], print: Print): Promise<number> => {
  const options = parsePowerOptions(args);
  if (options.help) {
    print(POWER_HELP);
    return 0;
  }
  endWithChildren(print);
  const folder = options.out ?? join(root, '.slipway', 'power');
  if (options.fresh) await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'cases'), { recursive: true });
  await bundleAgent(folder);
  const cacheDir = join(root, '.slipway', 'cache');
  const authorities = await openAuthorities(folder);
  const open = async (arch: WholeChainArch) =>
    openStage({ folder, cacheDir, authorities, scenarios: options.scenario, print }, arch);
  if (options.case !== undefined) return runOne(options.case, open, folder, print);

  const stages = new Map<WholeChainArch, Stage>();
  for (const arch of options.arch) stages.set(arch, await open(arch));
  return campaign(
    options,
    folder,
    stages,
    async (recording, seed) => killAndBoot(recording, authorities, folder, seed),
    print,
  );
};

const campaign = async (
  options: PowerOptions,
  folder: string,
  stages: ReadonlyMap<WholeChainArch, Stage>,
  kill: (recording: Recording, seed: number) => ReturnType<typeof killAndBoot>,
  print: Print,
): Promise<number> => {
  const stageOf = ({ arch }: Case): Stage => {
    const stage = stages.get(arch);
    if (stage === undefined) throw new SlipwayError('INTERNAL', `no stage for ${arch}`);
    return stage;
  };
  const { seed, minutes, jobs = availableParallelism() } = options;
  const began = performance.now();
  const isOver = (): boolean => minutes !== undefined && performance.now() - began > minutes * 60_000;
  const every = allCases(stages, seed);
  const cases = options.cases === 0 ? every : pickEvenly(every, options.cases, seed, groupOf);
  const results = await openResults(join(folder, 'results.jsonl'));
  print(`${cases.length} cases of ${every.length}; ${results.all.length} results from before`);
  const progress = createProgress(print, began);
  const keys = await readKeys(
    join(folder, 'keys.jsonl'),
    cases,
    stageOf,
    (done) => {
      progress.show(`reading states: ${done} of ${cases.length}`);
    },
    isOver,
    jobs,
  );

  const plan = planCampaign({ cases, keys, results: results.all, real: options.real, seed });
  await runCases({
    folder,
    plan,
    keys,
    results,
    isOver,
    stageOf: ({ item }) => stageOf(item),
    jobs,
    onResult: (result) => progress.result(result, plan.left()),
  });
  const recordings = [...stages.values()].flatMap((stage) => [...stage.recordings.values()]);
  for (let number = 0; number < options.kills && !isOver(); number++) {
    const recording = recordings[number % recordings.length];
    const killSeed = seed * 1000 + number;
    if (recording === undefined) break;
    const id = `${recording.arch}-${recording.scenario.name}-k${killSeed}`;
    if (results.all.some((known) => known.id === id)) continue;
    const result = await kill(recording, killSeed);
    results.add(result);
    progress.result(result, { models: 0, boots: options.kills - number - 1 });
  }
  const summary = summarise(cases, keys, results.all, { archs: options.arch, seed });
  await writeFile(options.json ?? join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  print(renderSummary(summary));
  return summary.ok ? 0 : 1;
};
