import { WholeChainArch } from '@slipway/protocol';
import { z } from 'zod';

/** Bytes of a compressed slot, and of everything in it that only the agent needs. */
export const GOALS = {
  amd64: { slot: 18_000_000, agent: 4_000_000 },
  arm64: { slot: 16_000_000, agent: 4_000_000 },
} as const satisfies Record<WholeChainArch, { readonly slot: number; readonly agent: number }>;

/** Seconds of processor time from the start of the kernel until services run. */
export const BOOT_GOAL = 1;

export const Weight = z.object({
  bytes: z.int(),
  compressed: z.int().describe('bytes, by zstd -19'),
});
export type Weight = z.infer<typeof Weight>;

export const Part = Weight.extend({ path: z.string() });
export type Part = z.infer<typeof Part>;

export const BootMeasure = z.object({
  readySeconds: z.number().describe('of uptime, when init has done what comes before services'),
  cpuSeconds: z
    .number()
    .describe('of the guest by its own account, from the start of the kernel until the last service runs'),
  goal: z.number(),
});
export type BootMeasure = z.infer<typeof BootMeasure>;

export const ImageMeasure = z.object({
  arch: WholeChainArch,
  kernelRelease: z.string(),
  kernel: Weight.describe('as it lies in the UKI'),
  initramfs: Weight.describe('lies compressed in the UKI'),
  uki: Weight.describe('with stub and command line'),
  root: Weight.describe('with its dm-verity tree'),
  slot: Weight.describe('UKI and root'),
  slotWithoutAgent: Weight.describe('of the same image with agent.enabled: false'),
  agent: Weight.describe('slot less slotWithoutAgent: bundle, runtime, TLS, and what those need'),
  boot: BootMeasure.describe('in QEMU, on a processor that runs an instruction in each nanosecond'),
  parts: z
    .array(Part)
    .describe('files of the root, heaviest first, each compressed by itself; files of the same bytes once'),
  goals: z.object({ slot: z.int(), agent: z.int() }),
});
export type ImageMeasure = z.infer<typeof ImageMeasure>;

/** What `npm run bench -- image --json FILE` writes. */
export const ImageBench = z.object({
  v: z.literal(1),
  bench: z.literal('image'),
  at: z.iso.datetime(),
  images: z.array(ImageMeasure),
});
export type ImageBench = z.infer<typeof ImageBench>;
