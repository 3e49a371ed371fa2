import { z } from 'zod';
import { Spread } from '../measure/spread.ts';

/** What `npm run bench -- dashboard --json FILE` writes. */
export const DashboardBench = z.object({
  v: z.literal(1),
  bench: z.literal('dashboard'),
  at: z.iso.datetime(),
  devices: z.int(),
  browser: z.string(),
  load: z.object({
    files: z
      .array(z.object({ path: z.string(), gzipBytes: z.int() }))
      .describe('that the first screen loads'),
    scriptGzipBytes: z.int(),
    styleGzipBytes: z.int(),
    cpuSeconds: Spread.describe(
      'of the main thread, from the address to the first screen with all that it asks for, with nothing in the cache',
    ),
  }),
  scroll: z.object({
    rows: z.int().describe('of the table'),
    pixels: z.int().describe('scrolled by the wheel'),
    longTasks: z.array(z.number()).describe('milliseconds of each task over 50 ms'),
  }),
  goals: z.array(z.object({ goal: z.string(), limit: z.number(), measured: z.number(), isMet: z.boolean() })),
});
export type DashboardBench = z.infer<typeof DashboardBench>;
