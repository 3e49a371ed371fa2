import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ensureInputs } from '../inputs/inputs.ts';
import { findLinuxkit, importLayouts, linuxkitVersion } from './linuxkit.ts';
import { createMeasuring, type Setting } from './measure-builds.ts';
import { makeClassRepository } from './class-repository.ts';
import { measureClasses } from './measure-classes.ts';
import { BUILD_HELP, parseBuildOptions, type BuildBenchOptions } from './options.ts';
import { renderBuildBench } from './report.ts';
import type { BuildBench, ClassMeasure } from './result.ts';
import { slipwayBuild, slipwayProgram } from './slipway.ts';

const MIB = 1024 * 1024;

const prepareLinuxkit = async (layouts: string, workDir: string): Promise<Setting['linuxkit']> => {
  const program = findLinuxkit(process.env['PATH'] ?? '');
  if (program === undefined) return undefined;
  const cacheDir = join(workDir, 'linuxkit-cache');
  await importLayouts(program, layouts, cacheDir);
  return { program, version: await linuxkitVersion(program), cacheDir };
};

type Common = Pick<BuildBenchOptions, 'runs' | 'scale' | 'arch'> & {
  readonly slipway: string;
  readonly print: (line: string) => void;
};

const benchImages = async ({
  inputsDir,
  workDir,
  runs,
  scale,
  arch,
  slipway,
  print,
}: Common & { readonly inputsDir: string; readonly workDir: string }) => {
  print('making the images …');
  const inputs = await ensureInputs(inputsDir, { scale, versions: runs + 1, arch });
  const linuxkit = await prepareLinuxkit(join(inputsDir, 'layouts'), workDir);
  if (linuxkit === undefined) print('linuxkit is not on the PATH: its figures are recorded ones');
  const measure = createMeasuring({ inputsDir, workDir, inputs, runs, slipway, linuxkit, report: print });
  const measures = [
    ...(await measure('kernel+initrd', ['first', 'warm'])),
    ...(await measure('tar', ['first', 'warm', 'described', 'rebuild'])),
  ];
  return { inputs, measures };
};

/** Packages are kept for the next time. */
const benchClasses = async ({
  root,
  dir,
  runs,
  arch,
  slipway,
  print,
}: Common & { readonly root: string; readonly dir: string }): Promise<ClassMeasure[]> => {
  const repository = join(dir, 'classes');
  const cacheDir = join(dir, 'classes-cache');
  await makeClassRepository(root, repository, cacheDir, arch);
  const outDir = join(dir, 'classes-out');
  const measures = await measureClasses({ repository, cacheDir, outDir, runs, slipway, report: print });
  await rm(outDir, { recursive: true, force: true });
  return measures;
};

/** The time that people wait, and the work that is done. */
const isWithinGoal = ({ goal, ratio }: ClassMeasure): boolean =>
  goal === null || (ratio.wall <= goal && ratio.cpu <= goal);

/**
 * `npm run bench -- build`
 *
 * @param root of the checkout
 * @returns exit status: 1 if builds of the same inputs differ, or ten classes take more than the goal allows
 */
export const benchBuild = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseBuildOptions(args);
  if (options.help) {
    print(BUILD_HELP);
    return 0;
  }
  const { runs, arch } = options;
  const dir = resolve(options.dir ?? join(root, '.slipway', 'bench'));
  const json = resolve(options.json ?? join(dir, 'build.json'));
  const inputsDir = join(dir, 'inputs');
  const workDir = join(dir, 'work');
  await rm(workDir, { recursive: true, force: true });
  await mkdir(workDir, { recursive: true });

  const slipway = await slipwayProgram(root);
  const images = options['only-classes']
    ? { inputs: null, measures: [] }
    : await benchImages({ ...options, inputsDir, workDir, slipway, print });
  const { inputs, measures } = images;
  const classes = options['no-classes'] ? [] : await benchClasses({ ...options, root, dir, slipway, print });

  const processors = cpus();
  const command = slipwayBuild(
    'slipway',
    arch,
    { output: 'tar', version: 1, outDir: 'out', cacheDir: 'cache' },
    false,
  );
  const result: BuildBench = {
    v: 1,
    bench: 'build',
    at: new Date().toISOString(),
    machine: {
      processors: processors.length,
      model: processors[0]?.model.trim() ?? 'unknown',
      memoryMib: Math.round(totalmem() / MIB),
      kernel: release(),
      node: process.version,
    },
    inputs,
    runs,
    command,
    measures,
    classes,
  };
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  if (!options.keep) await rm(workDir, { recursive: true, force: true });
  print(`\n${renderBuildBench(result)}\n\n${json}`);
  return measures.every(({ identical }) => identical) && classes.every(isWithinGoal) ? 0 : 1;
};
