import { z } from 'zod';
import type { Run } from './run-measured.ts';

/** One figure over several runs. */
export const Spread = z.object({ median: z.number(), min: z.number(), max: z.number() });
export type Spread = z.infer<typeof Spread>;

/** @param values at least one */
export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1);
  return {
    median: middle.reduce((sum, value) => sum + value, 0) / middle.length,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  };
};

export const Figures = z.object({
  wallSeconds: Spread,
  cpuSeconds: Spread.describe('user and system, of every process that was started'),
  peakRssBytes: Spread.describe('of all its processes together'),
});
export type Figures = z.infer<typeof Figures>;

export const figuresOf = (runs: readonly Run[]): Figures => ({
  wallSeconds: spreadOf(runs.map(({ wallSeconds }) => wallSeconds)),
  cpuSeconds: spreadOf(runs.map(({ cpuSeconds }) => cpuSeconds)),
  peakRssBytes: spreadOf(runs.map(({ peakRssBytes }) => peakRssBytes)),
});
