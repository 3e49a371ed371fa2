import { z } from 'zod';
import { Inputs } from '../inputs/inputs.ts';
import { Figures } from '../measure/spread.ts';

export const OUTPUTS = ['kernel+initrd', 'tar'] as const;

/** LinuxKit's figures on the same kind of input, as somebody measured them once; other machines differ. */
export const Recorded = z.object({
  source: z.literal('recorded'),
  wallSeconds: z.number(),
  cpuSeconds: z.number(),
  peakRssMib: z.number(),
});

export const Peer = z.discriminatedUnion('source', [
  Figures.extend({ source: z.literal('measured'), version: z.string(), bytesOut: z.int() }),
  Recorded,
]);
export type Peer = z.infer<typeof Peer>;

/** How much of the peer's we want to need at the most. */
export const Goal = z.object({ cpu: z.number(), memory: z.number().optional() });
export type Goal = z.infer<typeof Goal>;

export const Measure = z.object({
  output: z.enum(OUTPUTS),
  case: z
    .enum(['first', 'warm', 'rebuild', 'described'])
    .describe(
      'first: nothing but the inputs is there; warm: built before; rebuild: one service has another image than in the ' +
        'build before; described: warm, with SBOM and provenance',
    ),
  ...Figures.shape,
  bytesOut: z.int(),
  identical: z
    .boolean()
    .describe('every run of this output of the same inputs, in any case, gave the same bytes'),
  peer: Peer.nullable().describe('null: nothing to compare with'),
  goal: Goal.nullable(),
  ratio: z
    .object({ wall: z.number(), cpu: z.number(), memory: z.number() })
    .nullable()
    .describe('ours to the peer, of medians; null unless both were measured here'),
  copy: Figures.describe('copying the bytes of the output once and hashing them'),
});
export type Measure = z.infer<typeof Measure>;

/** One class against ten that have every component in common, built by one `slipway build --all`. */
export const ClassMeasure = z.object({
  case: z
    .enum(['first', 'warm'])
    .describe(
      'first: packages and their lists are there, and nothing that was made of them; warm: built before',
    ),
  classes: z.int().describe('of the many'),
  one: Figures,
  ten: Figures.describe('of all classes together'),
  ratio: z.object({ wall: z.number(), cpu: z.number() }).describe('many to one, of medians'),
  goal: z.number().nullable().describe('the most that the ratios may be; null: none is set'),
});
export type ClassMeasure = z.infer<typeof ClassMeasure>;

/** What `npm run bench -- build --json FILE` writes. */
export const BuildBench = z.object({
  v: z.literal(1),
  bench: z.literal('build'),
  at: z.iso.datetime(),
  machine: z.object({
    processors: z.int(),
    model: z.string(),
    memoryMib: z.int(),
    kernel: z.string(),
    node: z.string(),
  }),
  inputs: Inputs.nullable().describe('null: only classes were built, by --only-classes'),
  runs: z.int(),
  command: z.array(z.string()).describe('of the warm build of the last output'),
  measures: z.array(Measure),
  classes: z.array(ClassMeasure).describe('empty: left out by --no-classes'),
});
export type BuildBench = z.infer<typeof BuildBench>;
