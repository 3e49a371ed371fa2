import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runMeasured, type Run } from '../measure/run-measured.ts';
import { figuresOf } from '../measure/spread.ts';
import { CLASSES, className } from './class-repository.ts';
import type { ClassMeasure } from './result.ts';

export type ClassSetting = {
  /** of `makeClassRepository` */
  readonly repository: string;
  /** with all that comes over the network */
  readonly cacheDir: string;
  readonly outDir: string;
  readonly runs: number;
  readonly slipway: string;
  readonly report: (line: string) => void;
};

/** Ten classes that have all components in common may take this many times what one takes. */
export const MOST_TIMES = 2;

/** What was made of what came over the network goes; that itself stays. */
const forgetWork = async (cacheDir: string): Promise<void> => {
  for (const name of await readdir(cacheDir))
    if (!['apt', 'debs', 'npm', 'locks'].includes(name))
      await rm(join(cacheDir, name), { recursive: true, force: true });
  for (const name of await readdir(join(cacheDir, 'apt')))
    await rm(join(cacheDir, 'apt', name, 'resolved'), { recursive: true, force: true });
};

/** Measures one class and ten by turns, so that both meet the same machine. */
export const measureClasses = async (setting: ClassSetting): Promise<ClassMeasure[]> => {
  const { repository, cacheDir, outDir, runs, slipway, report } = setting;
  const build = (which: readonly string[]): Promise<Run> => {
    const where = [`--dir=${outDir}`, `--cache=${cacheDir}`, '--quiet'];
    return runMeasured([slipway, 'build', ...which, ...where], { cwd: repository });
  };
  const one = ['--class', className(1)];
  report('classes: fetching what they are made of');
  await build(one);
  const measures: ClassMeasure[] = [];
  for (const kind of ['first', 'warm'] as const) {
    const all: { one: Run; ten: Run }[] = [];
    for (let run = 0; run < runs; run += 1) {
      report(`classes, ${kind}: run ${run + 1} of ${runs}`);
      const measured = async (which: readonly string[]): Promise<Run> => {
        if (kind === 'first') await forgetWork(cacheDir);
        await rm(outDir, { recursive: true, force: true });
        return build(which);
      };
      all.push({ one: await measured(one), ten: await measured(['--all']) });
    }
    const figures = { one: figuresOf(all.map((run) => run.one)), ten: figuresOf(all.map((run) => run.ten)) };
    measures.push({
      case: kind,
      classes: CLASSES,
      ...figures,
      ratio: {
        wall: figures.ten.wallSeconds.median / figures.one.wallSeconds.median,
        cpu: figures.ten.cpuSeconds.median / figures.one.cpuSeconds.median,
      },
      goal: kind === 'first' ? MOST_TIMES : null,
    });
  }
  return measures;
};
