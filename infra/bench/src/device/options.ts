import { WholeChainArch } from '@slipway/protocol';
import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';

export const DEVICE_HELP = `npm run bench -- device [options]

Memory of the agent where it belongs: on a device in QEMU, with the image's kernel and nothing of this machine, connected
and idle, and while it installs a root of which it has nothing. For each architecture a server is started, two releases
are built, and the device is asked for its memory by a diagnostic.

  --arch ARCH      amd64 or arm64 only
  --root-mib N     of random bytes in the root that is installed (256)
  --cache DIR      downloads (.slipway/cache)
  --json FILE      what was measured (.slipway/bench/device.json); docs/device-bench.schema.json describes it

Exit status: 1 if a goal is missed.`;

const Options = z.object({
  help: z.boolean().default(false),
  arch: WholeChainArch.optional(),
  'root-mib': z.coerce.number().int().min(1).max(256).default(256),
  cache: z.string().optional(),
  json: z.string().optional(),
});

/** @throws {SlipwayError} USAGE */
export const parseDeviceOptions = (args: readonly string[]): z.infer<typeof Options> =>
  parseOptions(
    args,
    DEVICE_HELP,
    { arch: 'string', 'root-mib': 'string', cache: 'string', json: 'string' },
    Options,
  );
