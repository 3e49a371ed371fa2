import { WholeChainArch } from '@slipway/protocol';
import { z } from 'zod';
import { AgentBench, Memory } from '../agent/result.ts';

export const DeviceMeasure = z.object({
  arch: WholeChainArch,
  idle: Memory.describe('connected, a minute and more after the boot'),
  installing: Memory.describe('the most that was seen at one look while a root was installed'),
  looks: z.int().describe('how often it was looked at while it installed'),
  rootBytes: z.int().describe('of the root that was installed'),
});
export type DeviceMeasure = z.infer<typeof DeviceMeasure>;

/** What `npm run bench -- device --json FILE` writes. */
export const DeviceBench = z.object({
  v: z.literal(1),
  bench: z.literal('device'),
  at: z.iso.datetime(),
  devices: z.array(DeviceMeasure),
  goals: AgentBench.shape.goals.pick({ idlePssBytes: true, installingPssBytes: true }),
});
export type DeviceBench = z.infer<typeof DeviceBench>;
