import { z } from 'zod';
import { Plan } from '../queries/result.ts';

export const FieldQuestion = z.object({
  name: z.string(),
  found: z.int().describe('devices or other things that the answer tells of'),
  ms: z.number().describe('from the question to the answer; the median of five'),
  slowestMs: z.number(),
  statements: z.int(),
  plan: Plan.describe('of its statements'),
  mayScan: z.boolean().describe('so much of the fleet is found that reading all of it is the short way'),
});
export type FieldQuestion = z.infer<typeof FieldQuestion>;

export const FieldEngine = z.object({
  engine: z.string(),
  rows: z.record(z.string(), z.int()),
  bytes: z.record(z.string(), z.int()).describe('of each table with its indexes'),
  indexMs: z.number().describe('to keep what is in one release; the median of all'),
  questions: z.array(FieldQuestion),
});
export type FieldEngine = z.infer<typeof FieldEngine>;

/** What `npm run bench -- field --json FILE` writes. */
export const FieldBench = z.object({
  v: z.literal(1),
  bench: z.literal('field'),
  at: z.iso.datetime(),
  devices: z.int(),
  releases: z.int(),
  packages: z.int(),
  limitMs: z.number(),
  engines: z.array(FieldEngine),
});
export type FieldBench = z.infer<typeof FieldBench>;
