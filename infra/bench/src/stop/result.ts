import { z } from 'zod';

const ms = z.number().describe('milliseconds after the stop was asked for');

export const ProcessMeasure = z.object({
  cpuSeconds: z.number().describe('from the stop until all of it was over'),
  cpuSecondsBefore: z.number().describe('from its start to the stop'),
  peakBytes: z.int().describe('most memory it ever held'),
});
export type ProcessMeasure = z.infer<typeof ProcessMeasure>;

/** What `npm run bench -- stop --json FILE` writes. */
export const StopBench = z.object({
  v: z.literal(1),
  bench: z.literal('stop'),
  at: z.iso.datetime(),
  devices: z.int(),
  database: z.string().describe('engine and version'),
  before: z.object({
    connectSeconds: z.number().describe('until every device was connected and known as online'),
    offerSeconds: z
      .number()
      .describe('from the rollout until the last device had its offer and its first block'),
    blocksPerSecond: z.number().describe('given out when the stop came'),
    blockBytes: z.int(),
  }),
  stop: z.object({
    haltedMs: ms.describe('until the database offered nothing, in milliseconds; the API answers no sooner'),
    withdrawnMs: ms.describe('until the last device had its offer taken back'),
    lastBlockMs: ms.describe('until the last block was given out'),
    refusedMs: ms.describe('until every device had been refused a block'),
    toldMs: ms.describe('until the server said that nothing is left at the broker'),
    limitMs: z.number(),
  }),
  gateway: ProcessMeasure,
  broker: ProcessMeasure,
});
export type StopBench = z.infer<typeof StopBench>;
