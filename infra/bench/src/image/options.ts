import { parseArgs } from 'node:util';
import { Arch, SlipwayError, messageOf } from '@slipway/protocol';
import { z } from 'zod';

export const IMAGE_HELP = `npm run bench -- image [options]

Builds the reference image (Debian's cloud kernel, init, crun, two services, the agent on QuickJS) for both architectures,
and again without the agent, and weighs what is in a slot. Compressed means zstd -19.

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
  arch: Arch.optional(),
  keep: z.boolean().default(false),
});

/** @throws {SlipwayError} USAGE */
export const parseImageOptions = (args: readonly string[]): z.infer<typeof Options> => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        dir: { type: 'string' },
        cache: { type: 'string' },
        json: { type: 'string' },
        arch: { type: 'string' },
        keep: { type: 'boolean' },
      },
    });
    return Options.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new SlipwayError('USAGE', `${why}\n\n${IMAGE_HELP}`, { cause });
  }
};
