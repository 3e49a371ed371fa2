import { WholeChainArch } from '@slipway/protocol';
import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';

export const BUILD_HELP = `npm run bench -- build [options]

Measures slipway build on images that it makes first: eleven of them, 400 MB of layers, two onboot, five services.
Where linuxkit is on the PATH it builds the same layouts side by side. Then one device class, and ten that have every
component in common.

  --dir DIR      where inputs, caches and outputs are; inputs are kept for the next time (.slipway/bench)
  --json FILE    what was measured, for programs (DIR/build.json); docs/bench.schema.json describes it
  --runs N       of everything that is measured (5)
  --scale X      of the inputs; 1 is 400 MB (1)
  --arch ARCH    amd64 or arm64 (as this machine)
  --no-classes   leave out the builds of device classes, which fetch Debian packages
  --only-classes nothing else
  --keep         keep caches and outputs, too`;

const Options = z.object({
  help: z.boolean().default(false),
  dir: z.string().optional(),
  json: z.string().optional(),
  runs: z.coerce.number().int().min(1).max(100).default(5),
  scale: z.coerce.number().min(0.001).max(100).default(1),
  arch: WholeChainArch.default(process.arch === 'arm64' ? 'arm64' : 'amd64'),
  keep: z.boolean().default(false),
  'no-classes': z.boolean().default(false),
  'only-classes': z.boolean().default(false),
});
export type BuildBenchOptions = z.infer<typeof Options>;

const FLAGS = {
  dir: 'string',
  json: 'string',
  runs: 'string',
  scale: 'string',
  arch: 'string',
  keep: 'boolean',
  'no-classes': 'boolean',
  'only-classes': 'boolean',
} as const;

/** @throws {SlipwayError} USAGE */
export const parseBuildOptions = (args: readonly string[]): BuildBenchOptions =>
  parseOptions(args, BUILD_HELP, FLAGS, Options);
