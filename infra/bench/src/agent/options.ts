import { parseArgs } from 'node:util';
import { SlipwayError, messageOf } from '@slipway/protocol';
import { z } from 'zod';

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

/** @throws {SlipwayError} USAGE */
export const parseAgentOptions = (args: readonly string[]): z.infer<typeof Options> => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        dir: { type: 'string' },
        json: { type: 'string' },
        'root-mib': { type: 'string' },
        runtime: { type: 'string' },
        'no-peers': { type: 'boolean' },
      },
    });
    return Options.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new SlipwayError('USAGE', `${why}\n\n${AGENT_HELP}`, { cause });
  }
};
