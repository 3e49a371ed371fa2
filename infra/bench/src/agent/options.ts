import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';

export const AGENT_HELP = `npm run bench -- agent [options]

Measures the agent on both runtimes against a real broker by mutual TLS, and beside it the update services of RAUC,
SWUpdate and Mender, each from Debian's packages and in a root of its own, waiting for work.

  --dir DIR        where the roots are made (.slipway/bench/agent)
  --json FILE      what was measured, for programs (DIR/agent.json); docs/agent-bench.schema.json describes it
  --root-mib N     size of the root that is installed (256)
  --runtime NAME   quickjs or node only
  --no-peers       leave the others out`;

const Options = z.object({
  help: z.boolean().default(false),
  dir: z.string().optional(),
  json: z.string().optional(),
  'root-mib': z.coerce.number().int().min(1).max(4096).default(256),
  runtime: z.enum(['quickjs', 'node']).optional(),
  'no-peers': z.boolean().default(false),
});

const FLAGS = {
  dir: 'string',
  json: 'string',
  'root-mib': 'string',
  runtime: 'string',
  'no-peers': 'boolean',
} as const;

/** @throws {SlipwayError} USAGE */
export const parseAgentOptions = (args: readonly string[]): z.infer<typeof Options> =>
  parseOptions(args, AGENT_HELP, FLAGS, Options);
