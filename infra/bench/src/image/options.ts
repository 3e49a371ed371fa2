import { WholeChainArch } from '@slipway/protocol';
import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';

export const IMAGE_HELP = `npm run bench -- image [options]

Builds the reference image (Debian's cloud kernel, init, crun, two services, the agent on QuickJS) for both architectures,
and again without the agent, and weighs what is in a slot. Compressed means zstd -19. Boots it in QEMU, which counts an
instruction as a nanosecond of the guest, and tells the processor time from the start of the kernel until services run.

  --dir DIR      where images are built (.slipway/bench/image)
  --cache DIR    where downloads are (.slipway/cache, which the demo shares)
  --json FILE    what was measured, for programs (DIR/image.json); docs/image-bench.schema.json describes it
  --arch ARCH    amd64 or arm64 only
  --keep         keep the images, too`;

const Options = z.object({
  help: z.boolean().default(false),
  dir: z.string().optional(),
  cache: z.string().optional(),
  json: z.string().optional(),
  arch: WholeChainArch.optional(),
  keep: z.boolean().default(false),
});

const FLAGS = { dir: 'string', cache: 'string', json: 'string', arch: 'string', keep: 'boolean' } as const;

/** @throws {SlipwayError} USAGE */
export const parseImageOptions = (args: readonly string[]): z.infer<typeof Options> =>
  parseOptions(args, IMAGE_HELP, FLAGS, Options);
