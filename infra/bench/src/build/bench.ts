import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ensureInputs } from '../inputs/inputs.ts';
import { findLinuxkit, importLayouts, linuxkitVersion } from './linuxkit.ts';
import { createMeasuring, type Setting } from './measure-builds.ts';
import { BUILD_HELP, parseBuildOptions } from './options.ts';
import { renderBuildBench } from './report.ts';
import type { BuildBench } from './result.ts';
import { slipwayBuild, slipwayProgram } from './slipway.ts';

const MIB = 1024 * 1024;

const prepareLinuxkit = async (layouts: string, workDir: string): Promise<Setting['linuxkit']> => {
  const program = findLinuxkit(process.env['PATH'] ?? '');
  if (program === undefined) return undefined;
  const cacheDir = join(workDir, 'linuxkit-cache');
  await importLayouts(program, layouts, cacheDir);
  return { program, version: await linuxkitVersion(program), cacheDir };
};

/**
 * `npm run bench -- build`
 *
 * @param root of the checkout
 * @returns exit status: 1 if builds of the same inputs differ
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
  const { runs, scale, arch } = options;
  const dir = resolve(options.dir ?? join(root, '.slipway', 'bench'));
  const json = resolve(options.json ?? join(dir, 'build.json'));
  const inputsDir = join(dir, 'inputs');
  const workDir = join(dir, 'work');
  await rm(workDir, { recursive: true, force: true });
  await mkdir(workDir, { recursive: true });

  print('making the images …');
  const inputs = await ensureInputs(inputsDir, { scale, versions: runs + 1, arch });
  const slipway = await slipwayProgram(root);
  const linuxkit = await prepareLinuxkit(join(inputsDir, 'layouts'), workDir);
  if (linuxkit === undefined) print('linuxkit is not on the PATH: its figures are recorded ones');
  const measure = createMeasuring({ inputsDir, workDir, inputs, runs, slipway, linuxkit, report: print });
  const measures = [
    ...(await measure('kernel+initrd', ['first', 'warm'])),
    ...(await measure('tar', ['first', 'warm', 'described', 'rebuild'])),
  ];

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
  };
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  if (!options.keep) await rm(workDir, { recursive: true, force: true });
  print(`\n${renderBuildBench(result)}\n\n${json}`);
  return measures.every(({ identical }) => identical) ? 0 : 1;
};
