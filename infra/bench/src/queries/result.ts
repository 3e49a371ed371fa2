import { z } from 'zod';

export const Plan = z.object({
  ms: z.number().describe('to plan and to run, of all its statements; the median of three'),
  pages: z.int().describe('of 8 KiB, read from memory or disk'),
  nodes: z.array(z.string()).describe('kinds of nodes of the plans'),
  scanned: z.array(z.string()).describe('large tables that were read from end to end'),
});
export type Plan = z.infer<typeof Plan>;

export const QueryMeasure = z.object({
  part: z.enum(['gateway', 'planner', 'lists', 'queries', 'counts', 'dashboard']),
  name: z.string(),
  rows: z.int().describe('that the last statement gave or changed'),
  statements: z.int(),
  plan: Plan,
  peers: z
    .array(z.object({ name: z.string(), plan: Plan, ratio: z.number().describe('its time by ours') }))
    .describe('the same answer as it would be had otherwise, in the same run'),
  mayScan: z.boolean().describe('it asks for all there is'),
  goalMs: z.number().optional().describe('what it may take'),
});
export type QueryMeasure = z.infer<typeof QueryMeasure>;

export const MigrationMeasure = z.object({
  name: z.string(),
  ms: z.number(),
  locks: z.array(z.string()).describe('tables with rows that nobody can write while it runs'),
  rewritten: z.array(z.string()).describe('tables with rows that were written anew'),
});
export type MigrationMeasure = z.infer<typeof MigrationMeasure>;

export const EngineMeasure = z.object({
  engine: z.string(),
  fillSeconds: z.number(),
  bytes: z.int().describe('of the whole database'),
  rows: z.record(z.string(), z.int()),
  migrations: z.array(MigrationMeasure),
  queries: z.array(QueryMeasure),
});
export type EngineMeasure = z.infer<typeof EngineMeasure>;

/** What `npm run bench -- queries --json FILE` writes. */
export const QueriesBench = z.object({
  v: z.literal(1),
  bench: z.literal('queries'),
  at: z.iso.datetime(),
  devices: z.int(),
  engines: z.array(EngineMeasure),
});
export type QueriesBench = z.infer<typeof QueriesBench>;
