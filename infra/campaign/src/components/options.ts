import { parseArgs } from 'node:util';
import { WholeChainArch, SlipwayError, messageOf } from '@slipway/protocol';
import { z } from 'zod';

export const COMPONENTS_HELP = `npm run campaign -- components [options]

Builds the class of infra/components with all its components, and a hub for its tunnel; boots both in QEMU. Before each
container a probe tries what it must not do; then VPN, DHCP, SSH, time, metrics and the application are tried from the hub
and from here.

  --arch ARCH   only amd64 or arm64 (both, one after the other)
  --out DIR     images, disks and consoles, emptied before (.slipway/components)
  --json FILE   the results, for programs (DIR/results.json)

Exit status: 0 if everything was as it must be, 1 otherwise, 64 for wrong options.`;

const Options = z.object({
  help: z.boolean().default(false),
  arch: z.array(WholeChainArch).default([...WholeChainArch.options]),
  out: z.string().optional(),
  json: z.string().optional(),
});

/** @throws {SlipwayError} USAGE */
export const parseComponentsOptions = (args: readonly string[]): z.infer<typeof Options> => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        arch: { type: 'string', multiple: true },
        out: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return Options.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new SlipwayError('USAGE', `${why}\n\n${COMPONENTS_HELP}`, { cause });
  }
};
